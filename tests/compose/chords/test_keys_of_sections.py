"""Tunes that come back in another key, and how pieces end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from composer.compose.chords.harmony import chords_of
from composer.compose.form.plan import Plan, plan_of
from composer.compose.tune.echo import makes_stuck
from composer.compose.tune.melody import Melody, MelodyWriter
from composer.encoding.melody import Event
from composer.music.key import key_of
from tests.compose.fakes import FlatModel, brief, flat_harmony


def written(seed: int = 3, **changes: Any) -> tuple[Plan, Melody]:
    asked, rng = brief(**changes), np.random.default_rng(seed)
    plan = plan_of(asked, "violin", rng)
    chords = chords_of(plan, asked, flat_harmony(), rng)
    return plan, MelodyWriter(plan, chords, FlatModel(), rng).write()


def returning(tonic: str, mode: str, operator: str) -> list[dict[str, Any]]:
    """Four bars in C major, and the same phrase by ``operator`` in another key over the same chords of that key."""
    first = {"bars": 4, "label": "one", "cadence": "PAC"}
    again = {"bars": 4, "derive_from": "one", "op": operator, "cadence": "PAC"}
    steps = {"major": (0, 5, 7, 0), "minor": (0, 5, 7, 0)}[mode]
    names = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    root = key_of(tonic, mode).tonic_class
    symbols = [names[(root + s) % 12] + ("m" if mode == "minor" and s != 7 else "") for s in steps]
    return [
        {"name": "A", "bars": 4, "chords": "C | F | G | C", "phrases": [first]},
        {
            "name": "A'",
            "bars": 4,
            "chords": " | ".join(symbols),
            "key": {"tonic": tonic, "mode": mode},
            "phrases": [again],
        },
    ]


def bars(melody: Melody, plan: Plan, first: int, stop: int) -> list[Event]:
    ticks = plan.meter.bar_ticks
    return [e for e in melody.events if first * ticks <= e.start < stop * ticks and e.pitch is not None]


@pytest.mark.parametrize("tonic", ["D", "Bb"])
def test_what_returns_in_another_key_is_the_same_tune_carried_there(tonic: str) -> None:
    plan, melody = written(tonic="C", form=returning(tonic, "major", "copy"))
    before, after = bars(melody, plan, 0, 3), bars(melody, plan, 4, 7)
    shifts = {b.pitch - a.pitch for a, b in zip(before, after, strict=False) if a.pitch is not None and b.pitch}
    # A note that cannot be sung after the joint may be mended: nearly all move alike.
    moved = [(b.pitch or 0) - (a.pitch or 0) for a, b in zip(before, after, strict=False)]
    usual = max(shifts, key=moved.count)
    assert usual % 12 == key_of(tonic, "major").tonic_class
    assert moved.count(usual) >= 0.7 * len(moved)


@pytest.mark.parametrize(
    "operator", ["copy", "ornament", "sequence", "simplify", "fragment", "invert_contour", "octave"]
)
@pytest.mark.parametrize(("tonic", "mode"), [("D", "major"), ("C", "minor"), ("Eb", "minor")])
@pytest.mark.parametrize("seed", range(3))
def test_what_returns_in_another_key_stands_in_its_scale(operator: str, tonic: str, mode: str, seed: int) -> None:
    plan, melody = written(seed, tonic="C", form=returning(tonic, mode, operator))
    key = key_of(tonic, mode)
    allowed = {*key.scale, (key.tonic_class + 11) % 12}
    strange = [e for e in bars(melody, plan, 4, 8) if ((e.pitch or 0) + melody.tonic_midi) % 12 not in allowed]
    assert not strange


@pytest.mark.parametrize("meter", ["2/4", "3/4", "4/4", "6/8"])
@pytest.mark.parametrize("last_density", [0.3, 1.0])
def test_the_last_note_is_longer_than_those_before_whatever_its_bar_asks(meter: str, last_density: float) -> None:
    form = [{"name": "A", "bars": 8, "density": 0.4}, {"name": "B", "bars": 4, "density": last_density}]
    _, melody = written(meter=meter, form=form)
    notes = [e for e in melody.events if e.pitch is not None]
    assert notes[-1].duration >= 1.2 * np.mean([e.duration for e in notes])


@pytest.mark.parametrize(("equal", "sticks"), [(2, False), (3, True)])
def test_an_echo_that_makes_a_third_equal_bar_is_seen(equal: int, sticks: bool) -> None:
    other = [Event(480 * i, 480, 7) for i in range(4)]
    same = [Event(480 * i, 480, i % 4) for i in range(4, 4 + 4 * equal)]
    assert makes_stuck([*other, *same], 1920) is sticks
