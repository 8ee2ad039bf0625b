"""Regions of a piece: some bars of some tracks, as a person names them ("9-16", "B", "melody")."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Cells = frozenset[tuple[str, int]]
"""Bars (from 1) of tracks, each as (track, bar)."""
_SPAN = re.compile(r"(\d{1,6})(?:\s*(?:-|\u2013|\.\.)\s*(\d{1,6}))?")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the form: ``first`` is its first bar, counted from 1 through the piece."""

    name: str
    first: int
    bars: int

    @property
    def last(self) -> int:
        return self.first + self.bars - 1


@dataclass(frozen=True, slots=True)
class Track:
    """A track by its name, and by the role it plays ("melody", "bass" ...; "" where that is not known).

    ``also`` is another name that it has, "" for none.
    """

    name: str
    role: str = ""
    also: str = ""

    def is_called(self, word: str) -> bool:
        return word.casefold() in [own.casefold() for own in (self.name, self.role, self.also) if own]


@dataclass(frozen=True, slots=True)
class Region:
    """``bars`` from 1 (None: every bar) of the tracks called one of ``tracks`` (None: every track)."""

    bars: frozenset[int] | None = None
    tracks: tuple[str, ...] | None = None

    def has_track(self, track: Track) -> bool:
        return self.tracks is None or any(track.is_called(word) for word in self.tracks)

    def holds(self, track: Track, bar: int) -> bool:
        return (self.bars is None or bar in self.bars) and self.has_track(track)

    def check_tracks(self, known: Sequence[Track]) -> None:
        """Raise ValueError for a track that is called like none of ``known``."""
        for word in self.tracks or ():
            if not any(track.is_called(word) for track in known):
                names = list(dict.fromkeys(track.name for track in known))
                near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
                advice = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(names)}"
                raise ValueError(f'no track is called "{word}"; {advice}')


def bars_named(text: str, sections: Sequence[Section]) -> frozenset[int]:
    """The bars that ``text`` names: "9", "9-16", "1-4, 9-12", a section's name, or "A#2" for the second A.

    A name that several sections have means all of them. Raises ValueError for bars that the piece does not have.
    """
    found: set[int] = set()
    for word in [text] if _named(text, sections) else text.split(","):
        found |= _span(word.strip(), sections)
    return frozenset(found)


def bars_text(bars: Iterable[int]) -> str:
    """``"9-16"`` or ``"1-4, 7"``, as ``bars_named`` reads it."""
    spans: list[list[int]] = []
    for bar in sorted(set(bars)):
        if spans and bar == spans[-1][1] + 1:
            spans[-1][1] = bar
        else:
            spans.append([bar, bar])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def cells_text(cells: Iterable[tuple[str, int]]) -> str:
    """``"Melody 9-16; Bass 9"``: the bars of each track."""
    tracks: dict[str, list[int]] = {}
    for track, bar in sorted(cells):
        tracks.setdefault(track, []).append(bar)
    return "; ".join(f"{track} {bars_text(bars)}" for track, bars in tracks.items())


def _span(word: str, sections: Sequence[Section]) -> frozenset[int]:
    chosen = _named(word, sections)
    if chosen:
        return frozenset(bar for section in chosen for bar in range(section.first, section.last + 1))
    match, total = _SPAN.fullmatch(word), sections[-1].last if sections else 0
    if match is None:
        names = ", ".join(dict.fromkeys(section.name for section in sections))
        raise ValueError(f"{word!r} is neither bars, such as 9-16, nor a section; the sections are {names}")
    first, last = int(match[1]), int(match[2] or match[1])
    if not first or not last:
        raise ValueError(f"{word!r} names bar 0; the first bar is 1")
    if last < first:
        raise ValueError(f"{word!r} runs backwards; write the lower bar first")
    if last > total:
        raise ValueError(f"bar {last} is after the last bar, {total}")
    return frozenset(range(first, last + 1))


def _named(word: str, sections: Sequence[Section]) -> list[Section]:
    """The sections called ``word``, or the one that "NAME#2" numbers among those of its name."""
    name = word.strip().casefold()
    same = [section for section in sections if section.name.strip().casefold() == name]
    stem, mark, number = name.rpartition("#")
    if same or not mark or not number.isdecimal():
        return same
    alike = [section for section in sections if section.name.strip().casefold() == stem.strip()]
    return alike[int(number) - 1 : int(number)] if int(number) >= 1 else []
