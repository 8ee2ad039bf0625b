"""What the pages promise about keeping what you like."""

from __future__ import annotations

import pytest

from composer.compose.draft import draft_of
from composer.formats.brief.brief import Brief
from composer.models.registry import load_melody_model
from composer.music.notes import MELODY, Piece
from composer.steps.composing.trained import load_harmony
from tests.compose.fakes import Models

BRIEF = {
    "key": {"tonic": "D", "mode": "minor"},
    "tempo_bpm": 96.0,
    "meter": "4/4",
    "form": [{"name": "A", "bars": 4}, {"name": "B", "bars": 4}],
}


def _piece(change: dict[str, object] | None = None, seed: int = 7) -> Piece:
    return draft_of(
        Brief.model_validate({**BRIEF, **(change or {})}), Models(load_melody_model(), load_harmony()), seed
    ).piece


def _tune(piece: Piece) -> list[tuple[int, int]]:
    return [(n.start, n.pitch) for part in piece.parts if part.role == MELODY for n in part.notes]


@pytest.mark.parametrize(
    "change",
    [{"accompaniment": {"style": "alberti"}}, {"tempo_bpm": 132.0}, {"bass": {}}, {"articulation": 0.9}],
    ids=str,
)
def test_another_style_tempo_bass_or_touch_leaves_tune_and_chords(change: dict[str, object]) -> None:
    before, after = _piece(), _piece(change)
    assert _tune(before) == _tune(after)
    assert before.chords == after.chords


def test_another_seed_makes_another_tune() -> None:
    assert _tune(_piece()) != _tune(_piece(seed=8))
