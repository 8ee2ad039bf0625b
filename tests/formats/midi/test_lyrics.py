"""Lyrics of files as a DAW saves them: whose they are, how they are divided, and where the score has them."""

from __future__ import annotations

from xml.etree import ElementTree

import mido
import pytest

from composer.formats.brief.brief import Brief
from composer.formats.brief.text import read_brief
from composer.formats.midi.lyrics import syllables, under_notes
from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import read_source
from composer.formats.score.musicxml import musicxml_bytes
from composer.music.notes import Lyric
from tests.export.files import Timed, brief_json, midi_of

QUARTER = 480
SUNG = ("Stil-", "le", "Nacht,", "hei-", "li-", "ge", "Nacht", "é<&>")


def _notes(pitches: list[int], late: int = 0, length: int = QUARTER, channel: int = 0) -> list[Timed]:
    found: list[Timed] = []
    for index, pitch in enumerate(pitches):
        start = index * length + late
        found.append((start, mido.Message("note_on", note=pitch, velocity=80, channel=channel)))
        found.append((start + length - 20, mido.Message("note_off", note=pitch, channel=channel)))
    return found


def _words(words: tuple[str, ...] = SUNG, step: int = QUARTER) -> list[Timed]:
    return [(index * step, mido.MetaMessage("lyrics", text=word)) for index, word in enumerate(words)]


def _named(name: str) -> Timed:
    return 0, mido.MetaMessage("track_name", name=name)


def _lyrics(data: bytes) -> list[tuple[str, int, str | None, str | None]]:
    """(part, bar, syllabic, text) in the order of the score."""
    root = ElementTree.fromstring(musicxml_bytes(piece_of(read_source(data, "a.mid"))))
    names = {p.get("id"): p.findtext("part-name") or "" for p in root.iter("score-part")}
    return [
        (names[part.get("id")], int(measure.get("number", "0")), lyric.findtext("syllabic"), lyric.findtext("text"))
        for part in root.iter("part")
        for measure in part.iter("measure")
        for lyric in measure.iter("lyric")
    ]


def _directions(data: bytes, brief: Brief | None = None) -> list[tuple[str, str | None]]:
    root = ElementTree.fromstring(musicxml_bytes(piece_of(read_source(data, "a.mid"), brief)))
    return [(e.tag, e.text) for e in root.iter() if e.tag in ("rehearsal", "words")]


@pytest.mark.parametrize("late", [0, 5, 37])
def test_syllables_stand_under_their_notes_also_when_those_are_played_late(late: int) -> None:
    voice = [_named("Voice"), *_notes([60, 62, 64, 65, 67, 69, 71, 72], late), *_words()]
    assert _lyrics(midi_of([_named("Song")], voice)) == [
        ("Voice", 1, "begin", "Stil"), ("Voice", 1, "end", "le"), ("Voice", 1, "single", "Nacht,"),
        ("Voice", 1, "begin", "hei"), ("Voice", 2, "middle", "li"), ("Voice", 2, "end", "ge"),
        ("Voice", 2, "single", "Nacht"), ("Voice", 2, "single", "é<&>"),
    ]  # fmt: skip


