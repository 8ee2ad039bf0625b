from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from music21 import converter, harmony, stream

from composer.formats.score.musicxml import musicxml_bytes
from composer.formats.score.notation import in_bars, in_voices, on_grid, written_values
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import BASS, CHORDS, DRUMS, MELODY, ChordSpan, Marker, Note, Part, Piece, Tempo
from composer.music.time import meter_of

FOUR, SIX = meter_of("4/4"), meter_of("6/8")


def played(*notes: tuple[int, int, int]) -> tuple[Note, ...]:
    return tuple(sorted(Note(start, pitch, length) for start, pitch, length in notes))


def band() -> Piece:
    melody = [(i * 480 + (i % 3), 67 + (0, 2, 4, 5)[i % 4], 440) for i in range(6)] + [(2880, 78, 1700)]
    triplets = [(3 * 1920 + i * 160, 74, 150) for i in range(6)]
    chords = [
        (bar * 1920 + i * 240, p, 230) for bar in range(4) for i, p in enumerate((43, 50, 55, 59, 71, 59, 55, 50))
    ]
    bass = [(bar * 1920, 31 + bar, 1900) for bar in range(4)]
    drums = [(i * 240, 42 if i % 2 else 36, 40) for i in range(32)] + [(487, 38, 40)]
    parts = (
        Part("Tune & <more>", MELODY, 73, played(*melody, *triplets)), Part("Piano", CHORDS, 0, played(*chords)),
        Part("Bass", BASS, 32, played(*bass)), Part("Drums", DRUMS, 0, played(*drums)),
    )  # fmt: skip
    spans = (
        ChordSpan(0, 1920, chord_of("G")),
        ChordSpan(1920, 3840, chord_of("Bm7/F#")),
        ChordSpan(3840, 7680, chord_of("Em")),
    )
    return Piece(
        "A title\x07", FOUR, key_of("G", "major"), (Tempo(0, 90.0),), parts, 4 * 1920,
        markers=(Marker(0, "A"), Marker(3840, "B")), chords=spans,
    )  # fmt: skip


def sounding(score: stream.Score) -> int:
    count = 0
    for element in score.recurse().notes:
        if not isinstance(element, harmony.ChordSymbol):
            heads = element.notes if hasattr(element, "notes") else (element,)
            count += sum(head.tie is None or head.tie.type == "start" for head in heads)
    return count


def read(data: bytes) -> stream.Score:
    score = converter.parse(data.decode(), format="musicxml", forceSource=True)
    assert isinstance(score, stream.Score)
    return score


def test_every_note_is_written_once() -> None:
    piece = band()
    score = read(musicxml_bytes(piece))
    assert sounding(score) == sum(len(p.notes) for p in piece.parts)
    assert len(score.parts) == 5  # the piano has two staves
    assert [c.figure for c in score.recurse().getElementsByClass(harmony.ChordSymbol)] == ["G", "Bm7/F#", "Em"]


def test_a_piano_that_stays_low_or_high_has_one_staff() -> None:
    piece = band()
    low = Part("Piano", CHORDS, 0, played(*((bar * 1920, p, 900) for bar in range(4) for p in (43, 50, 55))))
    score = read(musicxml_bytes(replace(piece, parts=(piece.parts[0], low))))
    assert len(score.parts) == 2
    assert type(score.parts[1].recurse().getElementsByClass("Clef").first()).__name__ == "BassClef"


def test_the_same_piece_gives_the_same_bytes_without_a_date() -> None:
    data = musicxml_bytes(band())
    assert data == musicxml_bytes(band())
    assert b"encoding-date" not in data
    assert b"music21" not in data


def test_drums_say_which_drum_they_are() -> None:
    root = ElementTree.fromstring(musicxml_bytes(band()))
    sounds = {e.text for e in root.iter("midi-unpitched")}
    assert sounds == {"37", "39", "43"}  # MusicXML counts from 1
    named = {e.get("id") for e in root.iter("score-instrument")}
    assert all(e.get("id") in named for n in root.iter("note") for e in n.iter("instrument"))


