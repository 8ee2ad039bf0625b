from __future__ import annotations

from pathlib import Path

import pytest

from composer.errors import BadInput
from composer.formats.templates import Template, describe, load_template, template_names
from composer.resources import TEMPLATE_KINDS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user's own styles."""
    monkeypatch.chdir(tmp_path)
    styles = tmp_path / "templates" / "styles"
    styles.mkdir(parents=True)
    return styles


@pytest.mark.parametrize("kind", TEMPLATE_KINDS)
def test_shipped_templates_are_found_and_described(kind: str) -> None:
    lines = {d.name: d.description for d in describe(kind)}
    assert lines and sorted(lines) == template_names(kind)
    assert [name for name, line in lines.items() if not line] == []


def test_the_line_of_a_template_is_its_own() -> None:
    lines = {d.name: d.description for kind in ("styles", "recipes") for d in describe(kind)}
    assert lines["waltz"].startswith("Bass on one")
    assert lines["voices"].startswith("Lower voices")


def test_a_users_template_precedes_the_shipped_one(folder: Path) -> None:
    (folder / "block.toml").write_text('description = "mine"\n')
    assert load_template("styles", "block").data == {"description": "mine"}
    assert load_template("styles", "block").path == Path("templates/styles/block.toml")


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(BadInput) as caught:
        load_template("styles", "albertti")
    assert "did you mean alberti" in str(caught.value)
    assert "`composer templates` lists them" in str(caught.value)


def test_a_name_is_never_a_path() -> None:
    with pytest.raises(BadInput):
        load_template("styles", "../styles/block")


def test_broken_toml_names_file_and_line(folder: Path) -> None:
    (folder / "mine.toml").write_text('name = "mine"\nmeters = [\n')
    with pytest.raises(BadInput) as caught:
        load_template("styles", "mine")
    assert "mine.toml" in str(caught.value)
    assert "line" in str(caught.value) or "end of document" in str(caught.value)
    assert any(d.name == "mine" and "not valid TOML" in d.description for d in describe("styles"))


@pytest.mark.parametrize(("value", "said"), [("9" * 5000, "too long"), ("[" * 100_000, "nested too deeply")])
def test_what_python_cannot_hold_is_told(folder: Path, value: str, said: str) -> None:
    (folder / "mine.toml").write_text(f"bars = {value}\n")
    with pytest.raises(BadInput, match=said):
        load_template("styles", "mine")


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        load_template("styles", "mine")


def test_line_of_finds_a_key_in_the_nth_table() -> None:
    text = 'name = "x"\n[[pattern]]\ntrack = "bass"\n[[ pattern ]]  # second\nmeter = "4/4"\ntrack = "drums"\n'
    template = Template("x", Path("x.toml"), {}, text)
    assert template.line_of("name") == 1
    assert template.line_of("track", "[[pattern]]") == 3
    assert template.line_of("track", "[[pattern]]", 1) == 6
    assert template.line_of("notes", "[[pattern]]", 1) == 4
    assert template.line_of("track", "[[pattern]]", 7) == 1
