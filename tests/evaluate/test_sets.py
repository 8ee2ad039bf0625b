"""Sets of pieces, two side by side, and their picture."""

from __future__ import annotations

import builtins
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from composer.errors import MissingTool
from composer.evaluate.beside import Beside
from composer.evaluate.diversity import diversity_of, longest_common_run
from composer.evaluate.measures import MEASURES
from composer.evaluate.plots import distributions_png
from composer.evaluate.reference import load_reference
from composer.evaluate.sets import PieceSet, Unread, alike
from composer.evaluate.stage import evaluation_of
from composer.formats.brief.brief import Brief
from composer.music.notes import Piece
from tests.evaluate.pieces import line, piece, random_in_key, tune

BRIEF = Brief.model_validate(
    {"key": {"tonic": "C", "mode": "major"}, "tempo_bpm": 100.0, "meter": "4/4", "form": [{"name": "A", "bars": 16}]}
)


def randoms(seed: int, count: int) -> list[Piece]:
    rng = np.random.default_rng(seed)
    return [random_in_key(rng) for _ in range(count)]


@pytest.fixture(scope="module")
def noise() -> PieceSet:
    found = tuple(evaluation_of(p, f"noise {i}") for i, p in enumerate(randoms(1, 8)))
    return PieceSet("noise", found, (Unread("broken.mid", "is not MIDI"),), "dance")


@pytest.fixture(scope="module")
def other() -> PieceSet:
    return PieceSet("other", tuple(evaluation_of(p, f"other {i}") for i, p in enumerate(randoms(2, 8))), (), "dance")


def test_noise_is_found_out(noise: PieceSet) -> None:
    assert noise.verdict is not None and not noise.verdict.is_broken
    assert noise.verdict.auc > 0.95
    by_name = {s.measure.name: s for s in noise.summaries}
    assert list(by_name) == list(MEASURES)
    assert by_name["large_leap"].inside == 0.0 and by_name["large_leap"].overlap < 0.1  # type: ignore[operator]
    assert by_name["step"].auc > 0.9  # type: ignore[operator]
    near, of = alike(noise.summaries)
    assert near < of / 2
    assert noise.passed == 0.0 and "WeakEnding" in noise.failed_gates()
    assert noise.frechet is not None and noise.frechet > 10


def test_a_set_is_plain_json_with_its_pieces_and_what_was_left_out(noise: PieceSet) -> None:
    content = json.loads(json.dumps(noise.as_json(), allow_nan=False))
    assert content["unread"] == [{"file": "broken.mid", "reason": "is not MIDI"}]
    assert [one["file"] for one in content["pieces"]] == [p.name for p in noise.pieces]
    assert content["critic"]["broken"] is False
    assert content["measures"]["step"]["soft_range"] == "0.35–0.67"
    assert content["originality"]["share_12"] == 0
    assert content["control"] == dict.fromkeys(("density", "register", "tension", "dynamics"))


def test_one_piece_and_no_piece_are_sets_too() -> None:
    for pieces in ((), (evaluation_of(tune(), "tune"),), (evaluation_of(piece(None), "nothing"),)):
        found = PieceSet("few", pieces)
        content = json.loads(json.dumps(found.as_json(), allow_nan=False))
        assert len(content["pieces"]) == len(pieces)
        assert found.verdict is None and found.diversity is None


def test_two_sets_of_noise_are_alike_and_unlike_tunes(noise: PieceSet, other: PieceSet) -> None:
    both = Beside(noise, other)
    assert both.verdict is not None and both.verdict.auc < 0.9
    assert both.frechet is not None and noise.frechet is not None and both.frechet < noise.frechet
    content = json.loads(json.dumps(both.as_json(), allow_nan=False))
    assert set(content["between"]["measures"]) == set(MEASURES)
    assert content["between"]["shapes"]["pitch_classes"]["mgeval_overlap"] > 0.6
    assert (content["one"]["name"], content["other"]["name"]) == ("noise", "other")


def test_copies_are_not_diverse_and_share_a_run(noise: PieceSet) -> None:
    reference = load_reference("dance")
    copy = evaluation_of(tune(), "tune")
    same = diversity_of([copy.measures] * 3, [copy.line] * 3, reference)
    assert same is not None
    assert same.ratio == pytest.approx(0.0, abs=1e-6)
    assert same.common.length == len(copy.line.notes) - 1
    assert noise.diversity is not None and noise.diversity.ratio > 0.3
    assert diversity_of([copy.measures], [copy.line], reference) is None


def test_the_common_run_names_its_two_pieces() -> None:
    phrase = [60, 67, 62, 69, 61, 64, 72, 65, 60, 71, 63, 66]
    lines = [evaluation_of(piece(line(p)), "x").line for p in (phrase, phrase[::-1], [p + 2 for p in phrase])]
    found = longest_common_run(lines)
    assert (found.length, {found.first, found.second}) == (11, {0, 2})


def test_takes_of_one_brief_are_one_group() -> None:
    pieces = randoms(3, 3)
    seeded = BRIEF.model_copy(update={"seed": 7})
    made = [evaluation_of(p, "x", b) for p, b in zip(pieces, (BRIEF, seeded, None), strict=True)]
    from composer.evaluate.sets import _groups

    assert _groups(made) == [0, 0, 1]


def test_the_reference_of_a_set_is_that_of_most_pieces() -> None:
    slow = evaluation_of(piece(line([60, 62, 64, 60] * 4, 2.0)), "slow")
    quick = evaluation_of(piece(line([60, 62, 64, 60] * 8, 0.5)), "quick")
    assert PieceSet("x", (slow, slow, quick)).reference.style == "chorale"
    assert PieceSet("x", (slow, quick, quick)).reference.style == "dance"


def test_the_picture_shows_every_set_and_is_the_same_each_time(noise: PieceSet, other: PieceSet) -> None:
    pytest.importorskip("matplotlib")
    from PIL import Image

    names = ("step", "large_leap", "direct_outer", "bar_repeats")
    sets = {s.name: {n: s.values(n) for n in names} for s in (noise, other)}
    data = distributions_png(sets, names, "Noise")
    assert data == distributions_png(sets, names, "Noise")
    width, height = Image.open(io.BytesIO(data)).size
    assert width > 1000 and height > 100


def test_without_matplotlib_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def refuse(name: str, *rest: object) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real_import(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingTool) as problem:
        distributions_png({"a": {"step": np.array([0.1, 0.2, 0.3])}}, ("step",))
    assert "pip install 'composer[plots]'" in str(problem.value)


def test_a_brief_gives_control_and_a_key(noise: PieceSet) -> None:
    form = [{"name": "A", "bars": 8, "density": 0.1}, {"name": "B", "bars": 8, "density": 0.9}]
    asked = Brief.model_validate({**BRIEF.model_dump(by_alias=True, exclude_none=True), "form": form})
    found = evaluation_of(replace(randoms(4, 1)[0]), "x", asked)
    assert found.control is not None and found.control.rho["density"] is not None
    assert found.as_json()["control"]["spearman"]["register"] is None
