"""One table of soft ranges, for composing as for counting."""

from __future__ import annotations

import numpy as np

from composer.compose.tune.critic import RANGES
from composer.encoding.profile import NAMES
from composer.encoding.soft_ranges import SOFT_RANGES, Range


def test_open_ends_are_closed_by_what_a_measure_can_have() -> None:
    assert Range(low=0.6).within(0.0, 1.0) == (0.6, 1.0)
    assert Range(high=0.08).within(0.0, 1.0) == (0.0, 0.08)
    assert Range(1.6, 3.3).within(0.0, float("inf")) == (1.6, 3.3)


def test_composing_aims_at_every_range_of_a_profile_and_each_has_both_ends() -> None:
    assert set(RANGES) == set(SOFT_RANGES) & set(NAMES)
    assert np.isfinite(list(RANGES.values())).all()
    assert all(low in SOFT_RANGES[name] and high in SOFT_RANGES[name] for name, (low, high) in RANGES.items())
