from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from composer.corpus.tune import Tune
from composer.encoding.chord_states import STATES
from composer.models.harmony_tables import FOLDER, harmony_tables
from composer.music.chord import chord_of
from composer.music.key import key_of
from tests.corpus.conftest import made_tune


def with_chords(symbols: str, key: str = "major", beats: bool = False) -> Tune:
    chords = tuple(chord_of(s) for s in symbols.split())
    tune = replace(made_tune(1), key=key_of("C", key), chords=chords)
    return replace(tune, beat_chords=chords) if beats else tune


def test_rows_are_probabilities_and_never_stay() -> None:
    tables = harmony_tables([with_chords("C F G C"), with_chords("Cm Fm G Cm", "minor", beats=True)])
    for mode, states in STATES.items():
        table = tables["modes"][mode]
        moves = np.array(table["transition"])
        assert [s["roman"] for s in table["states"]] == [s.roman for s in states]
        np.testing.assert_allclose(moves.sum(axis=1), 1, atol=1e-4)
        np.testing.assert_allclose(np.diag(moves), 0)
        np.testing.assert_allclose([sum(table["unigram"]), sum(table["start"])], 1, atol=1e-4)


def test_what_follows_what_is_counted() -> None:
    table = harmony_tables([with_chords("C F F G7 C") for _ in range(50)])["modes"]["major"]["tunes"]
    romans = [s.roman for s in STATES["major"]]
    moves = np.array(table["transition"])
    for one, two in (("I", "IV"), ("IV", "V7"), ("V7", "I")):
        assert romans[int(moves[romans.index(one)].argmax())] == two
    assert romans[int(np.argmax(table["start"]))] == "I"


def test_a_bright_ending_in_minor_is_no_applied_dominant() -> None:
    romans = [s.roman for s in STATES["minor"]]
    bright = harmony_tables([with_chords("Cm G C", "minor", beats=True)] * 20)["modes"]["minor"]["chorales"]
    applied = harmony_tables([with_chords("Cm C Fm", "minor", beats=True)] * 20)["modes"]["minor"]["chorales"]
    assert bright["unigram"][romans.index("V/iv")] < 0.02 < applied["unigram"][romans.index("V/iv")]


def test_the_shipped_tables_know_how_cadences_go() -> None:
    tables = json.loads((FOLDER / "tables.json").read_text("utf-8"))
    assert tables["format"] == "composer.harmony/1"
    for mode, tonic in (("major", "I"), ("minor", "i")):
        table = tables["modes"][mode]
        romans = [s["roman"] for s in table["states"]]
        for dominant in ("V", "V7"):
            assert romans[int(np.argmax(table["transition"][romans.index(dominant)]))] == tonic
        assert romans[int(np.argmax(table["start"]))] == tonic
