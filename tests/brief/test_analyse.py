from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from composer.brief.analyse import PRESETS, BriefOptions, brief_of_picture
from composer.brief.curves import curves_of
from composer.errors import BadInput, UsageProblem
from composer.formats.brief.brief import Brief
from composer.music.instruments import INSTRUMENTS
from composer.music.time import seconds_of
from tests.brief.painting import Pixels, circles, city, file_of, hsv, one_sided, plain, speckled, sunset

PAINTED = {
    "sunset": sunset(),
    "city": city(),
    "circles": circles(),
    "one sided": one_sided(),
    "green grain": speckled((60, 140, 70), 30),
}
ODD = {
    "black": plain(0, 0, 0),
    "white": plain(255, 255, 255),
    "grey": plain(128, 128, 128),
    "one blue": plain(20, 60, 200),
    "tiny": sunset()[60:68, 80:88],
    "strip": np.repeat(sunset()[:8], 6, axis=1),
    "column": np.ascontiguousarray(np.repeat(sunset()[:, :8], 4, axis=0)),
    "clear": np.zeros((32, 32, 4), dtype=np.uint8),
}


def brief_of(picture: Pixels, **options: object) -> Brief:
    return brief_of_picture(file_of(picture), "art.png", BriefOptions(**options)).brief  # type: ignore[arg-type]


def seconds(brief: Brief) -> float:
    return seconds_of(brief.bars * brief.time.bar_ticks, brief.tempo_bpm)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("picture", [*PAINTED.values(), *ODD.values()], ids=[*PAINTED, *ODD])
def test_every_picture_gives_a_whole_brief_with_reasons(picture: Pixels, preset: str) -> None:
    brief = brief_of(picture, preset=preset)
    assert Brief.model_validate_json(brief.model_dump_json(by_alias=True, exclude_unset=True)) == brief
    assert all(math.isfinite(value) for value in brief.features.values())
    assert {"key", "tempo_bpm", "meter", "form", "melody", "accompaniment", "palette", "picture_type"} <= set(
        brief.because
    )
    assert {"dynamics", "articulation"} <= set(brief.because)
    assert ("bass" in brief.because) == (brief.bass is not None)
    assert ("drums" in brief.because) == (brief.drums is not None)
    assert all(len(reason.evidence) > 20 for reason in brief.because.values())
    assert sum(colour.share for colour in brief.palette) == pytest.approx(1, abs=0.01)
    assert 8 <= brief.bars <= 48
    assert all(section.bars % 4 == 0 for section in brief.form)
    assert 19 <= seconds(brief) <= 91
    low, high = brief.melody.low, brief.melody.high
    assert low is not None and high is not None
    player = INSTRUMENTS[brief.melody.instrument]
    assert player.low <= low < high <= player.high
    assert 17 <= high - low <= 22
    assert brief.accompaniment.instrument in INSTRUMENTS


@pytest.mark.parametrize("name", ["black", "white", "grey", "clear"])
def test_a_grey_picture_is_in_c_or_a_and_says_why(name: str) -> None:
    brief = brief_of(ODD[name])
    assert (brief.key.tonic, brief.key.mode) in {("C", "major"), ("A", "minor")}
    assert "no hue" in brief.because["key"].evidence
    assert "None of them has a hue" in brief.because["palette"].evidence
    assert [colour.pitch for colour in brief.palette] == [None]


def test_unlike_pictures_give_unlike_briefs() -> None:
    briefs = [brief_of(picture) for picture in PAINTED.values()]
    assert len({(b.key.tonic, b.key.mode) for b in briefs}) >= 4
    assert len({b.tempo_bpm for b in briefs}) == len(briefs)
    assert len({tuple((s.name, s.bars) for s in b.form) for b in briefs}) >= 3
    assert len({b.accompaniment.style for b in briefs}) >= 3
    assert len({b.melody.instrument for b in briefs}) >= 3
    assert len({b.meter for b in briefs}) >= 2


def test_painted_subjects_are_recognised() -> None:
    assert brief_of(sunset()).picture_type == "landscape"
    assert brief_of(city()).picture_type == "city"
    assert brief_of(circles()).picture_type == "abstract"


