"""The tempo of the layer: a ritardando at the end, and a small one at the end of each section.

The final one follows Friberg & Sundberg 1999 (J. Acoust. Soc. Am. 105: 1469), who modelled it on how runners stop: over
the share x of the way to the last onset the tempo falls as (1 + (w^q - 1) x)^(1/q) to w at the end, with q = 3. A tempo
that is in the file stays, and where it changes by itself near such a place, nothing is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from composer.formats.midi.events import meta_event
from composer.formats.midi.hashes import track_labels
from composer.formats.midi.scan import SET_TEMPO, RawEvent
from composer.formats.midi.source import SourceMidi
from composer.humanize.clock import Clock
from composer.humanize.grid import Grid
from composer.humanize.layer import Added, Layer
from composer.limits import MIDI_TEMPO_MIN_BPM

CURVE = 3.0  # q
FINAL_SLOWING = 0.3  # of the tempo, at strength 1; players take more, but rarely without being asked
SECTION_SLOWING = 0.08
LEAST_SLOWING = 0.004
SECTION_BEATS = 2
STEPS_PER_QUARTER = 2
BARS_MIN = 4  # a shorter piece or section has none
# A single slowing in the file of at most this share is the start of a ritardando that goes on; more is a new tempo.
OWN_SLOWING_MAX = 0.25
SLOWEST_US = int(60e6 / MIDI_TEMPO_MIN_BPM)


@dataclass(frozen=True, slots=True)
class _Slope:
    """From ``start`` to ``end`` in ticks the tempo falls by the share ``slowing``."""

    start: int
    end: int
    slowing: float

    def share(self, tick: float) -> float:
        """The tempo at ``tick`` as a share of that before."""
        way = max(0.0, min(1.0, (tick - self.start) / (self.end - self.start)))
        least = 1.0 - self.slowing
        return float((1.0 + (least**CURVE - 1.0) * way) ** (1.0 / CURVE))


def tempi(source: SourceMidi, layer: Layer, grid: Grid, clock: Clock) -> tuple[Added, ...]:
    """The tempo events that are added to the first track."""
    total = grid.bars.bars_until(max((n.end for n in source.notes), default=0))
    if total < BARS_MIN:
        return ()
    final = _final(source, layer, grid, clock)
    events: list[RawEvent] = []
    for first, following in pairwise(layer.outline.sections):
        is_before = not final or grid.bar_start(following) < final[0].tick
        if following - first >= BARS_MIN and following <= total and is_before:
            events += _section_end(following, layer, grid, clock, source)
    return tuple(Added(0, event) for event in (*events, *final))


def _section_end(bar: int, layer: Layer, grid: Grid, clock: Clock, source: SourceMidi) -> list[RawEvent]:
    """A touch slower over two quarters before ``bar``, and back."""
    end = round(grid.bar_start(bar))
    start = max(round(grid.bar_start(bar - 1)), end - SECTION_BEATS * grid.quarter)
    slope = _Slope(start, end, SECTION_SLOWING * layer.strength)
    is_own = any(start <= tick < end and tick > 0 for tick, _ in clock.changes)
    if slope.slowing < LEAST_SLOWING or is_own or _is_kept(start, end, layer, grid, source):
        return []
    plain = clock.tempo_us(start)
    events = [_tempo(tick, plain / slope.share(tick + _step(grid) / 2)) for tick in _ticks(start, end, grid)]
    if not any(tick == end for tick, _ in clock.changes):
        events.append(_tempo(end, plain))
    return events


def _final(source: SourceMidi, layer: Layer, grid: Grid, clock: Clock) -> list[RawEvent]:
    """Over the last bar up to the last onset, and no faster again after it."""
    last = max(note.start for note in source.notes)
    bar = grid.bar(last)
    length = round(grid.bar_start(bar) - grid.bar_start(bar - 1)) if bar > 1 else 0
    start = last - length
    slope = _Slope(start, max(last, start + 1), FINAL_SLOWING * layer.strength)
    own = [(tick, us) for tick, us in clock.changes if start <= tick and tick > 0]
    is_theirs = len(own) > 1 or any(not _is_slight(us, clock.tempo_us(max(0, tick - 1))) for tick, us in own)
    if start <= 0 or slope.slowing < LEAST_SLOWING or is_theirs or _is_kept(start, last + 1, layer, grid, source):
        return []
    plain = clock.tempo_us(max(0, start - 1) if own and own[0][0] == start else start)
    # The curve joins a slowing that is in the file: never slower than that before it, never faster after it.
    turn, turned = own[0] if own else (last + 1, SLOWEST_US)
    events = []
    for tick in [*_ticks(start, last, grid), last]:
        wanted = plain / slope.share(min(last, tick + _step(grid) / 2))
        if tick < turn:
            events.append(_tempo(tick, min(wanted, turned)))
        elif tick > turn and wanted > turned:
            events.append(_tempo(tick, wanted))
    return events


def _ticks(start: int, end: int, grid: Grid) -> list[int]:
    step = _step(grid)
    return [start + round(i * step) for i in range(-(-(end - start) // max(1, round(step)))) if start + i * step < end]


def _step(grid: Grid) -> float:
    return max(1.0, grid.quarter / STEPS_PER_QUARTER)


def _is_slight(us: int, before_us: int) -> bool:
    return before_us <= us <= before_us / (1.0 - OWN_SLOWING_MAX)


def _is_kept(start: int, end: int, layer: Layer, grid: Grid, source: SourceMidi) -> bool:
    """Whether a bar from ``start`` to ``end`` is kept in all tracks that play in it."""
    if not layer.kept:
        return False
    labels = track_labels(source)
    for bar in range(grid.bar(start), grid.bar(end - 1) + 1):
        playing = {(labels[n.track], bar) for n in source.notes if grid.bar(n.start) == bar}
        if playing and playing <= layer.kept:
            return True
    return False


def _tempo(tick: int, us: float) -> RawEvent:
    return meta_event(tick, SET_TEMPO, min(SLOWEST_US, round(us)).to_bytes(3))