def test_every_bar_is_full_in_every_voice() -> None:
    root = ElementTree.fromstring(musicxml_bytes(band()))
    divisions = int(root.findtext(".//divisions") or 0)
    for part in root.iter("part"):
        for measure in part.iter("measure"):
            lengths: dict[str, int] = {}
            for note in measure.iter("note"):
                if note.find("chord") is None:
                    voice = (note.findtext("staff") or "") + (note.findtext("voice") or "")
                    lengths[voice] = lengths.get(voice, 0) + int(note.findtext("duration") or 0)
            assert set(lengths.values()) <= {4 * divisions}


def test_a_held_bass_under_a_moving_left_hand_is_a_voice_of_its_own() -> None:
    """With one number for both, notation programs write the second voice behind the first, in a bar twice as long."""
    left = [(0, 36, 1920)] + [(i * 240, p, 230) for i, p in enumerate((48, 52, 55, 52, 48, 52, 55, 52))]
    right = [(i * 480, 72, 470) for i in range(4)]
    piano = Part("Piano", CHORDS, 0, played(*left, *right))
    piece = Piece("x", FOUR, key_of("C", "major"), (Tempo(0, 90.0),), (piano,), 1920)
    root = ElementTree.fromstring(musicxml_bytes(piece))
    divisions = int(root.findtext(".//divisions") or 0)
    lengths: dict[tuple[str | None, str | None], int] = {}
    for note in root.iter("note"):
        if note.find("chord") is None:
            voice = note.findtext("staff"), note.findtext("voice")
            lengths[voice] = lengths.get(voice, 0) + int(note.findtext("duration") or 0)
    assert lengths == dict.fromkeys([("1", "1"), ("2", "5"), ("2", "6")], 4 * divisions)


def test_notes_are_spelled_in_the_key() -> None:
    flat = Part("Tune", MELODY, 73, played((0, 70, 480), (480, 75, 480), (960, 66, 480)))
    piece = Piece("x", FOUR, key_of("Bb", "minor"), (Tempo(0, 90.0),), (flat,), 1920)
    names = [n.pitch.name for n in read(musicxml_bytes(piece)).recurse().notes]
    assert names == ["B-", "E-", "G-"]


@pytest.mark.parametrize("parts", [(), (Part("Empty", MELODY, 0, ()),), (Part("Kit", DRUMS, 0, ()),)])
def test_a_piece_without_notes_is_a_bar_of_rest(parts: tuple[Part, ...]) -> None:
    piece = Piece("", FOUR, key_of("C", "major"), (Tempo(0, 90.0),), parts, 0)
    assert sounding(read(musicxml_bytes(piece))) == 0


def test_jitter_and_short_gaps_do_not_reach_the_page() -> None:
    notes = played(*((i * 480 + (-7, 5, 0, 8)[i % 4] * (i > 0), 60, 430) for i in range(4)))
    written = on_grid(notes, FOUR)
    assert [(w.start, w.end) for w in written] == [(i * 480, (i + 1) * 480) for i in range(4)]
    assert not any(w.staccato for w in written)


def test_triplets_and_sixteenths_are_told_apart() -> None:
    notes = played(*((i * 160 + i, 60 + i, 150) for i in range(3)), *((480 + i * 120, 60 + i, 110) for i in range(4)))
    assert [w.start for w in on_grid(notes, FOUR)] == [0, 160, 320, 480, 600, 720, 840]


def test_short_notes_get_a_dot_instead_of_rests() -> None:
    assert all(
        w.staccato and w.end - w.start == 480
        for w in on_grid(played((0, 60, 240), (480, 62, 240), (960, 64, 220)), FOUR)[:2]
    )


