from __future__ import annotations

from typing import Any

import pytest

from composer.corpus.abc import UnusableTune
from composer.corpus.chorales import chorale_of, label_of


@pytest.mark.parametrize(
    ("pitches", "symbol"),
    [
        ((48, 64, 67, 72), "C"), ((52, 60, 67, 72), "C"), ((50, 65, 69, 74), "Dm"), ((43, 59, 65, 74), "G7"),
        ((47, 62, 65, 71), "Bdim"), ((53, 62, 69, 72), "Dm7"), ((42, 60, 64, 69), "F#m7b5"), ((48, 60, 67, 76), "C"),
    ],
)  # fmt: skip
def test_sounding_pitches_get_the_chord_that_explains_them(pitches: tuple[int, ...], symbol: str) -> None:
    found = label_of(pitches)
    assert found is not None and found.symbol() == symbol


def test_a_unison_is_no_chord() -> None:
    assert label_of((48, 60, 72)) is None


@pytest.fixture(scope="module")
def score() -> Any:
    """Eight bars in G: pick-up of a quarter, I IV V I in each two bars, a fermata in the middle and at the end."""
    from music21 import expressions, meter, note, stream

    chords = [(79, 74, 71, 55), (79, 76, 72, 48), (78, 74, 69, 50), (79, 74, 71, 55)]
    voices = [stream.Part() for _ in range(4)]
    for index, voice in enumerate(voices):
        pick_up = stream.Measure(number=0)
        pick_up.append(meter.TimeSignature("4/4"))
        pick_up.append(note.Note(chords[0][index]))
        pick_up.paddingLeft = 3
        voice.append(pick_up)
        for number in range(1, 9):
            bar = stream.Measure(number=number)
            count = 3 if number == 8 else 4
            for beat in range(count):
                item = note.Note(chords[beat][index])
                if index == 0 and (number, beat) in ((4, 2), (8, 2)):
                    item.expressions.append(expressions.Fermata())
                bar.append(item)
            voice.append(bar)
    return stream.Score(voices)


def test_a_chorale_gives_its_soprano_phrases_and_chords(score: Any) -> None:
    tune = chorale_of(score, "made")
    assert (tune.style, str(tune.meter), tune.bars) == ("chorale", "4/4", 9)
    assert tune.events[0].start == 1440
    assert tune.phrase_ends == (4 * 1920 + 1440, 9 * 1920)
    assert [c.symbol() for c in tune.beat_chords[4:8] if c] == ["G", "C", "D", "G"]
    assert tune.key.tonic == "G"
    assert tune.events[1].pitch is not None and tune.tonic_midi + tune.events[1].pitch == 79


def test_other_than_four_parts_is_refused(score: Any) -> None:
    from music21 import stream

    with pytest.raises(UnusableTune, match="four parts"):
        chorale_of(stream.Score(list(score.parts)[:3]), "made")
