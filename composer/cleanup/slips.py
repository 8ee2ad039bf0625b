"""Notes outside the key: which of them a rule of harmony justifies, and where the others belong."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

from composer.cleanup.score import Score, Tone
from composer.music.chord import QUALITIES
from composer.music.key import Key
from composer.music.time import TICKS_PER_BEAT

# A chromatic tone heard this often within two bars is meant: a modulation, a tonicisation or a colour.
PERSISTENT_TIMES = 3
# Where more than this share of all notes would be slips, the style is chromatic and the key says little.
CHROMATIC_SHARE = 0.06
# In a file without chords, a chromatic tone that comes back this often anywhere in the piece belongs to it.
RECURRING_TIMES = 3


def slips(score: Score) -> list[Tone]:
    """The tones outside the key that nothing justifies, in playing order."""
    context = _Context(score)
    return [tone for tone in score.tones if not context.is_justified(tone)]


def corrections(score: Score, tone: Tone) -> list[int]:
    """The pitches a slip may have been meant to be, the likeliest first: a semitone away, in the key."""
    key, chord = score.key_at(tone.start), score.chord_at(tone.start)
    taken = {t.pitch for t in score.by_part[tone.part] if t is not tone and t.start < tone.end and tone.start < t.end}
    before, after = _neighbours(score, tone)
    candidates = [p for p in (tone.pitch - 1, tone.pitch + 1) if p % 12 in key.scale and 0 <= p <= 127]
    candidates = [p for p in candidates if p not in taken]

    def cost(pitch: int) -> tuple[float, int]:
        off_chord = 0 if chord is None or pitch % 12 in chord.classes else 2
        leaps = sum(abs(pitch - t.pitch) for t in (before, after) if t is not None)
        return off_chord + 0.25 * leaps, pitch

    return sorted(candidates, key=cost)


class _Context:
    """What the neighbourhood of a tone says about it."""

    def __init__(self, score: Score) -> None:
        self.score = score
        self.starts = [t.start for t in score.tones]
        self.bar = score.piece.meter.bar_ticks
        self.times = Counter(t.pitch % 12 for t in score.tones)

    def is_justified(self, tone: Tone) -> bool:
        key = self.score.key_at(tone.start)
        if tone.pitch % 12 in key.scale:
            return True
        return (
            self._is_of_the_chord(tone)
            or _is_minor_inflection(key, tone.pitch)
            or self._is_by_step(tone)
            or self._is_persistent(tone)
            or self._makes_a_chord(tone)
            or self._recurs(tone)
        )

    def _is_of_the_chord(self, tone: Tone) -> bool:
        chords = (self.score.chord_at(tone.start), self.score.chord_at(max(tone.start, tone.end - TICKS_PER_BEAT // 8)))
        return any(c is not None and tone.pitch % 12 in c.classes for c in chords)

    def _is_by_step(self, tone: Tone) -> bool:
        """Passing or neighbour note by step on both sides, or a leading tone that rises by a semitone."""
        before, after = _neighbours(self.score, tone)
        if after is None:
            return False
        key = self.score.key_at(after.start)
        if (
            after.pitch - tone.pitch == 1
            and after.pitch % 12 in key.scale
            and (before is None or before.pitch != after.pitch)
        ):
            return tone.end - tone.start <= TICKS_PER_BEAT
        if before is None:
            return False
        steps = abs(tone.pitch - before.pitch), abs(after.pitch - tone.pitch)
        return 1 in steps and max(steps) <= 2 and min(steps) >= 1 and tone.end - tone.start <= TICKS_PER_BEAT

    def _recurs(self, tone: Tone) -> bool:
        return not self.score.piece.chords and self.times[tone.pitch % 12] >= RECURRING_TIMES

    def _makes_a_chord(self, tone: Tone) -> bool:
        """Without a chord track: a member of a full triad that sounds, its natural form not sounding beside it."""
        if self.score.piece.chords:
            return False
        last = bisect_right(self.starts, tone.start + TICKS_PER_BEAT // 4)
        sounding = {t.pitch % 12 for t in self.score.tones[max(0, last - 64) : last] if t.end > tone.start}
        if (tone.pitch + 1) % 12 in sounding or (tone.pitch - 1) % 12 in sounding:
            return False
        triads = [[(root + step) % 12 for step in QUALITIES[q]] for q in ("", "m", "dim", "aug") for root in range(12)]
        return any(tone.pitch % 12 in triad and set(triad) <= sounding for triad in triads)

    def _is_persistent(self, tone: Tone) -> bool:
        first = bisect_left(self.starts, tone.start - self.bar)
        last = bisect_right(self.starts, tone.start + self.bar)
        near = self.score.tones[first:last]
        same = [t for t in near if t.pitch % 12 == tone.pitch % 12]
        together = {t.part for t in same if abs(t.start - tone.start) < self.bar // 2}
        natural = Counter(t.pitch % 12 for t in near)
        rivals = max(natural[(tone.pitch + step) % 12] for step in (-1, 1))
        return len(together) >= 2 or (len(same) >= PERSISTENT_TIMES and 2 * len(same) > rivals)


def _is_minor_inflection(key: Key, pitch: int) -> bool:
    """The raised sixth and seventh of a minor key."""
    return key.mode == "minor" and (pitch - key.tonic_class) % 12 in (9, 11)


def _neighbours(score: Score, tone: Tone) -> tuple[Tone | None, Tone | None]:
    """The nearest tones of the same part just before and just after ``tone``, by pitch among those of one onset."""
    line, starts = score.by_part[tone.part], score.part_starts[tone.part]
    jitter = TICKS_PER_BEAT // 24
    first, last = bisect_left(starts, tone.start - jitter), bisect_right(starts, tone.start + jitter)
    before = [t for t in line[:first] if t.start >= starts[first - 1] - jitter] if first else []
    after = [t for t in line[last:] if t.start <= starts[last] + jitter] if last < len(line) else []

    def near(tones: Sequence[Tone]) -> Tone | None:
        return min(tones, key=lambda t: (abs(t.pitch - tone.pitch), t.pitch), default=None)

    return near(before), near(after)
