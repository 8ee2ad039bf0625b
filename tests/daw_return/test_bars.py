"""Bars that a person put in or took out in a DAW, and regions that were exported from within a piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from composer.daw_return.stage import Known, Returned, returned
from composer.formats.midi.scan import END_OF_TRACK, SET_TEMPO, TIME_SIGNATURE, RawEvent
from composer.formats.midi.source import LYRIC, MARKER, TRACK_NAME, ChangeNote, edited, read_source
from composer.music.notes import Control, Marker, Note, Piece
from tests.compare.pieces import BAR, bytes_of, piece, with_notes
from tests.daw_return import damage
from tests.daw_return.damage import Damage, file_of, is_note, tracks_in
from tests.daw_return.hands import heard
from tests.daw_return.test_stage import control, cut_out, meta, only, with_copy, with_events

ORIGINAL = bytes_of()
BARE = (damage.no_names, damage.no_markers, damage.type_0)


def back(come: bytes, original: bytes = ORIGINAL) -> Returned:
    return returned(come, "back.mid", Known(original, "art.draft.mid"))


def notes_of(data: bytes) -> list[tuple[int, int, int, int]]:
    return sorted((n.start, n.end, n.pitch, n.velocity) for n in read_source(data, "x.mid").notes)


def without_markers(whole: Piece) -> Piece:
    """A piece of which a whole save has nothing that a region has not."""
    return replace(whole, markers=(), chords=(), tempi=whole.tempi[:1])


def region(data: bytes, first: int, last: int, *kinds: int) -> bytes:
    """Bars (from 1) of all tracks that play there, as a DAW exports them: names, programs, what is in force at the
    start of ``kinds``, and what stands in those bars; notes keep their lengths."""
    start, stop = (first - 1) * BAR, last * BAR
    source = read_source(data, "x.mid")
    taken = {(n.track, i) for n in source.notes if start <= n.start < stop for i in (n.on_index, n.off_index)}
    tracks = []
    for number, events in enumerate(source.tracks):
        own: list[RawEvent] = []
        for i, e in enumerate(events):
            is_set = e.meta in (TRACK_NAME, *kinds) or e.status & 0xF0 == 0xC0
            if is_note(e):
                own += [e._replace(tick=e.tick - start)] if (number, i) in taken else []
            elif is_set and e.tick <= start:
                own = [x for x in own if (x.status, x.meta) != (e.status, e.meta)] + [e._replace(tick=0)]
            elif e.meta != END_OF_TRACK and start <= e.tick < stop:
                own.append(e._replace(tick=e.tick - start))
        if number == 0 or any(is_note(e) for e in own):
            tracks.append(own)
    return file_of(tracks, data, trim=True)


def repeating() -> bytes:
    """The second bar is the first but for its tune; nothing leads it that a program could not lose."""
    whole = without_markers(piece())
    for name in ("Piano", "Bass"):
        whole = with_notes(whole, name, lambda notes: [n for n in notes if n.start < BAR or n.start >= 2 * BAR])
        whole = with_notes(
            whole, name, lambda notes: sorted([*notes, *(replace(n, start=BAR) for n in notes if n.start < BAR)])
        )
    return bytes_of(whole)


@pytest.mark.parametrize("change", BARE)
def test_the_second_of_two_bars_alike_that_was_taken_out_is_not_put_back(change: Damage) -> None:
    original = repeating()
    come = cut_out(original, 2)
    result = back(change(come), original)
    assert heard(result.midi) == heard(come) and not result.report.has("shift")


def test_after_an_upbeat_a_bar_that_was_taken_out_stays_out() -> None:
    late = without_markers(piece())
    for name in ("Melody", "Piano", "Bass", "Drums"):
        late = with_notes(late, name, lambda ns: [replace(n, start=n.start + BAR) for n in ns if n.start < 7 * BAR])
    original = bytes_of(with_notes(late, "Melody", lambda notes: [Note(BAR - 480, 57, 470, 60), *notes]))
    come = cut_out(original, 2)
    for change in BARE:
        result = back(change(come), original)
        assert heard(result.midi) == heard(come) and not result.report.has("shift")


def test_a_bar_taken_out_of_a_piece_of_one_track_is_not_put_back() -> None:
    whole = without_markers(piece())
    original = bytes_of(replace(whole, parts=whole.parts[:1]))
    come = cut_out(original, 1)
    assert heard(back(come, original).midi) == heard(come)


@pytest.mark.parametrize("bar", [1, 2, 4])
def test_tracks_without_names_are_known_again_behind_a_bar_that_was_put_in(bar: int) -> None:
    original = bytes_of(without_markers(piece()))
    for come in (cut_out(original, bar + 1), with_copy(original, bar)):
        result = back(damage.all_on_channel_1(damage.no_programs(damage.no_names(come))), original)
        assert heard(result.midi) == heard(come)
        assert not result.report.has("new") and not result.report.has("gone")


def test_a_track_that_shares_one_with_another_is_not_there_twice_behind_a_bar_that_was_put_in() -> None:
    whole = without_markers(piece())
    original = damage.all_on_channel_1(bytes_of(replace(whole, parts=whole.parts[:2])))
    come = with_copy(original, 2)
    assert notes_of(back(damage.type_0(come), original).midi) == notes_of(come)


def test_notes_that_sound_twice_at_once_in_the_piece_do_so_where_they_were_moved_to() -> None:
    tracks = tracks_in(ORIGINAL)
    tracks[1] = [e for event in tracks[1] for e in [event] * (1 + is_note(event))]
    original = file_of(tracks, ORIGINAL)
    come = with_copy(original, 3)
    result = back(damage.no_markers(come), original)
    assert heard(result.midi) == heard(come) and not result.report.has("doubles")


@pytest.mark.parametrize("kinds", [(), (SET_TEMPO, TIME_SIGNATURE)])
def test_a_region_of_all_tracks_goes_back_to_its_bars_and_the_others_stay(kinds: Sequence[int]) -> None:
    original = bytes_of(without_markers(piece()))
    source = read_source(original, "x.mid")
    note = next(n for n in source.notes if n.start == 5 * BAR and n.track == 1)
    changed = edited(source, [ChangeNote(note, velocity=11)])
    result = back(region(changed, 5, 6, *kinds), original)
    assert heard(result.midi) == heard(changed)
    assert [r.text for r in result.report.rebuilt if r.what == "clip"] == [
        "put into bars 5-6 of Melody, Piano, Bass, Drums"
    ]


def test_a_note_that_sounds_beyond_its_region_takes_no_bar_with_it() -> None:
    held = with_notes(
        without_markers(piece()),
        "Melody",
        lambda ns: [replace(n, duration=2100) if n.start == 3 * 960 else n for n in ns],
    )
    original = bytes_of(held)
    for come in (region(original, 2, 2), only(original, 1, BAR, 2 * BAR - 1)):
        assert heard(back(come, original).midi) == heard(original)


def test_what_leads_the_piece_is_not_what_holds_in_a_region() -> None:
    """The tempo, the volume and the words of bars 5 and 6 say nothing of the others."""
    whole = piece()
    first = replace(whole.parts[0], controls=(Control(0, 11, 90), Control(4 * BAR, 11, 50), Control(7 * BAR, 11, 70)))
    markers = (Marker(0, "A"), Marker(5 * BAR, "B"), Marker(7 * BAR, "C"))
    tempi = (whole.tempi[0], replace(whole.tempi[1], tick=3 * BAR))
    whole = replace(whole, parts=(first, *whole.parts[1:]), chords=(), markers=markers, tempi=tempi)
    words = [meta(bar * BAR, LYRIC, b"la") for bar in range(8)]
    original = with_events(bytes_of(whole), 1, *words, control(4 * BAR, 7, 40))
    result = back(region(original, 5, 6, SET_TEMPO, TIME_SIGNATURE), original)
    assert heard(result.midi) == heard(original)
    for kind in (SET_TEMPO, MARKER, LYRIC):
        found, known = (read_source(data, "x.mid").metas(kind) for data in (result.midi, original))
        assert found == known
    found, known = ([e for e in tracks_in(data)[1] if e.status == 0xB0] for data in (result.midi, original))
    assert found == known


def test_programs_come_back_where_a_file_has_none() -> None:
    original = with_events(ORIGINAL, 1, RawEvent(4 * BAR, 0xC0, -1, bytes((74,))))
    result = back(damage.no_programs(original), original)
    assert [e.tick for e in tracks_in(result.midi)[1] if e.status == 0xC0] == [0, 4 * BAR]


def without_title(data: bytes) -> bytes:
    first, *others = tracks_in(data)
    return file_of([[e for e in first if e.meta != TRACK_NAME], *others], data)


@pytest.mark.parametrize("name", [b"back.mid", b"Back"])
def test_the_name_of_the_file_is_no_title(name: bytes) -> None:
    for original in (ORIGINAL, without_title(ORIGINAL)):
        tracks = tracks_in(original)
        tracks[0] = [meta(0, TRACK_NAME, name), *(e for e in tracks[0] if e.meta != TRACK_NAME)]
        assert back(file_of(tracks, original), original).midi == original


def test_a_title_that_a_person_gave_is_told() -> None:
    assert "title Small piece, of which the piece has none" in back(ORIGINAL, without_title(ORIGINAL)).report.stated


def test_a_change_in_the_middle_is_not_how_a_track_begins() -> None:
    original = with_events(ORIGINAL, 1, RawEvent(4 * BAR, 0xC0, -1, bytes((74,))), control(5 * BAR, 7, 40))
    tracks = tracks_in(original)
    tracks[1] = [e for e in tracks[1] if e.tick or e.status not in (0xB0, 0xC0)]
    result = back(file_of(tracks, original), original)
    for status in (0xB0, 0xC0):
        found, known = ([e for e in tracks_in(data)[1] if e.status == status] for data in (result.midi, original))
        assert found == known


def test_the_first_bars_exported_bare_leave_the_others() -> None:
    original = bytes_of(without_markers(piece()))
    come = damage.no_names(damage.no_conductor(region(original, 1, 4)))
    assert heard(back(come, original).midi) == heard(original)


def test_a_second_bar_that_has_all_of_the_first_can_be_taken_out() -> None:
    whole = without_markers(piece())
    for name in ("Melody", "Piano", "Bass"):
        kept = [n for n in next(p for p in whole.parts if p.name == name).notes if not BAR <= n.start < 2 * BAR]
        again = [replace(n, start=n.start + BAR) for n in kept if n.start < BAR]
        whole = with_notes(whole, name, lambda _, own=(*kept, *again): sorted(own))
    original = bytes_of(with_notes(whole, "Bass", lambda ns: sorted([*ns, Note(2 * BAR - 300, 45, 200, 70)])))
    come = cut_out(original, 2)
    for change in (damage.no_names, damage.type_0):
        assert heard(back(change(come), original).midi) == heard(come)


def test_of_two_places_for_a_clip_the_one_without_more_notes_is_taken() -> None:
    whole = without_markers(piece())
    tune = [Note(bar * BAR + at, 60 + bar // 4, 400, 70) for bar in range(8) for at in (0, 960)]
    original = bytes_of(with_notes(whole, "Melody", lambda _: sorted([*tune, Note(4 * BAR + 480, 70, 200, 70)])))
    for bar in (5, 6):
        clip = only(original, 1, (bar - 1) * BAR, bar * BAR - 1)
        assert heard(back(clip, original).midi) == heard(original)


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
