"""Struck notes as they can sound together: no blur low down, no pitch twice at once, common tones held."""

from __future__ import annotations

from collections.abc import Sequence

from composer.music.chord import Chord
from composer.music.notes import Note

MUD_PITCH = 48  # below C3 ...
MUD_SEMITONES = 7  # ... intervals under a fifth blur


def climbing(voices: Sequence[int], index: int, bass: int, chord: Chord, leading: int | None, ceiling: int) -> int:
    """The pitch of voice ``index`` in a figure that climbs: ``voices`` from the lowest, then the same an octave higher.

    Where that would be the last voice again, the tone of ``chord`` above it if neither ``bass`` nor a voice has that
    tone, as in an octave with its fifth; else the voice below, as for a seventh, for the pitch class ``leading``, and
    for what lies over ``ceiling``.
    """
    octaves, place = divmod(index, len(voices))
    pitch = voices[place] + 12 * octaves
    if not octaves or pitch != voices[-1]:
        return pitch
    above = next(p for p in range(pitch + 1, pitch + 13) if p % 12 in chord.classes)
    taken = (chord.seventh, leading, *(p % 12 for p in (bass, *voices)))
    return above if above % 12 not in taken and above <= ceiling else voices[-2]


def unmuddied(notes: Sequence[Note]) -> list[Note]:
    """The notes without those that blur low down with a lower one struck together; the lowest always stays."""
    kept: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.start, n.pitch, -n.duration)):
        opens = not kept or kept[-1].start != note.start
        if opens or note.pitch >= MUD_PITCH or note.pitch - kept[-1].pitch >= MUD_SEMITONES:
            kept.append(note)
    return kept


def trimmed(notes: Sequence[Note]) -> tuple[Note, ...]:
    """The notes in order, each ended where its own pitch is struck again; of two at once the longer stays."""
    kept: dict[int, list[Note]] = {}
    for note in sorted(notes, key=lambda n: (n.start, n.pitch, -n.duration)):
        line = kept.setdefault(note.pitch, [])
        if line and line[-1].start == note.start:
            continue
        if line and line[-1].end > note.start:
            line[-1] = Note(line[-1].start, note.pitch, note.start - line[-1].start, line[-1].velocity)
        line.append(note)
    return tuple(sorted(n for line in kept.values() for n in line))


def joined(notes: Sequence[Note], longest: int, borders: frozenset[int]) -> tuple[Note, ...]:
    """The notes with equal pitches that abut made one, within ``longest`` ticks and never over a border."""
    kept: dict[int, list[Note]] = {}
    for note in trimmed(notes):
        line = kept.setdefault(note.pitch, [])
        if line and line[-1].end == note.start not in borders and note.end - line[-1].start <= longest:
            line[-1] = Note(line[-1].start, note.pitch, note.end - line[-1].start, line[-1].velocity)
        else:
            line.append(note)
    return tuple(sorted(n for line in kept.values() for n in line))
