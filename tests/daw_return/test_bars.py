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
