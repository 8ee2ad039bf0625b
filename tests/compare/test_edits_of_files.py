"""Random pieces, a known list of random edits, written to a file: ``diff`` finds exactly those."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from composer.compare.notes import ADDED, LENGTH, MOVED, PITCH, REMOVED, VELOCITY
from composer.compare.stage import Difference, compared
from composer.formats.midi.source import ChangeNote, DeleteNote, Edit, InsertNote, SourceNote, edited, read_source
from composer.formats.midi.writer import midi_bytes
from composer.music.notes import Marker, Note, Part, Tempo
from tests.compare.pieces import BAR, piece

NAMES = ("Melody", "Piano", "Bass")
APART_BARS = 3  # further than a note may move and still be the same one
KINDS = (PITCH, MOVED, LENGTH, VELOCITY, REMOVED, ADDED, "")
Found = Counter[tuple[str, str, int, int]]


def edit_of(kind: str, note: SourceNote, amount: int) -> Edit | None:
    if kind == PITCH:
        return ChangeNote(note, pitch=note.pitch + amount)
    if kind == MOVED:
        return ChangeNote(note, start=note.start + 60 * amount, end=note.end + 60 * amount)
    if kind == LENGTH:
        return ChangeNote(note, end=note.end + 10 * amount)
    if kind == VELOCITY:
        return ChangeNote(note, velocity=note.velocity + amount)
    if kind == REMOVED:
        return DeleteNote(note)
    if kind == ADDED:
        start = note.start + 2 * BAR
        return InsertNote(note.track, note.channel, start, start + 240, 90, 70)
    return None


def found_in(difference: Difference) -> Found:
    return Counter(
        ("+".join(edit.kinds), track.group.label, edit.tone.start, edit.tone.pitch)
        for track in difference.tracks
        for edit in track.notes.edits
    )


def wanted(kind: str, note: SourceNote) -> tuple[str, str, int, int]:
    start, pitch = (note.start + 2 * BAR, 90) if kind == ADDED else (note.start, note.pitch)
    return kind, NAMES[note.channel], start, pitch


@settings(max_examples=40)
@given(st.data())
def test_exactly_the_edits_that_were_made_are_found(data: st.DataObject) -> None:
    pitches = st.lists(st.integers(40, 80), min_size=3, max_size=10)
    parts = []
    for number, name in enumerate(NAMES):
        tune = data.draw(pitches)
        notes = tuple(Note(480 + APART_BARS * BAR * i, pitch, 400, 80) for i, pitch in enumerate(tune))
        parts.append(Part(name, piece().parts[number].role, number, notes))
    whole = replace(piece(), parts=tuple(parts), chords=(), length=40 * BAR)
    before = midi_bytes(whole)
    source = read_source(before, "a.mid")
    edits, made = [], Found()
    for note in source.notes:
        kind = data.draw(st.sampled_from(KINDS))
        change = edit_of(kind, note, data.draw(st.sampled_from([-6, -2, 1, 4])))
        if change is not None:
            edits.append(change)
            made[wanted(kind, note)] += 1
    found = compared(before, "a.mid", edited(source, edits), "b.mid")
    assert found_in(found) == made
    assert not found.song and not any(track.edits or track.turns for track in found.tracks)
    assert found.is_same == (not made)


TEMPI = st.dictionaries(st.integers(1, 7), st.integers(60, 180), max_size=4)
MARKERS = st.dictionaries(st.integers(0, 7), st.sampled_from(["A", "B", "Bridge"]), max_size=4)


@settings(max_examples=40)
@given(TEMPI, TEMPI, MARKERS, MARKERS)
def test_tempi_and_markers_that_differ_are_found(
    old_tempi: dict[int, int], new_tempi: dict[int, int], old_markers: dict[int, str], new_markers: dict[int, str]
) -> None:
    def whole(tempi: dict[int, int], markers: dict[int, str]) -> bytes:
        changes = (Tempo(0, 96.0), *(Tempo(bar * BAR, float(bpm)) for bar, bpm in sorted(tempi.items())))
        sections = tuple(Marker(bar * BAR, text) for bar, text in sorted(markers.items()))
        return midi_bytes(replace(piece(), tempi=changes, markers=sections))

    found = compared(whole(old_tempi, old_markers), "a.mid", whole(new_tempi, new_markers), "b.mid")
    tempo_bars = {bar for bar in old_tempi.keys() | new_tempi.keys() if old_tempi.get(bar) != new_tempi.get(bar)}
    assert {edit.time // BAR for edit in found.song if edit.what == "tempo"} == tempo_bars
    markers = [edit for edit in found.song if edit.what == "marker"]
    old, new = (Counter((bar, text) for bar, text in side.items()) for side in (old_markers, new_markers))
    lost = Counter((e.before.time // BAR, e.before.text) for e in markers if e.before)
    come = Counter((e.after.time // BAR, e.after.text) for e in markers if e.after)
    assert (lost, come) == (old - new, new - old)
