"""Two lines that sound one pitch at once: what is lost when they share a channel.

A file cannot say which of two equal notes ends first, and many programs keep only one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from composer.compare.view import Tone
from composer.daw_return.timing import Slack

Pair = tuple[Tone, Tone]


@dataclass(frozen=True, slots=True)
class Single:
    """Notes of one track that a channel can hold; so many were ``cut`` short and so many ``dropped`` for that."""

    tones: tuple[Tone, ...]
    cut: int
    dropped: int


def single(tones: Sequence[Tone], known: Sequence[Tone]) -> Single:
    """The notes by time, each cut where the next of its pitch begins; of two that begin together the longer stays.

    A pitch that sounded twice at once somewhere in the piece, where the line had the notes ``known``, may do so again.
    """
    own = {t.pitch for cluster in _by_pitch(known) if len(cluster) > 1 for t in cluster}
    kept: list[Tone] = []
    sounding: dict[int, list[int]] = defaultdict(list)
    cut: set[int] = set()
    for tone in sorted(tones, key=lambda t: (t.start, t.pitch, -t.end, -t.velocity)):
        if tone.pitch in own:
            kept.append(tone)
            continue
        against = [i for i in sounding[tone.pitch] if kept[i].end > tone.start]
        if any(kept[i].start == tone.start for i in against):
            continue
        for i in against:
            kept[i] = replace(kept[i], end=tone.start)
            cut.add(i)
        sounding[tone.pitch] = [len(kept)]
        kept.append(tone)
    return Single(tuple(sorted(kept)), len(cut), len(tones) - len(kept))


def _by_pitch(tones: Sequence[Tone]) -> list[list[Tone]]:
    """The notes of each pitch that sound together."""
    found: dict[int, list[Tone]] = defaultdict(list)
    for tone in sorted(tones):
        found[tone.pitch].append(tone)
    return [cluster for own in found.values() for cluster in _clusters(own)]


def uncrossed(olds: Sequence[Tone], news: Sequence[Tone], slack: Slack) -> list[Tone]:
    """The new notes; where some of a pitch overlap and the old ones ended the other way round, so do these."""
    by_pitch: dict[int, list[Tone]] = defaultdict(list)
    for tone in sorted(news):
        by_pitch[tone.pitch].append(tone)
    known: dict[int, list[Tone]] = defaultdict(list)
    for tone in olds:
        known[tone.pitch].append(tone)
    found = []
    for pitch, tones in by_pitch.items():
        for cluster in _clusters(tones):
            found += _with_old_ends(cluster, known[pitch], slack) if len(cluster) > 1 else cluster
    return sorted(found)


def _clusters(tones: Sequence[Tone]) -> list[list[Tone]]:
    """Notes of one pitch that sound together, directly or through others."""
    found: list[list[Tone]] = []
    end = 0
    for tone in tones:
        if found and tone.start < end:
            found[-1].append(tone)
        else:
            found.append([tone])
        end = max(end, tone.end)
    return found


def _with_old_ends(tones: Sequence[Tone], known: Sequence[Tone], slack: Slack) -> list[Tone]:
    """The same notes with the same ends, dealt out as they were; those of notes that are new in their order."""
    ends = sorted(tone.end for tone in tones)
    left = list(known)
    dealt: dict[int, int] = {}
    for same_velocity in (True, False):
        for i, tone in enumerate(tones):
            if i in dealt:
                continue
            for old in left:
                if slack.settled(old.start, tone.start) != old.start or (
                    same_velocity and old.velocity != tone.velocity
                ):
                    continue
                end = next((e for e in ends if e > tone.start and slack.settled(old.end, e) == old.end), None)
                if end is not None:
                    dealt[i] = end
                    ends.remove(end)
                    left.remove(old)
                    break
    rest = [i for i in range(len(tones)) if i not in dealt]
    dealt.update(zip(rest, ends, strict=True))
    if any(dealt[i] <= tone.start for i, tone in enumerate(tones)):
        return list(tones)
    return [replace(tone, end=dealt[i]) for i, tone in enumerate(tones)]


def with_lost_unisons(olds: Sequence[Tone], pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs (old, new), with the notes that one channel could not hold; none where the file does hold such notes.

    A note is put back when the other one of its pitch, from another line, stayed in its place; and one that was cut
    where the other begins sounds as long as before.
    """
    if _any_overlap([new for _, new in pairs]):
        return list(pairs)
    stayed = {id(old) for old, new in pairs if (old.pitch, old.start) == (new.pitch, new.start)}
    paired = {id(old) for old, _ in pairs}
    beside: dict[int, list[Tone]] = defaultdict(list)
    for tone in sorted(olds):
        beside[tone.pitch].append(tone)
    whole = [(old, _uncut(old, new, beside[old.pitch], stayed)) for old, new in pairs]
    lost = [old for old in olds if id(old) not in paired and _other(old, beside[old.pitch], stayed)]
    return [*whole, *((old, old) for old in sorted(lost))]


def _any_overlap(tones: Sequence[Tone]) -> bool:
    last: dict[int, int] = {}
    for tone in sorted(tones):
        if tone.start < last.get(tone.pitch, 0):
            return True
        last[tone.pitch] = max(tone.end, last.get(tone.pitch, 0))
    return False


def _uncut(old: Tone, new: Tone, beside: Sequence[Tone], stayed: set[int]) -> Tone:
    if id(old) not in stayed or new.end >= old.end:
        return new
    cuts = any(o.start == new.end and o.line != old.line and id(o) in stayed for o in beside)
    return replace(new, end=old.end) if cuts else new


def _other(tone: Tone, beside: Sequence[Tone], stayed: set[int]) -> bool:
    """Whether a note of another line that sounds the same pitch meanwhile is where it was."""
    return any(o.line != tone.line and o.start < tone.end and tone.start < o.end and id(o) in stayed for o in beside)
