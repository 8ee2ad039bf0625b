from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from composer.compose.draft import Draft, draft_of
from composer.compose.free import random_brief
from composer.compose.takes import (
    Judged,
    borrowed_bars,
    interval_name,
    ranked,
    returning_bars,
    take_score,
    take_seeds,
)
from composer.encoding.melody import Event
from composer.errors import BadInput
from composer.formats.brief.brief import Brief
from composer.formats.brief.text import brief_bytes, read_brief
from tests.compose.fakes import Models, brief


@cache
def drafted(seed: int) -> Draft:
    """A short piece; 24 bars where the seed is 1."""
    form = {} if seed == 1 else {"form": [{"name": "A", "bars": 4}]}
    return draft_of(brief(**form), Models(), seed)


def with_tune(draft: Draft, events: tuple[Event, ...], relaxed: tuple[str, ...] = ()) -> Draft:
    melody = replace(draft.sketch.melody, events=events, relaxed=relaxed)
    return replace(draft, sketch=replace(draft.sketch, melody=melody))


def test_takes_begin_with_the_seed_and_never_repeat_one() -> None:
    seeds = take_seeds(7, 20)
    assert seeds[0] == 7
    assert len(set(seeds)) == 20
    assert take_seeds(7, 4)[0] == 7
    assert take_seeds(7, 1) == (7,)
    assert take_seeds(8, 3)[1:] != take_seeds(7, 3)[1:]


def test_the_best_take_comes_first_and_each_is_what_its_seed_gives() -> None:
    takes = ranked(drafted, (2, 3, 4))
    totals = [take.score.total for take in takes]
    assert totals == sorted(totals, reverse=True)
    for take in takes:
        assert take.draft is drafted(take.seed)
        assert take.score.total == pytest.approx(sum(value for _, value in take.score.parts), abs=1e-3)


def test_rules_that_gave_way_and_an_open_end_cost() -> None:
    draft = drafted(1)
    events = draft.sketch.melody.events
    plain = take_score(with_tune(draft, events))
    bent = take_score(with_tune(draft, events, ("bar 2: range", "bar 3: scale")))
    assert bent.total < plain.total
    assert "2 rules gave way" in bent.why
    last = replace(events[-1], pitch=(events[-1].pitch or 0) + 1)
    assert take_score(with_tune(draft, (*events[:-1], last))).total < plain.total
    assert "the end stays open" in take_score(with_tune(draft, (*events[:-1], last))).why


def test_the_line_names_where_the_opening_returns() -> None:
    draft = drafted(1)
    opening = (0, 2, 4, 5)
    events = tuple(
        Event(bar * 1920 + 480 * i, 480, p if bar in (0, 8, 16) else p + 1 + bar % 3 + i * (bar % 2))
        for bar in range(24)
        for i, p in enumerate(opening)
    )
    assert returning_bars(events, draft.sketch.plan) == [9, 17]
    assert "the tune returns in bars 9 and 17" in take_score(with_tune(draft, events)).why


def test_busier_bars_than_asked_are_counted() -> None:
    draft = drafted(1)
    events = tuple(Event(120 * i, 120, i % 7) for i in range(24 * 16))
    assert "busier than asked" in take_score(with_tune(draft, events)).why


@pytest.mark.parametrize(("semitones", "name"), [(0, "a unison"), (12, "an octave"), (17, "an octave and a fourth")])
def test_intervals_have_their_names(semitones: int, name: str) -> None:
    assert interval_name(semitones) == name


@pytest.mark.parametrize("seed", range(0, 30, 2))
def test_a_random_brief_is_one_that_a_person_could_have_written(seed: int) -> None:
    drawn = random_brief(seed)
    assert random_brief(seed) == drawn
    assert read_brief(brief_bytes(drawn), "free.brief.json") == Brief.model_validate(
        {**drawn.model_dump(by_alias=True), "$schema": "brief.schema.json"}
    )
    assert drawn.seed == seed
    assert 16 <= drawn.bars <= 48
    levels = {s.name[0]: (s.energy, s.density, s.register_) for s in drawn.form}
    assert all(len(set(values)) == len(levels) for values in zip(*levels.values(), strict=True))


def test_random_briefs_differ() -> None:
    drawn = [random_brief(seed) for seed in range(20)]
    assert len({(b.key.tonic, b.key.mode) for b in drawn}) > 7
    assert len({b.meter for b in drawn}) >= 3
    assert len({b.ensemble for b in drawn}) >= 4


def test_a_random_brief_takes_the_players_and_style_that_were_chosen() -> None:
    drawn = random_brief(3, ensemble="guitar", style="pad")
    assert (drawn.ensemble, drawn.accompaniment.style) == ("guitar", "pad")
    with pytest.raises(BadInput):
        random_brief(3, style="no-such-style")


def test_a_random_brief_can_be_composed() -> None:
    drawn = random_brief(36)
    assert draft_of(drawn, Models(), 1).piece.bars == drawn.bars


def test_only_what_composer_added_is_judged() -> None:
    draft = drafted(1)
    whole, late = take_score(draft), take_score(draft, Judged(first_bar=16))
    assert dict(whole.parts).keys() == dict(late.parts).keys()
    assert "of yours" in late.why
    given = take_score(draft, Judged(is_tune_given=True))
    assert {name for name, _ in given.parts} == {"harmony", "faults"}
    assert "chords, ends on" in given.why


def test_a_bar_that_was_played_and_comes_back_is_named() -> None:
    events = tuple(Event(1920 * bar, 1920, 0 if bar in (2, 18) else bar % 7 + 1) for bar in range(24))
    events = tuple(replace(e, duration=960 + 20 * i) if i not in (2, 18) else e for i, e in enumerate(events))
    assert borrowed_bars(with_tune(drafted(1), events), 16) == [19]
