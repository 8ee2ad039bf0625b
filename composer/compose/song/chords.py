"""The chords of a song, section by section: those that the file names, else what is heard in its accompaniment."""

from __future__ import annotations

from collections.abc import Sequence

from composer.compose.chords.harmonise import harmonised
from composer.compose.chords.harmony import Bar
from composer.compose.chords.named import named_chords
from composer.compose.song.found import Found
from composer.compose.song.hearing import Song
from composer.compose.song.sections import SongSection, runs_of
from composer.encoding.melody import Event
from composer.music.key import Key

TEXT_CHARS = 4000  # of the chords of one section
_FULL_SHARE = 1.2  # notes to each onset of the tune's own track, from which it has chords of its own
_NAMED, _HEARD = 1.0, 0.6


def chords_of(song: Song, sections: Sequence[SongSection], keys: tuple[Key, ...]) -> Found[tuple[str | None, ...]]:
    """The chords that each section writes; None where they are left to the harmoniser, as for a tune alone."""
    named = {bar: chords for bar in range(song.bars) if (chords := named_chords(song.piece, bar))}
    if len(named) < song.bars and not _has_harmony(song):
        if not named:
            return Found(tuple(None for _ in sections), "The tune stands alone: its chords are left open.")
        open_sections = tuple(s for s in sections if any(b not in named for b in range(s.first, s.first + s.bars)))
        texts = tuple(
            None if s in open_sections else _text(s, named, key) for s, key in zip(sections, keys, strict=True)
        )
        return Found(texts, "The file's chord symbols, where a section has them throughout.", _NAMED)
    heard = named if len(named) == song.bars else _heard(song, sections, keys, named)
    texts = tuple(_text(section, heard, key) for section, key in zip(sections, keys, strict=True))
    if len(named) == song.bars:
        return Found(texts, "The file's chord symbols.", _NAMED)
    how = "Heard in the notes of all tracks, one or two a bar"
    how += ", where the file names none." if named else ": the file names none."
    return Found(texts, f"{how} Correct what was heard wrongly: what is redone follows them.", _HEARD)


def _has_harmony(song: Song) -> bool:
    """Whether more sounds than one line."""
    if sum(not part.is_drums and bool(part.notes) for part in song.parts) > 1:
        return True
    notes = song.parts[song.melody].notes
    return len(notes) >= _FULL_SHARE * len({n.start for n in notes})


def _heard(song: Song, sections: Sequence[SongSection], keys: tuple[Key, ...], named: dict[int, Bar]) -> dict[int, Bar]:
    """Chords for every bar, each stretch of one key for itself."""
    bar_ticks, found = song.bar_ticks, dict(named)
    for first, end in runs_of(keys):
        start = sections[first].first
        last = sections[end - 1].first + sections[end - 1].bars
        key, offset = keys[first], start * bar_ticks
        notes = song.pitched_notes(offset, last * bar_ticks)
        events = [Event(n.start - offset, n.duration, n.pitch - key.tonic_class) for n in notes]
        rests = [p.last - start for p in song.reading.phrases if start <= p.last < last - 1]
        written = {bar - start: chords for bar, chords in named.items() if start <= bar < last}
        bars = harmonised(
            events, key, song.tune.meter, last - start, rests, written, closes=last == song.bars, is_heard=True
        )
        found.update({start + place: chords for place, chords in enumerate(bars)})
    return found


def _text(section: SongSection, chords: dict[int, Bar], key: Key) -> str | None:
    bars = [chords[bar] for bar in range(section.first, section.first + section.bars)]
    text = " | ".join(" ".join(chord.symbol(chord.spellings_in(key)) for chord in bar) for bar in bars)
    return text if len(text) <= TEXT_CHARS else None
