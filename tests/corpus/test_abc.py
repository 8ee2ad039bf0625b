"""The ABC reader on the signs that other readers get wrong. All snippets are made up for these tests."""

from __future__ import annotations

import pytest

from composer.corpus.abc import AbcTune, UnusableTune, key_in, read_tune, tunes_in


def tune(body: str, key: str = "C", meter: str = "4/4", unit: str = "1/8") -> AbcTune:
    return read_tune(f"X:1\nT:Made up\nM:{meter}\nL:{unit}\nK:{key}\n{body}\n")


def notes(body: str, **header: str) -> list[tuple[int | None, int]]:
    return [(n.midi, n.duration) for n in tune(body, **header).notes]


def pitches(body: str, **header: str) -> list[int | None]:
    return [midi for midi, _ in notes(body, **header)]


def test_letters_octaves_and_lengths() -> None:
    assert notes("C, C c c' C2 C/ C// C3/2") == [
        (48, 240), (60, 240), (72, 240), (84, 240), (60, 480), (60, 120), (60, 60), (60, 360),
    ]  # fmt: skip


def test_the_signature_applies_in_every_octave() -> None:
    assert pitches("F f c C", key="D") == [66, 78, 73, 61]


def test_an_accidental_holds_to_the_end_of_the_bar_and_no_further() -> None:
    assert pitches("^F F f =F F | F") == [66, 66, 78, 65, 65, 65]


def test_an_accidental_of_a_grace_note_holds_too() -> None:
    assert pitches("{^g}a g | g") == [81, 80, 79]


def test_a_tie_joins_equal_pitches_and_carries_its_accidental_over_the_bar_line() -> None:
    assert notes("^F4-|F2 F2") == [(66, 1440), (65, 480)]
    assert notes("c2-c2") == [(72, 960)]


def test_a_dash_between_different_pitches_is_a_slur() -> None:
    assert notes("c2-d2") == [(72, 480), (74, 480)]


@pytest.mark.parametrize("body", ["d>c", "d>-c", "d->c", "d> c", "(d>)c", "d>{e}c"])
def test_a_broken_rhythm_holds_across_ties_slurs_and_graces(body: str) -> None:
    assert notes(body) == [(74, 360), (72, 120)]


def test_broken_rhythms_of_both_directions_and_strengths() -> None:
    assert notes("d<c") == [(74, 120), (72, 360)]
    assert notes("d>>c") == [(74, 420), (72, 60)]


def test_tuplets_shorten_the_notes_they_cover() -> None:
    assert notes("(3cdec") == [(72, 160), (74, 160), (76, 160), (72, 240)]
    assert notes("((3cde)c") == [(72, 160), (74, 160), (76, 160), (72, 240)]
    assert notes("(3:2:2c2dd") == [(72, 320), (74, 160), (74, 240)]
    assert notes("(2cd e", meter="6/8") == [(72, 360), (74, 360), (76, 240)]


def test_a_chord_gives_its_top_note() -> None:
    assert notes("[CEG]2 [c2e2]") == [(67, 480), (76, 480)]


def test_decorations_graces_and_chord_symbols_are_no_notes() -> None:
    assert pitches('"Am"A "^slow"~B .c !trill!d uTe {cd}f') == [69, 71, 72, 74, 76, 77]


def test_of_two_endings_the_last_is_kept() -> None:
    assert pitches("|: C4 D4 |1 E8 :|2 F8 |]") == [60, 62, 65]


def test_a_line_that_begins_with_a_note_and_a_repeat_is_music() -> None:
    assert pitches("C8 |\nG:|") == [60, 67]


def test_repeats_and_double_bars_close_sections() -> None:
    lines = tune("C8 | D8 :| E8 || F8 |]").bar_lines
    assert [(line.tick, line.is_section) for line in lines] == [
        (1920, False), (3840, True), (5760, True), (7680, True),
    ]  # fmt: skip


def test_the_unit_length_follows_the_metre_when_absent() -> None:
    short = read_tune("X:1\nM:2/4\nK:C\nC\n")
    long = read_tune("X:1\nM:4/4\nK:C\nC\n")
    assert (short.notes[0].duration, long.notes[0].duration) == (120, 240)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("G", "G major"), ("Am", "A minor"), ("Dmix", "D mixolydian"), ("Ador", "A dorian"), ("E Minor", "E minor"),
        ("A Mixolydian", "A mixolydian"), ("Bb", "Bb major"), ("Bphr", "B phrygian"), ("F#m", "F# minor"),
        ("E phr -8va", "E phrygian"), ("D major", "D major"),
    ],
)  # fmt: skip
def test_keys_and_modes(text: str, key: str) -> None:
    assert str(key_in(text)) == key


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("C8 |\nK:D\nD8", "changes key"),
        ("C8 |\nM:3/4\nD6", "changes metre"),
        ("V:2\nC8", "several voices"),
        ("z8", "no notes"),
    ],
)
def test_what_is_not_one_melody_is_refused(body: str, reason: str) -> None:
    with pytest.raises(UnusableTune, match=reason):
        tune(body)


def test_tunes_are_parted_at_x_and_not_at_blank_lines() -> None:
    assert [t.strip() for t in tunes_in("% top\nX:1\nK:C\nC\n\nD\nX:2\nK:C\nE\n")] == [
        "X:1\nK:C\nC\n\nD",
        "X:2\nK:C\nE",
    ]
