from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from composer.encoding.melody import Event
from composer.encoding.profile import (
    NAMES,
    WHOLE,
    Tally,
    Typical,
    TypicalTunes,
    bars_of,
    phrase_end_lengths,
    typical_tunes,
)
from composer.errors import MissingTool
from composer.evaluate.measures import measures_of
from composer.music.key import key_of
from composer.music.notes import MELODY, Note, Part, Piece, Tempo
from composer.music.time import meter_of

FOUR = meter_of("4/4")


def tune(seed: int, bars: int = 12) -> list[Event]:
    """A random tune in quarters, eighths and halves, with bars that return."""
    rng = np.random.default_rng(seed)
    contents = []
    for _ in range(bars):
        if contents and rng.random() < 0.3:
            contents.append(contents[int(rng.integers(len(contents)))])
            continue
        lengths = [[480] * 4, [240] * 8, [960, 480, 480], [720, 240, 960]][int(rng.integers(4))]
        contents.append([(length, int(rng.integers(0, 15))) for length in lengths])
    events, now = [], 0
    for bar in contents:
        for length, pitch in bar:
            events.append(Event(now, length, pitch))
            now += length
    return events


def tally_of(events: list[Event], bars: int) -> Tally:
    counted = Tally(FOUR, is_minor=False).add(bars_of(events, FOUR, 0, bars))
    counted.ends = phrase_end_lengths(events, [4 * 1920, 8 * 1920, bars * 1920])
    return counted


@pytest.mark.parametrize("seed", range(8))
def test_a_profile_says_what_the_measures_say(seed: int) -> None:
    events = tune(seed)
    notes = tuple(Note(e.start, e.pitch + 60, e.duration) for e in events if e.pitch is not None)
    piece = Piece("", FOUR, key_of("C", "major"), (Tempo(0, 100.0),), (Part("M", MELODY, 0, notes),), 12 * 1920)
    measured = measures_of(piece, [4 * 1920, 8 * 1920, 12 * 1920])
    found = dict(zip(NAMES, tally_of(events, 12).vector().tolist(), strict=True))
    for name, value in found.items():
        if name != "downbeat_tonic":
            assert value == pytest.approx(measured[name]), name


def test_a_profile_can_be_counted_in_parts_and_a_copy_stands_alone() -> None:
    events = tune(3)
    parts = Tally(FOUR, is_minor=False).add(bars_of(events, FOUR, 0, 5))
    before = parts.vector()
    parts.copy().add(bars_of(events, FOUR, 5, 7))
    np.testing.assert_array_equal(parts.vector(), before)
    parts.add(bars_of(events, FOUR, 5, 7))
    parts.ends = tally_of(events, 12).ends
    np.testing.assert_array_equal(parts.vector(), tally_of(events, 12).vector())


def test_an_empty_tune_has_no_profile() -> None:
    assert np.isnan(Tally(FOUR, is_minor=False).vector()).all()


def test_a_real_tune_is_at_distance_one_on_average_and_unknown_features_do_not_count() -> None:
    rng = np.random.default_rng(1)
    covariance = np.eye(len(NAMES)) * 0.25
    typical = Typical(np.ones(len(NAMES)), covariance, np.linalg.inv(covariance))
    drawn = rng.normal(1.0, 0.5, (2000, len(NAMES)))
    assert np.mean([typical.distance(v) for v in drawn]) == pytest.approx(1.0, abs=0.05)
    assert typical.distance(np.full(len(NAMES), np.nan)) == 0.0


def test_one_tune_keeps_within_the_bounds() -> None:
    covariance = np.eye(len(NAMES))
    typical = Typical(np.zeros(len(NAMES)), covariance, covariance)
    tunes = TypicalTunes({4: typical, WHOLE: typical})
    one = tunes.like_one(np.full(len(NAMES), 3.0), np.full(len(NAMES), -1.0), np.full(len(NAMES), 1.0))
    assert one.after(40).mean.max() == 1.0
    assert one.after(3).mean.max() == 3.0  # what is still open may go further


def test_the_shipped_profiles_are_of_these_features() -> None:
    tunes = typical_tunes()
    assert {"dance", "lied", "chorale"} <= set(tunes)
    assert 0.4 < tunes["dance"].after(32).mean[NAMES.index("step")] < 0.6


def test_profiles_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="cannot be read"):
        typical_tunes(tmp_path)
    (tmp_path / "profiles.npz").write_bytes(b"no")
    typical_tunes.cache_clear()
    with pytest.raises(MissingTool, match="holds no profiles"):
        typical_tunes(tmp_path)
