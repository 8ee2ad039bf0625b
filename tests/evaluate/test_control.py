"""Control: ranks as worked out by hand, and pieces that follow their brief or do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from composer.evaluate.control import bar_tension, broken_promises, control_of, ranks, realised, roughness, spearman
from composer.evaluate.line import line_of
from composer.formats.brief.brief import Brief
from composer.formats.brief.curves import bar_targets, filled, levels_of
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import Note, Piece, Tempo
from tests.evaluate.pieces import BAR, line, piece

FIELDS = {
    "key": {"tonic": "C", "mode": "major"},
    "tempo_bpm": 100.0,
    "meter": "4/4",
    "form": [
        {"name": "A", "bars": 4, "density": 0.2, "register": -0.5, "energy": 0.2},
        {"name": "B", "bars": 4, "density": 0.8, "register": 0.5, "energy": 0.9},
    ],
}


def brief(**more: object) -> Brief:
    return Brief.model_validate({**FIELDS, **more})


def obedient() -> Piece:
    """Four slow, low, soft bars at rest, then four quick, high, loud ones away from home."""
    calm = [replace(note, velocity=50) for note in line([60, 64] * 4, 2.0)]
    wild = [replace(note, velocity=100) for note in line([72, 76, 79, 76] * 4, 1.0, 16.0)]
    return piece([*calm, *wild], "C | C | C | C | B7 | B7 | B7 | B7")


def test_ranks_share_ties() -> None:
    assert ranks(np.array([10.0, 20.0, 20.0, 5.0])).tolist() == [2, 3.5, 3.5, 1]


@pytest.mark.parametrize(
    ("one", "other", "rho"),
    [
        ([1, 2, 3, 4, 5], [2, 4, 6, 8, 100], 1.0),
        ([1, 2, 3, 4, 5], [5, 4, 3, 2, 1], -1.0),
        # A textbook example: d = 0, 1, -1, 0, 0, so 1 - 6 * 2 / (5 * 24).
        ([1, 2, 3, 4, 5], [1, 3, 2, 4, 5], 0.9),
        # With ties it is Pearson's correlation of the ranks.
        ([1, 2, 2, 3], [1, 2, 3, 4], 4.5 / np.sqrt(4.5 * 5)),
    ],
)
def test_spearman_of_known_values(one: list[float], other: list[float], rho: float) -> None:
    assert spearman(np.array(one, float), np.array(other, float)) == pytest.approx(rho)


def test_spearman_is_the_correlation_of_ranks_counted_one_by_one() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        rows = rng.integers(0, 6, (2, 30)).astype(float)
        counted = [[(row < v).sum() + ((row == v).sum() + 1) / 2 for v in row] for row in rows]
        assert spearman(rows[0], rows[1]) == pytest.approx(np.corrcoef(counted)[0, 1])


def test_spearman_leaves_out_gaps_and_needs_variation() -> None:
    gap = np.array([1, np.nan, 2, 3, 4])
    assert spearman(gap, np.array([1.0, 100, 2, 3, 4])) == pytest.approx(1.0)
    assert spearman(np.ones(8), np.arange(8.0)) is None
    assert spearman(np.arange(3.0), np.arange(3.0)) is None


def test_a_piece_that_does_as_it_is_told() -> None:
    made = obedient()
    found = control_of(made, line_of(made), brief())
    assert found.rho["density"] == found.rho["register"] == found.rho["dynamics"] == pytest.approx(1.0)
    assert found.rho["tension"] is not None and found.rho["tension"] > 0.8
    assert found.broken == () and found.is_reached("density")


def test_a_piece_that_does_the_opposite() -> None:
    made = obedient()
    contrary = brief(form=[{**section, "density": 1 - section["density"]} for section in FIELDS["form"]])  # type: ignore[attr-defined]
    assert control_of(made, line_of(made), contrary).rho["density"] == pytest.approx(-1.0)


def test_where_the_brief_asks_for_nothing_there_is_nothing_to_follow() -> None:
    made = obedient()
    flat = brief(form=[{"name": "A", "bars": 8}])
    assert set(control_of(made, line_of(made), flat).rho.values()) == {None}


def test_what_is_not_kept_is_said() -> None:
    made = obedient()
    wrong = replace(made, key=key_of("D", "minor"), tempi=(Tempo(0, 90.0),), length=9 * BAR)
    assert len(broken_promises(wrong, brief())) == 3
    assert "is in D minor" in broken_promises(wrong, brief())[0]
    assert broken_promises(made, brief()) == []


def test_bars_without_notes_have_density_zero_and_no_register() -> None:
    made = piece([Note(0, 60, BAR), Note(2 * BAR, 62, BAR)], bars=3)
    done = realised(made, line_of(made))
    assert done["density"].tolist() == [0.25, 0, 0.25]
    assert np.isnan(done["register"][1]) and np.isnan(done["tension"]).all()


def test_tension_rises_from_the_tonic_over_the_dominant_to_what_is_foreign() -> None:
    made = piece(line([60] * 4, 4.0), "C | G | G7 | F#7")
    levels = [bar_tension(line_of(made), bar, made.key) for bar in range(4)]
    assert levels == sorted(levels) and levels[0] < 0.8 * levels[1]


def test_roughness_orders_chords() -> None:
    triad, seventh, major = (roughness(chord_of(name)) for name in ("C", "C7", "Cmaj7"))
    assert triad == 0 < major < seventh
    assert roughness(chord_of("Cdim")) > 0


def test_the_targets_of_bars_are_the_sections_values_bent_by_the_curves() -> None:
    plain = bar_targets(brief())
    assert [t.density for t in plain] == [0.2] * 4 + [0.8] * 4
    assert [t.tension for t in plain] == [t.energy for t in plain]
    curves = {"energy": [0.0, 1.0], "density": [0.0, 1.0], "register": [0.0, 0.0]}
    bent = bar_targets(brief(curves=curves))
    densities = [t.density for t in bent]
    assert densities[:4] == sorted(densities[:4]) and len(set(densities)) > 4
    assert np.mean(densities[:4]) == pytest.approx(0.2)
    assert [t.register for t in bent] == [-0.5] * 4 + [0.5] * 4


def test_levels_stay_within_what_the_brief_may_say() -> None:
    form = [{"name": "A", "bars": 8, "density": 1.0, "register": -1.0}]
    steep = brief(form=form, curves={"energy": [0.0, 1.0], "density": [0.0, 1.0], "register": [-1.0, 1.0]})
    assert levels_of(steep, filled(steep), "density").max() == 1.0
    assert levels_of(steep, filled(steep), "register").min() == -1.0


def test_a_written_tension_wins_over_energy() -> None:
    form = [{"name": "A", "bars": 4, "energy": 0.9, "tension": 0.1}, {"name": "B", "bars": 4, "energy": 0.3}]
    assert [t.tension for t in bar_targets(brief(form=form))] == [0.1] * 4 + [0.3] * 4


def test_what_is_said_of_a_bar_wins_and_what_a_section_leaves_out_comes_from_the_curves() -> None:
    form = [{"name": "A", "bars": 4}, {"name": "B", "bars": 4, "density": 0.5}]
    curves = {"energy": [0.0, 1.0], "density": [0.0, 1.0], "register": [0.0, 0.0]}
    asked = brief(form=form, curves=curves, bars=[{"bar": 8, "density": 0.0}])
    densities = [t.density for t in bar_targets(asked)]
    assert np.mean(densities[:4]) == pytest.approx(0.25)
    assert densities[7] == 0.0 and densities[6] > 0.5
