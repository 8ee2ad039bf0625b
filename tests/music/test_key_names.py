"""The ways to write a key."""

from __future__ import annotations

import pytest

from composer.music.key import MODES, key_of
from composer.music.key_names import key_written


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("D minor", "D minor"), ("D", "D major"), ("d", "D minor"), ("Dm", "D minor"), ("dm", "D minor"),
        ("D min", "D minor"), ("D moll", "D minor"), ("d-Moll", "D minor"), ("D-Dur", "D major"), ("DM", "D major"),
        ("Dmaj", "D major"), ("d major", "D major"), ("Bb", "Bb major"), ("bb", "Bb minor"), ("b", "B minor"),
        ("Bbm", "Bb minor"), ("B-Dur", "Bb major"), ("b moll", "Bb minor"), ("h-Moll", "B minor"), ("H", "B major"),
        ("fis-Moll", "F# minor"), ("Es-Dur", "Eb major"), ("as-Moll", "Ab minor"), ("Des Dur", "Db major"),
        ("F#m", "F# minor"), ("F♯ minor", "F# minor"), ("E♭ major", "Eb major"), ("d dorian", "D dorian"),
        ("D DORIAN", "D dorian"), ("e", "E minor"), ("Es", "Eb major"), ("a aeolian", "A minor"), ("Esdur", "Eb major"),
        ("Asdur", "Ab major"), ("es moll", "Eb minor"),
    ],
)  # fmt: skip
def test_a_key_may_be_written_in_the_usual_ways(text: str, name: str) -> None:
    assert str(key_written(text)) == name


@pytest.mark.parametrize("text", ["", "X", "D sus", "moll", "D minor 7", "D of the Rings", "12", "D" * 5000])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a key"):
        key_written(text)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tonic", range(12))
def test_the_name_of_every_key_is_read_back(tonic: int, mode: str) -> None:
    assert key_written(str(key_of(tonic, mode))) == key_of(tonic, mode)
