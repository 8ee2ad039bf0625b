from __future__ import annotations

from collections.abc import Sequence

from composer.music.chord import chord_of
from composer.music.key import Key, key_of
from composer.music.notes import BASS, CHORDS, DRUMS, MELODY, ChordSpan, Control, Marker, Note, Part, Piece, Tempo
from composer.music.pitch import midi_of
from composer.music.time import meter_of

BAR = 1920


def notes(text: str, *, start: int = 0, beat: int = 480) -> tuple[Note, ...]:
    """``"C4:2 D4 -:1 E4"``: pitches with lengths in quarters, - for a rest."""
    made, tick = [], start
    for word in text.split():
        name, _, length = word.partition(":")
        ticks = int(float(length or 1) * beat)
        if name != "-":
            made.append(Note(tick, midi_of(name), ticks, 80))
        tick += ticks
    return tuple(made)


def blocks(chords: Sequence[str], *, length: int = BAR) -> tuple[Note, ...]:
    """One block chord a bar: ``["C3 E3 G3", ...]``."""
    return tuple(Note(i * length, midi_of(n), length, 60) for i, chord in enumerate(chords) for n in chord.split())


def piece(
    melody: str = "", bass: str = "", chords: Sequence[str] = (), symbols: Sequence[str] = (), *,
    key: Key | None = None, drums: bool = False, bars: int | None = None,
) -> Piece:  # fmt: skip
    parts = []
    if melody:
        parts.append(Part("Melody", MELODY, 0, notes(melody)))
    if chords:
        parts.append(
            Part(
                "Piano", CHORDS, 0, tuple(sorted(blocks(chords))), controls=(Control(10, 64, 127), Control(1900, 64, 0))
            )
        )
    if bass:
        parts.append(Part("Bass", BASS, 32, notes(bass)))
    if drums:
        parts.append(Part("Drums", DRUMS, 0, tuple(Note(i * 480, 38 + i % 2, 100, 90) for i in range(8))))
    end = max((n.end for p in parts for n in p.notes), default=BAR)
    length = bars * BAR if bars else -(-end // BAR) * BAR
    spans = tuple(ChordSpan(i * BAR, (i + 1) * BAR, chord_of(s)) for i, s in enumerate(symbols))
    return Piece(
        "Test", meter_of("4/4"), key or key_of("C", "major"), (Tempo(0, 100.0),), tuple(parts), length,
        markers=(Marker(0, "A"),), chords=spans,
    )  # fmt: skip
