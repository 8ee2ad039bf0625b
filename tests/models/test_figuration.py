"""The accompaniment model: sequences, numpy against Keras, training that resumes, and folders that are wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from composer.corpus.figurations import FiguredSong
from composer.encoding.figuration import PULSES, UNKNOWN_FIGURE, Figure, FigureFrame, Shape, Step, shape_token
from composer.encoding.figure_reader import FEATURES, FigureReader
from composer.errors import BadInput, MissingTool
from composer.models.epochs import EpochProgress
from composer.models.figuration_baselines import repeating_nats, unigram_nats
from composer.models.figuration_dataset import (
    CONTROL_COLUMNS,
    LENGTHS,
    batch_of,
    epoch_batches,
    sequence_of,
    windows_of,
)
from composer.models.figuration_recipe import FigurationRecipe
from composer.models.figuration_runtime import FOLDER, NumpyFigurationModel, load_figuration_model
from composer.models.figuration_training import FigurationTrainer, train_figuration
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import ChordSpan, Note
from composer.music.time import meter_of

TINY = FigurationRecipe(units=8, embedding=8, hidden=8, epochs=2, batch=4)
BASS, FIFTH, TRIAD = shape_token(Shape(0)), shape_token(Shape(2)), shape_token(Shape(0, (0, 1, 2)))


def song(name: str, split: str, swapped: bool = False, bars: int = 30) -> FiguredSong:
    """Bass and chord in turn, in quarters; ``swapped`` has a fifth every other bar."""
    chords = tuple(ChordSpan(i * 1920, (i + 1) * 1920, chord_of("C" if i % 2 else "G")) for i in range(bars))
    melody = tuple(Note(i * 960, 76, 960) for i in range(2 * bars))
    frame = FigureFrame(
        key_of("C", "major"), meter_of("4/4"), bars, chords, (48, 43) * (bars // 2), melody, (UNKNOWN_FIGURE,) * bars
    )
    figures = []
    for bar in range(bars):
        low = FIFTH if swapped and bar % 2 else BASS
        figures.append(Figure(PULSES.index(480), (Step(low, 0, 5, 0), Step(0, TRIAD, 0, 5)) * 2))
    return FiguredSong(name, frame, tuple(figures), split)


def songs() -> list[FiguredSong]:
    return [song(f"{split}{i}", split, i % 2 == 1) for split in ("train", "valid", "test") for i in range(4)]


def test_a_song_becomes_a_step_for_each_pulse_and_one_for_each_bar_line() -> None:
    sequence = sequence_of(song("a", "train"))
    assert sequence.columns.shape == (30 * 5, len(FEATURES))
    assert (sequence.targets[::5, 0] == PULSES.index(480)).all() and (sequence.targets[::5, 1:] == -1).all()
    assert sequence.targets[1].tolist() == [-1, BASS, 0, 5, -1]
    assert sequence.targets[2].tolist() == [-1, 0, TRIAD, -1, 5]


def test_windows_are_cut_at_bar_lines_and_lose_nothing() -> None:
    sequence = sequence_of(song("a", "train", bars=60))
    windows = windows_of(sequence)
    assert len(windows) == 2 and sum(len(w.bars) for w in windows) == len(sequence.bars)
    assert all(w.targets[0, 0] >= 0 for w in windows)
    assert (np.concatenate([w.columns for w in windows]) == sequence.columns).all()


def test_batches_are_padded_and_hide_controls_alike_for_the_same_seed() -> None:
    windows = windows_of(sequence_of(song("a", "train")))
    batch = batch_of(windows, 3)
    assert batch.columns.shape[:2] == (3, LENGTHS[-1]) and (batch.targets[1:] == -1).all()
    shown = [replace(w, columns=np.maximum(w.columns, 1)) for w in windows]
    one, two = ([b.columns for b in epoch_batches(shown, 2, 0.9, np.random.default_rng(5))] for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, two, strict=True))
    assert (one[0][0][: len(windows[0].bars), list(CONTROL_COLUMNS)] == 0).any()


def test_the_repeater_knows_more_than_the_unigram_where_bars_repeat() -> None:
    train, test = songs()[:4], [song("x", "test", False)]
    assert repeating_nats(train, test).per_bar < unigram_nats(train, test).per_bar
    assert unigram_nats(train, test).onsets_per_bar == 4


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "accompaniment"
    seen: list[EpochProgress] = []
    result = train_figuration(TINY, songs(), folder, progress=seen.append)
    assert (
        [at.epoch for at in seen if at.batch == at.batches] == [1, 2]
        and result.folder == folder
        and result.full.per_bar > 0
    )
    return folder


def test_numpy_gives_what_keras_gives(trained: Path) -> None:
    trainer = FigurationTrainer(TINY)
    with np.load(trained / "checkpoint.npz") as stored:
        trainer.model.set_weights([stored[f"w{i}"] for i in range(len(trainer.best))])
    from composer.models.figuration_lstm import runtime_arrays

    model = NumpyFigurationModel("x", {k: np.asarray(v) for k, v in runtime_arrays(trainer.model).items()})
    sequence = sequence_of(song("a", "train", True, bars=4))
    left, right = (np.maximum(sequence.targets[:, head], 0) for head in (1, 2))
    expected = [o.numpy()[0] for o in trainer.model([sequence.columns[None], left[None], right[None]], training=False)]
    state = model.start()
    for t, row in enumerate(sequence.columns.astype(np.int64)):
        state = model.step(state, row)
        found = (
            model.pulse_logits(state),
            model.left_logits(state),
            model.right_logits(state, int(left[t])),
            model.length_logits(state, int(left[t]), True),
            model.length_logits(state, int(right[t]), False),
        )
        for ours, theirs in zip(found, expected, strict=True):
            assert np.abs(ours - theirs[t]).max() < 1e-4


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(trained: Path, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(at: EpochProgress) -> None:
        if at.epoch == 2:
            raise Stop

    with pytest.raises(Stop):
        train_figuration(TINY, songs(), tmp_path / "m", progress=stop)
    train_figuration(TINY, songs(), tmp_path / "m")
    assert (tmp_path / "m" / "weights.npz").read_bytes() == (trained / "weights.npz").read_bytes()
    with pytest.raises(BadInput, match="another recipe"):
        train_figuration(replace(TINY, seed=2), songs(), tmp_path / "m")


def test_too_few_songs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="too few songs"):
        train_figuration(TINY, [song("a", "train")], tmp_path / "m")


def _damaged(folder: Path, target: Path, change: Any) -> Path:
    target.mkdir()
    for name in ("card.json", "weights.npz"):
        (target / name).write_bytes((folder / name).read_bytes())
    change(target)
    return target


def test_folders_that_are_wrong_are_refused(trained: Path, tmp_path: Path) -> None:
    def other_tables(folder: Path) -> None:
        card = json.loads((folder / "card.json").read_text("utf-8"))
        (folder / "card.json").write_text(json.dumps({**card, "vocabulary_sha256": "0"}), "utf-8")

    with pytest.raises(BadInput, match="other token tables"):
        load_figuration_model(_damaged(trained, tmp_path / "a", other_tables))
    with pytest.raises(BadInput, match="sha256 differs"):
        load_figuration_model(_damaged(trained, tmp_path / "b", lambda f: (f / "weights.npz").write_bytes(b"x")))
    with pytest.raises(MissingTool):
        load_figuration_model(tmp_path / "none")


def test_the_shipped_model_is_small_credits_its_source_and_beats_both_baselines() -> None:
    card = json.loads((FOLDER / "card.json").read_text("utf-8"))
    assert (FOLDER / "weights.npz").stat().st_size < 3_000_000
    assert "credit OpenScore Lieder" in card["corpus"]["sources"][0]["licence"]
    metrics = card["metrics"]
    assert metrics["no_controls"]["per_bar"] < min(metrics["repeating"]["per_bar"], metrics["unigram"]["per_bar"])
    model = load_figuration_model()
    reader = FigureReader(song("a", "train", bars=2).frame)
    reader.begin_bar()
    assert np.isfinite(model.pulse_logits(model.step(model.start(), reader.columns()))).all()
