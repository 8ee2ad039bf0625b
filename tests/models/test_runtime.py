"""The numpy runtime alone: batching, states, and every way in which a model folder can be wrong."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from composer.encoding.melody import DURATIONS, FEATURES, PITCH_TOKENS
from composer.errors import BadInput, ComposerError, MissingTool, UsageProblem
from composer.models import registry
from composer.models.runtime import NumpyMelodyModel, read_model
from tests.models.conftest import MakeModel, random_arrays


def columns(generator: np.random.Generator, batch: int) -> np.ndarray:
    return np.stack([generator.integers(0, size, batch) for size in FEATURES.values()], axis=1)


def test_rows_of_a_batch_do_not_influence_each_other() -> None:
    model, generator = NumpyMelodyModel("made", random_arrays()), np.random.default_rng(1)
    together, alone = model.start(3), model.start(1)
    for _ in range(5):
        rows = columns(generator, 3)
        together, many = model.step(together, rows)
        alone, one = model.step(alone, rows[1:2])
    assert many.shape == (3, len(DURATIONS))
    np.testing.assert_allclose(many[1:2], one, atol=1e-5)
    pitches = model.pitch_logits(together, np.array([0, 5, 9]))
    assert pitches.shape == (3, PITCH_TOKENS)
    np.testing.assert_allclose(pitches[1:2], model.pitch_logits(alone, np.array([5])), atol=1e-5)


def test_a_step_leaves_the_state_before_it_untouched() -> None:
    model = NumpyMelodyModel("made", random_arrays())
    before = model.start(2)
    model.step(before, np.zeros((2, len(FEATURES)), np.int64))
    assert not before.hidden.any() and not before.cell.any()


def test_select_repeats_and_reorders_rows() -> None:
    model, generator = NumpyMelodyModel("made", random_arrays()), np.random.default_rng(1)
    state, _ = model.step(model.start(3), columns(generator, 3))
    chosen = model.select(state, np.array([2, 2, 0, 1]))
    np.testing.assert_array_equal(chosen.hidden, state.hidden[[2, 2, 0, 1]])
    np.testing.assert_array_equal(chosen.cell, state.cell[[2, 2, 0, 1]])


def test_a_good_folder_loads(make_model: MakeModel) -> None:
    assert read_model(make_model("good")).name == "good"


@pytest.mark.parametrize("name", ["weights.npz", "card.json"])
def test_a_missing_file_is_named(make_model: MakeModel, name: str) -> None:
    folder = make_model()
    (folder / name).unlink()
    with pytest.raises(MissingTool, match=name):
        read_model(folder)


def test_weights_that_are_not_those_of_the_card_are_refused(make_model: MakeModel) -> None:
    folder = make_model()
    content = bytearray((folder / "weights.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "weights.npz").write_bytes(content)
    with pytest.raises(BadInput, match="sha256"):
        read_model(folder)


def test_other_token_tables_are_refused(make_model: MakeModel) -> None:
    with pytest.raises(BadInput, match="token tables"):
        read_model(make_model(vocabulary_sha256="0" * 64))


@pytest.mark.parametrize("card", ["", "[1]", "{", '{"format": "other/1"}', "[" * 100_000])
def test_a_card_that_is_none_is_refused(make_model: MakeModel, card: str) -> None:
    folder = make_model()
    (folder / "card.json").write_text(card)
    with pytest.raises(BadInput):
        read_model(folder)


def test_wrong_shapes_are_refused_by_name(make_model: MakeModel) -> None:
    with pytest.raises(BadInput, match=r"pitch_bias should have shape \(50,\), found \(49,\)"):
        read_model(make_model(arrays={"pitch_bias": np.zeros(49, np.float32)}))


def test_a_missing_array_is_refused_by_name(make_model: MakeModel) -> None:
    stream = io.BytesIO()
    arrays = random_arrays()
    del arrays["recurrent"]
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="should have shape"):
        read_model(make_model(content=stream.getvalue()))


def test_weights_that_are_not_finite_are_refused(make_model: MakeModel) -> None:
    arrays = random_arrays()
    arrays["bias"][3] = np.nan
    with pytest.raises(BadInput, match="bias holds values that are not finite"):
        read_model(make_model(arrays=arrays))


class Canary:
    """Runs code when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("kind", ["pickle", "object array", "text", "empty", "cut"])
def test_what_is_no_file_of_weights_is_refused_and_never_run(make_model: MakeModel, tmp_path: Path, kind: str) -> None:
    canary = tmp_path / "canary"
    whole, objects = io.BytesIO(), io.BytesIO()
    np.savez(whole, **random_arrays())  # type: ignore[arg-type]
    np.savez(objects, embedding=np.array([Canary(canary)], dtype=object))
    content = {
        "pickle": pickle.dumps(Canary(canary)),
        "object array": objects.getvalue(),
        "text": b"weights",
        "empty": b"",
        "cut": whole.getvalue()[:2000],
    }[kind]
    with pytest.raises(BadInput):
        read_model(make_model(content=content))
    assert not canary.exists()


def test_models_are_found_by_name_path_and_default(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_model("mine")
    broken = make_model("broken", format="other/9")
    monkeypatch.setattr(registry, "models_folder", lambda: folder.parent)
    entries = {entry.name: entry for entry in registry.list_models()}
    assert entries["mine"].problem == "" and entries["broken"].problem and not entries["mine"].is_shipped
    assert [name for name, entry in entries.items() if entry.is_shipped][:2] == ["melody", "harmony"]
    assert registry.load_melody_model("mine").name == "mine"
    assert registry.load_melody_model(folder).name == "mine"
    assert registry.show(folder)["title"] == "Random"
    with pytest.raises(ComposerError):
        registry.load_melody_model(broken)
    with pytest.raises(UsageProblem, match="is no model"):
        registry.load_melody_model("nothing")


def test_the_shipped_model_is_whole_and_small_and_says_what_it_is() -> None:
    model, card = registry.load_melody_model(), registry.show()
    assert model.name == "melody"
    assert card["weights_bytes"] < 20_000_000
    assert {s["name"] for s in card["corpus"]["sources"]} == {"aird", "chorales", "lieder", "oneill", "ryan"}
    assert card["metrics"]["plan_only"]["sum"] < card["metrics"]["markov"]["sum"] - 0.4
    assert card["metrics"]["full"]["sum"] < card["metrics"]["plan_only"]["sum"]


def test_composing_with_the_model_does_not_load_tensorflow() -> None:
    code = (
        "import sys; from composer.models.registry import load_melody_model as load; load();"
        "print([m for m in ('tensorflow', 'keras', 'music21') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
