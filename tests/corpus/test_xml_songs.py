"""Songs from MusicXML: voice, piano, bars, ties. The scores are made by code."""

from __future__ import annotations

from pathlib import Path

import pytest

from composer.corpus.abc import UnusableTune
from composer.corpus.lieder import songs_in, songs_of
from composer.corpus.xml_songs import xml_song

PITCHES = {67: "<step>G</step><octave>4</octave>", 71: "<step>B</step><octave>4</octave>",
           74: "<step>D</step><octave>5</octave>", 66: "<step>F</step><alter>1</alter><octave>4</octave>",
           43: "<step>G</step><octave>2</octave>", 59: "<step>B</step><octave>3</octave>"}  # fmt: skip
HEAD = (
    "<attributes><divisions>2</divisions>{more}<time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
    '<direction><sound tempo="72"/></direction>'
)


def note(pitch: int | None, halves: int, inside: str = "", after: str = "") -> str:
    what = "<rest/>" if pitch is None else f"<pitch>{PITCHES[pitch]}</pitch>"
    return f"<note>{inside}{what}<duration>{halves}</duration>{after}</note>"


def sung(pitch: int, halves: int = 2) -> str:
    return note(pitch, halves, after="<lyric><text>la</text></lyric>")


def measures(bars: list[str], more: str = "") -> str:
    return "".join(
        f'<measure number="{n}">{HEAD.format(more=more) if n == 0 else ""}{bar}</measure>' for n, bar in enumerate(bars)
    )


PIANO_BAR = (
    note(67, 4, after="<staff>1</staff>") + note(71, 4, "<chord/>") + note(67, 4)
    + "<backup><duration>8</duration></backup>" + note(43, 8, after="<staff>2</staff>")
)  # fmt: skip
VOICE_BAR = sung(67) + sung(71) + sung(74) + sung(71)


def score(voice: list[str], piano: list[str], third: str = "") -> bytes:
    return (
        "<score-partwise><movement-title>Made</movement-title>"
        '<identification><creator type="composer">Jane Doe</creator></identification>'
        f'<part id="P1">{measures(voice)}</part><part id="P2">{measures(piano, "<staves>2</staves>")}</part>{third}'
        "</score-partwise>"
    ).encode()


def test_a_score_of_voice_and_piano_is_a_song() -> None:
    written = xml_song(score([VOICE_BAR] * 10, [PIANO_BAR] * 10), "song.musicxml")
    assert (written.name, written.composer, written.title) == ("song", "Jane Doe", "Made")
    assert written.melody[:2] == ((0, 480, 67), (480, 960, 71))
    assert written.accompaniment[:4] == ((0, 1920, 43), (0, 960, 67), (0, 960, 71), (960, 1920, 67))
    (song,) = songs_of(written)
    assert (str(song.key), song.bars, song.tempo_bpm) == ("G major", 10, 72.0)


def test_a_pick_up_bar_stays_before_the_first_bar_line() -> None:
    voice, piano = [sung(74), *[VOICE_BAR] * 9], [note(43, 2, after="<staff>2</staff>"), *[PIANO_BAR] * 9]
    written = xml_song(score(voice, piano), "song.xml")
    assert written.bar_starts[:3] == (0, 480, 2400)
    (song,) = songs_of(written)
    assert song.bars == 9 and song.melody[0] == (0, 480, 67)


def test_two_halves_of_a_bar_around_a_repeat_are_one() -> None:
    halves = [sung(67) + sung(71), sung(74) + sung(71)]
    low = [note(43, 4), note(43, 4)]
    voice, piano = [VOICE_BAR] * 5 + halves + [VOICE_BAR] * 5, [PIANO_BAR] * 5 + low + [PIANO_BAR] * 5
    written = xml_song(score(voice, piano), "song.xml")
    assert written.bar_starts == tuple(range(0, 12 * 1920, 1920))
    assert [song.bars for song in songs_of(written)] == [11]


def test_tied_notes_are_one_and_grace_notes_none() -> None:
    held = note(67, 8, after='<tie type="start"/><lyric/>'), note(67, 8, after='<tie type="stop"/><tie type="start"/>')
    grace = f"<note><grace/><pitch>{PITCHES[66]}</pitch></note>"
    last = grace + note(67, 4, after='<tie type="stop"/>') + sung(71, 4)
    written = xml_song(score([*held, last, *[VOICE_BAR] * 8], [PIANO_BAR] * 11), "song.xml")
    assert written.melody[:2] == ((0, 4800, 67), (4800, 5760, 71))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (score([VOICE_BAR.replace("lyric", "lyrik")] * 9, [PIANO_BAR] * 9), "not one voice"),
        (score([VOICE_BAR] * 9, [PIANO_BAR] * 9, f'<part id="P3">{measures([VOICE_BAR] * 9)}</part>'), "not one voice"),
        (score([VOICE_BAR] * 9, [PIANO_BAR] * 9).replace(b"<divisions>2<", b"<divisions>0<"), "cannot be read"),
        (score([VOICE_BAR] * 9, [PIANO_BAR] * 9).replace(b"<octave>4<", b"<octave>40<"), "no instrument"),
        (score([VOICE_BAR] * 9, [PIANO_BAR] * 9)[:-30], "cannot be read"),
        (score([VOICE_BAR] * 9, [PIANO_BAR] * 9).replace(b"<time>", b"<tyme>").replace(b"</time>", b"</tyme>"),
         "no metre"),
    ],
)  # fmt: skip
def test_other_scores_are_left_out_with_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnusableTune, match=reason):
        xml_song(content, "song.xml")


def test_a_folder_may_mix_scores_and_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.musicxml").write_bytes(score([VOICE_BAR] * 9, [PIANO_BAR] * 9))
    (tmp_path / "b.xml").write_bytes(b"<svg/>")
    (tmp_path / "c.mscx").write_bytes(b"<museScore/>")
    refused: dict[str, int] = {}
    assert [song.name for song in songs_in(tmp_path, refused)] == ["a"]
    assert refused == {"not MusicXML": 1}
