"""Which networks there are: the shipped one of each family, the user's own, and any folder by its path."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composer.errors import BadInput, ComposerError, MissingTool, UsageProblem, did_you_mean
from composer.formats.files import cannot_write
from composer.models.families import FAMILIES, Family, Summary, family_of_card, summary_of
from composer.models.lstm_cell import CARD, read_any_card, read_card
from composer.models.runtime import NumpyMelodyModel, read_model
from composer.resources import models_folder

DEFAULT = "default"
MELODIES = FAMILIES[0]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A network that can be named; ``problem`` says why it cannot be used, else it is empty.

    ``family`` and ``summary`` are ``None`` where the card does not tell them.
    """

    name: str
    folder: Path
    is_shipped: bool
    title: str
    problem: str = ""
    family: Family | None = None
    summary: Summary | None = None


def list_models() -> list[ModelEntry]:
    """Every network, the user's own first; those that write tunes hide shipped ones of the same name."""
    own = [_entry(card.parent.name, card.parent) for card in sorted(models_folder().glob(f"*/{CARD}"))]
    hidden = {entry.name for entry in own if entry.family in (MELODIES, None)}
    return [*own, *(entry for entry in _shipped() if entry.name not in hidden or entry.family is not MELODIES)]


def model_folder(name_or_path: str | Path = DEFAULT) -> Path:
    """The folder of a melody model by name or path; raises UsageProblem, or MissingTool when the default is absent."""
    if str(name_or_path) == DEFAULT:
        if not MELODIES.shipped.is_dir():
            raise MissingTool(MELODIES.shipped, "is not in this installation", "install composer again")
        return MELODIES.shipped
    path = Path(name_or_path)
    if path.is_dir() and (path / CARD).is_file():
        return path
    entries = list_models()
    found = {entry.name: entry.folder for entry in reversed(entries) if entry.family in (MELODIES, None)}
    if str(name_or_path) in found:
        return found[str(name_or_path)]
    others = {entry.name: entry.family.writes for entry in entries if entry.family is not None}
    reason = f"writes {others[str(name_or_path)]}, not tunes" if str(name_or_path) in others else "is no model"
    names = [DEFAULT, *(entry.name for entry in entries if entry.name in found)]
    reason += did_you_mean(str(name_or_path), names) if str(name_or_path) not in others else ""
    raise UsageProblem(str(name_or_path), reason, f"choose one of {', '.join(names)} or a folder")


def checked_own(name: str) -> Path:
    """The folder of the network that the user trained and called ``name``; raises UsageProblem for any other."""
    entries = list_models()
    own = {entry.name: entry.folder for entry in entries if not entry.is_shipped}
    if name not in own:
        shipped = {DEFAULT, *(entry.name for entry in entries if entry.is_shipped)}
        reason = "came with composer" if name in shipped else f"is no model of yours{did_you_mean(name, own)}"
        raise UsageProblem(name, reason, "only a model that you trained, by its name, can be removed")
    return own[name]


def remove_own(name: str) -> None:
    """Delete the folder of ``checked_own``."""
    folder = checked_own(name)
    try:
        if folder.is_symlink():
            folder.unlink()
        else:
            shutil.rmtree(folder)
    except OSError as error:
        raise cannot_write(folder, error) from None


def load_melody_model(name_or_path: str | Path = DEFAULT) -> NumpyMelodyModel:
    """The model ready to compose with; raises UsageProblem, MissingTool or BadInput."""
    return read_model(model_folder(name_or_path))


def show(name_or_path: str | Path = DEFAULT) -> dict[str, Any]:
    """The card of a network of any family; raises UsageProblem, MissingTool or BadInput."""
    path = Path(name_or_path)
    if str(name_or_path) == DEFAULT:
        path = model_folder()
    elif not (path.is_dir() and (path / CARD).is_file()):
        named = {entry.name: entry.folder for entry in reversed(list_models())}
        if str(name_or_path) not in named:
            near = did_you_mean(str(name_or_path), [DEFAULT, *named])
            raise UsageProblem(
                str(name_or_path), f"is no model{near}", "`composer models` lists them; or name a folder"
            )
        path = named[str(name_or_path)]
    return _checked(path)[1]


def _shipped() -> Iterator[ModelEntry]:
    for family in FAMILIES:
        if family.shipped.is_dir():
            yield _entry(family.name, family.shipped, is_shipped=True)


def _entry(name: str, folder: Path, is_shipped: bool = False) -> ModelEntry:
    try:
        family, card = _checked(folder)
    except ComposerError as error:
        return ModelEntry(name, folder, is_shipped, "", error.reason)
    summary = summary_of(card, family)
    return ModelEntry(name, folder, is_shipped, str(card.get("title", "")), family=family, summary=summary)


def _checked(folder: Path) -> tuple[Family, dict[str, Any]]:
    """The family and the card of the network in ``folder``; raises MissingTool or BadInput."""
    family = family_of_card(read_any_card(folder))
    if family is None:
        raise BadInput(folder / CARD, "is not a card of a network", "train it again or choose another model")
    return family, read_card(folder, family.card_format, family.vocabulary_sha256())
