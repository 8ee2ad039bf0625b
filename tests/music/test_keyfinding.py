from __future__ import annotations

import numpy as np
import pytest

from composer.music.key import key_of
from composer.music.keyfinding import key_of_weights
from composer.music.probe_tones import FINAL_BONUS, PROFILES


def weights(tonic: int, mode: str) -> np.ndarray:
    """Sounding times as the ratings of that key have them."""
    return np.roll(np.array(PROFILES[mode]), tonic)


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_every_key_is_found_from_its_own_profile(tonic: int, mode: str) -> None:
    assert key_of_weights(weights(tonic, mode), tonic, FINAL_BONUS) == key_of(tonic, mode)


@pytest.mark.parametrize("fifths", range(-7, 8))
def test_a_signature_decides_the_spelling(fifths: int) -> None:
    major = key_of_weights(weights(fifths * 7 % 12, "major"), fifths * 7 % 12, FINAL_BONUS, fifths)
    minor = key_of_weights(weights((fifths * 7 + 9) % 12, "minor"), (fifths * 7 + 9) % 12, FINAL_BONUS, fifths)
    assert (major.fifths, major.mode) == (fifths, "major")
    assert (minor.fifths, minor.mode) == (fifths, "minor")
