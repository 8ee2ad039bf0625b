"""The harmony network in numpy: batches, masks, and every way in which its folder can be wrong."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from composer.encoding.harmony import (
    COLUMNS,
    FEATURES,
    PARENTS,
    STATE_TOKENS,
    STATES,
    TOKEN_COUNT,
    TOTAL_CATEGORIES,
    vocabulary_sha256,
)
from composer.errors import BadInput, MissingTool
from composer.models.harmony_runtime import (
    FOLDER,
    FORMAT,
    NumpyHarmonyModel,
    read_harmony_card,
    read_harmony_model,
)

Arrays = dict[str, NDArray[np.float32]]


def random_arrays(units: int = 8, width: int = 6) -> Arrays:
    generator = np.random.default_rng(5)
    shapes: dict[str, tuple[int, ...]] = {
        "embedding": (TOTAL_CATEGORIES, width), "kernel": (width, 4 * units), "recurrent": (units, 4 * units),
        "bias": (4 * units,), "chord_kernel": (units, TOKEN_COUNT), "chord_bias": (TOKEN_COUNT,),
    }  # fmt: skip
    arrays = {name: generator.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    for mode in PARENTS:
        count = len(STATES[mode])
        arrays[f"start_{mode}"] = np.full(count, 1 / count, np.float32)
        arrays[f"bigram_{mode}"] = np.full((count, count), 1 / count, np.float32)
    return arrays


def written(folder: Path, arrays: Arrays, **card: object) -> Path:
    folder.mkdir()
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    (folder / "weights.npz").write_bytes(stream.getvalue())
    good = {
        "format": FORMAT, "name": "made", "vocabulary_sha256": vocabulary_sha256(),
        "weights_sha256": hashlib.sha256(stream.getvalue()).hexdigest(),
    }  # fmt: skip
    (folder / "card.json").write_text(json.dumps(good | card))
    return folder


def columns(generator: np.random.Generator, batch: int) -> NDArray[np.int64]:
    rows = np.stack([generator.integers(0, size, batch) for size in FEATURES.values()], axis=1)
    rows[:, COLUMNS["mode"]] = 1 + generator.integers(0, 2, batch)
    return rows


def test_rows_of_a_batch_do_not_influence_each_other() -> None:
    model, generator = NumpyHarmonyModel("made", random_arrays()), np.random.default_rng(1)
    together, alone = model.start(3), model.start(1)
    for _ in range(4):
        rows = columns(generator, 3)
        together, many = model.step(together, rows)
        alone, one = model.step(alone, rows[1:2])
    np.testing.assert_allclose(many[1:2], one, atol=1e-5)
    np.testing.assert_array_equal(model.select(together, np.array([2, 0])).hidden, together.hidden[[2, 0]])


def test_chords_of_the_other_mode_are_ruled_out() -> None:
    model, generator = NumpyHarmonyModel("made", random_arrays()), np.random.default_rng(1)
    rows = columns(generator, 2)
    rows[:, COLUMNS["mode"]] = [1, 2]
    _, logits = model.step(model.start(2), rows)
    for row, mode in enumerate(PARENTS):
        assert set(np.flatnonzero(logits[row] > -1e6).tolist()) == set(STATE_TOKENS[mode].tolist())


def test_a_good_folder_loads(tmp_path: Path) -> None:
    model = read_harmony_model(written(tmp_path / "good", random_arrays()))
    assert model.name == "made" and model.bigram("major")[1].shape == (len(STATES["major"]),) * 2


def test_what_is_wrong_with_a_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="token tables"):
        read_harmony_model(written(tmp_path / "tables", random_arrays(), vocabulary_sha256="0"))
    with pytest.raises(BadInput, match="sha256"):
        read_harmony_model(written(tmp_path / "sha", random_arrays(), weights_sha256="0"))
    with pytest.raises(BadInput, match="bigram_minor should have shape"):
        read_harmony_model(
            written(tmp_path / "shape", random_arrays() | {"bigram_minor": np.zeros((2, 2), np.float32)})
        )
    with pytest.raises(BadInput, match="not finite"):
        read_harmony_model(
            written(tmp_path / "nan", random_arrays() | {"chord_bias": np.full(TOKEN_COUNT, np.nan, np.float32)})
        )
    with pytest.raises(MissingTool):
        read_harmony_model(tmp_path / "nowhere")


def test_the_shipped_network_is_small_and_beats_the_tables_it_is_measured_beside() -> None:
    card, model = read_harmony_card(), read_harmony_model()
    assert model.name == "harmony" and (FOLDER / "weights.npz").stat().st_size == card["weights_bytes"] <= 1_000_000
    figures = card["metrics"]
    for corpus in ("dance", "chorale", "chorale bars", "lied", "lied bars", "all"):
        assert figures["lstm_without_tension"][corpus] < figures["bigram"][corpus]
    assert figures["lstm_without_tension"]["all"] < figures["bigram_cadence"]["all"] < figures["bigram"]["all"]
    assert figures["lstm"]["all"] < figures["lstm_without_tension"]["all"]


def test_the_figures_in_the_explanation_are_those_of_the_card() -> None:
    figures = read_harmony_card()["metrics"]
    text = " ".join((Path(__file__).parents[2] / "docs/explanation/engine.md").read_text("utf-8").split())
    for sentence, row in (
        ("surprised by {:.2f} nats a chord", "lstm_without_tension"),
        ("is surprised by {:.2f}, and", "bigram"),
        ("and {:.2f} when the table also knows", "bigram_cadence"),
        ("with the tension of its bars it is {:.2f}", "lstm"),
    ):
        assert sentence.format(figures[row]["all"]) in text


def test_chords_do_not_load_tensorflow() -> None:
    code = (
        "import sys; from composer.steps.composing.trained import load_harmony as load; load();"
        "print([m for m in ('tensorflow', 'keras', 'music21') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
