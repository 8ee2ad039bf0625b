"""A performance is read off its files."""

from __future__ import annotations

from composer.formats.midi.source import DeleteNote, edited, read_source
from composer.humanize.layer import Layer
from composer.humanize.outline import outline_of
from composer.humanize.pairing import performance_in
from composer.humanize.stage import humanized
from tests.humanize.pieces import bytes_of

SOURCE = read_source(bytes_of(), "x.mid")
DONE = humanized(bytes_of(), "x.mid", Layer(1.0, 3, outline_of(SOURCE)))


def test_it_is_the_one_that_the_layer_made() -> None:
    found = performance_in(read_source(DONE.midi, "x.mid"), SOURCE)
    assert found is not None and found.notes == DONE.performance.notes
    assert {*found.added} == {*DONE.performance.added} and len(found.pedal) == len(DONE.performance.pedal) > 0


def test_other_notes_are_no_performance() -> None:
    played = read_source(DONE.midi, "x.mid")
    less = read_source(edited(played, [DeleteNote(played.notes[4])]), "x.mid")
    assert performance_in(less, SOURCE) is None