def test_the_same_bytes_give_the_same_brief_in_another_process() -> None:
    code = (
        "from composer.brief.analyse import *; from tests.brief.painting import *;"
        "print(brief_of_picture(file_of(city()), 'art.png', BriefOptions()).brief.model_dump_json(by_alias=True))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == brief_of(city()).model_dump_json(by_alias=True)


def test_no_module_but_opencv_and_pillow_is_loaded() -> None:
    code = (
        "import sys, composer.brief.analyse;"
        "print([m for m in ('tensorflow', 'keras', 'music21', 'matplotlib', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_more_saturated_is_faster() -> None:
    tempi = [brief_of(speckled(hsv(220, s, 0.6))).tempo_bpm for s in (0.15, 0.35, 0.55, 0.75, 0.95)]
    assert tempi == sorted(tempi)
    assert tempi[-1] - tempi[0] >= 30


def test_more_edges_are_faster_and_denser() -> None:
    briefs = [brief_of(speckled((110, 110, 160), spread)) for spread in (4, 18, 36)]
    assert [b.tempo_bpm for b in briefs] == sorted(b.tempo_bpm for b in briefs)
    density = [b.form[0].density for b in briefs]
    assert density == sorted(density)
    assert density[-1] > density[0] + 0.2


def test_brighter_is_higher_and_happier() -> None:
    order = ["minor", "dorian", "mixolydian", "major"]
    briefs = [brief_of(speckled(hsv(30, 0.45, v), 8)) for v in (0.15, 0.35, 0.55, 0.75, 0.95)]
    middles = [(b.melody.low or 0) + (b.melody.high or 0) for b in briefs]
    assert middles == sorted(middles)
    assert middles[-1] >= middles[0] + 20
    modes = [order.index(b.key.mode) for b in briefs]
    assert modes == sorted(modes)
    assert (modes[0], modes[-1]) == (0, 3)


def test_more_contrast_is_more_dynamic() -> None:
    stripes = [np.where(np.arange(96)[None, :, None] < 48, 128 - gap, 128 + gap) for gap in (10, 50, 110)]
    values = [brief_of(np.broadcast_to(s, (64, 96, 3)).astype(np.uint8)).dynamics for s in stripes]
    assert values == sorted(values)
    assert values[-1] > values[0] + 0.5


def test_taking_the_colour_away_slows_it_down() -> None:
    for picture in (sunset(), city()):
        grey = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
        assert brief_of(grey).tempo_bpm < brief_of(picture).tempo_bpm
        assert brief_of(grey).features["arousal"] < brief_of(picture).features["arousal"]


def test_a_mirrored_picture_has_mirrored_curves() -> None:
    for picture in (sunset(), city(), one_sided()):
        here, there = curves_of(picture), curves_of(np.ascontiguousarray(picture[:, ::-1]))
        for name in ("tension", "density", "height"):
            assert getattr(here, name) == pytest.approx(getattr(there, name)[::-1], abs=0.02)


def test_what_stands_out_high_up_on_the_right_ends_the_piece_high_and_busy() -> None:
    brief = brief_of(one_sided())
    first, last = brief.form[0], brief.form[-1]
    assert last.energy > first.energy + 0.1
    assert last.density > first.density + 0.1
    assert last.register_ > first.register_
    upside_down = brief_of(np.ascontiguousarray(one_sided()[::-1]))
    assert upside_down.form[-1].register_ < last.register_


def test_a_symmetric_picture_returns_the_way_it_came() -> None:
    picture = plain(200, 40, 40, 180, 100).copy()
    picture[:, 60:120] = (40, 60, 200)
    brief = brief_of(picture)
    assert [s.name for s in brief.form] == ["A", "B", "A"]
    assert "mirrors" in brief.because["form"].evidence


def test_hue_moves_the_key_and_nothing_of_the_tempo() -> None:
    tonics = [brief_of(plain(*hsv(h, 0.8, 0.7))).key.tonic for h in (0, 30, 57, 120, 220, 280)]
    assert tonics == ["C", "D", "E", "F", "G", "A"]


def test_the_key_is_spelled_with_few_accidentals() -> None:
    for hue in range(0, 360, 15):
        for value in (0.2, 0.9):
            key = brief_of(plain(*hsv(hue, 0.8, value))).key
            assert abs(key.key.fifths) <= 6
    brief = brief_of(plain(*hsv(80, 0.8, 0.2)))
    assert (brief.key.tonic, brief.key.mode) == ("Bb", "minor")
    assert "gives it A#, written Bb here" in brief.because["key"].evidence


def test_nikitin_follows_the_paper() -> None:
    warm = brief_of(plain(*hsv(57, 0.8, 0.9)), preset="nikitin")
    assert (warm.key.tonic, warm.key.mode) == ("E", "major")
    cold = brief_of(plain(*hsv(220, 0.8, 0.9)), preset="nikitin")
    assert (cold.key.tonic, cold.key.mode) == ("G", "minor")
    assert warm.tempo_bpm == 60 + 100 * (0.8 + 0.9) / 2
    dull = brief_of(plain(*hsv(220, 0.3, 0.9)), preset="nikitin")
    assert dull.tempo_bpm < cold.tempo_bpm
    assert dull.form[0].density > cold.form[0].density
    dark = brief_of(plain(*hsv(220, 0.8, 0.3)), preset="nikitin")
    assert (dark.melody.low or 0) < (cold.melody.low or 0)


def test_scriabin_has_his_own_circle() -> None:
    brief = brief_of(plain(*hsv(120, 0.8, 0.7)), preset="scriabin")
    assert (brief.scheme, brief.key.tonic) == ("scriabin", "A")
    assert brief_of(plain(*hsv(120, 0.8, 0.7)), scheme="castel").key.tonic == "D"


def test_an_ambiguous_key_has_a_runner_up_and_little_confidence() -> None:
    halves = plain(*hsv(220, 0.8, 0.7), 100, 60).copy()
    halves[:, 50:] = hsv(30, 0.8, 0.7)
    reason = brief_of(halves).because["key"]
    assert reason.runner_up is not None
    assert reason.confidence < 0.4
    assert brief_of(plain(*hsv(220, 0.8, 0.7))).because["key"].confidence > reason.confidence


@pytest.mark.parametrize("duration_s", [4, 7.5, 12, 30, 61, 90, 240, 1800])
@pytest.mark.parametrize("name", PAINTED)
def test_a_duration_is_kept_within_half_a_second(name: str, duration_s: float) -> None:
    brief = brief_of(PAINTED[name], duration_s=duration_s)
    assert abs(seconds(brief) - duration_s) < 0.5
    assert 48 <= brief.tempo_bpm <= 184
    assert brief.bars % 4 == 0 or brief.bars == 2
    assert f"{duration_s:g} seconds" in brief.because["tempo_bpm"].evidence


@pytest.mark.parametrize("bars", [1, 2, 4, 7, 16, 33, 200])
def test_the_bars_asked_for_are_the_bars_given(bars: int) -> None:
    assert brief_of(sunset(), bars=bars).bars == bars


def test_bars_and_duration_together_set_the_tempo() -> None:
    brief = brief_of(city(), bars=16, duration_s=32)
    assert (brief.bars, brief.tempo_bpm) == (16, 120)
    with pytest.raises(UsageProblem, match="cannot last"):
        brief_of(city(), bars=400, duration_s=10)


def test_a_note_says_that_the_tempo_follows_from_bars_and_duration() -> None:
    both = brief_of_picture(file_of(city()), "x.png", BriefOptions(bars=1, duration_s=4)).notes
    assert both == (
        "--bars and --duration both hold, so the tempo follows: 1 bar in 4 seconds are 60 quarter notes a minute",
    )
    assert brief_of_picture(file_of(city()), "x.png", BriefOptions(bars=16)).notes == ()


def test_wishes_go_into_the_brief_as_they_are() -> None:
    brief = brief_of(city(), seed=7, style="waltz")
    assert (brief.seed, brief.accompaniment.style, brief.meter) == (7, "waltz", "3/4")
    assert brief_of(city(), style="jig").meter == "6/8"
    assert brief_of(city()).seed is None
    ensemble = brief_of(city(), ensemble="guitar")
    assert ensemble.ensemble == "guitar"
    assert "melody" not in ensemble.model_fields_set
    assert ensemble.accompaniment.model_fields_set == {"style"}
    assert ensemble.because["accompaniment"].evidence.endswith(f"call for the style {ensemble.accompaniment.style}.")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"preset": "mood"}, "emotion, nikitin, scriabin"),
        ({"duration_s": 1.0}, "4 to 1800"),
        ({"duration_s": math.nan}, "4 to 1800"),
        ({"bars": 0}, "1 to 1000"),
        ({"seed": -1}, "outside"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        BriefOptions(**options)  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_a_hostile_name_is_only_shown() -> None:
    result = brief_of_picture(file_of(sunset()), "/a/b/ev\x1bil\udce9_night.png", BriefOptions())
    assert result.brief.source is not None
    assert "\x1b" not in result.brief.source.file
    assert "/" not in result.brief.source.file
    assert result.brief.title.startswith("Ev il")
    result.brief.model_dump_json().encode("utf-8")


@pytest.mark.parametrize("asked", [{"style": "walz"}, {"ensemble": "string-quartett"}])
def test_a_style_or_ensemble_that_does_not_exist_is_refused_before_the_picture_is_read(asked: dict[str, str]) -> None:
    with pytest.raises(BadInput) as refused:
        BriefOptions(**asked)  # type: ignore[arg-type]
    assert next(iter(asked.values())) in str(refused.value)
