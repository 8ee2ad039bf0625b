"""Parts of a piece that come back bare, and what the piece gives back where bars were put in or taken out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from composer.daw_return.clips import Asked
from composer.daw_return.stage import Known, returned
from composer.formats.midi.scan import TIME_SIGNATURE, RawEvent
from composer.formats.midi.source import DeleteNote, edited, read_source
from composer.music.notes import Control, Piece
from tests.compare.pieces import BAR, bytes_of, piece, with_notes
from tests.daw_return import damage
from tests.daw_return.damage import Damage, file_of, is_note, tracks_in
from tests.daw_return.hands import heard
from tests.daw_return.test_bars import back, region, without_markers
from tests.daw_return.test_stage import cut_out, meta, with_copy, with_events


def bare_region(data: bytes, first: int, last: int, *, in_place: bool, change: Damage = damage.no_names) -> bytes:
    """Bars of all tracks without anything but notes; ``in_place`` with silence in front as long as the bars were."""
    come = damage.no_controllers(damage.no_conductor(region(data, first, last)))
    by = (first - 1) * BAR if in_place else 0
    tracks = [[e._replace(tick=e.tick + by) for e in track if is_note(e)] for track in tracks_in(come)]
    return change(file_of(tracks, come, trim=True))


def loud(whole: Piece) -> Piece:
    """Every bar of every track with velocities of its own, so that only one place fits."""
    parts = tuple(
        replace(p, notes=tuple(replace(n, velocity=20 + 7 * (n.start // BAR) + i) for n in p.notes))
        for i, p in enumerate(whole.parts)
    )
    return replace(whole, parts=parts)


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize(("first", "last"), [(1, 2), (3, 3), (4, 5), (7, 8)])
@pytest.mark.parametrize("change", [damage.no_names, damage.one_clip])
def test_bars_of_all_tracks_exported_bare_leave_the_others(
    first: int, last: int, change: Damage, in_place: bool
) -> None:
    original = bytes_of(loud(piece()))
    result = back(bare_region(original, first, last, in_place=in_place, change=change), original)
    assert heard(result.midi) == heard(original)
    told = [r.text for r in result.report.rebuilt if r.what == "clip"]
    assert told == [f"put into bars {first if first == last else f'{first}-{last}'} of Melody, Piano, Bass, Drums"]


@pytest.mark.parametrize("kind", [0, 1])
def test_two_stretches_of_bars_in_one_file_leave_those_between_them(kind: int) -> None:
    original = bytes_of(loud(piece()))
    change = damage.no_names if kind else damage.one_clip
    parts = [tracks_in(bare_region(original, *bars, in_place=True, change=change)) for bars in ((2, 3), (7, 7))]
    come = file_of([[*a, *b] for a, b in zip(*parts, strict=True)], original, kind, trim=True)
    result = back(come, original)
    assert heard(result.midi) == heard(original)
    told = "bars in which the file has nothing stay as they were, unless --bars names them"
    assert f"put into bars 2-3, 7 of Melody, Piano, Bass, Drums; {told}" in [r.text for r in result.report.rebuilt]


def test_bars_that_a_person_names_are_empty_where_the_file_is() -> None:
    original = bytes_of(loud(piece()))
    source = read_source(original, "x.mid")
    cut = edited(source, [DeleteNote(n) for n in source.notes if 3 * BAR <= n.start < 5 * BAR])
    come = damage.no_names(cut)
    assert heard(back(come, original).midi) == heard(original)
    result = returned(come, "back.mid", Known(original, "art.draft.mid"), asked=Asked("1-8"))
    assert heard(result.midi) == heard(cut)


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("bar", [4, 6])
@pytest.mark.parametrize("change", [damage.no_names, damage.one_clip])
def test_a_bar_put_into_exported_bars_moves_what_is_behind_it(change: Damage, bar: int, in_place: bool) -> None:
    original = bytes_of(loud(piece()))
    longer = with_empty_bar(original, bar)
    result = back(bare_region(longer, 3, 8, in_place=in_place, change=change), original)
    assert heard(result.midi) == heard(longer) and song_of(result.midi) == song_of(longer)


@pytest.mark.parametrize("bars", [1, 2])
def test_first_bars_that_a_bare_file_lacks_stay(bars: int) -> None:
    original = bytes_of(loud(piece()))
    come = original
    for _ in range(bars):
        come = cut_out(come, 1)
    assert heard(back(damage.no_conductor(damage.no_names(come)), original).midi) == heard(original)


def test_first_bars_that_a_whole_save_lacks_were_taken_out() -> None:
    original = bytes_of(loud(piece()))
    come = original
    for _ in range(5):
        come = cut_out(come, 1)
    result = back(damage.no_programs(come), original)
    assert heard(result.midi) == heard(come) and result.share == 1
    assert result.report.lines()[0] == "5 bars taken out (1-5), with markers A, B"


def with_empty_bar(data: bytes, bar: int) -> bytes:
    """An empty bar put in behind a bar; set-ups stay."""
    at = bar * BAR
    tracks = [[e._replace(tick=e.tick + BAR * (e.tick >= at and not _ends(e, at))) for e in t] for t in tracks_in(data)]
    return file_of(tracks, data, trim=True)


def _ends(event: RawEvent, at: int) -> bool:
    return event.tick == at and event.is_note_off and is_note(event)


def song_of(data: bytes) -> list[tuple[int, int, bytes]]:
    """Everything that is no note and no end of a track, where it stands."""
    return sorted((e.tick, e.status, e.data) for t in tracks_in(data) for e in t if not is_note(e))


@pytest.mark.parametrize("change", [damage.one_clip, damage.chain(damage.no_conductor, damage.no_names)])
@pytest.mark.parametrize("in_front", [0, BAR])
def test_what_a_bare_file_lacks_comes_back_where_its_bar_is_now(change: Damage, in_front: int) -> None:
    original = bytes_of(loud(piece()))
    come = with_empty_bar(original, 3)
    bare = damage.no_controllers(damage.bars_in_front(in_front)(change(damage.early(8)(come))))
    result = back(bare, original)
    assert heard(result.midi) == heard(come)
    assert song_of(result.midi) == song_of(come)
    assert result.report.summary == "no note changed"
    told = "1 bar put in after bar 3: markers, chords and tempo moved with their bars"
    assert result.report.lines()[0] == told


def test_what_stood_in_a_bar_that_was_taken_out_goes_with_it() -> None:
    original = bytes_of(loud(piece()))
    come = cut_out(original, 5)
    result = back(damage.one_clip(come), original)
    assert heard(result.midi) == heard(come)
    assert [m.tick for m in read_source(result.midi, "x.mid").markers] == [0]
    assert result.report.lines()[0].startswith("1 bar taken out (5), with the marker B: markers, chords and tempo")


@pytest.mark.parametrize("ticks", [96, 120, 960])
@pytest.mark.parametrize("bar", [1, 4])
def test_notes_come_back_to_their_ticks_behind_a_bar_that_was_put_in(ticks: int, bar: int) -> None:
    whole = with_notes(loud(piece()), "Melody", lambda ns: [replace(n, start=n.start + 7, duration=801) for n in ns])
    original = bytes_of(whole)
    for come in (with_empty_bar(original, bar), with_copy(original, bar)):
        saved = damage.of_resolution(ticks)(damage.constantly_early(4)(come))
        result = back(saved, original)
        assert heard(result.midi) == heard(come)
        assert not result.report.changed and not result.report.removed


def test_what_a_bar_that_was_taken_out_set_on_a_track_still_holds() -> None:
    first, *others = piece().parts
    turns = (Control(0, 11, 90), Control(2 * BAR, 11, 50), Control(5 * BAR, 11, 70))
    original = bytes_of(loud(replace(piece(), parts=(replace(first, controls=turns), *others))))
    result = back(damage.one_clip(cut_out(original, 3)), original)
    found = [(e.tick, e.data[1]) for e in tracks_in(result.midi)[1] if e.status == 0xB0 and e.data[0] == 11]
    assert found == [(0, 90), (2 * BAR, 50), (4 * BAR, 70)]


def test_many_notes_that_go_are_told() -> None:
    original = bytes_of(loud(piece()))
    come = cut_out(original, 3)
    assert "12 % of the notes of the piece are not in the file and were removed" in back(come, original).report.lines()


def test_a_bar_put_into_some_of_the_tracks_moves_no_others() -> None:
    original = bytes_of(loud(piece()))
    come = tracks_in(with_empty_bar(original, 3))
    result = back(damage.no_names(file_of([come[1], come[2]], original, trim=True)), original)
    assert [m.tick for m in read_source(result.midi, "x.mid").markers] == [0, 4 * BAR]


def test_bars_of_all_tracks_go_where_their_velocities_are() -> None:
    """Bars 1-4 stand three times over, each time played otherwise; those in the middle are not the first that fit."""
    whole = without_markers(piece())
    parts = tuple(
        replace(
            p,
            notes=tuple(
                replace(n, start=n.start + 4 * BAR * time, velocity=n.velocity + 3 * time)
                for time in range(4)
                for n in p.notes
                if n.start < 4 * BAR
            ),
        )
        for p in whole.parts
    )
    original = bytes_of(replace(whole, parts=parts, length=16 * BAR))
    for first, last in ((6, 7), (9, 12), (14, 14)):
        come = bare_region(original, first, last, in_place=False)
        assert heard(back(come, original).midi) == heard(original)


@pytest.mark.parametrize("change", [damage.one_clip, damage.chain(damage.no_conductor, damage.no_names)])
def test_metres_that_a_file_lacks_move_with_their_bars(change: Damage) -> None:
    """Six bars in 4/4, then 3/4; a bar is put in behind the second."""
    waltz = with_events(bytes_of(loud(piece())), 0, meta(6 * BAR, TIME_SIGNATURE, bytes((3, 2, 24, 8))))
    come = with_empty_bar(waltz, 2)
    result = back(change(come), waltz)
    assert heard(result.midi) == heard(come)
    metres = [(e.tick, e.data[0]) for e in read_source(result.midi, "x.mid").metas(TIME_SIGNATURE)]
    assert metres == [(0, 4), (7 * BAR, 3)]
