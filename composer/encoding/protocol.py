"""The seam between composing and the networks: context in, logits out, state carried.

Composing knows a model only by this protocol, so it can be tested with a table of logits.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
Columns = NDArray[np.int64]


class MelodyModel(Protocol):
    """A note-event model p(duration | history) p(pitch | history, duration).

    ``B`` sequences run as one batch; ``K`` is ``len(melody.FEATURES)``.
    """

    name: str

    def start(self, batch: int) -> Any:
        """The state before the first note, for ``batch`` sequences."""

    def step(self, state: Any, columns: Columns) -> tuple[Any, Logits]:
        """Feed the context of the next note (B, K); the new state and duration logits (B, len(DURATIONS))."""

    def pitch_logits(self, state: Any, durations: NDArray[np.int64]) -> Logits:
        """Pitch logits (B, len(PITCHES)) for the next note, given its duration index (B,)."""

    def select(self, state: Any, rows: NDArray[np.int64]) -> Any:
        """The state with its batch rows re-ordered or repeated (for N-best and beams)."""
