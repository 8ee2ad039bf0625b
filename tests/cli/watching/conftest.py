"""A piece that the watch is tried on."""

from __future__ import annotations

from pathlib import Path

import pytest

from composer.cli.app import main
from tests.cli.conftest import paint


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A piece up to its score; tests copy it."""
    folder = tmp_path_factory.mktemp("made")
    picture = paint(folder / "art.png")
    for words in (
        ("brief", picture, "--bars", "4"),
        ("generate", folder / "art.brief.json", "--seed", "5"),
        ("cleanup", folder / "art.draft.mid"),
    ):
        assert main([*map(str, words), "-q"]) == 0
    return folder
