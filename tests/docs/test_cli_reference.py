"""The page of commands is what the program says of itself."""

from __future__ import annotations

import importlib.util

from tests.docs.pages import ROOT


def test_the_page_of_commands_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("cli_reference", ROOT / "tools" / "cli_reference.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    assert page == module.page(), "run `make docs`"
