from __future__ import annotations

import mido
import pytest

from composer.formats.midi.source import SourceMidi, read_source
from composer.formats.midi.tune import melody_notes, tune_of
from tests.compose.tunes import low_chords, midi, song


def source(data: bytes) -> SourceMidi:
    return read_source(data, "tune.mid")


def signature(name: str, tick: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("key_signature", key=name, time=tick)


def test_a_signature_that_the_notes_agree_with_is_believed() -> None:
    assert str(tune_of(source(midi({"": song()}, extra=[signature("C")]))).key) == "C major"
    assert str(tune_of(source(midi({"": song()}, extra=[signature("F#")]))).key) == "C major"


def test_a_minor_tune_under_a_major_signature_is_minor() -> None:
    notes = song(["69 71 72 74", "76:2 76 74", "72 71 69 71", "69:4"] * 4)
    assert str(tune_of(source(midi({"": notes}, extra=[signature("C")]))).key) == "A minor"


@pytest.mark.parametrize("meter", [(3, 4), (6, 8), (2, 2)])
def test_the_metre_is_that_of_the_file(meter: tuple[int, int]) -> None:
    tune = tune_of(source(midi({"": song()}, meter=meter)))
    assert str(tune.meter) == f"{meter[0]}/{meter[1]}"
    assert tune.shift == 0


def test_the_metre_that_holds_longest_counts_and_others_are_told() -> None:
    late = [mido.MetaMessage("time_signature", numerator=3, denominator=4, time=14 * 1920)]
    tune = tune_of(source(midi({"": song()}, extra=late)))
    assert (str(tune.meter), tune.later_metres) == ("4/4", (15,))


def test_times_are_those_of_480_ticks_whatever_the_file_counts_in() -> None:
    lines = {ppq: tune_of(source(midi({"": song()}, ppq=ppq))).line for ppq in (96, 480, 960)}
    assert lines[96] == lines[480] == lines[960]


def test_a_voice_of_too_few_notes_is_none() -> None:
    assert melody_notes(source(midi({"": song()})), 1000) is None


def test_the_top_line_of_chords_is_the_line() -> None:
    tune = tune_of(source(midi({"": [*song(), *low_chords()]})))
    assert min(n.pitch for n in tune.line) >= 59
    assert len(tune.notes) > len(tune.line)


def test_an_instrument_is_known_only_where_the_file_names_one() -> None:
    assert not tune_of(source(midi({"": song()}))).has_program
    program = mido.Message("program_change", channel=0, program=40, time=0)
    tune = tune_of(source(midi({"": song()}, extra=[program])))
    assert (tune.has_program, tune.program) == (True, 40)
