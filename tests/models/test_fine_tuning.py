"""Training on from a trained model: exact weights, what is mixed in, before and after, resuming, refusals."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from composer.corpus.prepare import Prepared, Report
from composer.corpus.tune import Tune
from composer.errors import BadInput, MissingTool, UsageProblem
from composer.models import fine_tuning
from composer.models.base import Base, read_base
from composer.models.dataset import batch_of, sequence_of, training_tunes
from composer.models.epochs import EpochProgress
from composer.models.export import TrainingResult
from composer.models.fine_tuning import fine_tune
from composer.models.learner import CHECKPOINT
from composer.models.recipe import Recipe, read_recipe
from composer.models.training import Before, Trainer, train
from tests.corpus.conftest import made_tune
from tests.models.conftest import MakeModel

pytest.importorskip("tensorflow")
RECIPE = Recipe(
    "tiny", "Tiny", units=8, embedding=6, pitch_hidden=7, epochs=1, batch=4, dropout=0.2, learning_rate=0.01, mix=0.3
)


def prepared(first: int, name: str) -> Prepared:
    splits = ["train"] * 8 + ["valid"] * 2 + ["test"] * 2
    tunes = tuple(made_tune(first + number, split=split) for number, split in enumerate(splits))
    report = Report((name,), len(tunes), 1, {name: 12}, {}, {}, {}, 12, 0, {}, (), name * 8, False)
    return Prepared(tunes, report)


def gentle() -> Recipe:
    return replace(read_recipe("fine-tune"), epochs=4)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    folder = tmp_path_factory.mktemp("models") / "first"
    train(RECIPE, prepared(0, "made"), folder)
    yield read_base(folder)


@pytest.fixture(scope="module")
def own() -> Iterator[Prepared]:
    """The user's corpus, and the one that the base came from, without any files."""
    found = prepared(100, "own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fine_tuning, "prepare", lambda name, with_essen: found)
        patch.setattr(fine_tuning, "prepared_already", lambda name: prepared(0, "made"))
        yield found


@pytest.fixture(scope="module")
def tuned(base: Base, own: Prepared, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    return fine_tune(
        gentle(),
        base=base.folder,
        corpus="own",
        output=tmp_path_factory.mktemp("tuned"),
    )


def test_the_weights_of_a_model_go_back_into_keras_exactly(base: Base) -> None:
    from composer.models.melody_lstm import runtime_arrays

    trainer = Trainer(RECIPE, before=Before(base))
    for name, array in runtime_arrays(trainer.model).items():
        np.testing.assert_array_equal(array, base.arrays[name])
    first = Trainer(RECIPE, "made" * 8)
    assert first.restored(base.folder / CHECKPOINT) is not None
    first.use_best()
    first.fill_in([sequence_of(t) for t in training_tunes(prepared(0, "made").tunes, RECIPE)])
    batch = batch_of([sequence_of(made_tune(70))], 2)
    for ours, theirs in zip(
        trainer.model([batch.columns, batch.durations]), first.model([batch.columns, batch.durations]), strict=True
    ):
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_the_shipped_model_can_be_a_start() -> None:
    found = read_base("default")
    recipe = replace(RECIPE, units=found.units, embedding=found.embedding, pitch_hidden=found.pitch_hidden)
    assert Trainer(recipe, before=Before(found)).start.startswith(found.sha256)
    assert {"chorales", "oneill"} <= set(found.corpora)


def test_fine_tuning_learns_and_says_what_changed(base: Base, tuned: TrainingResult) -> None:
    found = tuned.comparison
    assert found is not None and (found.base, found.base_sha256) == ("first", base.sha256)
    assert (found.pieces, found.notes, found.kept_pieces) == (2, 64, 2)
    assert found.after.total < found.before.total and found.right_after >= found.right_before
    card = json.loads((tuned.folder / "card.json").read_text())
    stored = card["fine_tuning"]
    assert stored["base_weights_sha256"] == base.sha256 and stored["tunes_mixed_in"] == found.mixed > 0
    assert stored["after"]["sum"] == round(found.after.total, 4) and card["recipe"]["units"] == 8
    assert stored["corpus_it_came_from"]["before"]["sum"] > 0


def test_a_start_that_cannot_be_bettered_stays_as_it_was(base: Base, own: Prepared, tmp_path: Path) -> None:
    recipe = tmp_path / "wild.toml"
    recipe.write_text('format = "composer.recipe/1"\nname = "wild"\ntitle = "Wild"\nlearning_rate = 50.0\nepochs = 2\n')
    result = fine_tune(read_recipe(recipe), base=base.folder, corpus="own", output=tmp_path / "mine")
    assert result.epochs == 0 and result.comparison is not None
    assert result.comparison.before == result.comparison.after
    after = read_base(tmp_path / "mine").arrays
    assert all(np.array_equal(after[name], array) for name, array in base.arrays.items())


def test_a_killed_fine_tuning_goes_on_to_the_same_weights(base: Base, tuned: TrainingResult, tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def killer(progress: EpochProgress) -> None:
        if progress.epoch == 3 and progress.batch == 1:
            raise Killed

    with pytest.raises(Killed):
        fine_tune(
            gentle(),
            base=base.folder,
            corpus="own",
            output=tmp_path,
            progress=killer,
        )
    again = fine_tune(gentle(), base=base.folder, corpus="own", output=tmp_path)
    assert (tmp_path / "weights.npz").read_bytes() == (tuned.folder / "weights.npz").read_bytes()
    assert again.comparison == tuned.comparison


def test_a_checkpoint_of_another_start_is_refused(base: Base, own: Prepared, tuned: TrainingResult) -> None:
    recipe = replace(
        read_recipe("fine-tune"), title="", corpus="own", epochs=4, units=8, embedding=6, pitch_hidden=7
    )  # fmt: skip
    with pytest.raises(BadInput, match="another model"):
        train(recipe, own, tuned.folder, before=Before(replace(base, sha256="0" * 64)))


def test_what_is_mixed_in_does_not_resemble_a_held_out_piece(own: Prepared) -> None:
    known = [made_tune(number) for number in range(8)]
    twins = [replace(tune, id=f"made/twin{n}", split="train") for n, tune in enumerate(own.split("test"))]
    mixed: list[Tune] = fine_tuning._mixed(replace(RECIPE, mix=0.6), own, [*known, *twins])
    assert {t.id for t in mixed} == {t.id for t in known}


def test_ones_own_pieces_are_learned_under_every_style() -> None:
    found = prepared(0, "own")
    songs = tuple(replace(tune, style="song") for tune in found.tunes)
    dressed = fine_tuning._in_any_style(replace(found, tunes=songs), 1)
    assert len({tune.style for tune in dressed.split("train")}) >= 3
    assert {tune.style for split in ("valid", "test") for tune in dressed.split(split)} == {""}
    assert fine_tuning._in_any_style(found, 1) == found  # dances stay dances


def test_what_is_not_prepared_or_not_there_is_not_mixed_in(
    base: Base, own: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> Prepared | None:
        if "lieder" in name:
            raise MissingTool("lieder", "its files are not on this computer")
        return None if name == "other" else prepared(0, name)

    monkeypatch.setattr(fine_tuning, "prepared_already", absent)
    assert fine_tuning._known(replace(base, corpora=("other",)), own) == []
    assert fine_tuning._known(replace(base, corpora=("own",)), own) == []
    assert len(fine_tuning._known(replace(base, corpora=("made", "lieder")), own)) == 12


def test_what_the_model_knows_is_only_mixed_in(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(fine_tuning, "prepare", asked.append)
    known = replace(base, corpora=("aird", "ryan"))
    assert [fine_tuning._new_to(known, name) for name in ("default+mine", "mine+ryan+/a/b", "mine", "ryan")] == [
        "mine", "mine+/a/b", "mine", "ryan",
    ]  # fmt: skip
    assert asked == ["default", "ryan"]


def test_fine_tuning_needs_a_corpus_and_another_folder(base: Base, own: Prepared, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="music to learn from"):
        fine_tune(read_recipe("fine-tune"), base=base.folder, corpus=None, output=tmp_path)
    with pytest.raises(UsageProblem, match="is the model that"):
        fine_tune(read_recipe("fine-tune"), base=base.folder, corpus="own", output=base.folder)


def test_one_tune_is_too_few(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(prepared(0, "own"), tunes=prepared(0, "own").tunes[:1])
    monkeypatch.setattr(fine_tuning, "prepare", lambda name, with_essen: few)
    with pytest.raises(BadInput, match="too small"):
        fine_tune(read_recipe("fine-tune"), base=base.folder, corpus="own", output=tmp_path / "m")


@pytest.mark.parametrize("recipe", [None, {"units": 8}, {"units": 9, "embedding": 6, "pitch_hidden": 5}])
def test_a_start_whose_card_is_wrong_about_its_sizes_is_refused(
    make_model: MakeModel, recipe: dict[str, int] | None
) -> None:
    folder = make_model(recipe=recipe, corpus={"sources": []})
    with pytest.raises(BadInput, match=r"how large|should have shape"):
        found = read_base(folder)
        Trainer(replace(RECIPE, units=found.units, embedding=6, pitch_hidden=5), before=Before(found))
