"""When the music of a returned file comes: shifted as a whole, rounded, or a few ticks early."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from composer.compare.view import Tone
from composer.music.time import TICKS_PER_BEAT

# A program that plays early does so by some milliseconds: 12 ticks are 12.5 ms at 120 bpm.
GRACE_TICKS = 12
# So few ticks nobody hears: no one edits by them.
_UNHEARD_TICKS = 5
# More than that is the program's doing only where most notes have it, and hardly any is off to the other side.
_MOST, _HARDLY_ANY = 0.5, 0.05
# All music has been shifted when this share of the notes is found again so much later ...
_SHIFTED_SHARE = 0.5
# ... and so many times as many as without a shift: music repeats itself. Or it is nearly all, and more than without:
# music of loops is nearly the same a bar later.
_SHIFTED_GAIN = 1.25
_SHIFTED_NEARLY_ALL = 0.95
_SHIFT_BARS = 4
# Pairs of notes are counted on so many notes of each side at most.
_COUNTED_NOTES = 1500
_COMMON_DISTANCES = 4
_Onsets = dict[int, list[int]]  # of each pitch, sorted


def grace_of(unit: int) -> int:
    """By how many parts of a quarter, ``unit`` to one, a program plays early."""
    return GRACE_TICKS * unit // TICKS_PER_BEAT


@dataclass(frozen=True, slots=True)
class Slack:
    """A note that comes at most ``early`` before or ``late`` after its old time was not moved, all times in parts of a
    quarter, ``unit`` to one."""

    early: int
    late: int
    unit: int = TICKS_PER_BEAT

    @property
    def most(self) -> int:
        return max(self.early, self.late)

    @property
    def grace(self) -> int:
        return grace_of(self.unit)

    def settled(self, old: int, new: int) -> int:
        """The old time where the new one is within the slack, else the new one."""
        return old if -self.early <= new - old <= self.late else new


def shift_of(olds: Sequence[Tone], news: Sequence[Tone], bar: int, unit: int) -> int:
    """How much later all music is in the new version; 0 where it is not, as after a bar that a person put in or took
    out behind the beginning. ``bar`` is a bar's length."""
    if not olds or not news:
        return 0
    old_starts, new_starts, grace = _starts(olds), _starts(news), grace_of(unit)
    candidates = {n * bar for n in range(-_SHIFT_BARS, _SHIFT_BARS + 1)}
    candidates |= {_to_bar_line(d, bar, grace) for d in _common_distances(old_starts, new_starts, grace)} - {0}
    found = {
        shift: found_again(old_starts, new_starts, shift, grace)
        for shift in sorted(candidates, key=lambda s: (abs(s), s))
    }
    best = max(found, key=lambda shift: found[shift])
    notes = min(len(olds), len(news))
    enough = min(max(_SHIFTED_SHARE * notes, _SHIFTED_GAIN * found[0]), _SHIFTED_NEARLY_ALL * notes)
    sides = (old_starts, new_starts) if best > 0 else (new_starts, old_starts)
    if not best or found[best] < enough or not _begins_later(*sides, abs(best), bar, grace):
        return 0
    return best if best % bar == 0 else best + _rest(old_starts, news, best, grace)


