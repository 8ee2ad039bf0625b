from __future__ import annotations

import pytest

from composer.corpus.abc import UnusableTune, read_tune
from composer.corpus.tune import Tune, tonic_below_median, tune_of
from composer.music.key import key_of

EIGHT_BARS = "CDEF GABc |" * 7 + "CDEF G4 |]"


def tune(body: str, key: str = "C", meter: str = "4/4") -> Tune:
    return tune_of(read_tune(f"X:7\nT:Made up\nM:{meter}\nL:1/8\nK:{key}\n{body}\n"), "made", "dance")


def test_a_tune_without_pickup_starts_at_bar_one() -> None:
    found = tune(EIGHT_BARS)
    assert (found.events[0].start, found.bars, found.phrase_ends) == (0, 8, (7680, 15360))


def test_a_pickup_stands_at_the_end_of_the_first_bar_and_phrases_end_before_the_next_pickup() -> None:
    found = tune("G, |" + "CDEF GABc |" * 3 + "CDEF G3 :| B |" + "CDEF GABc |" * 3 + "CDEF G3 |]")
    assert found.events[0].start == 1920 - 240
    assert found.bars == 9
    assert found.phrase_ends == (5 * 1920 - 240, 9 * 1920)


def test_events_fill_the_tune_without_gap() -> None:
    found = tune("G |" + "CDEF GABc |" * 7 + "CDEF G3 |]")
    assert all(one.end == two.start for one, two in zip(found.events, found.events[1:], strict=False))
    assert found.events[-1].end == found.bars * 1920


def test_a_section_that_ends_short_has_its_last_note_held() -> None:
    found = tune("G |" + "CDEF GABc |" * 3 + "CDEF G3 :|" + "CDEF GABc |" * 3 + "CDEF G4 |]")
    held = next(e for e in found.events if e.end == 5 * 1920)
    assert held.duration == 960


def test_bars_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(UnusableTune, match="add up"):
        tune(EIGHT_BARS.replace("CDEF GABc |", "CDEF GAB |", 3).replace("CDEF GAB |", "CDEF GABc |", 1))


def test_pitches_count_from_the_tonic_at_or_below_the_median() -> None:
    assert tonic_below_median([59, 60, 62, 64], key_of("C", "major")) == 60
    assert tonic_below_median([64, 66, 67], key_of("G", "major")) == 55
    found = tune(EIGHT_BARS.replace("C", "G,"), key="G")
    assert all((e.pitch or 0) + found.tonic_midi > 40 for e in found.events)
    assert found.tonic_midi % 12 == 7


def test_a_label_by_signature_yields_to_the_mode_of_the_ending() -> None:
    dorian = "ABcd edcB | A2 E2 A4 | ABcd e2 c2 | A2 E2 A4 |" * 2
    assert str(tune(dorian, key="G").key) == "A dorian"
    assert str(tune("GABc d2 B2 | G2 D2 G4 |" * 4, key="G").key) == "G major"
