"""The difference of two versions as a piano roll: what stayed in grey, every edit in the colour of its kind."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from PIL import Image, ImageDraw

from composer.compare.notes import ADDED, LENGTH, MOVED, PITCH, REMOVED, VELOCITY, NoteEdit
from composer.compare.stage import BarEdit, Difference, Track
from composer.compare.summary import summary_of
from composer.compare.view import Tone
from composer.errors import counted
from composer.formats.typeface import font_for, printable

Colour = tuple[int, int, int]

WIDTH = 1600
BARS_A_SYSTEM = 16
# Of a longer piece only the systems in which something changed are drawn, and at most so many.
SYSTEMS_MAX = 12
_LEFT, _RIGHT, _TOP, _BOTTOM = 150, 24, 96, 20
_RULER, _GAP, _LANE_GAP = 40, 28, 6
_LANE_MIN, _LANE_MAX, _ROW_MAX = 34, 150, 7
_EVENT_CHARS = 24

_PAPER, _LANE, _INK, _SOFT, _RULE, _BEAT = (
    (250, 248, 244), (255, 255, 255), (28, 30, 34), (104, 106, 112), (190, 186, 178), (232, 229, 222)
)  # fmt: skip
_SAME, _EVENT = (188, 188, 190), (90, 60, 150)
# Okabe and Ito's colours, which colour-blind readers tell apart.
COLOURS: dict[str, Colour] = {
    ADDED: (0, 158, 115), REMOVED: (213, 94, 0), MOVED: (0, 114, 178), PITCH: (204, 121, 167),
    LENGTH: (230, 159, 0), VELOCITY: (86, 180, 233),
}  # fmt: skip
_LEGEND = {
    ADDED: "added", REMOVED: "removed", MOVED: "moved", PITCH: "pitch changed", LENGTH: "length changed",
    VELOCITY: "velocity changed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Lane:
    """One track of the picture: its place below the top of a system and its range of pitches."""

    track: Track
    top: int
    height: int
    low: int
    high: int

    def rows(self, pitch: int) -> tuple[int, int]:
        """Top and bottom pixel of a pitch, counted from the top of the lane."""
        size = self.high - self.low + 1
        top = round((self.high - pitch) * self.height / size)
        return top, max(top + 2, round((self.high - pitch + 1) * self.height / size) - 1)


def roll_png(difference: Difference) -> bytes:
    """The picture as the bytes of a PNG file, the same bytes for the same difference."""
    stream = io.BytesIO()
    _Roll(difference).drawn().save(stream, "PNG")
    return stream.getvalue()


class _Roll:
    """Draws one difference."""

    def __init__(self, difference: Difference) -> None:
        self.difference, self.map = difference, difference.bars
        ends = [difference.before.end, difference.after.end, 1]
        self.bars = max(1, self.map.bars_until(max(ends)))
        self.lanes = list(_lanes(difference.tracks))
        self.system_height = _RULER + sum(lane.height + _LANE_GAP for lane in self.lanes) + _GAP
        self.systems = self._systems()
        height = _TOP + max(1, len(self.systems)) * self.system_height + _BOTTOM
        self.image = Image.new("RGB", (WIDTH, height), _PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def drawn(self) -> Image.Image:
        self._heading()
        for number, first_bar in enumerate(self.systems):
            self._system(first_bar, _TOP + number * self.system_height)
        return self.image

    def _systems(self) -> list[int]:
        """The first bar of each system that is drawn."""
        starts = list(range(1, self.bars + 1, BARS_A_SYSTEM))
        if len(starts) > 2:
            times = [t.start for e in self.difference.note_edits for t in (e.before, e.after) if t is not None]
            times += [edit.time for edit in self.difference.song]
            times += [edit.time for track in self.difference.tracks for edit in track.turns]
            times += [edit.span.start if edit.step.bars < 0 else self._seam(edit) for edit in self.difference.bar_edits]
            changed = {(self.map.place(time).bar - 1) // BARS_A_SYSTEM for time in times}
            starts = [start for start in starts if (start - 1) // BARS_A_SYSTEM in changed] or starts[:1]
        return starts[:SYSTEMS_MAX]

    def _heading(self) -> None:
        names = f"{self.difference.before.name}  ->  {self.difference.after.name}"
        self._text(24, 34, names, 22, _INK)
        self._text(24, 58, summary_of(self.difference)[:170], 14, _SOFT)
        left = self.bars - sum(min(BARS_A_SYSTEM, self.bars - first + 1) for first in self.systems)
        if left:
            self._text(
                WIDTH - _RIGHT,
                34,
                f"{counted(left, 'bar')} without differences, or beyond the picture, left out",
                13,
                _SOFT,
                "rs",
            )
        counts = Counter(kind for edit in self.difference.note_edits for kind in edit.kinds)
        x = 24.0
        for colour, words in [
            (_SAME, "as before"),
            *((COLOURS[kind], f"{_LEGEND[kind]} {counts[kind]}") for kind in COLOURS),
        ]:
            self.draw.rectangle((x, 72, x + 16, 83), fill=colour)
            self._text(x + 22, 83, words, 14, _INK)
            x += 22 + _width(words, 14) + 26
        self.draw.rectangle((x, 72, x + 16, 83), outline=_SOFT, width=2)
        self._text(x + 22, 83, "outline: how it was before", 14, _INK)
        x += 22 + _width("outline: how it was before", 14) + 26
        self.draw.polygon([(x + 8, 83), (x + 2, 73), (x + 14, 73)], fill=_EVENT)
        self._text(x + 22, 83, "tempo, markers, controllers", 14, _INK)

    def _system(self, first_bar: int, top: int) -> None:
        last_bar = first_bar + BARS_A_SYSTEM
        start, end = self.map.start(first_bar), self.map.start(last_bar)
        window = _Window(start, end)
        for lane in self.lanes:
            self._lane(lane, window, top + _RULER + lane.top)
        bottom = top + self.system_height - _GAP - _LANE_GAP
        for bar in range(first_bar, min(last_bar, self.bars + 1) + 1):
            x = window.x(self.map.start(bar))
            self.draw.line((x, top + _RULER - 6, x, bottom), fill=_RULE)
            if bar < last_bar and bar <= self.bars:
                self._text(x + 4, top + 15, str(bar), 13, _INK)
        self._bar_edits(window, top, bottom)
        self._song(window, top)
        for lane in self.lanes:
            self._tones(lane, window, top + _RULER + lane.top)

    def _seam(self, edit: BarEdit) -> int:
        """The time of the old version behind which bars were put in."""
        return int(self.map.start(edit.step.after + 1))

    def _bar_edits(self, window: _Window, top: int, bottom: int) -> None:
        """A line where bars were put in; those that were taken out in a frame, with the notes that they had."""
        for edit in self.difference.bar_edits:
            start, words = self._seam(edit), f"{edit.step.bars:+d} bar{'s' * (abs(edit.step.bars) > 1)}"
            if edit.step.bars > 0 and window.start <= start <= window.end:
                x = window.x(start)
                self.draw.rectangle((x - 1, top + _RULER - 6, x + 1, bottom), fill=COLOURS[ADDED])
                self._text(x + 4, top + 26, words, 11, COLOURS[ADDED])
            elif edit.step.bars < 0 and edit.span.start < window.end and edit.span.stop > window.start:
                left = window.x(max(Fraction(edit.span.start), window.start))
                right = window.x(min(Fraction(edit.span.stop), window.end))
                self.draw.rectangle((left, top + _RULER - 6, right, bottom), outline=COLOURS[REMOVED], width=2)
                self._text(left + 4, top + 26, words, 11, COLOURS[REMOVED])

    def _lane(self, lane: _Lane, window: _Window, top: int) -> None:
        right = window.x(min(window.end, self.map.start(self.bars + 1)))
        self.draw.rectangle((_LEFT, top, right, top + lane.height), fill=_LANE)
        first, last = self.map.place(int(window.start)).bar, self.map.place(int(window.end)).bar
        for bar in range(first, min(last, self.bars + 1)):
            length = self.map.start(bar + 1) - self.map.start(bar)
            beats = max(1, round(length / self.difference.before.unit))
            for beat in range(1, beats):
                x = window.x(self.map.start(bar) + length * beat / beats)
                self.draw.line((x, top, x, top + lane.height), fill=_BEAT)
        label = lane.track.group.label
        colour = (
            COLOURS[ADDED] if not lane.track.group.before else COLOURS[REMOVED] if not lane.track.group.after else _INK
        )
        self._text(24, top + 14, _fitted(label, 14, _LEFT - 32), 14, colour)
        if not lane.track.is_same:
            count = len(lane.track.notes.edits)
            self._text(24, top + 30, "1 note differs" if count == 1 else f"{count} notes differ", 11, _SOFT)

    def _song(self, window: _Window, top: int) -> None:
        """What changed in tempo, metre, key and markers, above the bars where it did."""
        free = 0.0
        for edit in self.difference.song:
            if not window.holds(edit.time):
                continue
            x = window.x(edit.time)
            self.draw.polygon([(x, top + 34), (x - 4, top + 26), (x + 4, top + 26)], fill=_EVENT)
            event = edit.after or edit.before
            words = event.text[:_EVENT_CHARS] if event else ""
            if x >= free:
                self._text(x + 7, top + 34, words, 11, _SOFT)
                free = x + 14 + _width(words, 11)

    def _tones(self, lane: _Lane, window: _Window, top: int) -> None:
        indexes = {line.index for line in lane.track.group.before}
        for edit in self.difference.bar_edits:
            for tone in edit.content.tones if edit.step.bars < 0 else ():
                if tone.line in indexes:
                    self._tone(lane, window, top, tone, COLOURS[REMOVED], is_solid=False)
        for _, tone in lane.track.notes.same:
            self._tone(lane, window, top, tone, _SAME, is_solid=True)
        for change in lane.track.notes.edits:
            self._edit(lane, window, top, change)
        for turn in lane.track.turns:
            if window.holds(turn.time):
                x = window.x(turn.time)
                self.draw.rectangle((x - 1, top + lane.height - 4, x + 1, top + lane.height), fill=_EVENT)

    def _edit(self, lane: _Lane, window: _Window, top: int, edit: NoteEdit) -> None:
        colour = COLOURS[edit.kinds[0]]
        if edit.after is not None:
            self._tone(lane, window, top, edit.after, colour, is_solid=True)
        if edit.before is None:
            return
        if edit.after is None or set(edit.kinds) & {MOVED, PITCH, LENGTH}:
            self._tone(lane, window, top, edit.before, colour, is_solid=False)
        if edit.after is not None and set(edit.kinds) & {MOVED, PITCH} and window.holds(edit.before.start):
            here, there = (sum(lane.rows(t.pitch)) / 2 + top for t in (edit.before, edit.after))
            line = (window.x(edit.before.start) + 2, here, window.x(edit.after.start) + 2, there)
            self.draw.line(line, fill=colour)

    def _tone(self, lane: _Lane, window: _Window, top: int, tone: Tone, colour: Colour, is_solid: bool) -> None:
        if tone.start >= window.end or tone.end <= window.start:
            return
        above, below = lane.rows(tone.pitch)
        left = window.x(max(Fraction(tone.start), window.start))
        box = (left, top + above, max(left + 2, window.x(min(Fraction(tone.end), window.end)) - 1), top + below)
        if is_solid:
            self.draw.rectangle(box, fill=colour)
        else:
            self.draw.rectangle(box, outline=colour)

    def _text(self, x: float, y: float, text: str, size: int, ink: Colour, anchor: str = "ls") -> None:
        shown = printable(text)
        self.draw.text((x, y), shown, fill=ink, font=font_for(shown, size), anchor=anchor)


@dataclass(frozen=True, slots=True)
class _Window:
    """The stretch of time of one system."""

    start: Fraction
    end: Fraction

    def x(self, time: Fraction | int) -> float:
        return _LEFT + round(float((time - self.start) / (self.end - self.start)) * (WIDTH - _LEFT - _RIGHT))

    def holds(self, time: int) -> bool:
        return self.start <= time < self.end


def _lanes(tracks: Sequence[Track]) -> Iterator[_Lane]:
    """A lane for each track, as high as its range of pitches needs."""
    top = 0
    for track in tracks:
        pitches = [p for span in (track.range_before, track.range_after) if span for p in span]
        low, high = min(pitches, default=60) - 1, max(pitches, default=60) + 1
        height = max(_LANE_MIN, min(_LANE_MAX, (high - low + 1) * _ROW_MAX))
        yield _Lane(track, top, height, low, high)
        top += height + _LANE_GAP


def _width(text: str, size: int) -> float:
    shown = printable(text)
    return font_for(shown, size).getlength(shown)


def _fitted(text: str, size: int, width: float) -> str:
    """The text, or as much of it as fits into so many pixels, with dots."""
    if _width(text, size) <= width:
        return text
    while text and _width(text + "...", size) > width:
        text = text[:-1]
    return text.rstrip() + "..."
