"""What the trainings of all families share: the falling learning rate, when to stop, and what is told on the way."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

_LAST_RATE_SHARE = 0.05  # of the first learning rate


@dataclass(frozen=True, slots=True)
class EpochProgress:
    """Where the training stands; ``valid_nats`` is of the last finished epoch, inf or nan before the first."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    train_nats: float
    valid_nats: float


Progress = Callable[[EpochProgress], None]


@dataclass(frozen=True, slots=True)
class Point:
    """How far a training has come: the last finished epoch and the best one by the valid split."""

    epoch: int = 0
    best_epoch: int = 0
    best_nats: float = math.inf
    seconds: float = 0.0

    @property
    def is_best(self) -> bool:
        """Whether the last epoch was the best so far."""
        return self.epoch == self.best_epoch

    def is_done(self, epochs: int, patience: int) -> bool:
        """Whether all epochs are done, or ``patience`` of them went by without a better one."""
        return self.epoch >= epochs or self.epoch - self.best_epoch >= patience

    def after(self, valid_nats: float, seconds: float, min_gain_nats: float) -> Point:
        """The point one epoch later; an epoch is better when it gains more than ``min_gain_nats``."""
        later = replace(self, epoch=self.epoch + 1, seconds=self.seconds + seconds)
        if valid_nats < self.best_nats - min_gain_nats:
            return replace(later, best_epoch=later.epoch, best_nats=valid_nats)
        return later


def rate_at(epoch: int, epochs: int, first_rate: float) -> float:
    """The learning rate of ``epoch`` (from 1): down a cosine to a twentieth of ``first_rate``."""
    share = 0.5 * (1 + math.cos(math.pi * (epoch - 1) / epochs))
    return first_rate * (_LAST_RATE_SHARE + (1 - _LAST_RATE_SHARE) * share)
