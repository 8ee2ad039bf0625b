"""Lines of chords as the harmony network learns them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from composer.corpus.tune import Tune
from composer.encoding.harmony import CADENCES, COLUMNS, FOREIGN, TOKENS, token_of
from composer.models.harmony_baselines import BASELINES, bigrams, fitted
from composer.models.harmony_dataset import (
    Passage,
    batches,
    excerpt,
    excerpts,
    hidden,
    lines_of_tune,
    passage_of,
    with_unknowns,
)
from composer.music.chord import Chord, chord_of
from composer.music.key import key_of
from tests.corpus.conftest import made_tune


def chords(text: str) -> tuple[Chord | None, ...]:
    return tuple(None if symbol == "-" else chord_of(symbol) for symbol in text.split())


def with_bars(text: str, split: str = "train") -> Tune:
    """A tune in C major with a chord a bar and a phrase every four bars."""
    found = chords(text)
    tune = made_tune(1, split=split)
    ends = tuple(range(4 * tune.meter.bar_ticks, len(found) * tune.meter.bar_ticks + 1, 4 * tune.meter.bar_ticks))
    return replace(
        tune, key=key_of("C", "major"), chords=found, bars=len(found), phrase_ends=ends, beat_chords=(), style="dance"
    )


def with_beats(text: str) -> Tune:
    beats = chords(text)
    tune = with_bars(" ".join(["C"] * (len(beats) // 4)))
    return replace(tune, beat_chords=beats, style="chorale")


def passages(text: str) -> list[Passage]:
    return [passage_of(line) for line in lines_of_tune(with_bars(text))]


def names(passage: Passage) -> list[tuple[int, str]]:
    return [TOKENS[token] if token != FOREIGN else (-1, "") for token in passage.tokens.tolist()]


def test_a_tune_gives_a_chord_a_bar_with_its_place_in_the_phrase() -> None:
    [passage] = passages("C F G7 C Am Dm G C")
    assert names(passage)[:3] == [(0, ""), (5, ""), (7, "7")]
    assert passage.starts == (0, 4) and passage.mode == "major"
    assert passage.columns[:, COLUMNS["slots_left"]].tolist() == [4, 3, 2, 1] * 2
    assert passage.columns[:, COLUMNS["bar_in_phrase"]].tolist() == [1, 2, 3, 4] * 2
    cadences = {CADENCES[row - 1] for row in passage.columns[:4, COLUMNS["cadence"]].tolist()}
    assert cadences <= {"PAC", "IAC"} and len(cadences) == 1


def test_a_modal_tune_gives_nothing() -> None:
    assert lines_of_tune(replace(with_bars("C F G7 C"), key=key_of("D", "dorian"))) == []


def test_a_chorale_has_of_each_bar_the_fewest_slots_that_say_its_chords() -> None:
    own, bars = (passage_of(line) for line in lines_of_tune(with_beats("C C C C F F G G C F G7 Am - C C C")))
    assert own.columns[:, COLUMNS["rate"]].tolist() == [1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3]
    assert own.columns[:, COLUMNS["place"]].tolist()[:5] == [1, 1, 2, 1, 3]
    assert names(own)[-4:] == [(9, "m"), (0, ""), (0, ""), (0, "")]  # the beat without a chord prolongs
    assert len(bars.tokens) == 4 and names(bars)[-1] == (0, "")


def test_chords_outside_the_table_are_no_targets_and_a_phrase_of_them_is_left_out() -> None:
    [passage] = passages("C F#m G C F#m Bbm Eb7 C")
    assert passage.tokens[1] == FOREIGN and passage.weights.tolist() == [1, 0, 1, 1, 0, 0, 0, 0]


def test_an_excerpt_begins_with_nothing_before_it() -> None:
    [passage] = passages("C F G7 C Am Dm G C")
    part = excerpt(passage, 4, 3)
    assert part.columns[0, COLUMNS["previous"]] == 0 and len(part.tokens) == 3 and part.starts == (0,)
    np.testing.assert_array_equal(part.columns[:, COLUMNS["rate"] :], passage.columns[4:7, COLUMNS["rate"] :])
    many = excerpts([passage] * 30, 4, np.random.default_rng(1))
    assert len(many) == 60 and {len(p.tokens) for p in many} == {4}


def test_controls_are_hidden_at_random_and_chords_never() -> None:
    [passage] = passages("C F G7 C Am Dm G C")
    shown = [with_unknowns(passage, 0.5, 0.9, np.random.default_rng(seed)) for seed in range(40)]
    share = np.mean([p.columns[:, COLUMNS["tension"]] == 0 for p in shown])
    assert 0.5 < share < 0.95
    for part in shown:
        np.testing.assert_array_equal(part.columns[:, : COLUMNS["style"]], passage.columns[:, : COLUMNS["style"]])
    assert not hidden(passage, ("tension",)).columns[:, COLUMNS["tension"]].any()


def test_batches_hold_every_passage_once_padded_without_weight() -> None:
    some = [p for text in ("C F G C", "C F G7 C Am Dm G C", "C G C G") for p in passages(text)]
    found = list(batches(some, 2, np.random.default_rng(1)))
    assert sum(batch.weights.sum() for batch in found) == 16
    assert {batch.columns.shape[:2] for batch in found} == {(2, 32)}


def test_the_bigram_predicts_what_always_follows_and_a_longer_context_what_depends_on_the_cadence() -> None:
    train = passages("C F G C F G C C F G C C") * 20
    nats = {}
    for name in BASELINES:
        table, strengths = fitted(name, train, train[:2])
        nats[name] = float(table.nats(train[:1], strengths).mean())
    assert nats["bigram"] < nats["unigram"] - 0.5 and nats["bigram_cadence"] <= nats["bigram"] + 0.01


def test_bigrams_for_looking_ahead_are_probabilities() -> None:
    for start, moves in bigrams(passages("C F G C F G C C")).values():
        assert abs(start.sum() - 1) < 1e-9 and np.allclose(moves.sum(axis=1), 1) and (moves > 0).all()


def test_every_token_of_a_passage_is_of_its_mode() -> None:
    [passage] = passages("C Cmaj7 Fmaj7 G7 Em7 Am7 Dm7 G")
    key = key_of("C", "major")
    assert passage.tokens[1] == token_of(chord_of("C"), key) and passage.tokens[2] == token_of(chord_of("Fmaj7"), key)
