"""A trained model as the beginning of another training: its weights go back into Keras exactly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from composer.errors import BadInput
from composer.models import lstm_cell
from composer.models.registry import model_folder
from composer.models.runtime import read_card

if TYPE_CHECKING:
    import keras

_AGAIN = "choose another model with --from"


@dataclass(frozen=True, slots=True)
class Base:
    """What a fine-tuning starts from. ``corpora`` are the names of what it learned from."""

    name: str
    folder: Path
    sha256: str
    units: int
    embedding: int
    pitch_hidden: int
    corpora: tuple[str, ...]
    arrays: dict[str, NDArray[np.float32]]


def read_base(name_or_path: str | Path) -> Base:
    """The model called so, with its weights; raises UsageProblem, MissingTool or BadInput."""
    folder = model_folder(name_or_path)
    card = read_card(folder)
    arrays = lstm_cell.read_arrays(folder, card)
    recipe, corpus = card.get("recipe"), card.get("corpus")
    try:
        units, embedding, hidden = (int(_table(recipe)[name]) for name in ("units", "embedding", "pitch_hidden"))
        corpora = tuple(str(_table(source)["name"]) for source in _table(corpus).get("sources", ()))
    except (KeyError, TypeError, ValueError):
        raise BadInput(folder / lstm_cell.CARD, "does not say how large the network is", _AGAIN) from None
    return Base(folder.name, folder, str(card["weights_sha256"]), units, embedding, hidden, corpora, arrays)


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def use_arrays(model: keras.Model, base: Base) -> None:
    """Give the Keras ``model`` the weights of ``base``; raises BadInput when they are of another shape.

    Which array is which weight is asked of ``runtime_arrays`` itself: every weight is filled with its own number, and
    the number that an array then holds is the weight that it comes from.
    """
    from composer.models.melody_lstm import runtime_arrays

    weights = [np.array(w) for w in model.get_weights()]
    model.set_weights([np.full(w.shape, number, w.dtype) for number, w in enumerate(weights)])
    places = {name: int(mark.flat[0]) for name, mark in runtime_arrays(model).items()}
    lstm_cell.check_arrays(base.folder, base.arrays, {name: weights[at].shape for name, at in places.items()})
    for name, at in places.items():
        weights[at] = base.arrays[name]
    model.set_weights(weights)
