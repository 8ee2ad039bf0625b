"""Every folder of shipped weights and tables: what it is, what it learned from, and that it is small."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from composer.models.families import FAMILIES, WEIGHTS_FOLDER, Family, family_of_card, summary_of
from composer.models.registry import list_models, show

TOTAL_BYTES_MAX = 20_000_000
HASHES = ("weights_sha256", "tables_sha256", "reference_sha256")
FOLDERS = sorted({path.parent for path in WEIGHTS_FOLDER.rglob("*") if path.is_file()})
IDS = [str(folder.relative_to(WEIGHTS_FOLDER)) for folder in FOLDERS]


def card_in(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / "card.json").read_text("utf-8"))
    return card


def is_sha256(text: object) -> bool:
    return isinstance(text, str) and len(text) == 64 and set(text) <= set("0123456789abcdef")


def test_all_weights_together_are_small() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS_FOLDER.rglob("*") if path.is_file()) < TOTAL_BYTES_MAX


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_every_folder_has_a_card_that_fits_its_files(folder: Path) -> None:
    card = card_in(folder)
    assert card["format"].startswith("composer.") and card["title"] and card["licence"]
    files = [path for path in folder.iterdir() if path.is_file() and path.name != "card.json"]
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert files and hashes == {
        card[key] for key in ("weights_sha256", "tables_sha256", "reference_sha256") if key in card
    }
    assert is_sha256(card["corpus_sha256"] if "corpus_sha256" in card else card["corpus"]["sha256"])


@pytest.mark.parametrize("folder", [f for f in FOLDERS if family_of_card(card_in(f))], ids=str)
def test_the_card_of_a_network_tells_recipe_corpus_and_figures(folder: Path) -> None:
    card = card_in(folder)
    assert isinstance(card["recipe"]["seed"], int) and card["recipe"]["epochs"] >= card["epochs"] > 0
    assert all(source["name"] and source["licence"] for source in card["corpus"]["sources"])
    assert "nats" in card["metrics"]["unit"]
    assert card["weights_bytes"] == (folder / "weights.npz").stat().st_size


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_ships_a_network_that_beats_its_baseline(family: Family) -> None:
    card = card_in(family.shipped)
    assert card["vocabulary_sha256"] == family.vocabulary_sha256()
    summary = summary_of(card, family)
    assert summary.learned_from and summary.held_out is not None and summary.baseline is not None
    assert summary.held_out < summary.baseline and family.unit in summary.words()
    assert show(family.name) == card


def test_the_list_tells_all_shipped_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("composer.models.registry.models_folder", lambda: tmp_path)
    assert [(entry.name, entry.problem) for entry in list_models()] == [(family.name, "") for family in FAMILIES]


def test_the_melodys_card_has_figures_for_each_style() -> None:
    metrics = show("melody")["metrics"]
    styles = metrics["by_style"]
    assert set(styles) == {"dance", "chorale", "lied"}
    for style in styles.values():
        assert style["full"]["sum"] < style["no_controls"]["sum"] < style["plan_only"]["sum"] < style["markov"]["sum"]
    notes = sum(style["notes"] for style in styles.values())
    mean = sum(style["full"]["sum"] * style["notes"] for style in styles.values()) / notes
    assert mean == pytest.approx(metrics["full"]["sum"], abs=1e-3)
