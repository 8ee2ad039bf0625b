"""Random pieces spliced into randomly edited files: an independent reader finds nothing changed outside the cells."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mido
import numpy as np
import pytest

from composer.contract.stage import checked
from composer.formats.midi.regions import cells_in, spliced
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import midi_bytes
from composer.music.notes import Note, Piece
from composer.music.regions import Region
from tests.formats.splicing import (
    Played,
    end_of,
    handled,
    in_one_track,
    opened,
    played,
    random_piece,
    resolved,
    timed,
    without_note_offs,
)

BAR = 1920  # of 4/4, in ticks of the piece
BARS = 8
NAMES = ("Melody", "Piano", "Bass", "Drums", "Chords")
Cells = frozenset[tuple[str, int]]


def _random_cells(rng: np.random.Generator) -> Cells:
    names = [name for name in NAMES if rng.random() < 0.6] or ["Melody"]
    first = int(rng.integers(1, BARS + 1))
    last = int(rng.integers(first, BARS + 1))
    lonely = (str(rng.choice(NAMES)), int(rng.integers(1, BARS + 1)))
    return frozenset([lonely, *((name, bar) for name in names for bar in range(first, last + 1))])


def _name(file: mido.MidiFile, track: int) -> str:
    return str(file.tracks[track].name)


def _bar(tick: int, ppq: int) -> int:
    return tick // (4 * ppq) + 1


def _is_pedal(message: Any) -> bool:
    return bool(message.type == "control_change" and message.control == 64)


def _is_chord(name: str, message: Any) -> bool:
    return bool(name == "Chords" and message.type == "text")


def _others(file: mido.MidiFile) -> list[list[tuple[int, str]]]:
    """Every event that is no note, pedal or chord symbol, in its order, track by track."""
    return [
        [
            (tick, str(message)) for tick, message in timed(track)
            if message.type not in ("note_on", "note_off") and not _is_pedal(message)
            and not _is_chord(track.name, message)
        ]
        for track in file.tracks
    ]  # fmt: skip


def _settings(file: mido.MidiFile, is_one: Callable[[str, Any], bool]) -> dict[str, list[tuple[int, Any]]]:
    return {t.name: [(tick, m) for tick, m in timed(t) if is_one(t.name, m)] for t in file.tracks}


def _said(message: Any) -> Any:
    return message.text if message.type == "text" else message.value


def _state(settings: list[tuple[int, Any]], tick: int, otherwise: Any) -> Any:
    return next((_said(m) for at, m in reversed(settings) if at < tick), otherwise)


def _new_notes(part: tuple[Note, ...], bars: set[int], old: list[Played], ppq: int) -> list[tuple[int, int, int, int]]:
    """What must be in the cells: (start, end, pitch, velocity) in ticks of the file, worked out the slow way."""
    kept = [note for note in old if _bar(note.start, ppq) not in bars]
    found = []
    for note in part:
        bar = note.start // BAR + 1
        if bar not in bars:
            continue
        border = next(b for b in range(bar, BARS + 2) if b not in bars or b > BARS) - 1
        start = min(int(Fraction(note.start * ppq, 480) + Fraction(1, 2)), bar * 4 * ppq - 1)
        end = min(max(int(Fraction(note.end * ppq, 480) + Fraction(1, 2)), start + 1), border * 4 * ppq)
        waits = max([k.end for k in kept if k.pitch == note.pitch and k.start < start < k.end], default=start)
        if end > waits and 2 * (end - waits) >= end - start:
            found.append((waits, end, note.pitch, note.velocity))
    return sorted(found)


def _check(before: bytes, after: bytes, piece: Piece, cells: Cells) -> None:
    old, new = opened(before), opened(after)
    ppq = old.ticks_per_beat
    assert (new.type, new.ticks_per_beat, len(new.tracks)) == (old.type, ppq, len(old.tracks))
    assert [end_of(t) for t in new.tracks] == [end_of(t) for t in old.tracks]
    assert _others(new) == _others(old)
    for track in range(len(old.tracks)):
        name = _name(old, track)
        bars = {bar for label, bar in cells if label == name}
        was, now = ([n for n in played(file) if n.track == track] for file in (old, new))
        outside = [note for note in was if _bar(note.start, ppq) not in bars]
        assert [note for note in now if _bar(note.start, ppq) not in bars] == outside
        part = next((part.notes for part in piece.parts if part.name == name), ())
        inside = sorted((n.start, n.end, n.pitch, n.velocity) for n in now if _bar(n.start, ppq) in bars)
        assert inside == _new_notes(part, bars, was, ppq)
    _check_pedal(old, new, piece, cells)
    _check_chords(old, new, cells)


def _check_pedal(old: mido.MidiFile, new: mido.MidiFile, piece: Piece, cells: Cells) -> None:
    """Outside the cells it is what it was, at every border the kept bars find it as it was, inside it is composed."""
    ppq = old.ticks_per_beat
    before, after = (_settings(file, lambda _, m: _is_pedal(m)) for file in (old, new))
    for name in before:
        bars = {bar for label, bar in cells if label == name}
        kept = [(t, str(m)) for t, m in before[name] if _bar(t, ppq) not in bars]
        assert [(t, str(m)) for t, m in after[name] if _bar(t, ppq) not in bars] == kept
        for bar in range(2, BARS + 1):
            if bar not in bars:
                line = (bar - 1) * 4 * ppq
                assert _state(after[name], line, 0) == _state(before[name], line, 0)
        controls = next((part.controls for part in piece.parts if part.name == name), ())
        composed = [(int(c.tick * ppq / 480 + 0.5), c.value) for c in controls if c.tick // BAR + 1 in bars]
        inside = [(t, m.value) for t, m in after[name] if _bar(t, ppq) in bars]
        borders = {edge for bar in bars for edge in ((bar - 1) * 4 * ppq, bar * 4 * ppq - 1)}
        free = [(t, v) for t, v in composed if t not in borders and t % (4 * ppq)]
        assert [(t, v) for t, v in inside if t not in borders] == free
        assert _state(after[name], 10**9, 0) == 0


def _check_chords(old: mido.MidiFile, new: mido.MidiFile, cells: Cells) -> None:
    """Every kept bar has the chords that it had."""
    ppq = old.ticks_per_beat
    before, after = (_settings(file, _is_chord).get("Chords", []) for file in (old, new))
    bars = {bar for label, bar in cells if label == "Chords"}
    kept = [(tick, m.text) for tick, m in before if _bar(tick, ppq) not in bars]
    assert set(kept) <= {(tick, m.text) for tick, m in after}
    for tick in range(0, BARS * 4 * ppq, ppq):
        if _bar(tick, ppq) not in bars:
            assert _state(after, tick + 1, "N.C.") == _state(before, tick + 1, "N.C."), tick


@pytest.mark.parametrize("ppq", [480, 96, 960, 1000])
@pytest.mark.parametrize("seed", range(8))
def test_nothing_outside_the_cells_changes_and_inside_is_what_was_composed(seed: int, ppq: int) -> None:
    rng = np.random.default_rng(seed)
    before = handled(midi_bytes(random_piece(rng)), rng)
    before = without_note_offs(before) if seed % 3 == 0 else before
    before = resolved(before, ppq) if ppq != 480 else before
    composed, cells = random_piece(rng), _random_cells(rng)
    _check(before, spliced(read_source(before, "x.mid"), composed, cells), composed, cells)


@pytest.mark.parametrize("seed", range(10))
def test_our_own_file_stays_clean(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    before = midi_bytes(random_piece(rng))
    after = spliced(read_source(before, "x.mid"), random_piece(rng), _random_cells(rng))
    assert checked(after, "x.mid").violations == ()


@pytest.mark.parametrize("seed", range(10))
def test_the_same_piece_in_any_cells_of_its_own_draft_gives_the_same_notes(seed: int) -> None:
    rng = np.random.default_rng(200 + seed)
    piece = random_piece(rng)
    before = midi_bytes(piece)
    source = read_source(before, "x.mid")
    assert spliced(source, piece, cells_in(source, Region())) == before
    assert played(opened(spliced(source, piece, _random_cells(rng)))) != []


@pytest.mark.parametrize("seed", range(6))
def test_in_a_type_0_file_all_channels_of_the_bars_are_composed_anew(seed: int) -> None:
    rng = np.random.default_rng(300 + seed)
    before = in_one_track(midi_bytes(random_piece(rng)))
    composed = random_piece(rng)
    first = int(rng.integers(1, BARS))
    cells = frozenset(("Random", bar) for bar in range(first, first + 2))
    old, new = opened(before), opened(spliced(read_source(before, "x.mid"), composed, cells))
    bars = {bar for _, bar in cells}
    for number, part in enumerate(composed.parts):
        channel = 9 if part.is_drums else number
        was, now = ([n for n in played(file) if n.channel == channel] for file in (old, new))
        assert [n for n in now if _bar(n.start, 480) not in bars] == [n for n in was if _bar(n.start, 480) not in bars]
        inside = sorted((n.start, n.end, n.pitch, n.velocity) for n in now if _bar(n.start, 480) in bars)
        assert inside == _new_notes(part.notes, bars, was, 480)
