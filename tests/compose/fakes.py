"""A melody model and chord tables simple enough to reason about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.compose.chords.harmony import Harmony, harmony_of
from composer.compose.tune.melody import Ear
from composer.encoding.melody import DURATIONS, PITCH_TOKENS
from composer.encoding.protocol import FigurationModel, MelodyModel
from composer.encoding.voices import VoicesModel
from composer.formats.brief.brief import Brief


class FlatModel:
    """Finds every duration and pitch equally likely, so that only plan and rules speak."""

    name = "flat"

    def start(self, batch: int) -> NDArray[np.float32]:
        return np.zeros((batch, 1), dtype=np.float32)

    def step(self, state: Any, columns: NDArray[np.int64]) -> tuple[Any, NDArray[np.float32]]:
        assert len(state) == len(columns)
        return state, np.zeros((len(state), len(DURATIONS)), dtype=np.float32)

    def pitch_logits(self, state: Any, durations: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.zeros((len(state), PITCH_TOKENS), dtype=np.float32)

    def select(self, state: Any, rows: NDArray[np.int64]) -> Any:
        return state[rows]

    def join(self, states: Sequence[Any]) -> Any:
        return np.concatenate(states)


_STATES = {
    "major": ["I 0 ", "ii 2 m", "iii 4 m", "IV 5 ", "V 7 ", "V7 7 7", "vi 9 m", "vii 11 dim", "V/V 2 "],
    "minor": ["i 0 m", "ii 2 dim", "III 3 ", "iv 5 m", "V 7 ", "V7 7 7", "VI 8 ", "VII 10 "],
}


def flat_harmony() -> Harmony:
    """Every chord equally likely after every other."""
    modes = {}
    for mode, lines in _STATES.items():
        states = [dict(zip(("roman", "root", "quality"), line.split(" "), strict=True)) for line in lines]
        count = len(states)
        share = [1 / count] * count
        modes[mode] = {"states": states, "unigram": share, "start": share, "transition": [share] * count}
    return harmony_of({"modes": modes})


@dataclass(frozen=True)
class Models:
    """What composing may have learned: nothing, but for what is given."""

    melody: MelodyModel = field(default_factory=FlatModel)
    harmony: Harmony = field(default_factory=flat_harmony)
    ear: Ear | None = None
    voices: VoicesModel | None = None
    figuration: FigurationModel | None = None


def brief(mode: str = "major", meter: str = "4/4", tonic: str = "D", **changes: Any) -> Brief:
    """A 24-bar piece A B A' unless ``changes`` says otherwise."""
    form = [
        {"name": "A", "bars": 8},
        {"name": "B", "bars": 8, "density": 0.8, "register": 0.5, "energy": 0.8},
        {"name": "A'", "bars": 8},
    ]
    fields = {"key": {"tonic": tonic, "mode": mode}, "tempo_bpm": 100.0, "meter": meter, "form": form}
    return Brief.model_validate({**fields, **changes})
