"""Where a clip belongs: a file that holds some bars of a piece, in which the same music may stand often."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from composer.compare.view import Line, Tone
from composer.daw_return.timing import found_again, grace_of, shift_of, starts_by
from composer.errors import UsageProblem, counted
from composer.formats.midi.hashes import track_labels
from composer.formats.midi.regions import cells_of
from composer.formats.midi.scan import RawEvent
from composer.formats.midi.source import MARKER, SourceMidi, decoded
from composer.music.bars import BarMap
from composer.music.regions import Region, Section, Track, bars_named, bars_text

# A clip this much shorter than the piece is a part of it; what lies outside was not deleted.
CLIP_SHARE = 0.75
# A place is one only where this part of the clip's notes is found.
_FOUND_SHARE = 0.5
# Other places are told where so much speaks for them as for the one that was taken.
_ALIKE_SHARE = 0.9
# Places are tried for every bar of the piece unless that takes so many looks at a note.
_LOOKS_MAX = 3_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person says of the place of a clip: bars as they are named ("9-16", "B"), tracks by name or role.

    ``sections`` are those of the brief, for a piece without markers.
    """

    bars: str | None = None
    tracks: tuple[str, ...] | None = None
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Spot:
    """The first and last bar from 1 (None: not said), and the lines of the piece by index (None: any)."""

    bars: tuple[int, int] | None = None
    lines: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """All music of the file is ``shift`` ticks later than in the piece.

    ``clip`` are the ticks of the piece that it holds (None: all), but for those of the empty bars ``gaps``; ``bars``
    its bars in words (``""``: all), ``alike`` those of every place with much the same music, where there are several.
    """

    shift: int
    clip: range | None = None
    bars: str = ""
    alike: tuple[str, ...] = ()
    gaps: tuple[range, ...] = ()

    def holds(self, tick: int) -> bool:
        """Whether a tick of the piece is in the file."""
        return (self.clip is None or tick in self.clip) and not any(tick in gap for gap in self.gaps)

    def begins(self, tick: int) -> bool:
        """Whether a clip from within the piece begins there."""
        return self.clip is not None and tick == self.clip.start > 0

    def outside(self, events: Iterable[RawEvent]) -> list[RawEvent]:
        """Those of the piece's events that stand where the file holds nothing."""
        return [e for e in events if not self.holds(e.tick)]


@dataclass(frozen=True, slots=True)
class _Tail:
    """When the last note of a file begins, when its notes end, and when the file ends."""

    onset: int
    end: int
    length: int

    def stop(self, shift: int, bars: BarMap) -> int:
        """The bar line of the piece up to which the file goes.

        It may end with a note that sounds into a bar of which it has nothing.
        """
        if self.end < self.length and bars.is_bar_line(self.length - shift):
            return self.length - shift
        return int(bars.start(bars.place(self.onset - shift).bar + 1))


def _tail_of(news: Sequence[Tone], length: int) -> _Tail:
    return _Tail(max(tone.start for tone in news), max(tone.end for tone in news), length)


def spot_of(asked: Asked, reference: SourceMidi, lines: Sequence[Line]) -> Spot:
    """What was asked for in the piece ``reference``; raises UsageProblem for bars and tracks that it does not have."""
    return Spot(_bars(asked, reference), _lines(asked, reference, lines))


def _bars(asked: Asked, reference: SourceMidi) -> tuple[int, int] | None:
    if asked.bars is None:
        return None
    try:
        bars = sorted(bars_named(asked.bars, _sections(asked, reference)))
    except ValueError as error:
        raise _mistake("--bars", error, "name bars of the piece, such as 9-16") from None
    if bars[-1] - bars[0] >= len(bars):
        hint = 'name one place, such as 9-16, or "A#2" for the second A'
        raise UsageProblem("--bars", f"bars {bars_text(bars)} are not in a row", hint)
    return bars[0], bars[-1]


def _lines(asked: Asked, reference: SourceMidi, lines: Sequence[Line]) -> frozenset[int] | None:
    if asked.tracks is None:
        return None
    region, labels = Region(None, asked.tracks), track_labels(reference)
    known = {track.name: track for track in cells_of(reference).tracks}
    tracks = {line.index: known.get(labels[line.track], Track(line.label)) for line in lines}
    try:
        region.check_tracks([*tracks.values()])
    except ValueError as error:
        raise _mistake("--tracks", error, "name tracks of the piece") from None
    return frozenset(index for index, track in tracks.items() if region.has_track(track))


