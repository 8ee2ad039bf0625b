"""Parts reduced to the voices that voice leading is judged on.

A melody, a bass or any part that plays one note at a time is a voice as it stands. A chordal part, block or broken,
becomes one voice for each place in the chord: what it sounds between two chord changes, from low to high.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from composer.cleanup.score import Score, Tone
from composer.music.notes import BASS, CHORDS, MELODY
from composer.music.time import TICKS_PER_BEAT
from composer.music.voice_leading import are_block_chords, is_single_line

# Onsets this close are one onset: playing is never exact.
SNAP_TICKS = TICKS_PER_BEAT // 16
_MAX_CHORD_VOICES = 8


@dataclass(frozen=True, slots=True)
class Step:
    """One pitch of a voice; ``places`` are the notes that sound it."""

    start: int
    end: int
    pitch: int
    places: tuple[tuple[int, int], ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Line:
    """A voice in time; ``kind`` is melody, bass or inner, ``name`` tells it from the others for all of a run."""

    name: str
    part: int
    kind: str
    chordal: bool
    steps: tuple[Step, ...]

    @property
    def height(self) -> float:
        return mean(s.pitch for s in self.steps)


@dataclass(frozen=True, slots=True)
class Texture:
    """``lines`` from high to low; ``skipped`` are parts that could not be separated safely."""

    lines: tuple[Line, ...]
    skipped: tuple[int, ...]


def segments(score: Score) -> list[int]:
    """Ticks where a new chord of the chord track begins."""
    return sorted({span.start for span in score.piece.chords})


def texture_of(score: Score) -> Texture:
    """The voices of all melodic parts; the lowest voice is the bass where no part has that role."""
    borders = segments(score)
    lines: list[Line] = []
    skipped = []
    for number, tones in score.by_part.items():
        role = score.piece.parts[number].role
        if _is_line(tones, role, borders):
            kind = {MELODY: "melody", BASS: "bass"}.get(role, "inner")
            steps = [
                Step(_snap(t.start), max(_snap(t.end), _snap(t.start) + 1), t.pitch, (t.place,), t.weight)
                for t in _skyline(tones, role)
            ]
            lines.append(Line(f"{number}", number, kind, False, tuple(steps)))
        else:
            cells = _segment_cells(tones, borders) if borders else _block_cells(tones)
            lines += _chord_lines(number, cells)
            skipped += [] if cells else [number]
    lines.sort(key=lambda line: -line.height)
    if lines and not any(line.kind == "bass" for line in lines) and lines[-1].kind != "melody":
        lowest = min(lines, key=lambda line: line.height)
        lines = [Line(x.name, x.part, "bass", x.chordal, x.steps) if x is lowest else x for x in lines]
    return Texture(tuple(lines), tuple(skipped))


def _snap(tick: int) -> int:
    return (tick + SNAP_TICKS // 2) // SNAP_TICKS * SNAP_TICKS


def _is_line(tones: Sequence[Tone], role: str, borders: Sequence[int]) -> bool:
    if borders and role == CHORDS:
        return False
    return is_single_line([(t.start, t.end) for t in tones], role)


def _skyline(tones: Sequence[Tone], role: str) -> list[Tone]:
    """One tone an onset: the highest of a melody, the lowest of a bass."""
    best: dict[int, Tone] = {}
    for tone in tones:
        start = _snap(tone.start)
        held = best.get(start)
        if held is None or (tone.pitch < held.pitch if role == BASS else tone.pitch > held.pitch):
            best[start] = tone
    return [best[start] for start in sorted(best)]


def _segment_cells(tones: Sequence[Tone], borders: Sequence[int]) -> list[tuple[int, int, dict[int, list[Tone]]]]:
    """(start, end, pitch -> tones) between two chord changes."""
    found: dict[int, dict[int, list[Tone]]] = {}
    for tone in tones:
        place = max(0, bisect_right(borders, tone.start + SNAP_TICKS) - 1)
        found.setdefault(place, {}).setdefault(tone.pitch, []).append(tone)
    ends = [*borders[1:], borders[-1] + 16 * TICKS_PER_BEAT]
    return [(borders[place], ends[place], cells) for place, cells in sorted(found.items())]


def _block_cells(tones: Sequence[Tone]) -> list[tuple[int, int, dict[int, list[Tone]]]]:
    """The same from the onsets of a part in block chords; empty where it is no such part."""
    found: dict[int, dict[int, list[Tone]]] = {}
    for tone in tones:
        found.setdefault(_snap(tone.start), {}).setdefault(tone.pitch, []).append(tone)
    if not are_block_chords([[t.end for ts in c.values() for t in ts] for c in found.values()]):
        return []
    starts = sorted(found)
    return [(s, max(_snap(t.end) for ts in found[s].values() for t in ts), found[s]) for s in starts]


def _chord_lines(number: int, cells: Sequence[tuple[int, int, dict[int, list[Tone]]]]) -> list[Line]:
    """The lowest and the highest voice through all chords, inner ones through chords of one size."""
    found: dict[str, list[Step]] = {}
    for start, end, chord in cells:
        pitches = sorted(chord)[:_MAX_CHORD_VOICES]
        for rank, pitch in enumerate(pitches):
            if rank == 0:
                name = f"{number}/low"
            elif rank == len(pitches) - 1:
                name = f"{number}/high"
            else:
                name = f"{number}/{rank} of {len(pitches)}"
            tones = chord[pitch]
            step = Step(_snap(start), _snap(end), pitch, tuple(t.place for t in tones), max(t.weight for t in tones))
            found.setdefault(name, []).append(step)
    return [Line(name, number, "inner", True, tuple(steps)) for name, steps in found.items()]
