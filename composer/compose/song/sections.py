"""The sections of a song: where its markers say so, else where its phrases do; and the key that each of them is in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from composer.compose.song.found import Found
from composer.compose.song.hearing import Song
from composer.errors import counted
from composer.formats.midi.piece import is_section_name
from composer.formats.midi.scan import KEY_SIGNATURE
from composer.formats.midi.tune import key_of_notes
from composer.limits import BRIEF_SECTIONS, BRIEF_TEXT_CHARS
from composer.music.key import Key
from composer.music.notes import Note

OPENING = "Intro"  # the bars before the first marker
_MARKED, _HEARD = 1.0, 0.5  # how sure sections are
_SURE_KEY = 0.85  # of the sounding time in the scale: as much as a signature needs to be believed


@dataclass(frozen=True, slots=True)
class SongSection:
    """Bars ``first`` .. ``first + bars - 1``, counted from 0."""

    name: str
    first: int
    bars: int

    @property
    def text(self) -> str:
        """``"Verse 5-12"``, bars counted from 1."""
        last = self.first + self.bars
        return f"{self.name} {self.first + 1}-{last}" if self.bars > 1 else f"{self.name} {last}"


def sections_of(song: Song) -> Found[tuple[SongSection, ...]]:
    """The sections, with how they were found."""
    marked = _marked(song)
    starts = marked or list(song.reading.sections)
    ends = [first for _, first in starts[1:]] + [song.bars]
    sections = tuple(SongSection(name, first, end - first) for (name, first), end in zip(starts, ends, strict=True))
    length = f"{counted(song.bars, 'bar')}, up to the last note of all tracks."
    names = ", ".join(section.text for section in sections)
    if marked:
        return Found(sections, f"The file's markers: {names}. {length}", _MARKED)
    how = "No markers name sections, so phrases were gathered, by where the tune breathes"
    again = "" if not any("'" in s.name for s in sections) else "; a dash is a section that begins like an earlier one"
    return Found(sections, f"{how}: {names}{again}. {length}", _HEARD)


def _marked(song: Song) -> list[tuple[str, int]]:
    """(name, first bar) of the markers that name sections; empty where they divide nothing."""
    tune = song.tune
    found: dict[int, str] = {}
    for marker in sorted(song.piece.markers, key=lambda m: m.tick):
        bar = round((marker.tick + tune.shift) / song.bar_ticks)
        if is_section_name(marker.text) and bar < song.bars:
            found.setdefault(bar, marker.text[:BRIEF_TEXT_CHARS])
    if tune.shift and 0 not in found and 1 in found:
        # What is marked on the first full bar has the pick-up too.
        found[0] = found.pop(1)
    if not any(found):
        return []
    found.setdefault(0, OPENING)
    return [(found[bar], bar) for bar in sorted(found)][:BRIEF_SECTIONS]


def keys_of(song: Song, sections: tuple[SongSection, ...]) -> tuple[Found[Key], tuple[Key, ...]]:
    """The key of the song, and that of each section: another one only where the file changes its signature."""
    signatures = _signatures(song)
    if len({key for _, key in signatures}) < 2:
        return _home(song, signatures[0][1] if signatures else None), tuple(song.tune.key for _ in sections)
    keys = []
    for section in sections:
        start, end = section.first * song.bar_ticks, (section.first + section.bars) * song.bar_ticks
        named = next((key for tick, key in reversed(signatures) if tick <= start), signatures[0][1])
        line = song.line(0, end) or song.line(0, song.bars * song.bar_ticks)
        keys.append(key_of_notes(_sounding(song.pitched_notes(start, end)), line[-1].pitch, named))
    changes = [f"{section.text} in {key}" for section, key in zip(sections, keys, strict=True) if key != keys[0]]
    told = f"{keys[0]}: the key signature at the start, and the notes under it."
    if changes:
        told += f" Where the signature changes: {', '.join(changes)}."
    return Found(keys[0], told), tuple(keys)


def _signatures(song: Song) -> list[tuple[int, Key]]:
    """(tick from the first bar line on, key) as the file names them."""
    if not song.tune.source.metas(KEY_SIGNATURE):
        return []
    changes = [(tick + song.tune.shift, key) for tick, key in song.piece.keys]
    return [(0, song.piece.key), *changes]


def _home(song: Song, named: Key | None) -> Found[Key]:
    key = song.tune.key
    share = _share(song.pitched_notes(0, song.bars * song.bar_ticks), key)
    inside = f"{round(100 * share)} % of the sounding time lies in its scale"
    if named is None:
        return Found(key, f"{key}: found from the notes and the last of the tune; {inside}.", share)
    if named.fifths == key.fifths:
        how = "the file's key signature" if named == key else "by the file's key signature and the notes"
        return Found(key, f"{key}: {how}; {inside}.", max(share, _SURE_KEY))
    return Found(key, f"{key}: found from the notes; {inside}. The file says {named}, which fits them less.", share)


def _share(notes: list[Note], key: Key) -> float:
    """The share of the sounding time that lies in the scale of ``key``."""
    weights = np.zeros(12)
    for start, end, pitch in _sounding(notes):
        weights[pitch % 12] += end - start
    return float(weights[list(key.scale)].sum() / max(1.0, weights.sum()))


def _sounding(notes: list[Note]) -> list[tuple[int, int, int]]:
    return [(n.start, n.end, n.pitch) for n in notes]


def runs_of(keys: tuple[Key, ...]) -> list[tuple[int, int]]:
    """(first, end) of sections in a row that share a key."""
    starts = [i for i, key in enumerate(keys) if i == 0 or key != keys[i - 1]]
    return list(pairwise([*starts, len(keys)]))
