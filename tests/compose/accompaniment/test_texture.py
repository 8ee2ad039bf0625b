from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from composer.compose.accompaniment.styles import Style, load_style, style_names
from composer.compose.accompaniment.texture import Layout, Texture, VoicedChord, section_kind, textured
from composer.music.chord import chord_of
from composer.music.instruments import DRUM_KEYS
from composer.music.notes import Note
from composer.music.time import Meter, meter_of

SCALE = (0, 2, 4, 5, 7, 9, 11)
FOUR = Meter(4, 4)
CHORDS = (("C", (60, 64, 67), 48), ("Am", (60, 64, 69), 45), ("Dm7/F", (60, 62, 65, 69), 41), ("G7", (59, 62, 65), 43))
ALONE = Layout()
BAND = Layout((36, 84), (28, 55), True)


@cache
def style_named(name: str) -> Style:
    return load_style(name)


def song(
    meter: Meter, intensity: float = 0.5, per_bar: int = 1, section: str = "A", last: bool = True
) -> list[VoicedChord]:
    """Four chords, ``per_bar`` to the bar."""
    length = meter.bar_ticks // per_bar
    return [
        VoicedChord(i * length, (i + 1) * length, chord_of(name), voices, bass, section, intensity, last and i == 3)
        for i, (name, voices, bass) in enumerate(CHORDS)
    ]


def played(
    style: str, chords: Sequence[VoicedChord], meter: Meter = FOUR, layout: Layout = ALONE, seed: int = 1
) -> Texture:
    return textured(style_named(style), chords, meter, np.random.default_rng(seed), scale=SCALE, layout=layout)


def assert_clean(notes: Sequence[Note], length: int, low: int, high: int) -> None:
    assert list(notes) == sorted(notes)
    for note in notes:
        assert 0 <= note.start < note.end <= length
        assert 1 <= note.velocity <= 127 and low <= note.pitch <= high
    for pitch in {n.pitch for n in notes}:
        line = [n for n in notes if n.pitch == pitch]
        assert all(a.end <= b.start for a, b in pairwise(line)), pitch


RENDERS = [
    (name, meter, level, per_bar)
    for name in style_names()
    for meter in (*style_named(name).meters, *(["2/4"] if "4/4" in style_named(name).meters else []))
    for level in (0.1, 0.5, 0.9)
    for per_bar in (1, 2)
]


@pytest.mark.parametrize(("name", "meter", "intensity", "per_bar"), RENDERS)
def test_every_style_renders_cleanly_in_every_metre_and_level(
    name: str, meter: str, intensity: float, per_bar: int
) -> None:
    time = meter_of(meter)
    chords = song(time, intensity, per_bar)
    length = chords[-1].end
    for layout in (Layout(), BAND):
        texture = played(name, chords, time, layout)
        assert_clean(texture.accompaniment, length, 36, 84)
        assert_clean(texture.bass, length, 28, 55)
        assert_clean(texture.drums, length, 0, 127)
        assert texture.accompaniment
        assert {n.pitch for n in texture.drums} <= set(DRUM_KEYS.values())
        for note in texture.accompaniment:
            chord = next(c for c in chords if c.start <= note.start < c.end)
            allowed = {*chord.chord.classes, *(SCALE if style_named(name).left_hand else ())}
            assert note.pitch % 12 in allowed
        assert max(n.end for n in texture.accompaniment) == length
        if layout.bass:
            assert bool(texture.drums)
            for chord in chords:
                inside = [n for n in texture.bass if chord.start <= n.start < chord.end]
                assert inside and inside[0].pitch == chord.bass


def test_a_chord_change_under_a_held_note_strikes_again_on_the_new_chord() -> None:
    chords = song(FOUR, 0.1, per_bar=2, last=False)
    texture = played("block", chords)
    assert {n.start for n in texture.accompaniment} == {0, 960, 1920, 2880}
    assert all(n.duration == 960 for n in texture.accompaniment)


