from __future__ import annotations

from pathlib import Path

import pytest

from composer.compose.accompaniment.styles import Style, Tone, events_of, load_style, style_names
from composer.errors import BadInput
from composer.music.time import Meter, meter_of

FOUR = Meter(4, 4)
HEAD = 'meters = ["4/4"]\n[[pattern]]\ntrack = "{track}"\nmeter = "4/4"\nnotes = "{notes}"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    styles = tmp_path / "templates" / "styles"
    styles.mkdir(parents=True)
    return styles


def problem_of(folder: Path, text: str) -> str:
    (folder / "mine.toml").write_text(text)
    with pytest.raises(BadInput) as caught:
        load_style("mine")
    return "\n".join(caught.value.lines())


def test_notes_are_beat_value_pitch_velocity() -> None:
    first, second = events_of("2.5 8 5+ 90; 1 4. R 100", FOUR, "bass")
    assert (first.offset, first.duration, first.tones, first.velocity) == (0, 720, (Tone("degree", 0),), 100)
    assert (second.offset, second.duration, second.tones, second.velocity) == (720, 240, (Tone("degree", 2, 1),), 90)


def test_six_eight_counts_eighths_and_thirds_are_exact() -> None:
    assert events_of("4 4. bass 80", Meter(6, 8), "accompaniment")[0].offset == 720
    assert events_of("2.67 8t ride 50", FOUR, "drums")[0].offset == 800


@pytest.mark.parametrize(
    ("notes", "track", "message"),
    [
        ("5 4 R 90", "bass", "beat 5 is outside a 4/4 bar"),
        ("0.5 4 R 90", "bass", "beat 0.5 is outside"),
        ("4 2 R 90", "bass", "beat 4: a note of 2 there passes the end of a 4/4 bar"),
        ("1 3 R 90", "bass", "'3' is not a note value"),
        ("1 4 R 0", "bass", "velocity 0"),
        ("1 4 R 128", "bass", "velocity 128"),
        ("1 4 v5 90", "accompaniment", "'v5' is not a pitch"),
        ("1 4 W 90", "accompaniment", "'W' is not a pitch"),
        ("1 4 drum 90", "drums", "'drum' is not a drum"),
        ("1 4 R", "bass", "is not beat, duration, pitch, velocity"),
        ("one 4 R 90", "bass", "'one' is not a number"),
    ],
)
def test_mistakes_name_file_line_and_beat(folder: Path, notes: str, track: str, message: str) -> None:
    problem = problem_of(folder, HEAD.format(track=track, notes=notes))
    assert message in problem
    assert "mine.toml: line 5: " in problem


def test_every_mistake_is_listed(folder: Path) -> None:
    text = (
        'metres = ["4/4"]\ntie = 1\nregister = 5\nvary = "bass"\n[[pattern]]\ntrack = "flute"\nlevel = 9\nweight = 0\n'
    )
    problem = problem_of(folder, text)
    for part in ("'metres'", "meters are missing", "tie 1", "register 5", "vary", "'flute'", "level 9", "weight 0"):
        assert part in problem, part


def test_a_circle_of_inheritance_is_refused(folder: Path) -> None:
    (folder / "other.toml").write_text('inherits = "mine"\n')
    assert "inherits from itself" in problem_of(folder, 'inherits = "other"\n')
    assert "which is no style" in problem_of(folder, 'inherits = "nothing"\n')


def test_a_childs_patterns_replace_the_parents_of_that_track_and_metre(folder: Path) -> None:
    (folder / "mine.toml").write_text(
        'inherits = "block"\n' + HEAD.format(track="bass", notes="1 4 R 90").split("\n", 1)[1]
    )
    mine, block = load_style("mine"), load_style("block")
    assert mine.meters == block.meters
    assert len([p for p in mine.patterns if p.track == "bass" and p.meter == "4/4"]) == 1
    assert [p for p in mine.patterns if p.track == "drums"] == [p for p in block.patterns if p.track == "drums"]


def test_choices_fall_back_to_any_section_and_the_nearest_level() -> None:
    block = load_style("block")
    assert {p.section for p in block.choices("accompaniment", FOUR, 2, "B")} == {"any"}
    assert {p.level for p in load_style("pad").choices("bass", FOUR, 3, "A")} == {2}
    assert block.choices("accompaniment", FOUR, 1, "fill") == ()


def test_two_four_is_the_first_half_of_four_four() -> None:
    style = load_style("block")
    assert style.supports(meter_of("2/4"))
    (pattern,) = style.choices("accompaniment", meter_of("2/4"), 2, "A")
    assert max(e.offset + e.duration for e in pattern.events) == 960


def test_none_supports_every_metre_and_plays_nothing() -> None:
    assert load_style("none") == Style("none", "the melody alone", ())
    assert load_style("none").supports(meter_of("7/8"))
    assert not load_style("waltz").supports(FOUR)


@pytest.mark.parametrize("name", [n for n in style_names() if n != "none"])
def test_every_shipped_style_has_three_levels_and_an_ending(name: str) -> None:
    style = load_style(name)
    assert style.description
    for meter in style.meters:
        own = [p for p in style.patterns if p.track == "accompaniment" and p.meter == meter]
        assert {p.level for p in own if p.section == "any"} == {1, 2, 3}, meter
        assert name == "pad" or any(p.section == "ending" for p in own), meter
        assert {p.track for p in style.patterns if p.meter == meter} == {"accompaniment", "bass", "drums"}, meter
        assert all(20 <= e.velocity <= 110 for p in style.patterns for e in p.events)
