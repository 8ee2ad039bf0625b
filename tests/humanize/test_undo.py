"""The layer off again, also after a person worked on the performance."""

from __future__ import annotations

from collections import Counter

import mido
import pytest

from composer.formats.midi.source import (
    ChangeNote,
    DeleteNote,
    InsertNote,
    SourceMidi,
    SourceNote,
    edited,
    read_source,
    smf_bytes,
)
from composer.humanize.layer import Layer
from composer.humanize.outline import outline_of
from composer.humanize.stage import humanized, performance_of
from composer.humanize.undo import Regridded, regridded
from tests.daw_return.damage import of_resolution
from tests.daw_return.hands import edited_by_hand
from tests.humanize.pieces import bytes_of, with_events
from tests.humanize.reader import Heard, heard, others, pedals, tempos

BAR = 1920
MELODY, PIANO, BASS = 1, 2, 3
GRID = bytes_of()
SOURCE = read_source(GRID, "x.mid")
LAYER = Layer(0.7, 11, outline_of(SOURCE))
PLAYED = humanized(GRID, "x.mid", LAYER).midi
PERFORMANCE = performance_of(SOURCE, LAYER)


def back(data: bytes) -> Regridded:
    return regridded(read_source(data, "x.mid"), SOURCE, PERFORMANCE, GRID)


def changed(data: bytes) -> tuple[Counter[Heard], Counter[Heard]]:
    """The notes of the grid that are gone, and those that are new."""
    before, after = Counter(heard(GRID)), Counter(heard(data))
    return before - after, after - before


def note_of(track: int, bar: int, index: int = 0) -> tuple[SourceMidi, SourceNote]:
    played = read_source(PLAYED, "x.mid")
    return played, [n for n in played.notes if n.track == track and n.start // BAR == bar][index]


def test_an_untouched_performance_gives_the_bytes_of_the_grid() -> None:
    result = back(PLAYED)
    assert result.midi == GRID and (result.theirs, result.snapped) == (0, 0)
    assert result.back == len(SOURCE.notes)


@pytest.mark.parametrize("seed", range(4))
def test_edits_of_all_kinds_are_found_and_nothing_else_changes(seed: int) -> None:
    hand = edited_by_hand(PLAYED, seed, 6)
    gone, come = changed(back(hand.midi).midi)
    assert (gone.total(), come.total()) == (hand.gone.total(), hand.come.total()) != (0, 0)
    assert others(back(hand.midi).midi) == others(GRID)
    assert tempos(back(hand.midi).midi) == tempos(GRID) and not pedals(back(hand.midi).midi, PIANO)
    assert all(note.start % 20 == 0 for note in come)


def test_a_new_velocity_stays_and_the_note_goes_back() -> None:
    played, note = note_of(MELODY, 2, 3)
    gone, come = changed(back(edited(played, [ChangeNote(note, velocity=33)])).midi)
    (old,), (new,) = gone, come
    assert (new.start, new.end, new.pitch, new.velocity) == (old.start, old.end, old.pitch, 33)


def test_a_new_pitch_stays_and_the_rest_of_the_note_goes_back() -> None:
    played, note = note_of(MELODY, 2, 3)
    gone, come = changed(back(edited(played, [ChangeNote(note, pitch=note.pitch + 1)])).midi)
    (old,), (new,) = gone, come
    assert (new.start, new.end, new.pitch, new.velocity) == (old.start, old.end, old.pitch + 1, old.velocity)


def test_a_new_length_stays() -> None:
    played, note = note_of(BASS, 4)
    gone, come = changed(back(edited(played, [ChangeNote(note, end=note.start + 700)])).midi)
    (old,), (new,) = gone, come
    assert (new.start, new.end, new.velocity) == (old.start, note.start + 700, old.velocity)


def test_a_moved_note_and_a_new_one_go_to_the_nearest_place_of_the_grid() -> None:
    played, note = note_of(BASS, 5)
    extra = InsertNote(MELODY, 0, 6 * BAR + 1450, 6 * BAR + 1570, 91, 70)
    result = back(edited(played, [ChangeNote(note, start=note.start + 500, end=note.end), extra]))
    _, come = changed(result.midi)
    assert sorted(n.start for n in come) == [5 * BAR + 480, 6 * BAR + 1440]
    assert {n.end - n.start for n in come if n.pitch == 91} == {120}
    assert result.snapped == 2


def test_a_removed_note_stays_away() -> None:
    played, note = note_of(MELODY, 6, 5)
    gone, come = changed(back(edited(played, [DeleteNote(note)])).midi)
    assert gone.total() == 1 and not come


def test_pedal_and_tempo_of_a_person_stay() -> None:
    lifted = mido.Message("control_change", channel=1, control=64, value=30)
    data = with_events(PLAYED, PIANO, (3 * BAR + 777, lifted))
    data = with_events(data, 0, (2 * BAR, mido.MetaMessage("set_tempo", tempo=600_000)))
    result = back(data).midi
    assert pedals(result, PIANO) == [(3 * BAR + 777, 30)]
    assert tempos(result) == [*tempos(GRID), (2 * BAR, 600_000)]


def test_of_a_pedal_that_a_person_moved_both_ends_stay() -> None:
    source = read_source(PLAYED, "x.mid")
    (down, _), (up, _) = pedals(PLAYED, PIANO)[:2]
    at = next(i for i, e in enumerate(source.tracks[PIANO]) if e.tick == down and e.status & 0xF0 == 0xB0)
    tracks = [list(track) for track in source.tracks]
    tracks[PIANO][at] = tracks[PIANO][at]._replace(tick=down + 7)
    tracks[PIANO].sort(key=lambda e: e.tick)
    assert [tick for tick, _ in pedals(back(smf_bytes(1, 480, tracks)).midi, PIANO)] == [down + 7, up]


def test_a_performance_in_another_resolution_goes_back_in_it() -> None:
    result = back(of_resolution(960)(PLAYED))
    assert [(n.start, n.end, n.velocity) for n in heard(result.midi)] == [
        (2 * n.start, 2 * n.end, n.velocity) for n in heard(GRID)
    ]
    assert tempos(result.midi) == [(2 * tick, us) for tick, us in tempos(GRID)]


def test_notes_of_another_performance_find_their_cells() -> None:
    other = humanized(GRID, "x.mid", Layer(0.7, 12, LAYER.outline)).midi
    after = heard(back(other).midi)
    assert [(n.start, n.pitch) for n in after] == [(n.start, n.pitch) for n in heard(GRID)]
