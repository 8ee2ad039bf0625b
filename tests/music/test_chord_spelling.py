from __future__ import annotations

import itertools

import pytest

from composer.music.chord import QUALITIES, Chord, chord_of
from composer.music.key import MODES, key_of


@pytest.mark.parametrize("mode", MODES)
def test_every_symbol_reads_back_as_its_chord_in_every_key(mode: str) -> None:
    for tonic, root, quality in itertools.product(range(12), range(12), QUALITIES):
        key = key_of(tonic, mode)
        for bass in (None, (root + 3) % 12, (root + 7) % 12):
            chord = Chord(root, quality, bass)
            symbol = chord.symbol(chord.spellings_in(key))
            assert chord_of(symbol) == chord, (key, symbol)
            assert "##" not in symbol and "bb" not in symbol


@pytest.mark.parametrize(
    ("tonic", "mode", "chord", "names"),
    [
        ("C", "major", "Ab", ("Ab", "C", "Eb")),
        ("C", "major", "Fm", ("F", "Ab", "C")),
        ("D", "major", "Bb", ("Bb", "D", "F")),
        ("D", "major", "Eb/G", ("Eb", "G", "Bb")),
        ("C", "major", "F#dim7", ("F#", "A", "C", "Eb")),
        ("C", "major", "A7/C#", ("A", "C#", "E", "G")),
        ("A", "minor", "E7", ("E", "G#", "B", "D")),
        ("A", "minor", "Bb", ("Bb", "D", "F")),
        ("F#", "minor", "C", ("C", "E", "G")),
    ],
)
def test_foreign_chords_are_spelled_as_musicians_write_them(
    tonic: str, mode: str, chord: str, names: tuple[str, ...]
) -> None:
    read = chord_of(chord)
    spelled = read.spellings_in(key_of(tonic, mode))
    assert tuple(spelled[c] for c in read.classes) == names
    assert read.symbol(spelled) == chord


@pytest.mark.parametrize(("symbol", "root"), [("F##7", 7), ("Bbbm", 9), ("Fx", 7), ("bb", 10), ("E♭♭", 2)])
def test_double_accidentals_are_read(symbol: str, root: int) -> None:
    assert chord_of(symbol).root == root


@pytest.mark.parametrize("symbol", ["F###", "Bbbb", "F#b", "H"])
def test_what_nobody_writes_is_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match="not a chord symbol"):
        chord_of(symbol)


def test_the_leading_tone_is_spelled_as_the_key_spells_it() -> None:
    assert chord_of("C#7").spellings_in(key_of("F#", "minor"))[5] == "E#"
    assert chord_of("G#").spellings_in(key_of("C#", "minor"))[0] == "B#"


def test_a_single_pitch_has_a_plain_name_outside_the_scale() -> None:
    assert key_of("E", "major").spellings[0] == "B#"
    assert key_of("E", "major").plain_spellings[0] == "C"
    assert key_of("C#", "major").plain_spellings[0] == "B#"
    assert key_of("G", "minor").plain_spellings[3] == "Eb"


@pytest.mark.parametrize(
    ("symbol", "key", "changed"),
    [("D", "G minor", {5: 6}), ("D7", "G minor", {5: 6}), ("Gm", "G minor", {}), ("Fm", "C major", {9: 8}),
     ("C7", "C major", {11: 10}), ("C#dim", "D minor", {0: 1})],
)  # fmt: skip
def test_one_steps_on_the_tones_that_a_chord_alters(symbol: str, key: str, changed: dict[int, int]) -> None:
    scale = key_of(*key.split()).scale
    assert chord_of(symbol).steps_in(scale) == {changed.get(tone, tone) for tone in scale}
