"""The pages hold together: links resolve, and what the reference names is what the program has."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest

from composer import limits
from composer.cleanup.report import RULES
from composer.compose.accompaniment.styles import NONE, TRACKS, load_style
from composer.compose.form.phrase import OPERATORS
from composer.errors import ComposerError
from composer.evaluate.gates import GATES
from composer.evaluate.measures import MEASURES
from composer.formats.brief.brief import METERS, BarChange, Brief, Colour, Curves, Locked, Source
from composer.formats.brief.form import KeyChoice, PhrasePlan, SectionPlan
from composer.formats.templates import template_names
from composer.music.chord import QUALITIES
from composer.music.instruments import DRUM_KEYS, INSTRUMENTS
from tests.docs.pages import PAGES, ROOT, name_of, prose_of, table_names

REFERENCE = ROOT / "docs" / "reference"
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_resolve(page: Path) -> None:
    broken = []
    for link in _LINK.findall(prose_of(page)):
        if link.startswith(("http:", "https:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(prose_of(index))}
    assert {page for page in PAGES if page.is_relative_to(index.parent)} - {index} <= linked


def test_the_functions_that_the_layout_names_are_there() -> None:
    text = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
    named = re.findall(r"`([a-z_]+(?:\.[A-Za-z_]+){2,})[`(]", text)
    assert len(named) >= 15
    for name in named:
        pkgutil.resolve_name(f"composer.{name}")


def _fields(model: type) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}  # type: ignore[attr-defined]


def test_every_field_of_the_brief_is_described() -> None:
    page = REFERENCE / "brief.md"
    assert set(table_names(page, "## Fields")) == _fields(Brief)
    assert set(table_names(page, "## `key`")) == _fields(KeyChoice)
    assert set(table_names(page, "## `form`: a list of sections")) == _fields(SectionPlan)
    assert set(table_names(page, "## `curves`")) == _fields(Curves)
    assert set(table_names(page, "## `bars`")) == _fields(BarChange)
    assert set(table_names(page, "## `locked`")) == _fields(Locked)
    phrases = table_names(page, "## `phrases` of a section")
    assert {*phrases} - set(OPERATORS) == _fields(PhrasePlan)
    assert set(OPERATORS) <= {*phrases}


def test_every_field_of_source_palette_and_parts_is_described() -> None:
    text = (REFERENCE / "brief.md").read_text("utf-8")
    parts = {name: Brief.model_fields[name].annotation for name in ("melody", "accompaniment", "bass", "drums")}
    models = {"source.": Source, "palette[].": Colour}
    for name, annotation in parts.items():
        model = next((a for a in getattr(annotation, "__args__", ()) if a is not type(None)), annotation)
        models[f"{name}."] = model
    for prefix, model in models.items():
        described = set(re.findall(rf"`{re.escape(prefix)}(\w+)`", text))
        assert described == _fields(model), prefix


def test_metres_and_chord_qualities_of_the_brief_are_the_program_s() -> None:
    text = (REFERENCE / "brief.md").read_text("utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `meter`"))
    assert re.findall(r"`(\d/\d)`", row) == list(METERS)
    symbols = text.split("Chord symbols are", 1)[1].split("a slash", 1)[0]
    assert set(re.findall(r"`([^`]+)`", symbols)) == set(QUALITIES) - {""}


def test_the_limits_are_the_program_s() -> None:
    rows = re.findall(r"^\| [^|]+ \| (\d+)( \w+)? \| `(\w+)` \|$", (REFERENCE / "files.md").read_text("utf-8"), re.M)
    scale = {" MB": limits.MEGABYTE, " million": 1_000_000}
    for number, unit, name in rows:
        assert int(number) * scale.get(unit, 1) == getattr(limits, name), name
    code = "\n".join(p.read_text("utf-8") for p in (ROOT / "composer").rglob("*.py") if p.name != "limits.py")
    used = {name for name in vars(limits) if name.isupper() and re.search(rf"\b{name}\b", code)}
    assert {name for _, _, name in rows} == used - {"MEGABYTE"}


def test_the_exit_codes_are_the_program_s() -> None:
    text = (REFERENCE / "files.md").read_text("utf-8").split("## Exit codes", 1)[1].split("## Limits", 1)[0]
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    kinds: list[type[ComposerError]] = [ComposerError, *ComposerError.__subclasses__()]
    assert listed == {0, 130} | {kind.exit_code for kind in kinds}


@pytest.mark.parametrize(
    ("kind", "heading"),
    [("styles", "## Styles"), ("ensembles", "## Ensembles"), ("schemes", "## Colour schemes"), ("forms", "## Forms")],
)
def test_every_shipped_template_is_listed(kind: str, heading: str) -> None:
    page = REFERENCE / "styles.md"
    text = page.read_text("utf-8").split(f"\n{heading}\n", 1)[1].split("\n| --- |", 1)[1]
    first_table = text.split("\n\n", 1)[0]
    listed = set(re.findall(r"^\| `([^`]+)`", first_table, re.MULTILINE))
    assert listed == set(template_names(kind)) | ({NONE} if kind == "styles" else set())


def test_the_metres_of_each_style_are_right() -> None:
    text = (REFERENCE / "styles.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| ((?:\d/\d(?:, )?)+) \|", text, re.MULTILINE)
    assert {name: tuple(meters.split(", ")) for name, meters in rows} == {
        name: load_style(name).meters for name in template_names("styles")
    }


def test_tracks_drums_and_instruments_are_the_program_s() -> None:
    text = (REFERENCE / "styles.md").read_text("utf-8")
    drums = text.split("Drum names:", 1)[1].split(".\n", 1)[0]
    assert set(re.findall(r"`([^`]+)`", drums)) == set(DRUM_KEYS)
    assert all(f"`{track}`" in text for track in TRACKS)
    rows = re.findall(r"^\| `([^`]+)` \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert {(name, int(program) - 1, int(low), int(high)) for name, program, low, high in rows} == {
        (i.name, i.program, i.low, i.high) for i in INSTRUMENTS.values()
    }


def test_measures_gates_and_rules_are_the_program_s() -> None:
    measures = table_names(REFERENCE / "measures.md", "## Measures")
    assert set(measures) == set(MEASURES)
    assert set(table_names(REFERENCE / "measures.md", "## Gates")) == set(GATES)
    cleanup = (ROOT / "docs" / "explanation" / "cleanup.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", cleanup, re.MULTILINE)) == set(RULES)


def test_the_soft_ranges_are_the_program_s() -> None:
    from composer.encoding.soft_ranges import SOFT_RANGES

    text = (REFERENCE / "measures.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| ([^|]*) \|$", text, re.MULTILINE)
    assert {name: shown for name, shown in rows if shown} == {name: str(r) for name, r in SOFT_RANGES.items()}
