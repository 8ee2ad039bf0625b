"""The checks of the round-trip kit find what they are for."""

from __future__ import annotations

import io
from collections.abc import Callable

import mido
import numpy as np
import pytest

from composer.compare.report import as_json
from composer.compare.stage import compared
from tests.benchmarks.round_trip_diff import told_by
from tests.benchmarks.round_trip_edits import edited
from tests.benchmarks.round_trip_files import BAR, FILES, REFUSED, control, meta, note
from tests.benchmarks.round_trip_habits import HABITS
from tests.benchmarks.round_trip_own import Truth, return_faults
from tests.benchmarks.round_trip_reader import MARKER, Event, Song, read_song, song_bytes
from tests.benchmarks.round_trip_redo import redo_faults
from tests.benchmarks.round_trip_third import cleanup_faults, diff_faults, pitch_of

PLAIN = read_song(FILES["plain"](np.random.default_rng(0)))
NO_CHANGES: dict[str, list[object]] = {"changes": []}


@pytest.mark.parametrize("name", sorted(FILES.keys() - REFUSED - {"alien chunks", "no ends of tracks"}))
def test_the_reader_reads_what_mido_reads(name: str) -> None:
    data = FILES[name](np.random.default_rng(0))
    song = read_song(data)
    theirs = mido.MidiFile(file=io.BytesIO(data))
    assert [len(track) for track in theirs.tracks] == [len(track) for track in song.tracks]
    for track, own in zip(theirs.tracks, song.tracks, strict=True):
        ticks = np.cumsum([message.time for message in track]).tolist()
        assert ticks == [event.tick for event in own]
        assert [m.bytes()[0] for m in track] == [event.body[0] for event in own]
    for running in (False, True):
        assert read_song(song_bytes(song, running=running)) == song


def _louder(events: list[Event]) -> list[Event]:
    return [e._replace(body=e.body[:2] + bytes((e.body[2] - 1,))) if e.begins and e.tick == BAR else e for e in events]


def _higher(events: list[Event]) -> list[Event]:
    first = next(e.body[1] for e in events if e.begins)
    return [e._replace(body=bytes((e.body[0], e.body[1] + 1, e.body[2]))) if e.is_note and e.body[1] == first
            and e.tick < 950 else e for e in events]  # fmt: skip


DAMAGES: dict[str, Callable[[list[Event]], list[Event]]] = {
    "a note is softer": _louder,
    "a note is higher, and the report does not say so": _higher,
    "a note is gone": lambda events: [e for e in events if not (e.is_note and BAR <= e.tick < BAR + 950)],
    "a controller came": lambda events: [*events, control(700, 11, 50)],
    "a controller is gone": lambda events: [e for e in events if e.status != 0xB0],
    "a note came": lambda events: [*events, *note(5 * BAR + 7, 40, 90)],
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_change_that_nobody_asked_for_is_found(name: str) -> None:
    changed = PLAIN.with_track(1, DAMAGES[name](list(PLAIN.tracks[1])))
    assert changed != PLAIN
    assert list(cleanup_faults(PLAIN, changed, NO_CHANGES))
    assert list(redo_faults(PLAIN, changed, (12, 13), "all"))
    assert list(return_faults(Truth(PLAIN, PLAIN), changed, HABITS["as it was"]))
    told = as_json(compared(song_bytes(PLAIN), "a.mid", song_bytes(PLAIN), "b.mid"))
    is_of_notes = "controller" not in name
    assert bool(list(diff_faults(PLAIN, changed, told))) == is_of_notes


def test_what_is_as_it_was_is_no_fault() -> None:
    told = as_json(compared(song_bytes(PLAIN), "a.mid", song_bytes(PLAIN), "b.mid"))
    assert not list(cleanup_faults(PLAIN, PLAIN, NO_CHANGES)) and not list(diff_faults(PLAIN, PLAIN, told))
    assert not list(redo_faults(PLAIN, PLAIN, (1, 2), "all"))
    assert not list(return_faults(Truth(PLAIN, PLAIN), PLAIN, HABITS["as it was"]))


def test_what_is_in_the_bars_may_change_and_a_marker_may_not() -> None:
    inside = PLAIN.with_track(1, [*PLAIN.tracks[1], *note(4 * BAR + 7, 40, 90)])
    assert not list(redo_faults(PLAIN, inside, (5, 5), "all")) and not list(redo_faults(PLAIN, inside, (5, 5), "lead"))
    assert list(redo_faults(PLAIN, inside, (5, 5), "bass")) and list(redo_faults(PLAIN, inside, (6, 7), "all"))
    marked = PLAIN.with_track(0, [*PLAIN.tracks[0], meta(4 * BAR, MARKER, b"New")])
    assert list(redo_faults(PLAIN, marked, (5, 5), "all"))


@pytest.mark.parametrize("seed", range(6))
def test_the_edits_made_are_the_edits_told(seed: int) -> None:
    after, made = edited(PLAIN, np.random.default_rng(seed), 12)
    told = told_by(as_json(compared(song_bytes(PLAIN), "a.mid", song_bytes(after), "b.mid")))
    assert made and told == made


@pytest.mark.parametrize("name", HABITS)
def test_each_program_s_export_is_a_file_with_all_notes(name: str) -> None:
    found = read_song(HABITS[name].export(PLAIN))
    assert isinstance(found, Song) and len(found.notes) == len(PLAIN.notes)


def test_names_of_notes_are_read() -> None:
    assert [pitch_of(name) for name in ("C4", "Bb3", "F#5", "Cb4", "B#3", "A-1")] == [60, 58, 78, 59, 60, 9]
