"""The key of a piece: taken where it is known, found from its probe-tone correlations where it is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from composer.music.key import Key, key_of
from composer.music.notes import BASS, MELODY, Piece
from composer.music.probe_tones import FINAL_BONUS, key_correlations

# A key signature is believed when this share of the sounding time lies in its scale.
SIGNATURE_SHARE = 0.88
# The lead over the runner-up, in correlation, that counts as certain.
_SURE_LEAD = 0.15


@dataclass(frozen=True, slots=True)
class KeyFinding:
    """``confidence`` is 0..1; ``source`` is ``option``, ``brief``, ``signature`` or ``found``."""

    key: Key
    confidence: float
    source: str
    runner_up: Key | None = None


def key_finding(piece: Piece, given: Key | None, given_by: str, declared: Key | None) -> KeyFinding:
    """``given`` if there is one, else ``declared`` (a key signature) if the notes agree, else what the notes say."""
    weights = class_weights(piece)
    if given is not None:
        return KeyFinding(given, 1.0, given_by)
    if declared is not None and weights.sum() > 0:
        share = float(weights[list(declared.scale)].sum() / weights.sum())
        if share >= SIGNATURE_SHARE:
            return KeyFinding(_with_the_right_mode(piece, declared, weights), round(share, 2), "signature")
    return _found(piece, weights)


def class_weights(piece: Piece) -> np.ndarray:
    """Sounding ticks of the twelve pitch classes, drums left out; shape [12]."""
    weights = np.zeros(12)
    for part in piece.parts:
        if not part.is_drums:
            for note in part.notes:
                weights[note.pitch % 12] += note.duration
    return weights


def _found(piece: Piece, weights: np.ndarray) -> KeyFinding:
    if np.count_nonzero(weights) < 2:
        tonic = int(weights.argmax()) if weights.any() else 0
        return KeyFinding(key_of(tonic, "major"), 0.0, "found")
    scores = key_correlations(weights)
    for tonic in final_classes(piece):
        scores[:, tonic] += FINAL_BONUS
    order = np.argsort(-scores, axis=None, kind="stable")
    best, second = (divmod(int(i), 12) for i in order[:2])
    lead = float(scores[best] - scores[second])
    modes = ("major", "minor")
    confidence = round(min(1.0, max(0.0, lead / _SURE_LEAD)), 2)
    return KeyFinding(key_of(best[1], modes[best[0]]), confidence, "found", key_of(second[1], modes[second[0]]))


def final_classes(piece: Piece) -> set[int]:
    """Pitch classes of the last bass and the last melody note (of the lowest last note where no part has a role)."""
    parts = [p for p in piece.parts if not p.is_drums and p.notes]
    named = [p for p in parts if p.role in (BASS, MELODY)]
    if named:
        return {max(p.notes, key=lambda n: (n.start, -n.pitch)).pitch % 12 for p in named}
    notes = [n for p in parts for n in p.notes]
    if not notes:
        return set()
    last = max(n.end for n in notes)
    return {min(n.pitch for n in notes if n.end >= last - 60) % 12}


def _with_the_right_mode(piece: Piece, declared: Key, weights: np.ndarray) -> Key:
    """A signature does not always tell major from its relative minor: the notes decide, unless a mode was written."""
    if declared.mode not in ("major", "minor"):
        return declared
    shift, other = (9, "minor") if declared.mode == "major" else (3, "major")
    relative = key_of((declared.tonic_class + shift) % 12, other)
    scores = key_correlations(weights)
    for tonic in final_classes(piece):
        scores[:, tonic] += FINAL_BONUS
    row = {"major": 0, "minor": 1}
    lead = scores[row[relative.mode], relative.tonic_class] - scores[row[declared.mode], declared.tonic_class]
    return relative if lead > FINAL_BONUS else declared