def test_silence_at_a_bar_line_or_another_chord_is_a_rest() -> None:
    figure = played(*((offset, 60, 240) for offset in (240, 1680, 2160)))
    assert [(w.start, w.end) for w in on_grid(figure, FOUR)] == [(240, 480), (1680, 1920), (2160, 2400)]
    detached = played((720, 60, 230), (1200, 62, 450))
    assert [(w.start, w.end) for w in on_grid(detached, FOUR)] == [(720, 1200), (1200, 1680)]
    assert [(w.start, w.end) for w in on_grid(detached, FOUR, [960])] == [(720, 960), (1200, 1680)]


def test_a_whole_beat_of_silence_is_a_rest() -> None:
    assert [(w.start, w.end) for w in on_grid(played((0, 60, 430), (960, 62, 940)), FOUR)] == [(0, 480), (960, 1920)]


def test_a_note_that_fades_before_the_bar_line_is_written_up_to_it() -> None:
    written = on_grid(played((1440, 60, 380), (2400, 62, 380)), FOUR)
    assert [(w.start, w.end) for w in written] == [(1440, 1920), (2400, 2880)]


def test_the_score_holds_no_note_longer_than_its_chord() -> None:
    """An arpeggio that leaves the beat to the bass rests there, and is not tied into the next chord."""
    notes = played(*((bar * 1920 + 240 * i, 55 + i, 240) for bar in range(2) for i in range(1, 8)))
    spans = (ChordSpan(0, 1920, chord_of("Dm")), ChordSpan(1920, 3840, chord_of("Am")))
    part = Part("Harp", CHORDS, 46, notes)
    piece = Piece("x", FOUR, key_of("A", "minor"), (Tempo(0, 90.0),), (part,), 3840, chords=spans)
    root = ElementTree.fromstring(musicxml_bytes(piece))
    assert not list(root.iter("tie"))
    assert len(list(root.iter("rest"))) == 2


def test_held_notes_and_moving_notes_are_two_voices() -> None:
    notes = played((0, 48, 1920), *((i * 480, 60 + i, 480) for i in range(4)))
    upper, lower = in_voices(on_grid(notes, FOUR))
    assert [w.pitches for w in lower] == [(48,)]
    assert len(upper) == 4


def test_values_show_the_beats() -> None:
    assert written_values(240, 960, FOUR) == [(240, 240), (480, 480), (960, 240)]
    assert written_values(0, 1920, FOUR) == [(0, 1920)]
    assert written_values(480, 960, FOUR) == [(480, 960)]
    assert written_values(240, 720, SIX) == [(240, 480), (720, 240)]
    assert all(
        sum(length for _, length in written_values(o, n, m)) == n
        for m in (FOUR, SIX)
        for o in range(0, 960, 60)
        for n in range(60, 480, 60)
    )


def test_ties_cross_the_bar_line() -> None:
    bars = in_bars(in_voices(on_grid(played((1440, 60, 960)), FOUR))[0], 2, FOUR)
    assert [(v.offset, v.length, v.tied_to, v.tied_from) for b in bars for v in b if v.pitches] == [
        (1440, 480, True, False), (0, 480, False, True),
    ]  # fmt: skip


def test_key_changes_respell() -> None:
    tune = Part("Tune", MELODY, 73, played((0, 61, 480), (1920, 61, 480)))
    piece = Piece(
        "x", FOUR, key_of("D", "major"), (Tempo(0, 90.0),), (tune,), 3840, keys=((1920, key_of("Ab", "major")),)
    )
    assert [n.pitch.name for n in read(musicxml_bytes(piece)).recurse().notes] == ["C#", "D-"]
    assert replace(piece, keys=()) != piece


def test_a_rest_on_the_downbeat_of_a_waltz_stays_a_rest() -> None:

    offbeats = [Note(bar * 1440 + beat * 480, 60, 480) for bar in range(2) for beat in (1, 2)]
    assert [(w.start, w.end) for w in on_grid(offbeats, meter_of("3/4"))] == [(n.start, n.end) for n in offbeats]