def _mistake(option: str, error: ValueError, hint: str) -> UsageProblem:
    what, _, advice = str(error).partition("; ")
    return UsageProblem(option, what, advice or hint)


def _sections(asked: Asked, reference: SourceMidi) -> tuple[Section, ...]:
    """Those that the markers of the piece name, else those of the brief; all bars of the piece in any case."""
    bars = reference.bar_map
    total = max(1, bars.bars_until(reference.end_tick))
    named = {bars.place(event.tick).bar: decoded(event.data) for event in reference.metas(MARKER)}
    firsts = sorted(bar for bar in named if bar <= total)
    ends = [*firsts[1:], total + 1]
    found = tuple(Section(named[a], a, b - a) for a, b in zip(firsts, ends, strict=False)) or asked.sections
    last = found[-1].last if found else 0
    return found if last >= total else (*found, Section("", last + 1, total - last))


def said_place(
    spot: tuple[int, int], olds: Sequence[Tone], news: Sequence[Tone], bars: BarMap, unit: int, name: str
) -> Place:
    """The clip in the bars that a person named, from their start or where it lies in its file.

    Raises UsageProblem where the clip is longer than they are.
    """
    start, end, grace = int(bars.start(spot[0])), int(bars.start(spot[1] + 1)), grace_of(unit)
    first, last = min(tone.start for tone in news), max(tone.start for tone in news)
    lead = _lead(news, bars, grace)
    shifts = [
        s for s in dict.fromkeys((-start, 0, lead - start))
        if start <= first - s + grace and last - s + grace < end
    ]  # fmt: skip
    if not shifts:
        length = bars.bars_until(max(1, last + grace))
        what = f"{name} plays to its bar {length}, and --bars has room for {counted(spot[1] - spot[0] + 1, 'bar')}"
        raise UsageProblem("--bars", what, "name as many bars as the clip has")
    scores = _Scores(olds, news, grace)
    best = max(shifts, key=scores.of)  # the first of those that are as good
    return Place(best, range(start, end), bars_text(range(spot[0], spot[1] + 1)))


def found_place(olds: Sequence[Tone], news: Sequence[Tone], length: int, bars: BarMap, unit: int) -> Place:
    """Where the music of a part is found: where most of its pitches, times and velocities are; of places that are
    as good where it is not shifted, then the first. ``length`` is that of its file, like all
    times in parts of a quarter, ``unit`` to one."""
    grace = grace_of(unit)
    usual = shift_of(olds, news, int(bars.start(2)), unit)
    piece = max(tone.end for tone in olds)
    last = max(tone.end for tone in news)
    lead = _lead(news, bars, grace)
    is_short = last - lead < CLIP_SHARE * piece
    if is_short and bars.bars_until(piece) * len(olds) <= _LOOKS_MAX:
        starts = [int(bars.start(number)) for number in range(1, bars.bars_until(piece) + 1)]
        found = _scored(
            [0, usual, *(e - s for s in starts for e in (0, lead))], usual, _Scores(olds, news, grace), len(news)
        )
    else:
        found = {usual: 0}
    tail, most = _tail_of(news, length), max(found.values())
    # Of places that are as good the one with the fewest notes that the clip has not.
    held = {s: _held(olds, _ticks(s, lead, tail, bars)) for s in found if found[s] == most}
    best = min(held, key=lambda s: (s != 0, held[s], -s))
    clip = _ticks(best, lead if is_short else 0, tail, bars)
    if clip.start <= 0 and len(clip) >= CLIP_SHARE * piece:
        return Place(best)
    places = [(s, _ticks(s, lead, tail, bars)) for s in sorted(found, reverse=True)]
    alike = [
        _told(ticks, bars) for s, ticks in places
        if s == best
        or (found[s] >= _ALIKE_SHARE * found[best] and (ticks.stop <= clip.start or clip.stop <= ticks.start))
    ]  # fmt: skip
    return Place(best, clip, _told(clip, bars), tuple(alike) if len(alike) > 1 else ())


