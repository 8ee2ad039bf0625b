"""Words under the notes: whose they are in a file, and how a score writes them."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from composer.formats.midi.scan import RawEvent
from composer.formats.midi.source import LYRIC, SourceMidi
from composer.formats.midi.writer import DRUM_CHANNEL
from composer.music.notes import Lyric
from composer.music.time import TICKS_PER_BEAT

# A word belongs to a note that begins nearer than this; a sixteenth, as people play around the beat.
NEAR_TICKS = TICKS_PER_BEAT // 4
# What karaoke files write before the first word of a line or page, and singers' signs for a syllable held on.
_LINE_SIGNS, _HELD_SIGNS = "/\\", "-_ "
MidiLine = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Syllable:
    """What is sung on one note; ``follows`` and ``goes_on`` say that its word began before it and ends after it."""

    text: str
    follows: bool = False
    goes_on: bool = False

    @property
    def syllabic(self) -> str:
        """Its place in the word, as MusicXML names it."""
        if self.follows:
            return "middle" if self.goes_on else "end"
        return "begin" if self.goes_on else "single"

    def joined(self, after: Syllable) -> Syllable:
        """Both on one note."""
        link = "" if self.goes_on and after.follows else " "
        return Syllable(f"{self.text}{link}{after.text}", self.follows, after.goes_on)


def lyrics_of_lines(source: SourceMidi) -> dict[MidiLine, tuple[RawEvent, ...]]:
    """(track, channel) -> its lyric events by tick.

    Words of a track with several channels, or with none that plays, are those of the line whose notes they fit best.
    """
    onsets: dict[MidiLine, set[int]] = defaultdict(set)
    for note in source.notes:
        onsets[note.track, note.channel].add(note.start)
    found: dict[MidiLine, list[RawEvent]] = defaultdict(list)
    for number, track in enumerate(source.tracks):
        words = [e for e in track if e.meta == LYRIC]
        lines = [line for line in sorted(onsets) if line[0] == number] or sorted(onsets)
        if words and lines:
            found[_best(words, lines, onsets, source.ticks_per_beat // 4)] += words
    return {line: tuple(sorted(words, key=lambda e: e.tick)) for line, words in found.items()}


def _best(
    words: Sequence[RawEvent], lines: Sequence[MidiLine], onsets: Mapping[MidiLine, set[int]], near_ticks: int
) -> MidiLine:
    """The line, no drums if there is another, with most words on its notes and fewest notes without one."""

    def fit(line: MidiLine) -> float:
        starts = sorted(onsets[line])
        hits = sum(_nearest(starts, word.tick, near_ticks) is not None for word in words)
        return hits / (len(starts) + len(words) - hits) if hits < len(starts) + len(words) else 1.0

    return max(lines, key=lambda line: (line[1] != DRUM_CHANNEL, fit(line)))


def syllables(words: Sequence[Lyric]) -> list[tuple[int, Syllable]]:
    """(tick, syllable) of the words; ``Stil-`` and ``le``, or ``Stil`` and ``-le``, are two of one word.

    A hyphen or an underline alone, which holds the syllable before it, is none.
    """
    told = [(w.tick, w.text.lstrip(_LINE_SIGNS).strip()) for w in sorted(words, key=lambda w: w.tick)]
    sung = [(tick, text, text.strip(_HELD_SIGNS)) for tick, text in told]
    sung = [one for one in sung if one[2]]
    links = [a[1].endswith("-") or b[1].startswith("-") for a, b in pairwise(sung)]
    return [
        (tick, Syllable(text, follows, goes_on))
        for (tick, _, text), follows, goes_on in zip(sung, [False, *links], [*links, False], strict=False)
    ]


def under_notes(
    words: Sequence[Lyric], starts: Iterable[int]
) -> tuple[dict[int, Syllable], tuple[tuple[int, Syllable], ...]]:
    """Start of a note in ticks -> its syllable, and (tick, syllable) of those at which no note begins."""
    onsets = sorted(set(starts))
    placed: dict[int, Syllable] = {}
    free = []
    for tick, syllable in syllables(words):
        onset = _nearest(onsets, tick, NEAR_TICKS)
        if onset is None:
            free.append((tick, syllable))
        else:
            placed[onset] = placed[onset].joined(syllable) if onset in placed else syllable
    return placed, tuple(free)


def _nearest(onsets: Sequence[int], tick: int, near_ticks: int) -> int | None:
    """The onset nearest to ``tick``, None where each is ``near_ticks`` away or more."""
    at = bisect_left(onsets, tick)
    best = min(onsets[max(0, at - 1) : at + 1], key=lambda onset: abs(onset - tick), default=None)
    return best if best is not None and (best == tick or abs(best - tick) < near_ticks) else None