def _begins_later(early: _Onsets, late: _Onsets, shift: int, bar: int, grace: int) -> bool:
    """Whether the first bar of the version that begins first is found in the other ``shift`` later rather than where
    it was, or else the first bar that tells."""
    onsets = sorted(start for starts in early.values() for start in starts)
    for start in range((onsets[0] + grace) // bar * bar - grace, onsets[-1] + 1, bar):
        head = _between(early, start, start + bar)
        later, same = (_likeness(head, _between(late, start + by, start + by + bar), by, grace) for by in (shift, 0))
        if later != same:
            return later > same
    return False


def _between(starts: _Onsets, start: int, stop: int) -> _Onsets:
    return {pitch: own[bisect_left(own, start) : bisect_left(own, stop)] for pitch, own in starts.items()}


def _likeness(bar: _Onsets, other: _Onsets, shift: int, grace: int) -> int:
    """How many notes two bars share, twice, less those that the other has."""
    return 2 * found_again(bar, other, shift, grace) - sum(len(own) for own in other.values())


def slack_of(olds: Sequence[Tone], news: Sequence[Tone], rounding: int, unit: int) -> Slack:
    """How far the program itself moved notes; the music is not shifted as a whole any more."""
    starts = _starts(olds)
    found = [d for tone in news if (d := _distance(starts[tone.pitch], tone.start, grace_of(unit))) is not None]
    early, late = (sum(sign * d < -rounding for d in found) for sign in (1, -1))
    most, hardly_any = _MOST * len(found), _HARDLY_ANY * len(found)
    if early >= max(1, most) and late <= hardly_any:
        return Slack(max(rounding, -min(found)), rounding, unit)
    if late >= max(1, most) and early <= hardly_any:
        return Slack(rounding, max(rounding, *found), unit)
    return Slack(max(rounding, _UNHEARD_TICKS * unit // TICKS_PER_BEAT), rounding, unit)


def snapped(olds: Sequence[Tone], news: Sequence[Tone], slack: Slack) -> list[Tone]:
    """The new notes, each at the old time of a note of its pitch where one is within the slack: to match lines by."""
    starts = _starts(olds)
    return [_at(tone, _distance(starts[tone.pitch], tone.start, slack.grace), slack) for tone in news]


def _at(tone: Tone, distance: int | None, slack: Slack) -> Tone:
    start = tone.start if distance is None else slack.settled(tone.start - distance, tone.start)
    return Tone(start, tone.pitch, max(start + 1, tone.end), tone.velocity, tone.line)


def _starts(tones: Sequence[Tone]) -> _Onsets:
    """Pitch -> the onsets, sorted."""
    return starts_by(tones, lambda tone: tone.pitch)


def starts_by(tones: Sequence[Tone], key: Callable[[Tone], int]) -> _Onsets:
    """``key`` of the notes -> their onsets, sorted."""
    found: dict[int, list[int]] = defaultdict(list)
    for tone in tones:
        found[key(tone)].append(tone.start)
    for starts in found.values():
        starts.sort()
    return found


def _common_distances(olds: _Onsets, news: _Onsets, grace: int) -> list[int]:
    """The distances between notes of one pitch that occur most often."""
    counts: Counter[int] = Counter()
    left = _COUNTED_NOTES
    for pitch in sorted(olds.keys() & news.keys()):
        for old in olds[pitch][:left]:
            counts.update(round((new - old) / grace) for new in news[pitch])
        left -= min(left, len(olds[pitch]))
    return [grace * step for step, _ in counts.most_common(_COMMON_DISTANCES)]


def _to_bar_line(distance: int, bar: int, grace: int) -> int:
    """``distance``, or the whole number of bars that is next to it."""
    bars = round(distance / bar) * bar
    return bars if abs(distance - bars) <= grace else distance


def _rest(olds: _Onsets, news: Sequence[Tone], shift: int, grace: int) -> int:
    """What is missing in a shift that was counted coarsely."""
    found = [_distance(olds.get(tone.pitch, []), tone.start - shift, grace) for tone in news]
    return Counter(sorted(d for d in found if d is not None)).most_common(1)[0][0]


def found_again(olds: _Onsets, news: _Onsets, shift: int, grace: int) -> int:
    """How many old notes have a new one of their own so much later, ``grace`` more or less."""
    count = 0
    for pitch, starts in olds.items():
        waiting, i = news.get(pitch, []), 0
        for start in starts:
            while i < len(waiting) and waiting[i] < start + shift - grace:
                i += 1
            if i < len(waiting) and waiting[i] <= start + shift + grace:
                count, i = count + 1, i + 1
    return count


def _distance(starts: Sequence[int], start: int, grace: int) -> int | None:
    """How much later than the nearest of ``starts`` a note comes; None where none is near."""
    low, high = bisect_left(starts, start - grace), bisect_right(starts, start + grace)
    return min((start - s for s in starts[low:high]), key=lambda d: (abs(d), d), default=None)
