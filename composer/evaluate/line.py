"""What every family of measures reads: the melody as a line on a grid, with its bars, phrases and chords.

A measure is about the notes as written, while drafts and DAW files hold performed times: ``line_of`` undoes that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.lines import melody_part, written
from composer.music.notes import ChordSpan, Note, Piece
from composer.music.phrases import PHRASE_BARS
from composer.music.time import Meter


@dataclass(frozen=True, slots=True)
class Measure:
    """The name, unit and meaning of one number; ``digits`` are those worth showing."""

    name: str
    unit: str
    meaning: str
    digits: int = 2


@dataclass(frozen=True)
class Line:
    """A melody without overlaps, in ticks from bar 1.

    ``length`` is the end of the last bar; ``phrase_ends`` are ticks, ascending, the last one ``length``.
    """

    notes: tuple[Note, ...]
    meter: Meter
    key: Key
    length: int
    phrase_ends: tuple[int, ...]
    chords: tuple[ChordSpan, ...] = ()

    @cached_property
    def pitches(self) -> tuple[int, ...]:
        return tuple(note.pitch for note in self.notes)

    @cached_property
    def intervals(self) -> tuple[int, ...]:
        """Semitones from each note to the next, upward positive."""
        return tuple(b - a for a, b in pairwise(self.pitches))

    @cached_property
    def bars(self) -> tuple[tuple[Note, ...], ...]:
        """The notes that begin in each bar."""
        bars: list[list[Note]] = [[] for _ in range(max(1, -(-self.length // self.meter.bar_ticks)))]
        for note in self.notes:
            if 0 <= note.start // self.meter.bar_ticks < len(bars):
                bars[note.start // self.meter.bar_ticks].append(note)
        return tuple(tuple(bar) for bar in bars)

    @cached_property
    def phrases(self) -> tuple[tuple[Note, ...], ...]:
        """The notes that begin in each phrase; phrases without notes are left out."""
        starts = (0, *self.phrase_ends)
        found = [
            tuple(n for n in self.notes if start <= n.start < end)
            for start, end in zip(starts, self.phrase_ends, strict=False)
        ]
        return tuple(phrase for phrase in found if phrase)

    @cached_property
    def closes(self) -> tuple[Note, ...]:
        """Where each phrase comes to rest: the longest note that begins in its last bar, the last of equals.

        So a pick-up to the next phrase does not count as the end of this one; bars without notes are left out.
        """
        last_bars = sorted({(end - 1) // self.meter.bar_ticks for end in self.phrase_ends})
        bars = [self.bars[bar] for bar in last_bars if bar < len(self.bars)]
        return tuple(max(bar, key=lambda note: (note.duration, note.start)) for bar in bars if bar)

    @cached_property
    def _chord_starts(self) -> tuple[int, ...]:
        return tuple(span.start for span in self.chords)

    def chord_at(self, tick: int) -> Chord | None:
        index = bisect_right(self._chord_starts, tick) - 1
        return self.chords[index].chord if index >= 0 and tick < self.chords[index].end else None

    def offset(self, note: Note) -> int:
        """Ticks from the bar line to the note."""
        return note.start % self.meter.bar_ticks

    def bar_number(self, tick: int) -> int:
        """1 for the first bar, as musicians count."""
        return tick // self.meter.bar_ticks + 1


def validate(line: Line) -> None:
    """Raises ValueError when the notes are not an ascending line of MIDI pitches with positive lengths."""
    if line.length < 0:
        raise ValueError(f"the line ends at tick {line.length}, before it begins")
    for note in line.notes:
        if not 0 <= note.pitch <= 127:
            raise ValueError(f"pitch {note.pitch} at tick {note.start} is outside MIDI's 0..127")
        if note.duration <= 0:
            raise ValueError(f"the note at tick {note.start} lasts {note.duration} ticks")
    for note, following in pairwise(line.notes):
        if following.start < note.end:
            raise ValueError(f"the notes at ticks {note.start} and {following.start} overlap")


def line_of(piece: Piece, phrase_ends: Sequence[int] | None = None) -> Line:
    """The melody of ``piece`` (its top line where it has chords) as written.

    Without ``phrase_ends`` (ticks) every section is cut into phrases of four bars. A piece of drums only, or of
    nothing, gives a line without notes.
    """
    part = melody_part(piece)
    notes = written(part.notes, piece.meter) if part else ()
    end = max([piece.length, *(note.end for note in notes)])
    length = -(-end // piece.meter.bar_ticks) * piece.meter.bar_ticks
    has_pickup = bool(notes) and not piece.section_ticks and notes[0].start >= piece.meter.bar_ticks // 2
    default = phrase_ends_of(piece, length, first_bar=1 if has_pickup else 0)
    ends = tuple(phrase_ends) if phrase_ends is not None else default
    chords = tuple(sorted(piece.chords, key=lambda span: span.start))
    return Line(notes, piece.meter, piece.key, length, ends, chords)


def phrase_ends_of(piece: Piece, length: int | None = None, first_bar: int = 0) -> tuple[int, ...]:
    """Ticks at which phrases end when nobody says: fours within each section, the remainder a phrase of its own,
    one bar left over joined to the last. Before ``first_bar`` there is a pick-up, which belongs to the first phrase."""
    bar_ticks = piece.meter.bar_ticks
    total = max(1, -(-(piece.length if length is None else length) // bar_ticks))
    first_bar = min(first_bar, total - 1)
    marked = {tick // bar_ticks for tick in piece.section_ticks if tick % bar_ticks == 0}
    starts = sorted({first_bar, *marked} & set(range(total)))
    ends = []
    for start, end in zip(starts, [*starts[1:], total], strict=True):
        bar = start
        while bar < end:
            left = end - bar
            bar += left if left <= PHRASE_BARS + 1 else PHRASE_BARS
            ends.append(bar * bar_ticks)
    return tuple(ends)
