"""The phrases that a brief writes, and the cadence gate that holds a piece to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from composer.evaluate.stage import evaluated, evaluation_of
from composer.evaluate.written import WrittenPhrases, written_phrases
from composer.formats.brief.brief import Brief
from composer.formats.midi.writer import midi_bytes
from composer.music.notes import Piece
from tests.evaluate.pieces import BAR, BEAT, line, piece, spans, tune


def brief(*form: dict[str, Any]) -> Brief:
    fields = {"key": {"tonic": "C", "mode": "major"}, "tempo_bpm": 100.0, "meter": "4/4", "form": list(form)}
    return Brief.model_validate(fields)


def missed(music: Piece, asked: Brief) -> tuple[int, ...]:
    """Bars in which a cadence was missed."""
    return next(g.where for g in evaluation_of(music, "x", asked).gates if g.name == "MissedCadence")


def test_written_phrases_are_placed_in_the_piece() -> None:
    asked = brief(
        {
            "name": "A",
            "bars": 5,
            "phrases": [{"bars": 2, "cadence": "HC"}, {"bars": 3, "pickup": 1.0}],
            "cadence": "PC",
        },
        {"name": "B", "bars": 6, "cadence": "DC"},
        {"name": "C", "bars": 4, "phrases": [{"bars": 4, "cadence": "PAC", "pickup": 0.5}]},
    )
    found = written_phrases(asked, replace(tune(), length=15 * BAR))
    ends = (2 * BAR, 5 * BAR, 9 * BAR, 11 * BAR, 15 * BAR)
    assert found == WrittenPhrases(ends, ("HC", "PC", None, "DC", "PAC"), (BEAT, 0, 0, BEAT // 2, 0))


def test_nothing_is_written_or_the_piece_was_made_longer() -> None:
    assert written_phrases(brief({"name": "A", "bars": 8}), tune()) is None
    assert written_phrases(brief({"name": "A", "bars": 6, "cadence": "PAC"}), tune()) is None


@pytest.mark.parametrize(
    ("first", "second", "bars"),
    [("HC", "PAC", ()), ("IAC", "PAC", (4,)), ("HC", "IAC", ()), ("DC", None, (4,)), (None, "PC", (8,))],
)
def test_the_cadences_of_the_brief_are_held(first: str | None, second: str | None, bars: tuple[int, ...]) -> None:
    asked = brief({"name": "A", "bars": 8, "phrases": [{"bars": 4, "cadence": first}, {"bars": 4, "cadence": second}]})
    assert missed(tune(), asked) == bars


def test_the_file_and_its_brief_are_enough() -> None:
    asked = brief({"name": "A", "bars": 4, "cadence": "IAC"}, {"name": "B", "bars": 4})
    gates = {gate.name: gate for gate in evaluated(midi_bytes(tune()), "tune.mid", asked).gates}
    assert gates["MissedCadence"].where == (4,) and "is no IAC" in gates["MissedCadence"].note


def test_a_plagal_close_comes_from_the_subdominant() -> None:
    asked = brief({"name": "A", "bars": 2, "cadence": "PC"})
    music = piece(line([65, 64], 4.0), "F | C")
    assert missed(music, asked) == ()
    assert missed(replace(music, chords=spans("G | C")), asked) == (2,)
    assert missed(replace(music, chords=spans("C | C")), asked) == (2,)


def test_an_end_that_is_written_open_is_no_weak_ending() -> None:
    music = piece((*line([60, 64, 65, 67]), *line([67], 4.0, 4.0)), "C | G")
    found = {c: evaluation_of(music, "x", brief({"name": "A", "bars": 2, "cadence": c})) for c in ("HC", "PAC")}
    failed = {c: {g.name for g in e.gates if not g.passed} for c, e in found.items()}
    assert "WeakEnding" not in failed["HC"] and "MissedCadence" not in failed["HC"]
    assert {"WeakEnding", "MissedCadence"} <= failed["PAC"]


def test_a_pickup_is_no_part_of_the_phrase_before_it() -> None:
    notes = (*line([60, 64, 65, 64]), *line([62, 65], [3.0, 1.0], 4.0), *line([64, 62, 62, 59, 60], [1, 1, 1, 1, 4], 8))
    music = piece(notes, "C | G | C | C", bars=4)
    for pickup in (1.0, None):
        second = {"bars": 2, "cadence": "PAC", "pickup": pickup}
        asked = brief({"name": "A", "bars": 4, "phrases": [{"bars": 2, "cadence": "HC"}, second]})
        assert missed(music, asked) == ()
