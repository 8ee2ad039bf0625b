"""Which note of a returned file belongs to which line of the piece, and at which tick it stands.

A note that has a partner in the piece keeps the partner's line, so that lines put together on one track come apart
again; within the slack of the file's timing it keeps the partner's ticks too. What a person did stays as it was done.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from statistics import fmean

from composer.compare.matching import ALONE, Group, groups_of
from composer.compare.notes import Scale, note_edits
from composer.compare.view import Line, Tone
from composer.daw_return.timing import Slack, snapped
from composer.daw_return.unisons import uncrossed, with_lost_unisons
from composer.formats.midi.writer import DRUM_CHANNEL

# A line of which this part is found on a track that holds several is one of them.
_JOINED_SHARE = 0.15
# A drum is the right place for a note only where no other line plays as near as this (semitones).
_DRUM_DISTANCE = 6


@dataclass(frozen=True, slots=True)
class Voice:
    """A track to be written: the line of the piece that it was (None: it is new), and the returned lines it is from.

    ``is_shared`` where those lines hold other voices too; ``returned`` is empty for a track that was not in the file.
    """

    reference: int | None
    returned: tuple[int, ...]
    tones: tuple[Tone, ...]
    matched_by: str
    is_shared: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of notes: ``found`` in the piece too, changed in one way at most; ``settled`` put back in time;
    ``unisons`` put back that one channel could not hold; ``added``, ``removed`` and ``changed`` by a person."""

    found: int = 0
    settled: int = 0
    unisons: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Placement:
    """All voices, with the counts of the ``notes`` notes of the file.

    ``kept`` are labels of tracks that a clip does not hold, ``gone`` of those that a whole file does not. ``lost`` are
    the notes of the piece that are not in the file any more.
    """

    voices: tuple[Voice, ...]
    notes: int
    tally: Tally
    kept: tuple[str, ...]
    gone: tuple[str, ...]
    lost: tuple[Tone, ...]

    @property
    def share(self) -> float:
        """The part of the file's notes that the piece has."""
        return self.tally.found / max(1, self.notes)


@dataclass(frozen=True, slots=True)
class _Placed:
    """The tones of one group by line of the piece (None: of no line), and those that went."""

    tones: dict[int | None, list[Tone]]
    tally: Tally
    lost: tuple[Tone, ...] = ()


def placed(
    olds: Sequence[Line],
    news: Sequence[Line],
    slack: Slack,
    put_in: Sequence[range],
    copied: Sequence[Tone],
    holds: Callable[[int], bool],
    plays: Callable[[int], bool],
    others: Sequence[Line] | None = None,
) -> Placement:
    """The returned lines ``news`` laid over the lines of the piece, of which the file holds the times that ``holds``
    says, and has music in the bars of those that ``plays`` says; ``put_in`` are the times of bars that the piece had
    not, ``copied`` its notes that were pasted there.

    ``others`` are lines to be kept where a person said what the file holds: then nothing that it lacks was deleted.
    """
    groups = _groups(olds, news, slack, put_in, plays)
    kept = _not_in_clip(groups, news)
    if others is not None:
        kept = [*others, *(line for group in groups if not group.after for line in group.before)]
    voices: list[Voice] = []
    tally = Tally()
    lost: list[Tone] = []
    for group in groups:
        if not group.after:
            continue
        result = _placed(group, slack, copied, holds)
        tally += result.tally
        lost += result.lost
        returned = tuple(line.index for line in group.after)
        places: list[int | None] = [line.index for line in group.before] or [None]
        for place in places:
            tones = tuple(sorted(result.tones.get(place, [])))
            voices.append(Voice(place, returned, tones, group.matched_by, len(group.before) > 1))
    voices += [Voice(line.index, (), line.tones, ALONE, False) for line in kept]
    gone = [line for group in groups if not group.after for line in group.before if line not in kept]
    tally += Tally(removed=sum(len(line.tones) for line in gone))
    return Placement(
        tuple(sorted(voices, key=_order)), sum(len(line.tones) for line in news), tally,
        tuple(line.label for line in kept), tuple(line.label for line in gone),
        (*lost, *(tone for line in gone for tone in line.tones)),
    )  # fmt: skip


def _groups(
    olds: Sequence[Line], news: Sequence[Line], slack: Slack, put_in: Sequence[range], plays: Callable[[int], bool]
) -> list[Group]:
    """The lines matched by what they play where both have music; one that plays nothing there only by its name."""
    names = {line.name.casefold() for line in news if line.name}
    there = [replace(line, tones=tuple(t for t in line.tones if plays(t.start))) for line in olds]
    there = [line for line in there if line.tones or line.name.casefold() in names]
    all_olds = [tone for line in there for tone in line.tones]
    settled = [replace(line, tones=tuple(snapped(all_olds, _common(line, put_in), slack))) for line in news]
    whole, played = ({line.index: line for line in lines} for lines in (olds, news))
    found = _joined([*groups_of(there, settled, slack.unit)])
    found += [Group((line,), (), ALONE) for line in olds if line.index not in {one.index for one in there}]
    return [
        replace(
            g, before=tuple(whole[one.index] for one in g.before), after=tuple(played[one.index] for one in g.after)
        )
        for g in found
    ]


def _common(line: Line, put_in: Sequence[range]) -> Sequence[Tone]:
    """The notes of bars that the piece has too; all of a line that plays in others only."""
    return [tone for tone in line.tones if not any(tone.start in bars for bars in put_in)] or line.tones


