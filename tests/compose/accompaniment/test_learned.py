"""The learned style under a network that finds everything equally likely: only plan and rules speak."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from composer.compose.accompaniment.figured import figured
from composer.compose.accompaniment.hands import played
from composer.compose.accompaniment.learned import LEARNED, Setting, figure_controls, figures_of
from composer.compose.accompaniment.styles import load_style
from composer.compose.accompaniment.texture import Layout, VoicedChord
from composer.compose.draft import Draft, draft_of
from composer.encoding.figuration import (
    DURATIONS,
    PULSES,
    SHAPE_TOKENS,
    SHAPES,
    UNKNOWN_FIGURE,
    Figure,
    FigureFrame,
    Shape,
    Step,
    length_token,
    shape_token,
)
from composer.formats.midi.writer import midi_bytes
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import BASS, CHORDS, MELODY, ChordSpan, Note, Piece
from composer.music.time import Meter, meter_of
from composer.music.voice_leading import PARALLELS, offences
from tests.compose.fakes import Models, brief

C_MAJOR = key_of("C", "major")


class FlatFigures:
    """Finds every pulse, shape and length equally likely."""

    name = "flat"

    def start(self) -> int:
        return 0

    def step(self, state: Any, columns: NDArray[np.int64]) -> int:
        return int(state) + 1

    def pulse_logits(self, state: Any) -> NDArray[np.float32]:
        return np.zeros(len(PULSES), np.float32)

    def left_logits(self, state: Any) -> NDArray[np.float32]:
        return np.zeros(SHAPE_TOKENS, np.float32)

    def right_logits(self, state: Any, left: int) -> NDArray[np.float32]:
        return np.zeros(SHAPE_TOKENS, np.float32)

    def length_logits(self, state: Any, token: int, is_left: bool) -> NDArray[np.float32]:
        return np.zeros(len(DURATIONS), np.float32)


class Alberti(FlatFigures):
    """Always the same: bass, fifth, third, fifth in eighths under a held triad."""

    def __init__(self) -> None:
        self.columns: NDArray[np.int64] = np.zeros(0, np.int64)

    def step(self, state: Any, columns: NDArray[np.int64]) -> int:
        self.columns = columns
        return int(state) + 1

    def pulse_logits(self, state: Any) -> NDArray[np.float32]:
        return _only(len(PULSES), PULSES.index(240))

    def left_logits(self, state: Any) -> NDArray[np.float32]:
        place = (int(self.columns[3]) - 1) * 40 // 240 % 4
        return _only(SHAPE_TOKENS, shape_token(Shape((0, 2, 1, 2)[place])))

    def right_logits(self, state: Any, left: int) -> NDArray[np.float32]:
        opens = int(self.columns[3]) == 1
        return _only(SHAPE_TOKENS, shape_token(Shape(0, (0, 1))) if opens else 0)


def _only(size: int, index: int) -> NDArray[np.float32]:
    logits = np.full(size, -20.0, np.float32)
    logits[index] = 20.0
    return logits


def drafted(seed: int = 1, model: Any = None, **changes: Any) -> Draft:
    fields = {"accompaniment": {"style": LEARNED, "instrument": "piano"}, **changes}
    return draft_of(brief(**fields), Models(figuration=model or FlatFigures()), seed)


def accompaniment(piece: Piece) -> tuple[Note, ...]:
    part = piece.part(CHORDS)
    assert part is not None
    return part.notes


def test_the_same_seed_gives_the_same_bytes_and_another_one_others() -> None:
    assert midi_bytes(drafted().piece) == midi_bytes(drafted().piece)
    assert midi_bytes(drafted(2).piece) != midi_bytes(drafted(1).piece)


@pytest.mark.parametrize(("meter", "mode"), [("4/4", "major"), ("3/4", "minor"), ("6/8", "major"), ("2/4", "minor")])
def test_whatever_the_network_wants_two_hands_can_play_it(meter: str, mode: str) -> None:
    piece = drafted(meter=meter, mode=mode).piece
    notes = accompaniment(piece)
    tune = piece.part(MELODY)
    assert tune is not None
    allowed = set(piece.key.scale)
    for start in {n.start for n in notes}:
        struck = [n for n in notes if n.start == start]
        assert len(struck) <= 8 and len({n.pitch for n in struck}) == len(struck)
        chord = piece.chord_at(start)
        assert chord is not None
        for note in struck:
            assert note.pitch >= 28 and note.end <= piece.length
            assert note.pitch % 12 in chord.classes or note.pitch % 12 in allowed
            if piece.meter.accent(start) >= 2:
                assert note.pitch % 12 in chord.classes
    for span in piece.chords:
        over = [n.pitch for n in tune.notes if n.start < span.end and n.end > span.start]
        assert all(n.pitch < min(over) for n in notes if over and span.start <= n.start < span.end)


def test_every_chord_begins_with_a_struck_bass_and_the_last_bar_is_held() -> None:
    piece = drafted().piece
    notes = accompaniment(piece)
    starts = {n.start for n in notes}
    assert all(span.start in starts for span in piece.chords)
    last = piece.length - piece.meter.bar_ticks
    ending = [n for n in notes if n.start >= last]
    assert {n.start for n in ending} == {s.start for s in piece.chords if s.start >= last} | {last}
    assert max(n.end for n in ending) == piece.length


def test_no_parallels_between_bass_and_tune_or_inside_the_chords() -> None:
    found = [o for seed in (1, 2, 3) for o in offences(drafted(seed, Alberti()).piece) if o.rule in PARALLELS]
    assert not found


def test_a_section_that_returns_opens_with_its_figure() -> None:
    piece = drafted().piece
    bar = piece.meter.bar_ticks
    notes = accompaniment(piece)

    def onsets(number: int) -> set[int]:
        return {n.start - number * bar for n in notes if number * bar <= n.start < (number + 1) * bar}

    assert onsets(0) == onsets(16)


def test_a_section_of_patterns_keeps_its_left_hand() -> None:
    form = [{"name": "A", "bars": 4}, {"name": "B", "bars": 4, "style": "walking"}]
    walking = drafted(form=form, accompaniment={"style": "walking", "instrument": "piano"}).piece
    mixed = drafted(form=form, accompaniment={"style": LEARNED, "instrument": "piano"}).piece
    low, expected = (
        {n.start for n in accompaniment(piece) if n.start >= 4 * 1920 and n.pitch < 54} for piece in (mixed, walking)
    )
    assert len(expected) >= 8 and len(low) >= len(expected) - 2


def test_a_bass_part_takes_the_left_hands_line() -> None:
    piece = drafted(bass={"instrument": "cello"}, model=Alberti()).piece
    part = piece.part(BASS)
    assert part is not None
    assert all(b.start >= a.end for a, b in pairwise(part.notes))
    assert {s.start for s in piece.chords} <= {n.start for n in part.notes}


def test_drums_play_along() -> None:
    assert drafted(drums={}).piece.part("drums") is not None


def test_without_its_network_the_style_is_played_as_another_and_says_so() -> None:
    draft = draft_of(brief(accompaniment={"style": LEARNED}), Models(), 1)
    assert any("learned" in note for note in draft.notes) and draft.piece.part(CHORDS) is not None


def test_controls_follow_the_energy_section_by_section_and_thin_out() -> None:
    controls = figure_controls((0.2, 0.2, 0.9, 0.9, 0.9), (0, 2), 90.0, meter_of("4/4"))
    density = [c.density or 0.0 for c in controls]
    assert density[0] == density[1] < density[3] < density[2] == density[4]
    assert [c.fresh for c in controls] == [True, False, True, False, False]
    fast = figure_controls((0.9, 0.9, 0.9, 0.9), (0,), 200.0, meter_of("4/4"))
    assert (fast[0].density or 0.0) < (density[2])


def setting(meter: Meter, chords: str, bars: int, tempo: float = 90.0) -> Setting:
    """One chord to the bar or, where there are twice as many, two."""
    names = chords.split()
    length = bars * meter.bar_ticks // len(names)
    spans = tuple(ChordSpan(i * length, (i + 1) * length, chord_of(n)) for i, n in enumerate(names))
    basses = tuple(36 + s.chord.root + (12 if s.chord.root < 5 else 0) for s in spans)
    melody = tuple(Note(b * meter.bar_ticks, 79, meter.bar_ticks) for b in range(bars))
    frame = FigureFrame(C_MAJOR, meter, bars, spans, basses, melody, (UNKNOWN_FIGURE,) * bars)
    return Setting(frame, (78,) * len(spans), (0,), ("a",), tempo)


def test_pulses_meet_every_chord_and_can_be_played_at_the_tempo() -> None:
    found = figures_of(setting(meter_of("4/4"), "C F G C F C G C", 4, 180.0), FlatFigures(), np.random.default_rng(1))
    assert len(found) == 4
    for figure in found:
        assert 960 % PULSES[figure.pulse] == 0 and PULSES[figure.pulse] >= 160
        assert all(len(f.steps) * PULSES[f.pulse] == 1920 for f in found)


def test_no_hand_hammers_the_same_notes() -> None:
    class Hammering(Alberti):
        def pulse_logits(self, state: Any) -> NDArray[np.float32]:
            return _only(len(PULSES), PULSES.index(120))

        def right_logits(self, state: Any, left: int) -> NDArray[np.float32]:
            return _only(SHAPE_TOKENS, shape_token(Shape(0, (0, 1))))

    for tempo, hammers in ((60.0, True), (90.0, False)):
        found = figures_of(setting(meter_of("4/4"), "C F", 2, tempo), Hammering(), np.random.default_rng(1))[0]
        assert any(a.right == b.right != 0 for a, b in pairwise(found.steps)) == hammers


def test_left_hands_strike_the_bass_with_every_chord() -> None:
    place = setting(meter_of("3/4"), "C F G C", 4)
    for figure in figures_of(place, FlatFigures(), np.random.default_rng(3)):
        shape = SHAPES[figure.steps[0].left]
        assert shape is not None and shape.start == 0


def test_hands_play_what_the_figure_says_over_the_planned_bass() -> None:
    place = setting(meter_of("4/4"), "C F", 2)
    alberti = tuple(Step(shape_token(Shape(r)), 0, length_token(480), 0) for r in (0, 2, 1, 2))
    figures = (Figure(PULSES.index(480), alberti),) * 2
    hands = played(figures, place.frame, place.ceilings, [(55, 60, 64), (57, 60, 65)], (28, 76))
    assert [n.pitch for n in hands.left[:4]] == [48, 55, 52, 55]
    assert hands.left[4].pitch % 12 == 5 and not hands.right


def test_passing_tones_that_do_not_go_on_by_step_are_put_back() -> None:
    place = setting(meter_of("4/4"), "C", 2)
    steps = [Shape(0), Shape(0, passing=True), Shape(1), Shape(1, passing=True)]
    bar = tuple(Step(shape_token(s), 0, length_token(480), 0) for s in steps)
    hands = played(
        (Figure(PULSES.index(480), bar), Figure(PULSES.index(480), (bar[0], Step(), Step(), Step()))),
        place.frame, place.ceilings, [(55, 60, 64)], (28, 76),
    )  # fmt: skip
    assert [n.pitch for n in hands.left[:4]] == [48, 50, 52, 52]


def test_an_absent_accompaniment_leaves_drums_alone() -> None:
    voiced = [VoicedChord(0, 1920, chord_of("C"), (55, 60, 64), 48, is_last=True)]
    texture = figured(
        FlatFigures(), load_style(LEARNED), voiced, meter_of("4/4"), np.random.default_rng(1), key=C_MAJOR,
        tempo_bpm=90.0, tune=(), layout=Layout(None, None, True), ceilings=(70,),
    )  # fmt: skip
    assert not texture.accompaniment and not texture.bass and texture.drums
