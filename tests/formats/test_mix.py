"""The mix file: what it may say, and that every mistake in it is told with its line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from composer.errors import BadInput
from composer.formats.mix import PROGRAMS, TABLES, TRACK_KEYS, Chorus, Key, Master, Mix, Reverb, TrackMix, read_mix
from composer.formats.mix_text import PresentTrack, start_text

PATH = Path("lake.mix.toml")
START = start_text(
    "lake",
    "Some font.sf2",
    [
        PresentTrack("Melody", "melody", TrackMix(73, 0, 0.0, -0.25, 0.1, 0.0, False, False)),
        PresentTrack('Piano "left" \\ 鍵盤', "accompaniment", TrackMix(3, 0, 0.0, 0.0)),
        PresentTrack("Drums", "drums", TrackMix(40, None, 0.0, 0.0), is_drums=True),
    ],
    Master(-16.0, -1.0),
    Reverb(0.2, 0.0, 0.5, 0.9),
    Chorus(3, 8.0, 0.3, 2.0),
)


def mix(text: str) -> Mix:
    return read_mix(text.encode(), PATH)


def mistakes(text: str) -> list[str]:
    with pytest.raises(BadInput) as caught:
        mix(text)
    assert caught.value.exit_code == 3
    return [line.removeprefix("composer: lake.mix.toml: ") for line in caught.value.lines()]


def uncommented(text: str) -> str:
    return "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines())


def test_a_mix_says_what_its_tables_say() -> None:
    found = mix(
        'soundfont = "fonts/a.sf2"\n[master]\nloudness_lufs = -20\n[reverb]\nroom = 0.7\n[chorus]\nvoices = 2\n'
        '[tracks.Melody]\nprogram = "Oboe"\ngain_db = -3.5\npan = -1\n[tracks."Piano left"]\nprogram = 4\nmute = true\n'
    )
    assert (found.soundfont, found.soundfont_line, found.master.loudness_lufs) == ("fonts/a.sf2", 1, -20.0)
    assert (found.reverb.room, found.chorus.voices) == (0.7, 2)
    melody, left = found.tracks
    assert melody.mix == TrackMix(program=68, gain_db=-3.5, pan=-1.0)
    assert (left.name, left.line, left.mix) == ("Piano left", 12, TrackMix(program=4, mute=True))
    assert mix("") == Mix(PATH, soundfont_line=1)
    assert mix('\ufeff[tracks.drums]\r\nprogram = "jazz kit"\r\n').tracks[0].mix.program == 32


def test_all_mistakes_are_told_at_once_each_with_its_line_and_key() -> None:
    found = mistakes(
        'soundfont = 3\nreverbs = 1\n[master]\nloudness_lufs = -16\ngain_db = 2\n[tracks.Melody]\nprogram = "flut"\n'
        'gain_db = 99\npan = "left"\n[tracks."Piano # left"]\nmute = 1\nrevreb = 0.2\n[tracks]\nbass.pan = nan\n'
        "drums = { bank = 128 }\n"
    )
    assert found == [
        'line 1: soundfont: must be text in quotes, such as "FluidR3_GM.sf2"',
        'line 2: reverbs: no such key; did you mean "reverb"?',
        "line 5: master.gain_db: stands instead of loudness_lufs; take one of the two out",
        'line 7: tracks.Melody.program: "flut" is no instrument known by name; did you mean "flute"?',
        "line 8: tracks.Melody.gain_db: 99 is outside -60 to 24",
        "line 9: tracks.Melody.pan: must be a number from -1 to 1",
        "line 11: tracks.Piano # left.mute: must be true or false",
        'line 12: tracks.Piano # left.revreb: no such key; did you mean "reverb"?',
        "line 14: tracks.bass.pan: nan is outside -1 to 1",
        "line 15: tracks.drums.bank: 128 is outside 0 to 127",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tracks.a\n", "line 1 column 10: expected ']' at the end of a table declaration; mend the TOML there"),
        ("[tracks.a]\n[tracks.a]\n", "line 2 column 10: cannot declare ('tracks', 'a') twice; mend the TOML there"),
        (
            "tracks = 3\n",
            'line 1: tracks: is no table; write [tracks.melody], or [tracks."Piano left"] for a name with',
        ),
        ("[tracks]\nmelody = 1\n", "line 2: tracks.melody: is no table; write [tracks.melody] and its keys on lines"),
        ("[[master]]\n", "line 1: master: is no table; write [master] and its keys on lines below"),
        ('format = "composer.mix/2"\n', 'line 1: format: "composer.mix/2" is not "composer.mix/1"'),
        ("[tracks.a]\nprogram = 1.5\n", "line 2: tracks.a.program: must be a whole number from 0 to 127"),
        (
            f"[tracks.a]\ngain_db = {'9' * 4000}\n",
            "line 2: tracks.a.gain_db: 99999999999999999999 is outside -60 to 24",
        ),
        (f"[tracks.a]\ngain_db = -{'9' * 5000}\n", "line 2: holds a number that is too long; write a shorter one"),
        (f"[tracks.a]\nbank = 0x{'f' * 5000}\n", "line 2: tracks.a.bank: 0xffffffffffffffffff is outside 0 to 127"),
        (f"soundfont = 'a'\nx = 0x{'f' * 5000}\n", "line 2: x: no such key"),
        ("[tracks.a]\npan = true\n", "line 2: tracks.a.pan: must be a number from -1 to 1"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, said: str) -> None:
    assert mistakes(text)[0].startswith(said)


def test_bytes_that_are_no_text_and_endless_nesting_are_refused() -> None:
    for data in (b"a = '\xff'", b"a = " + b"[" * 100_000):
        with pytest.raises(BadInput):
            read_mix(data, PATH)


def test_at_most_ten_mistakes_are_told() -> None:
    assert len(mistakes("[tracks.a]\n" + "".join(f"x{n} = 1\n" for n in range(30)))) == 10


def test_a_start_changes_nothing_and_can_be_taken_at_its_word() -> None:
    found = mix(START)
    assert [t.name for t in found.tracks] == ["Melody", 'Piano "left" \\ 鍵盤', "Drums"]
    assert {t.mix for t in found.tracks} == {TrackMix(gain_db=0.0)}
    assert (found.soundfont, found.reverb, found.chorus) == (None, Reverb(), Chorus())
    whole = mix(uncommented(START).replace("\ngain_db = 0.0             #", "\n#"))
    assert whole.soundfont == "Some font.sf2"
    assert whole.tracks[0].mix == TrackMix(73, 0, 0.0, -0.25, 0.1, 0.0, False, False)
    assert [t.mix.program for t in whole.tracks] == [73, 3, 40]
    assert (whole.reverb.room, whole.chorus.voices, whole.master) == (0.2, 3, Master(-16.0, -1.0))


def test_a_start_explains_every_key() -> None:
    for key in (*TRACK_KEYS, *(key for keys in TABLES.values() for key in keys)):
        assert key.about in START
    assert set(tomllib.loads(START)) == {"format", "tracks", "master", "reverb", "chorus"}


@pytest.mark.parametrize("key", [k for k in TRACK_KEYS if k.low is not None], ids=lambda key: key.name)
def test_the_ends_of_every_range_are_taken_and_no_more(key: Key) -> None:
    assert key.low is not None and key.high is not None
    step = 1 if key.is_whole else 0.01
    for value in (key.low, key.high):
        mix(f"[tracks.a]\n{key.name} = {value}\n")
    for value in (key.low - step, key.high + step):
        assert mistakes(f"[tracks.a]\n{key.name} = {value}\n")[0].startswith(f"line 2: tracks.a.{key.name}: ")


def test_instruments_and_kits_are_known_by_name() -> None:
    assert PROGRAMS["flute"] == 73 and PROGRAMS["brush kit"] == 40
    assert len(PROGRAMS) == len({name.casefold() for name in PROGRAMS})
