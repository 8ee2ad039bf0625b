"""The key of a set of notes by probe-tone correlation, helped by the last note."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.music.key import Key, key_of
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
        if fifths is None or key_of(tonic, mode).fifths == fifths
    }
    tonic, mode = max(scores, key=lambda k: scores[k])
    return key_of(tonic, mode)
