"""A shared run is reported with its tune and its bars."""

from __future__ import annotations

import numpy as np
import pytest

from composer.encoding.originality import KnownTune, known_bytes, known_of
from composer.evaluate.line import line_of
from composer.evaluate.originality import Originality, originalities_of, originality_of, shared_runs
from tests.evaluate.pieces import line, piece


def walk(seed: int, count: int) -> tuple[int, ...]:
    rng = np.random.default_rng(seed)
    return tuple(int(p) for p in 60 + np.cumsum(rng.integers(-3, 4, size=count)))


TUNE = KnownTune("oneill/12", "The Tune", "dance", "train")


def test_a_quotation_is_reported_with_its_tune_and_bars() -> None:
    known = known_of(known_bytes([line(walk(1, 40))], [TUNE]))
    mine = line([*walk(2, 8), *walk(1, 40)[4:24], *walk(3, 8)])
    found = originality_of(line_of(piece(mine)), known)
    assert (found.tune, found.length, found.first_bar, found.last_bar) == (TUNE, 19, 3, 7)
    assert found.is_warning
    assert found.words() == "20 notes in a row, bars 3-7, are also in oneill/12 (The Tune)"
    assert found.as_json()["tune"] == {"id": "oneill/12", "title": "The Tune", "split": "train"}


def test_a_melody_of_its_own_has_no_tune() -> None:
    known = known_of(known_bytes([line(walk(1, 40))], [TUNE]))
    found = originality_of(line_of(piece(line(walk(9, 30)))), known)
    assert found == Originality(0, 0.0)
    assert "no run" in found.words()
    assert found.as_json()["bars"] is None


@pytest.mark.parametrize(("notes", "is_warning"), [(15, False), (16, True)])
def test_sixteen_notes_in_a_row_are_a_warning(notes: int, is_warning: bool) -> None:
    known = known_of(known_bytes([line(walk(1, 40))], [TUNE]))
    found = originality_of(line_of(piece(line(walk(1, 40)[:notes]))), known)
    assert (found.length, found.is_warning) == (notes - 1, is_warning)


def test_figures_of_a_set() -> None:
    known = known_of(known_bytes([line(walk(1, 40))], [TUNE]))
    lines = [line_of(piece(line(p))) for p in (walk(1, 40), walk(1, 14), walk(8, 30))]
    figures = shared_runs(originalities_of(lines, known))
    assert (figures.median, figures.largest) == (13, 39)
    assert figures.share_12 == pytest.approx(2 / 3)
    assert figures.share_16 == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="no melodies"):
        shared_runs([])
