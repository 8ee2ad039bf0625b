"""Real tunes as pieces, and the fixed briefs that our own pieces are made from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composer.corpus.tune import Tune
from composer.formats.brief import Brief
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


_TONICS = ("C", "D", "E", "F", "G", "A", "Bb", "Eb")
_MODES = ("major", "minor", "major", "dorian", "minor", "mixolydian")
# Styles that have patterns in the metre.
_STYLES = {
    "4/4": ("block", "pad", "alberti", "broken", "arpeggio", "walking", "ostinato"),
    "3/4": ("waltz", "block", "broken", "arpeggio"),
    "6/8": ("arpeggio", "broken", "block", "pad"),
    "2/4": ("block", "alberti"),
}
_FORMS = (("A", "A'", "B", "A"), ("A", "B", "A'"), ("A", "A", "B", "B"), ("A", "B"), ("A", "B", "C", "B", "A"))


def briefs(count: int = 20) -> list[Brief]:
    """Briefs over all keys, metres, forms, densities, styles and, with every fourth, an ensemble."""
    rng = np.random.default_rng(20)
    ensembles = ("piano-solo", "guitar", "string-quartet", "small-band")
    made = []
    for index in range(count):
        meter = ("4/4", "3/4", "4/4", "6/8", "2/4")[index % 5]
        form = [
            {
                "name": name,
                "bars": 8 if len(_FORMS[index % len(_FORMS)]) < 5 else 4,
                "density": round(float(rng.uniform(0.2, 0.8)), 2),
                "energy": round(float(rng.uniform(0.2, 0.9)), 2),
                "register": round(float(rng.uniform(-0.5, 0.6)), 2),
            }
            for name in _FORMS[index % len(_FORMS)]
        ]
        fields: dict[str, object] = {
            "title": f"Bench {index + 1}",
            "key": {"tonic": _TONICS[index % len(_TONICS)], "mode": _MODES[index % len(_MODES)]},
            "tempo_bpm": float(rng.integers(66, 150)),
            "meter": meter,
            "form": form,
        }
        if index % 4 == 3:
            fields["ensemble"] = ensembles[index // 4 % len(ensembles)]
        else:
            fields["accompaniment"] = {"style": _STYLES[meter][index % len(_STYLES[meter])]}
            fields["bass"] = {} if index % 4 == 2 else None
        made.append(Brief.model_validate(fields))
    return made