def test_a_tied_note_has_its_word_once_and_a_word_between_notes_stands_above() -> None:
    data = midi_of(
        [_named("Voice"), *_notes([60, 62], length=3 * QUARTER), *_words(("Long", "note", "late"), 1440 // 2)]
    )
    assert _lyrics(data) == [("Voice", 1, "single", "Long"), ("Voice", 1, "single", "late")]
    assert ("words", "note") in _directions(data)


def test_words_of_a_track_that_plays_nothing_go_to_the_notes_they_fit() -> None:
    bass = [_named("Bass"), *_notes([40, 43], length=4 * QUARTER, channel=1)]
    voice = [_named("Lead"), *_notes([60, 62, 64, 65, 67, 69, 71, 72])]
    drums = [_named("Drums"), *_notes([36] * 8, channel=9)]
    found = _lyrics(midi_of([_named("Words"), *_words()], drums, bass, voice))
    assert [part for part, *_ in found] == ["Lead"] * 8


def test_words_of_a_track_with_two_channels_go_to_the_voice_and_not_to_the_piano() -> None:
    piano = [(tick, message) for tick, message in _notes([48, 50], length=4 * QUARTER, channel=1)]
    (first, second) = piece_of(
        read_source(midi_of([*piano, *_notes([60, 62, 64, 65, 67, 69, 71, 72]), *_words()]), "a.mid")
    ).parts
    assert [len(part.lyrics) for part in (first, second)] == [8, 0]


@pytest.mark.parametrize("channel", [0, 9])
@pytest.mark.parametrize("pitches", [[36], [36, 38]])
def test_chords_and_drums_can_have_words(pitches: list[int], channel: int) -> None:
    events = [one for pitch in pitches for one in _notes([pitch, pitch], channel=channel)]
    assert [text for *_, text in _lyrics(midi_of([_named("Kit"), *events, *_words(("boom", "chak"))]))] == [
        "boom",
        "chak",
    ]


def test_both_hands_of_a_piano_are_searched() -> None:
    low = _notes([36, 38, 40, 41], length=2 * QUARTER)
    high = [(tick + QUARTER, message) for tick, message in _notes([76, 77, 79, 81], length=2 * QUARTER)]
    events = [_named("Chords"), (0, mido.Message("program_change", program=0)), *low, *high]
    texts = [text for *_, text in _lyrics(midi_of(events + _words()))]
    assert sorted(filter(None, texts)) == sorted(word.strip("-") for word in SUNG)


def _told(*texts: str) -> list[tuple[str, str]]:
    return [(s.text, s.syllabic) for _, s in syllables([Lyric(i, text) for i, text in enumerate(texts)])]


def test_hyphens_before_and_after_make_one_word_and_signs_alone_make_none() -> None:
    assert _told("Stil", "-le") == [("Stil", "begin"), ("le", "end")]
    assert _told("A-", "-", "-ve", "_", "\\Ma-", "ri-", "a ") == [
        ("A", "begin"), ("ve", "end"), ("Ma", "begin"), ("ri", "middle"), ("a", "end"),
    ]  # fmt: skip
    assert _told("Ah-") == [("Ah", "single")]
    assert _told("", " ", "-") == []


def test_two_words_on_one_note_are_joined() -> None:
    placed, free = under_notes([Lyric(0, "o"), Lyric(20, "Hei-"), Lyric(30, "land"), Lyric(700, "so")], [0, 480])
    assert ({tick: (s.text, s.syllabic) for tick, s in placed.items()}) == {0: ("o Heiland", "single")}
    assert [(tick, s.text) for tick, s in free] == [(700, "so")]


def test_only_names_of_sections_are_rehearsal_marks() -> None:
    names = ("A", "A'", "Verse 2", "poco più mosso", "Dawn", "look here", "B (again)")
    marks = [(i * 4 * QUARTER, mido.MetaMessage("marker", text=name)) for i, name in enumerate(names)]
    data = midi_of([_named("Song"), *marks], [_named("Voice"), *_notes([60] * 28)])
    brief = read_brief(brief_json().replace(b'"name": "A"', b'"name": "Dawn"'), "a.brief.json")
    sections = {"A", "A'", "Verse 2", "B (again)"}
    told = {text: tag for tag, text in _directions(data)}
    assert told == {name: "rehearsal" if name in sections else "words" for name in names}
    told = {text: tag for tag, text in _directions(data, brief)}
    assert told == {name: "rehearsal" if name in {*sections, "Dawn"} else "words" for name in names}
    root = ElementTree.fromstring(musicxml_bytes(piece_of(read_source(data, "a.mid"))))
    doubles = [m.get("number") for m in root.iter("measure") if m.findtext("barline/bar-style") == "light-light"]
    assert doubles == ["1", "2", "6"]
