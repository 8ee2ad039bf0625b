"""The key of a set of notes by Krumhansl's probe-tone profiles, helped by the last note."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.music.key import Key, key_of

# Krumhansl & Kessler (1982).
_PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


def key_of_weights(weights: NDArray[np.float64], final: int, bonus: float, fifths: int | None = None) -> Key:
    """The key whose profile correlates best with ``weights`` (12 sounding times); ``bonus`` goes to ``final``.

    With ``fifths`` (sharps, or flats below 0) only the major and the minor key of that signature are asked.
    """
    scores = {
        (tonic, mode): float(np.corrcoef(np.roll(profile, tonic), weights)[0, 1]) + (bonus if tonic == final else 0.0)
        for mode, profile in _PROFILES.items()
        for tonic in range(12)
        if fifths is None or key_of(tonic, mode).fifths == fifths
    }
    tonic, mode = max(scores, key=lambda k: scores[k])
    return key_of(tonic, mode)