def version_place(olds: Sequence[Tone], news: Sequence[Tone], length: int, bars: BarMap, unit: int) -> Place:
    """Where the music of a file belongs that says all that a save of the whole says, ``length`` long: the whole piece,
    perhaps with empty bars in front. Where that has much less than the piece and neither begins nor ends with it, it is
    a clip all the same; else a person took the other bars out.
    """
    shift = shift_of(olds, news, int(bars.start(2)), unit)
    grace = grace_of(unit)
    clip = _ticks(shift, _lead(news, bars, grace), _tail_of(news, length), bars)
    begins_later = any(tone.start < clip.start - grace for tone in olds)
    goes_on = all(tone.start < clip.stop for tone in olds)
    played, now = (starts_by(tones, lambda t: t.pitch) for tones in (olds, news))
    found = found_again(played, now, shift, grace)
    is_short = len(clip) < CLIP_SHARE * max(tone.end for tone in olds) and found >= _FOUND_SHARE * len(news)
    if is_short and begins_later and not goes_on:
        return Place(shift, clip, _told(clip, bars))
    return Place(0 if begins_later else shift)


def with_fit(
    place: Place, shift: int, news: Sequence[Tone], length: int, bars: BarMap, unit: int, *, is_part: bool
) -> Place:
    """The place with the shift that bars put in or taken out leave; ``bars`` are those of the file without it, and
    ``is_part`` says that what lies outside of its music stays."""
    if place.clip is None and not is_part:
        return replace(place, shift=shift)
    if place.clip is not None and place.shift == shift:
        return place
    clip = _ticks(shift, _lead(news, bars, grace_of(unit)), _tail_of(news, length), bars)
    told = _told(clip, bars)
    return Place(shift, clip, told, tuple(told if one == place.bars else one for one in place.alike))


def with_gaps(place: Place, played: Collection[int], lost: Sequence[Tone], bars: BarMap) -> Place:
    """The place without the bars in which the piece has the notes ``lost`` and the file nothing; it has some in the
    bars ``played``."""
    empty = sorted({bars.place(tone.start).bar for tone in lost}.difference(played))
    gaps = tuple(range(int(bars.start(bar)), int(bars.start(bar + 1))) for bar in empty)
    first, last = min(played), max(played)
    clip = place.clip or range(int(bars.start(first)), int(bars.start(last + 1)))
    held = range(bars.place(clip.start).bar, bars.place(clip.stop - 1).bar + 1)
    return replace(place, clip=clip, bars=bars_text(bar for bar in held if bar not in empty), gaps=gaps)


def _scored(shifts: Sequence[int], usual: int, scores: _Scores, notes: int) -> dict[int, int]:
    """Shift -> how much is found again by it; only ``usual`` where that is little of so many ``notes``."""
    tried = {shift: scores.of(shift) for shift in dict.fromkeys(shifts)}
    return tried if scores.most_found >= _FOUND_SHARE * notes else {usual: tried[usual]}


class _Scores:
    """How well a shift explains the new notes: a note counts whose pitch is there, and twice with its velocity too."""

    def __init__(self, olds: Sequence[Tone], news: Sequence[Tone], grace: int) -> None:
        self.grace = grace
        self.most_found = 0
        """The most notes that any shift had in their places, of whatever velocity."""
        self.played = starts_by(olds, lambda t: t.pitch), starts_by(news, lambda t: t.pitch)
        self.struck = (
            starts_by(olds, lambda t: 128 * t.velocity + t.pitch), starts_by(news, lambda t: 128 * t.velocity + t.pitch)
        )  # fmt: skip

    def of(self, shift: int) -> int:
        found = found_again(*self.played, shift, self.grace)
        self.most_found = max(self.most_found, found)
        return found + found_again(*self.struck, shift, self.grace)


def _ticks(shift: int, lead: int, tail: _Tail, bars: BarMap) -> range:
    """The ticks of the piece that a file holds; one in which the music lies where it did, from its first bar on."""
    start = -shift if shift < 0 else max(0, lead - shift)
    return range(start, max(start + 1, tail.stop(shift, bars)))


def _held(tones: Sequence[Tone], ticks: range) -> int:
    return sum(tone.start in ticks for tone in tones)


def _lead(news: Sequence[Tone], bars: BarMap, grace: int) -> int:
    """Where the bar of the first note begins."""
    return int(bars.start(bars.place(min(tone.start for tone in news) + grace).bar))


def _told(clip: range, bars: BarMap) -> str:
    return bars_text(range(bars.place(clip.start).bar, bars.place(clip.stop - 1).bar + 1))