def _joined(groups: list[Group]) -> list[Group]:
    """Lines without a partner put where tracks were put together, if a little of them is there."""
    targets = [i for i, group in enumerate(groups) if len(group.before) > 1 and group.after]
    joined = dict(enumerate(groups))
    for i, group in enumerate(groups):
        if group.after or not targets:
            continue
        for line in group.before:
            shared = {t: _shared(line, joined[t].after) for t in targets}
            best = max(targets, key=lambda t: shared[t])
            if shared[best] >= _JOINED_SHARE * len(line.tones):
                before = sorted([*joined[best].before, line], key=lambda one: one.index)
                joined[best] = replace(joined[best], before=tuple(before))
                joined.pop(i, None)
    return list(joined.values())


def _shared(line: Line, others: Iterable[Line]) -> int:
    keys = Counter((t.start, t.pitch) for t in line.tones)
    return (keys & Counter((t.start, t.pitch) for other in others for t in other.tones)).total()


def _not_in_clip(groups: Sequence[Group], news: Sequence[Line]) -> list[Line]:
    """The lines that were not deleted: the file is one clip, of one other line."""
    if len(news) != 1 or not any(len(group.before) == 1 and group.after for group in groups):
        return []
    return [line for group in groups if not group.after for line in group.before]


def _placed(group: Group, slack: Slack, copied: Sequence[Tone], holds: Callable[[int], bool]) -> _Placed:
    news = [tone for line in group.after for tone in line.tones]
    if not group.before:
        return _Placed({None: news}, Tally(added=len(news)))
    everything = [tone for line in group.before for tone in line.tones]
    olds = [tone for tone in everything if holds(tone.start)]
    pasted = [tone for tone in copied if any(tone.line == line.index for line in group.before)]
    if len(group.before) > 1:
        news = uncrossed([*olds, *pasted], news, slack)
    edits = note_edits(olds, news, Scale(slack.unit, slack.most))
    settled = [(old, new, _settled(old, new, slack)) for old, new in edits.pairs]
    pairs = [(old, tone) for old, _, tone in settled]
    whole = with_lost_unisons(olds, pairs) if len(group.before) > 1 else pairs
    tones: dict[int | None, list[Tone]] = defaultdict(list)
    for old, tone in whole:
        tones[old.line].append(replace(tone, line=old.line))
    added = [edit.after for edit in edits.edits if edit.before is None and edit.after is not None]
    models = _models(added, pasted, slack)
    for tone in added:
        model = models.get(tone)
        line = model.line if model else _nearest(tone, _with_such(tone, group.before, slack) or group.before)
        tones[line].append(replace(_settled(model, tone, slack) if model else tone, line=line))
    for tone in everything:
        if not holds(tone.start):
            tones[tone.line].append(tone)
    tally = Tally(
        found=len(edits.same)
        + sum(e.before is not None and e.after is not None and len(e.kinds) == 1 for e in edits.edits),
        settled=sum((tone.start, tone.end) != (new.start, new.end) for _, new, tone in settled),
        unisons=len(whole) - len(pairs) + sum(a != b for (_, a), (_, b) in zip(whole, pairs, strict=False)),
        added=len(added),
        removed=len(olds) - len(whole),
        changed=sum(old != tone for old, tone in whole),
    )
    return _Placed(tones, tally, tuple(edit.before for edit in edits.edits if edit.after is None and edit.before))


def _models(added: Sequence[Tone], copied: Sequence[Tone], slack: Slack) -> dict[Tone, Tone]:
    """Those of the new notes that were pasted -> what they are copies of, each of one."""
    edits = note_edits(copied, added, Scale(slack.unit, slack.most))
    return {new: old for old, new in edits.pairs if new.pitch == old.pitch and abs(new.start - old.start) <= slack.most}


def _settled(old: Tone, new: Tone, slack: Slack) -> Tone:
    """The new note at its old ticks, where it is within the slack; a note that was moved keeps its old length so.

    One that the file never ends is as long as it was.
    """
    start = slack.settled(old.start, new.start)
    if new.is_open:
        end = start + old.length
    elif start == old.start:
        # The slack is what onsets showed; an end may have been rounded away from that besides.
        end = replace(slack, early=slack.early + slack.late).settled(old.end, new.end)
    else:
        # Both ends of a moved note were rounded, each its own way.
        end = start + (old.length if abs(new.length - old.length) <= 2 * slack.late else new.length)
    return replace(new, start=start, end=end)


def _with_such(tone: Tone, lines: Sequence[Line], slack: Slack) -> list[Line]:
    """The lines that have a note of this pitch, velocity and length somewhere: bars that were copied or moved."""
    reach = 2 * slack.most
    return [
        line for line in lines
        if any(
            t.pitch == tone.pitch and t.velocity == tone.velocity and abs(t.length - tone.length) <= reach
            for t in line.tones
        )
    ]  # fmt: skip


def _nearest(tone: Tone, lines: Sequence[Line]) -> int:
    """The line in whose range a note lies that was added to several lines on one track."""
    return min(lines, key=lambda line: (_distance(tone, line), line.index)).index


def _distance(tone: Tone, line: Line) -> float:
    if line.channel == DRUM_CHANNEL and not all(t.pitch == tone.pitch for t in line.tones):
        return _DRUM_DISTANCE if any(t.pitch == tone.pitch for t in line.tones) else 128
    return abs(fmean(t.pitch for t in line.tones) - tone.pitch)


def _order(voice: Voice) -> tuple[int, int]:
    """Lines of the piece first, in their order, then new ones in that of the file."""
    return (0, voice.reference) if voice.reference is not None else (1, min(voice.returned, default=0))
