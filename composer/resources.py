"""Where the shipped data, the user's own templates and the caches are."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from composer.errors import MissingTool

PACKAGE = Path(__file__).resolve().parent

# Kinds of templates; each is a folder of TOML files.
TEMPLATE_KINDS = ("styles", "schemes", "forms", "ensembles", "recipes")


def shipped(folder: str) -> Path:
    """The folder ``templates``, ``corpora`` or ``weights`` that came with the package.

    In a wheel the top-level folders lie inside the package, in a checkout beside it.
    """
    for base in (PACKAGE, PACKAGE.parent):
        if (base / folder).is_dir():
            return base / folder
    raise MissingTool(folder, "is not in this installation", "install composer again")


def template_folders(kind: str) -> list[Path]:
    """The folders searched for templates of ``kind``: the user's own first, the shipped one last."""
    user = Path(platformdirs.user_config_dir("composer")) / "templates" / kind
    return [Path("templates") / kind, user, shipped("templates") / kind]


def cache_folder(name: str) -> Path:
    """The user's cache folder for ``name`` (not created)."""
    return Path(platformdirs.user_cache_dir("composer")) / name


def corpora_folder() -> Path:
    """The folder of corpora that the user added (not created)."""
    return Path(platformdirs.user_data_dir("composer")) / "corpora"


def models_folder() -> Path:
    """The folder of models that the user trained (not created)."""
    return Path(platformdirs.user_data_dir("composer")) / "models"


def log_folder() -> Path:
    """Where the report of an internal error goes (not created)."""
    return Path(platformdirs.user_log_dir("composer"))
