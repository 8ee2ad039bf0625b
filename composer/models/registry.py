"""Which models there are: shipped ones, the user's own, and any folder by its path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composer.errors import ComposerError, MissingTool, UsageProblem
from composer.models.runtime import CARD, NumpyMelodyModel, read_card, read_model
from composer.resources import PACKAGE, models_folder

DEFAULT = "default"
_SHIPPED = PACKAGE / "weights"
_SHIPPED_DEFAULT = "melody"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model that can be named; ``problem`` says why it cannot be used, else it is empty."""

    name: str
    folder: Path
    is_shipped: bool
    title: str
    problem: str = ""


def list_models() -> list[ModelEntry]:
    """Every melody model, the user's own first (they hide shipped ones of the same name)."""
    entries: dict[str, ModelEntry] = {}
    for base, is_shipped in ((models_folder(), False), (_SHIPPED, True)):
        for card in sorted(base.glob(f"*/{CARD}")):
            folder = card.parent
            # Beside the melody model lie the shipped networks and tables that write something else.
            if not is_shipped or folder.name == _SHIPPED_DEFAULT:
                entries.setdefault(folder.name, _entry(folder, is_shipped))
    return list(entries.values())


def model_folder(name_or_path: str | Path = DEFAULT) -> Path:
    """The folder of a model by name or path; raises UsageProblem, or MissingTool when the default is absent."""
    if str(name_or_path) == DEFAULT:
        folder = _SHIPPED / _SHIPPED_DEFAULT
        if not folder.is_dir():
            raise MissingTool(folder, "is not in this installation", "install composer again")
        return folder
    path = Path(name_or_path)
    if path.is_dir() and (path / CARD).is_file():
        return path
    found = {entry.name: entry.folder for entry in list_models()}
    if str(name_or_path) in found:
        return found[str(name_or_path)]
    raise UsageProblem(str(name_or_path), "is no model", f"choose one of {', '.join((DEFAULT, *found))} or a folder")


def load_melody_model(name_or_path: str | Path = DEFAULT) -> NumpyMelodyModel:
    """The model ready to compose with; raises UsageProblem, MissingTool or BadInput."""
    return read_model(model_folder(name_or_path))


def show(name_or_path: str | Path = DEFAULT) -> dict[str, Any]:
    """The model card."""
    return read_card(model_folder(name_or_path))


def _entry(folder: Path, is_shipped: bool) -> ModelEntry:
    try:
        card = read_card(folder)
    except ComposerError as error:
        return ModelEntry(folder.name, folder, is_shipped, "", error.reason)
    return ModelEntry(folder.name, folder, is_shipped, str(card.get("title", "")))
