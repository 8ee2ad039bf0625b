from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.encoding.figuration import (
    DURATIONS,
    NOTHING,
    PULSES,
    SHAPES,
    UNKNOWN_FIGURE,
    Figure,
    FigureControls,
    FigureFrame,
    Shape,
    Step,
    length_token,
    pitch_of,
    pitches_of,
    pulse_of,
    pulses_of,
    rung_of,
    shape_token,
)
from composer.encoding.figure_reader import FEATURES, FigureReader
from composer.music.chord import QUALITIES, Chord, chord_of
from composer.music.key import key_of
from composer.music.notes import ChordSpan, Note
from composer.music.time import meter_of

C_MAJOR = key_of("C", "major")
NAMES = list(FEATURES)


def frame(bars: int = 3, controls: FigureControls = UNKNOWN_FIGURE) -> FigureFrame:
    """C for two bars, then G; one whole note of melody in each bar."""
    chords = (ChordSpan(0, 3840, chord_of("C")), ChordSpan(3840, bars * 1920, chord_of("G7")))
    melody = tuple(Note(bar * 1920, 76, 1920) for bar in range(bars))
    return FigureFrame(C_MAJOR, meter_of("4/4"), bars, chords, (48, 43), melody, (controls,) * bars)


@given(
    st.integers(-9, 12),
    st.integers(0, 11),
    st.sampled_from(sorted(QUALITIES)),
    st.integers(0, 3),
)
def test_a_rung_is_the_pitch_that_it_names(rung: int, root: int, quality: str, member: int) -> None:
    chord = Chord(root, quality)
    anchor = 48 + chord.classes[member % len(chord.classes)]
    assert rung_of(pitch_of(rung, anchor, chord), anchor, chord) == (rung, False)
    assert rung_of(pitch_of(rung, anchor, chord) + 1, anchor, chord)[0] in (rung, rung + 1)


def test_a_figure_fits_every_chord() -> None:
    alberti = [Shape(0), Shape(2), Shape(1), Shape(2)]
    for symbol, expected in (("C", (48, 55, 52, 55)), ("F", (53, 60, 57, 60)), ("Gm", (55, 62, 58, 62))):
        chord = chord_of(symbol)
        anchor = 48 + chord.root
        found = [pitches_of(s, anchor, chord, C_MAJOR.scale) for s in alberti]
        assert found == [(p,) for p in expected]


def test_shapes_with_octave_and_passing_tones() -> None:
    chord = chord_of("C")
    assert pitches_of(Shape(0, (0, 2), True), 48, chord, C_MAJOR.scale) == (48, 55, 60)
    assert pitches_of(Shape(1, passing=True), 48, chord, C_MAJOR.scale) == (53,)


def test_shapes_that_the_table_lacks_become_near_ones() -> None:
    assert SHAPES[shape_token(Shape(0, (0, 1, 2, 3, 4)))] == Shape(0, (0, 1, 2))
    assert SHAPES[shape_token(Shape(-9))] == Shape(-4)
    assert SHAPES[NOTHING] is None


@pytest.mark.parametrize(
    ("meter", "onsets", "ticks"),
    [
        ("4/4", (0, 960), 960),
        ("4/4", (0, 240, 480), 240),
        ("4/4", (0, 160, 320), 160),
        ("3/4", (0,), 1440),
        ("3/4", (0, 480), 480),
        ("6/8", (0, 720), 720),
        ("6/8", (0, 480), 240),
        ("2/4", (0, 120), 120),
        ("4/4", (), 960),
    ],
)
def test_the_pulse_is_the_coarsest_that_meets_all_onsets(meter: str, onsets: tuple[int, ...], ticks: int) -> None:
    assert PULSES[pulse_of(onsets, meter_of(meter))] == ticks


@pytest.mark.parametrize("meter", ["2/4", "3/4", "4/4", "6/8", "2/2", "3/8", "9/8", "12/8", "5/4"])
def test_every_pulse_of_a_metre_fills_its_bar(meter: str) -> None:
    found = pulses_of(meter_of(meter))
    assert found and all(meter_of(meter).bar_ticks % PULSES[i] == 0 for i in found)


def test_lengths_go_to_the_nearest_by_ratio() -> None:
    assert [DURATIONS[length_token(t)] for t in (1, 240, 233, 5000)] == [80, 240, 240, 1920]


def read(reader: FigureReader, figure: Figure) -> list[dict[str, int]]:
    """The columns before the pulse and before each step."""
    reader.begin_bar()
    rows = [dict(zip(NAMES, reader.columns().tolist(), strict=True))]
    reader.push_pulse(figure.pulse)
    for step in figure.steps:
        rows.append(dict(zip(NAMES, reader.columns().tolist(), strict=True)))
        reader.push(step)
    return rows


HALVES = Figure(PULSES.index(960), (Step(shape_token(Shape(0)), 0, 5, 0), Step(0, shape_token(Shape(0, (0, 1))), 0, 5)))


def test_columns_stay_within_their_tables_and_say_what_they_should() -> None:
    reader = FigureReader(frame(controls=FigureControls(0.5, 1.0, 50.0, False)))
    rows = [row for _ in range(3) for row in read(reader, HALVES)]
    assert all(0 <= row[name] < size for row in rows for name, size in FEATURES.items())
    assert rows[0]["pulse"] == 0 and rows[1]["pulse"] == 1 + HALVES.pulse
    assert [row["left_1"] for row in rows[:3]] == [0, 0, 0]
    assert rows[4]["left_1"] == 1 + HALVES.steps[0].left and rows[5]["left_1"] == 1
    assert rows[5]["repeats_1"] == 2 and rows[8]["repeats_2"] == 2
    assert rows[4]["root"] == 1 and rows[7]["root"] == 8
    assert rows[5]["melody_age"] > rows[4]["melody_age"]
    assert rows[0]["fresh"] == 1 and reader.figures == [HALVES] * 3 and reader.is_full


def test_a_bar_that_leaves_the_one_before_is_told() -> None:
    reader = FigureReader(frame())
    read(reader, HALVES)
    other = Figure(HALVES.pulse, (Step(shape_token(Shape(2)), 0, 5, 0), Step()))
    rows = read(reader, other)
    assert [row["repeats_1"] for row in rows[1:]] == [2, 1]


def test_a_copy_of_a_reader_goes_its_own_way() -> None:
    reader = FigureReader(frame())
    read(reader, HALVES)
    twin = reader.copy()
    read(twin, HALVES)
    assert len(reader.figures) == 1 and len(twin.figures) == 2
    assert HALVES.onsets == {0, 960}
