"""The seam between composing and the networks: context in, logits out, state carried.

Composing knows a model only by this protocol, so it can be tested with a table of logits.
"""

from __future__ import annotations

from collections.abc import Sequence
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

    def join(self, states: Sequence[Any]) -> Any:
        """One state that holds the rows of all ``states``, in order."""


class FigurationModel(Protocol):
    """An accompaniment model, one step of a bar's pulse at a time; ``K`` is ``len(figure_reader.FEATURES)``.

    p(pulse | past) where a bar begins; p(left | past), p(right | past, left) and the lengths of both at each step.
    """

    name: str

    def start(self) -> Any:
        """The state before the first bar."""

    def step(self, state: Any, columns: Columns) -> Any:
        """The state after the columns (K,) of the coming step."""

    def pulse_logits(self, state: Any) -> Logits:
        """(len(PULSES),) for the bar that begins."""

    def left_logits(self, state: Any) -> Logits:
        """(SHAPE_TOKENS,) for what the left hand strikes."""

    def right_logits(self, state: Any, left: int) -> Logits:
        """(SHAPE_TOKENS,) for what the right hand strikes beside ``left``."""

    def length_logits(self, state: Any, token: int, is_left: bool) -> Logits:
        """(len(DURATIONS),) for how long the stroke ``token`` of one hand sounds."""
