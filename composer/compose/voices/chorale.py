"""What a voices model says of bass, alto and tenor, as costs that the searches for bass line and voicing add up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from composer.compose.voices.slots import Costs, Pitches, Slot
from composer.encoding.voices import START, Given, VoicesModel, columns_of, token_of, tonic_under
from composer.music.key import Key
from composer.music.time import Meter

# One nat weighs about as much as seven semitones of movement; a parallel (20) outweighs any of Bach's habits.
WEIGHT, BASS_WEIGHT = 1.0, 0.7
SOPRANO_MEDIAN = 70  # MIDI pitch, of the sopranos of the chorales
NATS_MAX = 7.0  # no note costs more: what chorales never do is unusual, not forbidden
INNER_VOICES = 2  # a chorale has alto and tenor between soprano and bass


class ChoraleTerm:
    """The costs of one piece; exact for neighbouring chords, because the model sees no voice further back."""

    def __init__(self, model: VoicesModel, slots: Sequence[Slot], key: Key, meter: Meter) -> None:
        self._model = model
        # A tune far above or below a soprano is read in the octave where sopranos sing; the voices stay where they are.
        median = float(np.median([s.melody_at for s in slots]))
        shift = 12 * round((SOPRANO_MEDIAN - median) / 12)
        self._tonic = tonic_under([s.melody_at + shift for s in slots], key)
        given = [
            Given(s.chord, s.melody_at + shift, s.melody_before + shift, s.accent, s.beats, s.is_phrase_end)
            for s in slots
        ]
        # Chorales were read with equal neighbours as one chord: of a chord that goes on the model knows nothing.
        self._goes_on = [False, *(a.chord == b.chord for a, b in pairwise(slots))]
        self._contexts = model.read(columns_of(given, key, meter, self._tonic))

    def bass(self, index: int, before: Pitches | None, after: Pitches) -> Costs:
        """(N, M) cost of each bass of chord ``index`` after each bass before it; (1, M) for the first chord."""
        if self._goes_on[index] and before is not None:
            return np.zeros((len(before), len(after)))
        told = self._model.bass(self._contexts, index, self._tokens(before))
        return BASS_WEIGHT * _cost(told[:, self._tokens(after)])

    def upper(self, index: int, before: Pitches | None, after: Pitches, bass_before: int | None, bass: int) -> Costs:
        """(N, M) cost of each (tenor, alto) of chord ``index`` after each pair before it; (1, M) for the first."""
        if self._goes_on[index] and before is not None:
            return np.zeros((len(before), len(after)))
        low, below = self._token(bass), START if bass_before is None else self._token(bass_before)
        tenors, tenor_rows = np.unique(self._tokens(None if before is None else before[:, 0]), return_inverse=True)
        altos, alto_rows = np.unique(self._tokens(None if before is None else before[:, 1]), return_inverse=True)
        tenor, alto = self._tokens(after[:, 0]), self._tokens(after[:, 1])
        above, above_rows = np.unique(alto, return_inverse=True)
        alto_told = self._model.alto(self._contexts, index, altos, low, below)[alto_rows][:, alto]
        tenor_told = self._model.tenor(self._contexts, index, tenors, above, low)
        tenor_told = tenor_told[tenor_rows[:, None], above_rows[None, :], tenor[None, :]]
        return WEIGHT * (_cost(alto_told) + _cost(tenor_told))

    def _tokens(self, pitches: Pitches | None) -> NDArray[np.int64]:
        if pitches is None:
            return np.array([START])
        return np.asarray(token_of(pitches, self._tonic), dtype=np.int64)

    def _token(self, pitch: int) -> int:
        return int(token_of(pitch, self._tonic))


def _cost(log_probs: NDArray[np.float32]) -> Costs:
    return np.minimum(NATS_MAX, -log_probs.astype(np.float64))
