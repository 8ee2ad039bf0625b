"""Scores in a user's folder: MusicXML, packed MusicXML and kern. The files are made by code."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from composer.corpus import catalog
from composer.corpus.abc import UnusableTune
from composer.corpus.own import read_files, score_tunes
from composer.corpus.scores import ScoreMelody, read_score
from composer.limits import MIDI_NOTES_MUSIC21

STEPS = "CDEFGAB"
NOTES = ((67, 1), (69, 1), (71, 1), (74, 1))  # a bar of quarters in G
NAMES = {66: ("F", 1, 4), 67: ("G", 0, 4), 69: ("A", 0, 4), 71: ("B", 0, 4), 74: ("D", 0, 5), 43: ("G", 0, 2)}


def note_xml(pitch: int | None, quarters: int, extra: str = "") -> str:
    if pitch is None:
        return f"<note><rest/><duration>{quarters}</duration></note>"
    step, alter, octave = NAMES[pitch]
    return (
        f"<note>{extra}<pitch><step>{step}</step><alter>{alter}</alter><octave>{octave}</octave></pitch>"
        f"<duration>{quarters}</duration></note>"
    )


def bars_xml(bars: int, pitches: tuple[int, ...] = (67, 69, 71, 74), head: str = "", first: str = "") -> str:
    attributes = (
        "<attributes><divisions>1</divisions><key><fifths>1</fifths></key>"
        f"<time><beats>4</beats><beat-type>4</beat-type></time></attributes>{head}"
    )
    music = [first] if first else []
    music += ["".join(note_xml(p, 1) for p in (pitches if n % 4 < 3 else (67, 66))) for n in range(bars - 1)]
    music = [m if m.count("<note") != 2 or m == first else m + note_xml(67, 2) for m in music] + [note_xml(67, 4)]
    return "".join(f'<measure number="{n}">{attributes if n == 0 else ""}{m}</measure>' for n, m in enumerate(music))


def score_xml(*parts: tuple[str, str], before: str = "") -> bytes:
    names = "".join(f'<score-part id="P{n}"><part-name>{name}</part-name></score-part>' for n, (name, _) in
                    enumerate(parts))  # fmt: skip
    music = "".join(f'<part id="P{n}">{content}</part>' for n, (_, content) in enumerate(parts))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<score-partwise version="3.1">'
        f"<work><work-title>Made</work-title></work><part-list>{names}</part-list>{music}</score-partwise>"
    ).encode()


def kern(bars: int, columns: int = 1) -> bytes:
    rows = ["**kern", "*M4/4", "*k[f#]", "*G:"]
    for bar in range(bars):
        rows += [f"={bar + 1}", *(("4g", "4a", "4b", "4dd") if bar < bars - 1 else ("1g",))]
    rows += ["==", "*-"]
    low = {"4g": "4GG", "4a": "4r", "4b": "4r", "4dd": "4r", "1g": "1GG"}
    return "\n".join("\t".join([low.get(row, row)] * (columns - 1) + [row]) for row in rows).encode()


def packed(content: bytes, name: str = "score.xml") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr(name, content)
    return stream.getvalue()


def heard(content: bytes, suffix: str = ".musicxml") -> ScoreMelody:
    return read_score(content, suffix)


def test_a_score_gives_its_melody_with_metre_key_tempo_and_title() -> None:
    tempo = '<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>96</per-minute></metronome></direction-type><sound tempo="96"/></direction>'  # noqa: E501
    found = heard(score_xml(("Flute", bars_xml(10, head=tempo))))
    assert (str(found.meter), found.title, found.beats_per_minute) == ("4/4", "Made", 96.0)
    assert found.notes[:4] == ((0, 480, 67), (480, 960, 69), (960, 1440, 71), (1440, 1920, 74))
    (tune,) = score_tunes(score_xml(("Flute", bars_xml(10))), ".xml", "mine/x", "mine")
    assert (tune.id, str(tune.key), tune.bars, tune.events[0].pitch) == ("mine/x#0", "G major", 10, 0)


def test_a_part_called_voice_is_the_melody_else_the_first() -> None:
    low = bars_xml(8, (43, 43, 43, 43))
    assert heard(score_xml(("Piano", low), ("Voice", bars_xml(8)))).notes[0][2] == 67
    assert heard(score_xml(("Piano", low), ("Flute", bars_xml(8)))).notes[0][2] == 43


def test_a_pick_up_ends_at_the_first_bar_line() -> None:
    found = heard(score_xml(("A", bars_xml(9, first=note_xml(74, 1)))))
    assert found.notes[:2] == ((1440, 1920, 74), (1920, 2400, 67))


def test_chords_give_their_top_note_and_grace_notes_are_left_out() -> None:
    grace = "<note><grace/><pitch><step>A</step><octave>4</octave></pitch></note>"
    chord = note_xml(67, 4) + note_xml(74, 4, "<chord/>")
    found = heard(score_xml(("A", bars_xml(8, first=grace + chord))))
    assert found.notes[:2] == ((0, 1920, 74), (1920, 2400, 67))


def test_packed_scores_and_kern_read_alike() -> None:
    plain = heard(score_xml(("A", bars_xml(8))))
    assert heard(packed(score_xml(("A", bars_xml(8)))), ".mxl").notes == plain.notes
    found = heard(kern(8, columns=3), ".krn")
    assert found.notes[:2] == ((0, 480, 67), (480, 960, 69)) and str(found.key) == "G major"


HOSTILE = {
    "entities": (score_xml(("A", bars_xml(8)), before='<!DOCTYPE x [<!ENTITY a "aaaa">]>'), ".xml", "entities"),
    "cut": (score_xml(("A", bars_xml(8)))[:-40], ".xml", "cannot be read as a score"),
    "notes": (b"<score-partwise>" + b"<note/>" * (MIDI_NOTES_MUSIC21 + 1), ".xml", "over 10000 notes"),
    "metre": (score_xml(("A", bars_xml(8).replace("<beats>4<", "<beats>999999999<"))), ".xml", "metre"),
    "endless metre": (
        score_xml(("A", bars_xml(8).replace("<beats>4<", "<beats>1" + "+1" * 500 + "<"))),
        ".xml",
        "metre",
    ),
    "pitch": (score_xml(("A", bars_xml(8).replace("<octave>4<", "<octave>999<"))), ".xml", "no instrument"),
    "other xml": (b"<svg></svg>", ".xml", "not MusicXML"),
    "no zip": (b"PK\x03\x04nothing", ".mxl", "damaged"),
    "zip without score": (packed(b"x", "note.txt"), ".mxl", "without a score"),
    "bomb": (packed(b" " * 21_000_000), ".mxl", "unpacks to over 20 MB"),
    "no kern": (b"hello", ".krn", "not kern"),
    "kern metre": (kern(8).replace(b"*M4/4", b"*M99999/4"), ".krn", "metre"),
    "empty kern": (b"**kern\n*-\n", ".krn", "no notes|no bars|cannot"),
    "no notes": (score_xml(("A", "")), ".xml", "no notes|cannot"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_scores_are_left_out_with_a_reason(name: str) -> None:
    content, suffix, reason = HOSTILE[name]
    with pytest.raises(UnusableTune, match=reason):
        read_score(content, suffix)


def test_a_score_that_changes_metre_is_left_out() -> None:
    two = bars_xml(12).replace('<measure number="6">', '<measure number="6"><attributes><time><beats>3</beats>'
                               "<beat-type>4</beat-type></time></attributes>")  # fmt: skip
    with pytest.raises(UnusableTune, match="changes metre"):
        heard(score_xml(("A", two)))


def test_a_folder_of_scores_is_read_and_the_bad_ones_listed(tmp_path: Path) -> None:
    (tmp_path / "a.musicxml").write_bytes(score_xml(("A", bars_xml(10))))
    (tmp_path / "b.mxl").write_bytes(packed(score_xml(("A", bars_xml(10)))))
    (tmp_path / "c.krn").write_bytes(kern(9))
    (tmp_path / "d.xml").write_bytes(b"<svg/>")
    (tmp_path / "e.mxl").write_bytes(b"")
    tunes, skipped = read_files(catalog.own(tmp_path).paths(), "mine")
    assert [t.id for t in tunes] == ["mine/a#0", "mine/b#0", "mine/c#0"]
    assert [s.file.name for s in skipped] == ["d.xml", "e.mxl"]
