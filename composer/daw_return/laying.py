"""Where a returned file lies over its piece: the place of its music, the bars put in or taken out, its notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from composer.compare.view import Line, View, view_of
from composer.daw_return.bars import Fit, copied_tones, fitted, moved_frame, notes_taken_out
from composer.daw_return.clips import (
    CLIP_SHARE,
    Place,
    Spot,
    found_place,
    said_place,
    version_place,
    with_fit,
    with_gaps,
)
from composer.daw_return.frame import Frame
from composer.daw_return.placing import Placement, placed
from composer.daw_return.scaling import rounding_in, scaled
from composer.daw_return.timing import Slack, grace_of, slack_of
from composer.formats.midi.scan import SET_TEMPO, TIME_SIGNATURE
from composer.formats.midi.source import MARKER, SourceMidi, metres_in
from composer.music.bars import BarMap

# More of the notes of a piece than this are lost only by a save of the whole, or in bars that have others now.
LOST_SHARE = 0.1
_NEAR_BARS = 4


class Laying:
    """A file laid over a piece: over ``frame``, which is ``known`` with the bars of the file, in its ``place``.

    ``view`` is the file as it came, ``unshifted`` at the times of the piece; ``lines`` are those of the piece that it
    may hold, and ``olds`` their notes; ``taken_out`` counts the notes that went with their bars.
    """

    def __init__(self, source: SourceMidi, frame: Frame, spot: Spot) -> None:
        self.source, self.known, self.spot, self.unit = source, frame, spot, frame.unit
        self.whole = scaled(source, self.unit)
        self.view = view_of(self.whole, self.unit)
        self.bar = int(_bars(frame, self.view))
        self.bars = BarMap(metres_in(frame.conductor), self.unit)
        self.rounding = rounding_in(source, self.unit)
        self.is_whole = self._is_version() and self._tells_all()
        place = self._place()
        fit = self._fit(place)
        self._lay(place, fit)

    def _lay(self, place: Place, fit: Fit) -> None:
        """Lay the file over the piece as it is with the bars that were put in or taken out."""
        self.place, self.fit, self.shift = place, fit, place.shift
        self.frame = moved_frame(self.known, fit)
        self.taken_out = notes_taken_out((tone for line in self.known.lines for tone in line.tones), fit)
        self.lines = [line for line in self.frame.lines if self._is_meant(line)]
        self.olds = [tone for line in self.lines for tone in line.tones]
        self.unshifted = self.view.earlier(self.shift)
        news = self.unshifted.tones
        grace, bars = grace_of(self.unit), fit.bars[1]
        self.played = {bars.place(tone.start + grace).bar for tone in news}
        self.slack = slack_of(self.olds, news, self.rounding, self.unit) if self.olds else Slack(0, 0, self.unit)

    def moved(self, tick: int) -> int:
        """The tick of the piece for one of the file, of what sounds."""
        return max(0, tick - self.shift)

    def at(self, tick: int) -> int:
        """The same of what is set: what a whole file sets at its start, it sets there."""
        return self.moved(tick) if tick or self.place.clip is not None else 0

    def _empty_bars(self) -> int:
        """The ticks of the whole bars before the first note."""
        return (min((tone.start for tone in self.view.tones), default=0) + grace_of(self.unit)) // self.bar * self.bar

    def _is_meant(self, line: Line) -> bool:
        return self.spot.lines is None or line.index in self.spot.lines

    def _place(self) -> Place:
        """Where in the piece the music of the file belongs."""
        tones, bars = self.view.tones, self.bars
        olds = [tone for line in self.known.lines if self._is_meant(line) for tone in line.tones]
        if self.spot.bars is not None and tones:
            return said_place(self.spot.bars, olds, tones, bars, self.unit, self.source.name)
        if not olds:
            # With nothing to compare to, only empty bars in front can be seen: composer's pieces begin in bar 1.
            return Place(self._empty_bars())
        if self.is_whole:
            return version_place(olds, tones, self.whole.end_tick, bars, self.unit)
        return found_place(olds, tones, self.whole.end_tick, bars, self.unit)

    def _fit(self, place: Place) -> Fit:
        """Which bars were put in or taken out, in a file that may hold all tracks."""
        shift = place.shift
        if place.clip is None and any(tone.start < shift - grace_of(self.unit) for tone in self.view.tones):
            shift = 0  # there is music in front of what came later: bars that were put in
        metres = self.view.earlier(shift).metres
        # Without its own metres a file has the bars of the piece.
        bars = (self.bars, BarMap(metres, self.unit) if metres else self.bars)
        if not self.known.lines or self.spot != Spot():
            return Fit(place.shift, (), bars)
        olds = [tone for line in self.known.lines for tone in line.tones]
        if place.clip is not None and place.alike:
            # The same music stands elsewhere too: bars are moved near the place that was chosen only.
            reach = _NEAR_BARS * self.bar
            near = range(place.clip.start - reach, place.clip.stop + reach)
            olds = [tone for tone in olds if tone.start in near]
        known = [] if metres else metres_in(self.known.conductor)
        return fitted(olds, self.view.tones, shift, bars, self.unit, metres=known, is_told=self.is_whole)

    def _is_version(self) -> bool:
        """Whether the file is more than a clip of one track: of several, or about all of a piece of one."""
        if len(self.view.lines) != 1:
            return True
        lines = [line for line in self.known.lines if self._is_meant(line)]
        return len(lines) == 1 and self.whole.end_tick >= CLIP_SHARE * self.known.end

    def _tells_all(self) -> bool:
        """Whether the file has all that leads the piece, and the names of its tracks: a person's save of the whole."""
        kinds = {event.meta for event in self.known.conductor} & {SET_TEMPO, TIME_SIGNATURE, MARKER}
        names = {line.name for line in self.known.lines if self._is_meant(line)}
        return names <= {line.name for line in self.view.lines} and all(self.whole.metas(kind) for kind in kinds)

    def placement(self) -> Placement:
        """The notes in their places. What many notes of the piece would be lost by is not believed of a file that is no
        save of the whole: bars before, behind and between its own stay as they are."""
        place, plain = self.place, Fit(self.place.shift, (), self.fit.bars)
        if self.fit.shift != place.shift:
            self._lay(self._fitted_place(place), self.fit)
        placement = self._placement()
        if self.fit.steps and not self.is_whole and (placement.kept or placement.gone):
            # Bars were put into some of the tracks only: the others stay where they are.
            self._lay(place, plain)
            placement = self._placement()
        if self.is_whole or self.spot.bars is not None or not self.olds:
            return placement
        gaps = with_gaps(self.place, self.played, placement.lost, self._file_bars())
        lost = [tone for tone in placement.lost if not gaps.holds(tone.start)]
        # Of several tracks in a part of the piece nobody empties a whole bar to have it empty.
        is_of_part = self.place.clip is not None and len({tone.line for tone in lost}) > 1
        if len(lost) <= (0 if is_of_part else LOST_SHARE * len(self.olds)):
            return placement
        self._lay(gaps, self.fit)
        return self._placement()

    def _fitted_place(self, place: Place) -> Place:
        is_part = self.fit.shift < 0 and not self.is_whole
        return with_fit(
            place, self.fit.shift, self.view.tones, self.whole.end_tick, self._file_bars(), self.unit, is_part=is_part
        )

    def _file_bars(self) -> BarMap:
        """The bars of the file, without its shift."""
        return self.fit.bars[1]

    def _placement(self) -> Placement:
        is_said = self.spot != Spot()
        is_part = is_said or self.place.clip is not None
        others = [line for line in self.frame.lines if line not in self.lines] if is_part else None
        news: Sequence[Line] = self.unshifted.lines
        if is_said and len(self.lines) == len(news) == 1:
            # One clip for one track: that it is another by name or notes does not matter.
            news = [replace(news[0], name=self.lines[0].name, channel=self.lines[0].channel)]
        known = [tone for line in self.known.lines for tone in line.tones]
        copied = copied_tones(known, self.unshifted.tones, self.fit, self.unit)
        return placed(self.lines, news, self.slack, self.fit.put_in, copied, self.place.holds, self._plays, others)

    def _plays(self, tick: int) -> bool:
        """Whether the file has music in the bar of a tick of the piece."""
        return self.place.holds(tick) and self._file_bars().place(tick).bar in self.played


def _bars(frame: Frame, view: View) -> int:
    """The length of the first bar of the piece, else of the file, in ticks."""
    for event in frame.conductor:
        if event.meta == TIME_SIGNATURE:
            return frame.unit * 4 * event.data[0] >> event.data[1]
    return int(view.bars.start(2))
