"""The key of a set of notes by probe-tone correlation, helped by the last note."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.music.key import Key, key_of
from composer.music.pitch import LETTERS
from composer.music.probe_tones import PROFILES, key_correlations


def key_of_weights(weights: NDArray[np.float64], final: int, bonus: float, fifths: int | None = None) -> Key:
    """The key whose profile correlates best with ``weights`` (12 sounding times); ``bonus`` goes to ``final``.

    With ``fifths`` (sharps, or flats below 0) only the major and the minor key of that signature are asked.
    """
    correlations = key_correlations(weights)
    scores = {
        (tonic, mode): float(correlations[row, tonic]) + (bonus if tonic == final else 0.0)
        for row, mode in enumerate(PROFILES)
        for tonic in range(12)
        # Twelve fifths apart are two spellings of one key.
        if fifths is None or (key_of(tonic, mode).fifths - fifths) % 12 == 0
    }
    tonic, mode = max(scores, key=lambda k: scores[k])
    return key_of(tonic, mode) if fifths is None else _spelled_with(tonic, mode, fifths)


def _spelled_with(tonic: int, mode: str, fifths: int) -> Key:
    """The key on a pitch class that is written with that signature."""
    plain = key_of(tonic, mode)
    names = (letter + accidental for letter in LETTERS for accidental in ("", "#", "b"))
    keys = (Key(name, mode) for name in names)
    return next((key for key in keys if key.fifths == fifths and key.tonic_class == plain.tonic_class), plain)
