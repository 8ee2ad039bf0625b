"""The sustain pedal of a keyboard part that has none: changed with each chord, after the new chord has sounded.

Legato pedalling: the pedal goes up as the new chord is struck and down again a little later, so that the old harmony is
damped and the new one caught (Banowetz 1985; Repp 1996 measured changes of some 50 to 150 ms after the onset).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from composer.formats.midi.events import control_change
from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import SourceMidi, SourceNote
from composer.humanize.clock import Clock
from composer.humanize.grid import Grid
from composer.humanize.layer import Added, Layer, LineBar
from composer.humanize.lines import Line
from composer.music.notes import CC_PEDAL
from composer.music.time import TICKS_PER_BEAT

DOWN, UP = 100, 0
CHANGE_MS = 90.0  # from the new chord to the pedal's going down
# A line whose notes sound for less of their time than this is meant to be short: the pedal would undo it.
SUSTAINED_SHARE = 0.55


@dataclass(frozen=True, slots=True)
class _Hold:
    """The pedal is held for the harmony from ``start`` to ``end``, in ticks."""

    start: int
    end: int


def pedal(
    source: SourceMidi, line: Line, starts: dict[SourceNote, int], layer: Layer, grid: Grid, clock: Clock
) -> tuple[Added, ...]:
    """The pedal events of ``line``: none where it is no sustained keyboard part or has a pedal already, and where the
    file does not say its chords."""
    if not line.is_keyboard or line.is_one_voice or line.has_pedal or not _is_sustained(line):
        return ()
    holds = [h for h in _holds(source, grid) if _may_hold(h, line, grid, layer)]
    events: list[Added] = []
    for index, hold in enumerate(holds):
        notes = [n for n in line.notes if hold.start <= n.start < hold.end]
        if not notes:
            continue
        onset = max(starts[n] for n in notes if n.start == notes[0].start)
        down = onset + max(1, round(clock.ticks(CHANGE_MS, onset)))
        goes_on = index + 1 < len(holds) and holds[index + 1].start == hold.end
        up = _up(hold, line, starts) if goes_on else min(hold.end, source.tracks[line.track][-1].tick) - 1
        if down < up:
            events += [_event(line, down, DOWN), _event(line, up, UP)]
    return tuple(events)


def _up(hold: _Hold, line: Line, starts: dict[SourceNote, int]) -> int:
    """When the pedal goes up for the harmony after ``hold``: with its first notes."""
    return max((starts[n] for n in line.notes if n.start == hold.end), default=hold.end)


def _is_sustained(line: Line) -> bool:
    onsets = sorted({n.start for n in line.notes})
    following = dict(pairwise(onsets))
    joined = [n for n in line.notes if n.start in following]
    shares = sorted(min(1.0, (n.end - n.start) / (following[n.start] - n.start)) for n in joined)
    return bool(shares) and shares[len(shares) // 2] >= SUSTAINED_SHARE


def _holds(source: SourceMidi, grid: Grid) -> list[_Hold]:
    """The chords of the file in its own ticks, cut at bar lines."""
    holds: list[_Hold] = []
    for span in piece_of(source).chords:
        start, end = (t * source.ticks_per_beat // TICKS_PER_BEAT for t in (span.start, span.end))
        lines = [round(grid.bar_start(bar)) for bar in range(grid.bar(start) + 1, grid.bar(max(start, end - 1)) + 1)]
        holds += [_Hold(a, b) for a, b in zip([start, *lines], [*lines, end], strict=True) if a < b]
    return holds


def _may_hold(hold: _Hold, line: Line, grid: Grid, layer: Layer) -> bool:
    """Whether no bar of it is kept or was played freely."""
    bars = range(grid.bar(hold.start), grid.bar(hold.end - 1) + 1)
    free = (LineBar(line.track, line.channel, bar) in grid.free for bar in bars)
    return not any(free) and not any((line.label, bar) in layer.kept for bar in bars)


def _event(line: Line, tick: int, value: int) -> Added:
    return Added(line.track, control_change(tick, line.channel, CC_PEDAL, value))
