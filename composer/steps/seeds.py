"""The number that decides the draws of a step."""

from __future__ import annotations

import secrets

from composer.errors import UsageProblem
from composer.limits import SEED_MAX

# Random seeds are drawn below this: short enough to type again.
DRAWN_SEED_MAX = 10**6


def checked_seed(seed: int | None) -> int:
    """``seed``, or a random one; raises UsageProblem for a number outside the limits."""
    if seed is None:
        return secrets.randbelow(DRAWN_SEED_MAX)
    if not 0 <= seed <= SEED_MAX:
        raise UsageProblem("--seed", f"{seed} is outside 0 to {SEED_MAX}", "choose one in between")
    return seed
