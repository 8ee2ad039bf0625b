"""The trained parts that composing needs, and what a draft records of them."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from composer import __version__
from composer.errors import BadInput, ComposerError, MissingTool
from composer.formats.files import read_bytes
from composer.limits import JSON_BYTES

if TYPE_CHECKING:
    from composer.compose.chords.harmony import Harmony
    from composer.compose.tune.melody import Ear
    from composer.encoding.protocol import FigurationModel, MelodyModel
    from composer.encoding.voices import VoicesModel
    from composer.formats.record import StepRecord

# Dances repeat and close the most clearly of the corpora: what returns is what a listener holds on to.
EAR_STYLE = "dance"
# What composes with the melody model: folders of shipped weights and tables.
BESIDE_THE_MELODY = ("harmony/lstm", "voices", "accompaniment", "profile", "originality")


def generate_recorded(model: str | None) -> dict[str, object]:
    return {"model": model}


def generate_versions(model: str | None) -> dict[str, str]:
    """The program, the weights and the tables of real tunes that a draft depends on, by their hashes."""
    from composer.models.registry import DEFAULT, show

    chosen = str(show(model or DEFAULT).get("weights_sha256", ""))
    return {"composer": __version__, "model": chosen, **{name: _fingerprint(name) for name in BESIDE_THE_MELODY}}


def is_of_today(draft: StepRecord) -> bool:
    """Whether the program, weights and tables that a recorded draft depends on are the present ones.

    A draft of a model that is not here any more cannot be made again, so it counts as of today; so does a file of
    which composer wrote some bars only.
    """
    if not draft.versions:
        return True
    model = draft.options.get("model")
    try:
        return dict(draft.versions) == generate_versions(model if isinstance(model, str) else None)
    except ComposerError:
        return True


def _fingerprint(name: str) -> str:
    """What tells shipped weights or tables from others; empty where there are none, as drafts do without some."""
    from composer.resources import shipped

    try:
        path = shipped("weights").joinpath(name, "card.json")
        card = json.loads(read_bytes(path, JSON_BYTES, "model card"))
    except (ComposerError, ValueError):
        return ""
    return next((str(card[key]) for key in ("weights_sha256", "tables_sha256", "corpus_sha256") if key in card), "")


def load_ear() -> Ear:
    """What real tunes are like, and which ones are known."""
    from composer.compose.tune.melody import Ear
    from composer.encoding.originality import known_runs
    from composer.encoding.profile import typical_tunes

    return Ear(typical_tunes()[EAR_STYLE], known_runs())


def load_harmony(with_network: bool = True) -> Harmony:
    """The shipped harmony network, or the chord tables: without the network's files, or where it is not wanted."""
    from composer.compose.chords.harmony import harmony_of, harmony_with
    from composer.models.harmony_runtime import FOLDER, read_harmony_model
    from composer.resources import shipped

    if with_network and FOLDER.is_dir():
        return harmony_with(read_harmony_model())
    path = shipped("weights") / "harmony" / "tables.json"
    try:
        return harmony_of(json.loads(read_bytes(path, JSON_BYTES, "table of chords")))
    except (BadInput, ValueError, KeyError, TypeError) as error:
        raise MissingTool(path, f"cannot be read ({error})", "install composer again") from None


class Tools:
    """The trained parts that composing needs, each loaded when it is first asked for."""

    def __init__(self, model: str | None = None) -> None:
        self._model = model

    @cached_property
    def melody(self) -> MelodyModel:
        from composer.models.registry import DEFAULT, load_melody_model

        return load_melody_model(self._model or DEFAULT)

    @cached_property
    def harmony(self) -> Harmony:
        return load_harmony()

    @cached_property
    def ear(self) -> Ear:
        return load_ear()

    @cached_property
    def voices(self) -> VoicesModel:
        from composer.models.voices_runtime import read_voices_model

        return read_voices_model()

    @cached_property
    def figuration(self) -> FigurationModel | None:
        """None without trained weights of the learned style: another style is played then, and the draft says so."""
        from composer.models.figuration_runtime import FOLDER, load_figuration_model

        return load_figuration_model() if FOLDER.is_dir() else None
