"""Sections where the markers of a file are: bars put in and taken out in a DAW, locks, phrases, other forms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from composer.compose.form.plan import plan_of
from composer.errors import BadInput
from composer.formats.brief.brief import Brief
from composer.formats.midi.regions import locked_cells
from composer.formats.midi.sections import as_standing, moved_lines
from composer.formats.midi.source import SourceMidi, read_source
from composer.formats.midi.writer import midi_bytes
from composer.music.notes import MELODY, Marker, Note, Part
from tests.formats.pieces import small_piece

BAR = 1920
FORM: list[dict[str, Any]] = [{"name": "A", "bars": 4}, {"name": "B", "bars": 4}]


def brief(form: Sequence[dict[str, Any]] = FORM, **more: object) -> Brief:
    content = {"key": {"tonic": "C", "mode": "major"}, "tempo_bpm": 100, "meter": "4/4", "form": [*form], **more}
    return Brief.model_validate_json(json.dumps(content))


def file(*markers: tuple[str, float], bars: int = 8) -> SourceMidi:
    """One note in each bar of a melody; the markers with the bars (from 1) that they stand in."""
    notes = tuple(Note(bar * BAR, 60, 960) for bar in range(bars))
    piece = replace(
        small_piece(), parts=(Part("Melody", MELODY, 73, notes),), length=bars * BAR, chords=(),
        markers=tuple(Marker(round((bar - 1) * BAR), text) for text, bar in markers),
    )  # fmt: skip
    return read_source(midi_bytes(piece), "song.mid")


def lengths(standing: Brief) -> list[tuple[str, int]]:
    return [(section.name, section.bars) for section in standing.form]


@pytest.mark.parametrize(
    ("markers", "bars", "expected"),
    [
        ((("A", 1), ("B", 6)), 9, [("A", 5), ("B", 4)]),
        ((("A", 1), ("B", 4)), 7, [("A", 3), ("B", 4)]),
        ((("A", 1), ("B", 5)), 11, [("A", 4), ("B", 7)]),
        ((("A", 3), ("B", 7)), 10, [("Intro", 2), ("A", 4), ("B", 4)]),
        ((("a", 1), ("Solo", 3), ("b", 6)), 9, [("A", 2), ("Solo", 3), ("B", 4)]),
        ((("a", 1), ("turn up the bass", 3), ("b", 6)), 9, [("A", 5), ("B", 4)]),
        ((("A", 1),), 4, [("A", 4)]),
        ((("B", 5),), 8, [("A", 4), ("B", 4)]),
        ((("B", 6),), 9, [("A", 5), ("B", 4)]),
        ((("B", 1), ("A", 5)), 8, [("B", 4), ("A", 4)]),
        ((("A", 1), ("Bridge", 5)), 8, [("A", 4), ("Bridge", 4)]),
        ((("A", 1), ("Bridge", 7)), 10, [("A", 6), ("Bridge", 4)]),
        ((("A", 1), ("B", 5), ("B", 9)), 12, [("A", 4), ("B", 4), ("B", 4)]),
        ((("A", 1), ("A", 3), ("B", 6)), 9, [("A", 2), ("A", 3), ("B", 4)]),
        ((("A", 1), ("B", 5.98)), 9, [("A", 5), ("B", 4)]),
        ((), 9, [("A", 4), ("B", 5)]),
    ],
)
def test_sections_are_where_the_file_has_them(
    markers: tuple[tuple[str, float], ...], bars: int, expected: list[tuple[str, int]]
) -> None:
    standing = as_standing(brief(), file(*markers, bars=bars))
    assert lengths(standing) == expected
    assert Brief.model_validate(standing.model_dump(by_alias=True)).bars == sum(n for _, n in expected)
    assert len(plan_of(standing, "flute", np.random.default_rng(1)).bars) == standing.bars


@pytest.mark.parametrize(
    "markers", [(("A", 1), ("B", 5)), (("B", 5),), (("A", 1), ("verse 2 is slower", 3), ("B", 5)), ()]
)
def test_markers_that_tell_no_other_place_leave_the_brief_as_it_is(markers: tuple[tuple[str, float], ...]) -> None:
    own = brief()
    assert as_standing(own, file(*markers)) is own


def test_markers_of_other_sections_alone_leave_the_brief_as_it_is() -> None:
    own = brief()
    assert as_standing(own, file(("Verse", 1), ("Chorus", 4))) is own


def test_a_file_in_which_bars_are_not_filled_yet_keeps_the_length_of_its_brief() -> None:
    own = brief()
    assert as_standing(own, file(("A", 1), ("B", 5), bars=6)) is own


def test_locks_follow_the_names_of_sections_and_stay_at_their_numbers() -> None:
    own = brief(locked=[{"bars": "B"}, {"bars": "2"}])
    cells = locked_cells(file(("A", 1), ("B", 6), bars=9), own)
    assert {bar for track, bar in cells if track == "Melody"} == {2, 6, 7, 8, 9}
    shorter = locked_cells(file(("A", 1), ("B", 4), bars=7), brief(locked=[{"bars": "7-8"}]))
    assert {bar for _, bar in shorter} == {7}


def test_phrases_and_chords_take_up_the_difference() -> None:
    phrases = [{"bars": 2, "label": "a"}, {"bars": 2, "derive_from": "a"}]
    form = [{"name": "A", "bars": 4, "phrases": phrases, "chords": "| C | F | G | C |"}, {"name": "B", "bars": 4}]
    longer = as_standing(brief(form), file(("A", 1), ("B", 6), bars=9)).form[0]
    assert [phrase.bars for phrase in longer.phrases or ()] == [2, 3] and longer.chords == "C | F | G | C"
    shorter = as_standing(brief(form), file(("A", 1), ("B", 4), bars=7)).form[0]
    assert [phrase.bars for phrase in shorter.phrases or ()] == [2, 1]
    assert shorter.chords == "C | F | G"


def test_phrases_lose_a_source_that_is_not_there_any_more() -> None:
    form = [
        {"name": "A", "bars": 4, "phrases": [{"bars": 3, "label": "a"}, {"bars": 1, "derive_from": "a"}]},
        {"name": "B", "bars": 4, "phrases": [{"bars": 4, "derive_from": "a"}]},
    ]
    standing = as_standing(brief(form), file(("A", 1), ("B", 3), bars=6))
    assert [section.phrases for section in standing.form] == [None, None]


def test_it_is_told_where_the_sections_are() -> None:
    own = brief()
    standing = as_standing(own, file(("A", 1), ("B", 6), bars=9))
    assert moved_lines(own, standing, "x.mid") == ["sections as in x.mid: A 1-5, B 6-9 (the brief: A 1-4, B 5-8)"]
    assert moved_lines(own, own, "x.mid") == []


def test_a_lock_of_a_section_that_the_file_does_not_have_is_told() -> None:
    own = brief(locked=[{"bars": "1-2, B"}])
    for markers in ((("A", 1),), (("A", 1), ("Bridge", 5))):
        with pytest.raises(BadInput, match=r'art.brief.json: locked\[0\].bars: song.mid has no section "B"'):
            locked_cells(file(*markers), own, "art.brief.json")


def test_who_marks_a_place_in_a_locked_section_does_not_unlock_it() -> None:
    cells = locked_cells(file(("A", 1), ("Solo", 3), ("B", 5)), brief(locked=[{"bars": "A"}]))
    assert {bar for _, bar in cells} == {1, 2, 3, 4}


def test_a_section_that_is_moved_takes_its_plan_with_it() -> None:
    form = [{"name": "A", "bars": 4, "energy": 0.2}, {"name": "B", "bars": 4, "energy": 0.9}]
    standing = as_standing(brief(form), file(("B", 1), ("A", 5)))
    assert [section.energy for section in standing.form] == [0.9, 0.2]
