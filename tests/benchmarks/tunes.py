"""Real tunes as pieces."""

from __future__ import annotations

from collections.abc import Sequence

from composer.corpus.tune import Tune
from composer.music.chord import Chord
from composer.music.notes import MELODY, ChordSpan, Note, Part, Piece, Tempo


def piece_of_tune(tune: Tune) -> Piece:
    """The tune as a piece of one part, with its chords."""
    notes = tuple(Note(e.start, e.pitch + tune.tonic_midi, e.duration) for e in tune.events if e.pitch is not None)
    return Piece(
        tune.title,
        tune.meter,
        tune.key,
        (Tempo(0, 100.0),),
        (Part("Melody", MELODY, 0, notes),),
        tune.bars * tune.meter.bar_ticks,
        chords=_spans(tune),
    )


def _spans(tune: Tune) -> tuple[ChordSpan, ...]:
    chords: Sequence[Chord | None] = tune.beat_chords or tune.chords
    ticks = tune.meter.beat_ticks if tune.beat_chords else tune.meter.bar_ticks
    return tuple(ChordSpan(i * ticks, (i + 1) * ticks, chord) for i, chord in enumerate(chords) if chord is not None)