def test_foreign_chords_are_spelled_in_thirds() -> None:
    lowered, key = chord_of("Ab"), key_of("C", "major")
    notes = played((0, 68, 1920), (1920, 68, 1920))
    spans = (ChordSpan(0, 1920, lowered), ChordSpan(1920, 3840, chord_of("E")))
    part = Part("Melody", MELODY, 0, notes)
    piece = Piece("p", meter_of("4/4"), key, (Tempo(0, 100.0),), (part,), 3840, chords=spans)
    score = read(musicxml_bytes(piece))
    assert [n.name for n in score.recurse().notes if not isinstance(n, harmony.ChordSymbol)] == ["A-", "G#"]
    assert [s.root().name for s in score.recurse().getElementsByClass(harmony.ChordSymbol)] == ["A-", "E"]


def _names(piece: Piece) -> list[str | None]:
    return [name.text for name in ElementTree.fromstring(musicxml_bytes(piece)).iter("part-name")]


def test_parts_that_are_called_by_their_role_have_the_name_of_their_instrument() -> None:
    notes = played((0, 67, 480))
    flute, piano = Part("Melody", MELODY, 73, notes), Part("Accompaniment", CHORDS, 0, notes)
    bass, drums = Part("Bass", BASS, 32, played((0, 36, 480))), Part("Drums", DRUMS, 0, notes)
    piece = replace(band(), parts=(flute, piano, bass, drums))
    assert _names(piece) == ["Flute", "Piano", "Acoustic bass", "Drums"]
    assert _names(replace(piece, parts=(replace(flute, name="Solo"), piano))) == ["Solo", "Piano"]
    assert _names(replace(piece, parts=(replace(flute, program=0), piano))) == ["Melody", "Accompaniment"]


def _marks(piece: Piece) -> list[tuple[str, str | None]]:
    """Each direction with a tempo: what is printed, and what sounds."""
    return [
        (direction.findtext(".//words") or direction.findtext(".//per-minute") or "", sound.get("tempo"))
        for direction in ElementTree.fromstring(musicxml_bytes(piece)).iter("direction")
        if (sound := direction.find("sound")) is not None
    ]


def test_a_last_bar_that_slows_down_is_a_ritardando() -> None:
    piece = replace(band(), tempi=(Tempo(0, 90.0), Tempo(3 * 1920, 80.0)))
    assert _marks(piece) == [("90", "90"), ("rit.", "80")]
    assert _marks(replace(piece, tempi=(Tempo(0, 90.0), Tempo(2 * 1920, 80.0))))[1] == ("80", "80")
    assert _marks(replace(piece, tempi=(Tempo(0, 90.0), Tempo(3 * 1920, 40.0))))[1] == ("40", "40")
    assert _marks(replace(piece, tempi=(Tempo(0, 90.0), Tempo(3 * 1920, 99.0))))[1] == ("99", "99")


def test_a_chord_symbol_has_no_natural_sign() -> None:
    part = Part("Tune", MELODY, 73, played((0, 66, 960), (960, 65, 960)))
    spans = (ChordSpan(0, 960, chord_of("D")), ChordSpan(960, 1920, chord_of("F7/C")))
    piece = Piece("x", FOUR, key_of("A", "minor"), (Tempo(0, 90.0),), (part,), 1920, chords=spans)
    root = ElementTree.fromstring(musicxml_bytes(piece))
    assert not [*root.iter("root-alter"), *root.iter("bass-alter")]
    assert [h.findtext("root/root-step") for h in root.iter("harmony")] == ["D", "F"]


def test_abbreviations_say_who_plays() -> None:
    notes = played((0, 67, 480))

    def short(*names: str) -> list[str | None]:
        parts = tuple(Part(name, MELODY, program, notes) for program, name in enumerate(names))
        root = ElementTree.fromstring(musicxml_bytes(replace(band(), parts=parts)))
        return [name.text for name in root.iter("part-abbreviation")]

    assert short("Acoustic bass", "Oboe", "Clarinet") == ["A. bass", "Oboe", "Clar."]
    assert short("Zweite Fl\u00f6te", "Zweite Geige") == ["Z. Fl\u00f6te", "Z. Geige"]
    assert short("Clarinet", "Clarino") == ["Clarinet", "Clarino"]
