"""Bass, alto and tenor under held-out chorale sopranos, with and without the voices LSTM, beside Bach's own:
``python -m tests.benchmarks.voicing``.

The soprano and the chord labels (which were read off Bach's four voices) are given. For each row: errors per 100
chord changes by the project's own rules, and how often each voice takes Bach's very pitch. Half a minute once the
chorales are cached; ``make test`` does not run it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter

import numpy as np

from composer.compose.voices import chorale as chorale_term
from composer.compose.voices.slots import Slot
from composer.compose.voices.voicing import Voicing, voicings_of
from composer.encoding.voices import VoicesModel
from composer.models.voices_dataset import Chorale, chorales
from composer.models.voices_runtime import read_voices_model
from composer.music.key import Key
from composer.music.voice_leading import RULES, Moment, crossings, motions, overlaps, spacings

UPPER, BASS = (48, 73), (38, 60)
FREE, ROOTED = 0.9, 4.0
LEADING, DOUBLED, SEVENTH = "LeadingTone", "DoubledLeadingTone", "SeventhResolution"


@dataclass(frozen=True)
class Row:
    """One way of voicing: errors per 100 changes, agreement with Bach by voice, milliseconds a chord."""

    name: str
    errors: dict[str, float]
    agreement: dict[str, float]
    milliseconds: float


def slots_of(piece: Chorale) -> list[Slot]:
    """The chords with the soprano; phrase ends ask for roots as our own cadences do."""
    return [
        Slot(
            g.chord, g.soprano, g.soprano_before, g.soprano, ROOTED if g.is_fermata else FREE,
            g.accent, g.beats, g.is_fermata,
        )
        for g in piece.given
    ]  # fmt: skip


def bachs(piece: Chorale) -> list[Voicing]:
    return [Voicing(int(b), (int(t), int(a))) for _, a, t, b in piece.pitches]


def errors_of(piece: Chorale, voiced: Sequence[Voicing]) -> dict[str, int]:
    moments = [
        Moment(i, (v.bass, *v.voices, g.soprano)) for i, (v, g) in enumerate(zip(voiced, piece.given, strict=True))
    ]
    found = [*motions(moments), *overlaps(moments), *crossings(moments), *spacings(moments)]
    counts = {rule: sum(o.rule == rule for o in found) for rule in RULES}
    return {**counts, **_tendency_errors(piece, moments)}


def _tendency_errors(piece: Chorale, moments: Sequence[Moment]) -> dict[str, int]:
    key: Key = piece.key
    leading = (key.tonic_class - 1) % 12
    counts = dict.fromkeys((LEADING, DOUBLED, SEVENTH), 0)
    for given, moment in zip(piece.given, moments, strict=True):
        is_dominant = given.chord.third == leading
        counts[DOUBLED] += is_dominant and len({p for p in moment.pitches if p % 12 == leading}) > 1
    for (given, before), (following, after) in pairwise(list(zip(piece.given, moments, strict=True))):
        for a, b in zip(before.pitches[:-1], after.pitches[:-1], strict=True):
            if given.chord.third == leading and following.chord.root == key.tonic_class:
                counts[LEADING] += a % 12 == leading and b - a != 1
            if given.chord.seventh == a % 12 and given.chord.root != following.chord.root:
                counts[SEVENTH] += b - a not in (0, -1, -2)
    return counts


def row(name: str, pieces: Sequence[Chorale], model: VoicesModel | None, own: bool = False) -> Row:
    totals: dict[str, int] = {}
    same, changes, chords = np.zeros(3), 0, 0
    began = perf_counter()
    made = [
        bachs(p) if own else list(voicings_of(slots_of(p), p.key, 2, UPPER, BASS, model=model, meter=p.meter))
        for p in pieces
    ]
    seconds = perf_counter() - began
    for piece, voiced in zip(pieces, made, strict=True):
        for rule, count in errors_of(piece, voiced).items():
            totals[rule] = totals.get(rule, 0) + count
        ours = np.array([(v.bass, v.voices[1], v.voices[0]) for v in voiced])
        same += (ours == piece.pitches[:, [3, 1, 2]]).sum(axis=0)
        changes, chords = changes + len(voiced) - 1, chords + len(voiced)
    errors = {rule: 100 * count / changes for rule, count in totals.items()}
    agreement = dict(zip(("bass", "alto", "tenor"), (same / chords).tolist(), strict=True))
    return Row(name, errors, agreement, 1000 * seconds / chords)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=float, nargs="*", default=[chorale_term.WEIGHT])
    parser.add_argument("--split", default="test")
    arguments = parser.parse_args()
    pieces = [c for c in chorales() if c.split == arguments.split]
    model = read_voices_model()
    rows = [row("Bach", pieces, None, own=True), row("Viterbi", pieces, None)]
    for weight in arguments.weights:
        chorale_term.WEIGHT = weight
        rows.append(row(f"with LSTM {weight:g}", pieces, model))
    print(f"{len(pieces)} chorales of the {arguments.split} split, errors per 100 chord changes\n")
    for rule in rows[0].errors:
        print(f"{rule:20s}" + "".join(f"{r.errors[rule]:14.2f}" for r in rows))
    for voice in rows[0].agreement:
        print(f"{'Bach own ' + voice:20s}" + "".join(f"{r.agreement[voice]:14.0%}" for r in rows))
    print(f"{'ms a chord':20s}" + "".join(f"{r.milliseconds:14.2f}" for r in rows))
    print(f"{'':20s}" + "".join(f"{r.name:>14s}" for r in rows))


if __name__ == "__main__":
    main()
