from __future__ import annotations

from composer.corpus.figurations import alike, figured_song, figured_songs, hand_borders, shape_of
from composer.corpus.lieder import Song
from composer.encoding.figuration import PULSES, SHAPES, Shape
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.time import meter_of

Note = tuple[int, int, int]


def song(name: str = "s", bars: int = 8, shift: int = 0) -> Song:
    """A low bass on one, a chord of three on the other beats; the tune in halves; I and V in turn, ending on I."""
    tune: list[Note] = []
    played: list[Note] = []
    for bar in range(bars):
        start, tonic = bar * 1920, bar % 2 == 0 or bar == bars - 1
        tune += [(start, start + 960, (76 if tonic else 74) + shift), (start + 960, start + 1920, 79 + shift)]
        played.append((start, start + 480, 36 if tonic else 43))
        for beat in (1, 2, 3):
            chord = (60, 64, 67) if tonic else (59, 62, 67)
            played += [(start + beat * 480, start + (beat + 1) * 480, pitch) for pitch in chord]
    return Song(
        name, "", "", meter_of("4/4"), None, key_of("C", "major"), bars, tuple(sorted(tune)), tuple(sorted(played))
    )


def test_hands_are_told_apart_and_figures_told_from_their_chords() -> None:
    figured = figured_song(song())
    assert len(figured.figures) == 8
    for figure in figured.figures:
        assert PULSES[figure.pulse] == 480
        assert [SHAPES[s.left] for s in figure.steps] == [Shape(0), None, None, None]
        assert SHAPES[figure.steps[0].right] is None
        assert all(len(shape.above) == 3 for s in figure.steps[1:] if (shape := SHAPES[s.right]))
    assert figured.frame.basses[:2] == (36, 43)
    assert [c.density for c in figured.frame.controls] == [1.0] * 8
    assert [c.fresh for c in figured.frame.controls] == [True] + [False] * 7


def test_hands_lie_on_either_side_of_the_gap() -> None:
    from composer.corpus.figurations import _Played

    bar = [_Played(0, 480, 40), _Played(0, 480, 47), _Played(0, 480, 64), _Played(0, 480, 67)]
    assert all(47 < border <= 64 for border in hand_borders([bar, bar]))


def test_chords_lose_foreign_tones_and_single_notes_pass() -> None:
    chord = chord_of("C")
    assert shape_of([48, 55], 48, chord) == Shape(0, (0, 2))
    assert shape_of([48, 60], 48, chord) == Shape(0, (0,), True)
    assert shape_of([50], 48, chord) == Shape(0, passing=True)
    assert shape_of([48, 53, 55], 48, chord) in (Shape(0, (0, 1, 2)), Shape(0, (0, 2)))


def test_near_duplicates_and_stretches_of_one_file_are_on_one_side() -> None:
    figured = figured_songs([song("a#0"), song("a#1", 10), song("copy", shift=2)])
    assert len({item.split for item in figured}) == 1


def test_likeness_of_bars() -> None:
    figures = figured_song(song()).figures
    assert alike(figures[0], figures[1]) == 1.0