def test_the_pattern_stays_within_a_section() -> None:
    chords = [
        replace(c, start=c.start + k * 7680, end=c.end + k * 7680) for k in range(4) for c in song(FOUR, last=False)
    ]
    texture = played("broken", chords, seed=3)
    bars = {frozenset(n.start % 1920 for n in texture.accompaniment if n.start // 1920 == bar) for bar in range(15)}
    assert len(bars) == 1


def test_a_ceiling_is_never_passed() -> None:
    chords = song(FOUR)
    for name in style_names():
        texture = textured(
            style_named(name), chords, FOUR, np.random.default_rng(0), scale=SCALE, ceilings=[62, 60, None, 58]
        )
        for note in texture.accompaniment:
            bar = note.start // 1920
            assert note.pitch <= (62, 60, 127, 58)[bar] or (note.start < 5760 and bar == 2)


def test_no_close_intervals_are_struck_below_c3() -> None:
    low = [replace(c, voices=tuple(p - 24 for p in c.voices), bass=c.bass - 12) for c in song(FOUR)]
    texture = played("block", low)
    for start in {n.start for n in texture.accompaniment}:
        struck = sorted(n.pitch for n in texture.accompaniment if n.start == start)
        assert all(b - a >= 7 for a, b in pairwise(struck) if b < 48)


def test_the_accompaniment_leaves_the_bass_to_a_bass_part() -> None:
    assert min(n.pitch for n in played("block", song(FOUR)).accompaniment) == 41
    assert min(n.pitch for n in played("block", song(FOUR), layout=BAND).accompaniment) >= 59


def test_walking_approaches_the_next_bass_by_a_scale_step() -> None:
    bass = played("walking", song(FOUR, last=False), layout=BAND).bass
    for bar, goal in ((0, 45), (1, 41), (2, 43)):
        approach = next(n for n in bass if n.start == bar * 1920 + 1440)
        assert 1 <= abs(approach.pitch - goal) <= 2 and approach.pitch % 12 in SCALE


@pytest.mark.parametrize("goal", [31, 43])
def test_walking_takes_the_raised_seventh_under_a_dominant_in_minor(goal: int) -> None:
    scale = (7, 9, 10, 0, 2, 3, 5)  # of G minor
    chords = [
        VoicedChord(i * 1920, (i + 1) * 1920, chord_of(name), (57, 62, 66), bass, "AB"[i], scale=scale)
        for i, (name, bass) in enumerate((("D", 38), ("Gm", goal)))
    ]
    bass = played("block", chords, layout=BAND).bass
    assert [n.pitch for n in bass if n.start == 1440] == [goal - 1]


OVER_AN_OCTAVE = (  # chord, its voices and bass, the ceiling, the fourth voice of a figure
    ("C", (48, 55, 60), 48, 72, 64),
    ("C", (48, 55, 60), 48, 62, 55),  # too high
    ("C", (48, 55, 60), 40, 72, 55),  # the bass has it
    ("G", (55, 62, 67), 43, 84, 62),  # the leading tone
    ("C", (48, 52, 55), 48, 72, 60),
)


@pytest.mark.parametrize(("name", "voices", "bass", "ceiling", "fourth"), OVER_AN_OCTAVE)
def test_an_arpeggio_does_not_strike_one_pitch_three_times_running(
    name: str, voices: tuple[int, ...], bass: int, ceiling: int, fourth: int
) -> None:
    chord = VoicedChord(0, 1920, chord_of(name), voices, bass, scale=SCALE)
    texture = textured(
        style_named("arpeggio"), [chord], FOUR, np.random.default_rng(1), scale=SCALE, layout=BAND, ceilings=[ceiling]
    )
    first, second, third = voices
    figure = [n.pitch for n in texture.accompaniment]
    assert figure == [first, second, third, fourth, third, second, first]


def test_tied_tones_last_through_a_change_but_not_over_a_section_border() -> None:
    chords = song(FOUR, last=False)
    held = played("pad", chords).accompaniment
    assert Note(0, 60, 3840, 60) in held
    split = [replace(c, section="A" if i < 1 else "B") for i, c in enumerate(chords)]
    assert all(n.end <= 1920 or n.start >= 1920 for n in played("pad", split).accompaniment)


def test_the_ending_sounds_to_the_end_of_the_bar_even_from_mid_bar() -> None:
    texture = played("broken", song(FOUR, per_bar=2))
    final = [n for n in texture.accompaniment if n.start >= 2880]
    assert {n.start for n in final} == {2880} and {n.end for n in final} == {3840}


def test_the_same_seed_gives_the_same_texture_and_arguments_stay() -> None:
    chords = song(FOUR)
    before = list(chords)
    assert played("walking", chords, layout=BAND, seed=5) == played("walking", chords, layout=BAND, seed=5)
    assert chords == before
    assert textured(style_named("block"), [], FOUR, np.random.default_rng(0), scale=SCALE) == Texture()


def test_section_names_ask_for_the_styles_sections() -> None:
    assert [section_kind(n) for n in ("A", "A'", "B2", "Intro", "Bridge", "Coda", "Z")] == [
        "A", "A", "B", "intro", "any", "any", "any",
    ]  # fmt: skip


def test_a_figure_begins_anew_with_a_chord_inside_the_bar() -> None:
    texture = played("broken", song(FOUR, 0.1, per_bar=2, last=False))
    for start in (0, 960, 1920, 2880):
        inside = [n for n in texture.accompaniment if start <= n.start < start + 960]
        chord = next(c for c in song(FOUR, 0.1, per_bar=2) if c.start == start)
        assert {chord.bass, *sorted(chord.voices)[:3]} <= {n.pitch for n in inside}


def test_the_last_two_bars_are_thinner() -> None:
    chords = song(FOUR, 0.9)
    struck = [sum(n.start // 1920 == bar for n in played("block", chords).accompaniment) for bar in range(4)]
    assert struck[0] == struck[1] > struck[2] > struck[3]


def test_a_left_hand_is_a_line_of_its_own_until_it_is_mended() -> None:
    texture = played("walking", song(FOUR, last=False))
    assert len(texture.left_hand) == 16 and not texture.bass
    assert not set(texture.left_hand) & set(texture.accompaniment)
