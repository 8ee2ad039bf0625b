"""Chord symbols and other texts of a file that comes back: each stays what it was, and where it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from composer.compare.stage import compared
from composer.compare.words import rows_of
from composer.formats.midi.scan import META, RawEvent
from composer.formats.midi.source import TEXT, TRACK_NAME, SourceMidi, decoded, read_source
from composer.music.key import key_of
from tests.compare.pieces import BAR, bytes_of, piece
from tests.daw_return import damage
from tests.daw_return.damage import file_of, tracks_in
from tests.daw_return.test_stage import ORIGINAL, back, by_brief, control, meta, track, with_events

SYMBOLS = ["Dm", "Gm", "C", "A7"] * 2
WORDS = ("I ", "Am", "a ", "B", "E", "D", "go")


def text(tick: int, words: str) -> RawEvent:
    return meta(tick, TEXT, words.encode())


def with_track(data: bytes, name: str, *words: str) -> bytes:
    said = [text(480 * n, one) for n, one in enumerate(words)]
    return file_of([*tracks_in(data), [meta(0, TRACK_NAME, name.encode()), *said]], data)


def renamed(data: bytes, old: str, new: str) -> bytes:
    tracks = tracks_in(data)
    return file_of(
        [[e._replace(data=new.encode()) if e.data == old.encode() and e.meta == TRACK_NAME else e for e in t]
         for t in tracks], data,
    )  # fmt: skip


def texts_by_track(data: bytes) -> dict[str, list[str]]:
    source = read_source(data, "x.mid")
    said = {name: [decoded(e.data) for e in track(data, name) if e.meta == TEXT] for name in source.track_names}
    return {name: words for name, words in said.items() if words}


def chords_in_conductor(data: bytes) -> bytes:
    """As a program saves it that has texts in its first track only; the track of chords stays, empty."""
    tracks = tracks_in(data)
    texts = [e for t in tracks for e in t if e.meta == TEXT]
    left = [[e for e in t if e.meta != TEXT] for t in tracks]
    return file_of([[*left[0], *texts], *left[1:]], data)


def without_chord_track(data: bytes) -> bytes:
    return file_of(tracks_in(data)[:5], data)


BARE = without_chord_track(ORIGINAL)


def source(data: bytes) -> SourceMidi:
    return read_source(data, "x.mid")


def test_words_of_a_song_without_chords_stay_where_they_are() -> None:
    song = with_track(BARE, "Words", *WORDS)
    result = back(song, song)
    assert texts_by_track(result.midi) == {"Words": [word.strip() for word in WORDS]}
    assert source(result.midi).track_names == source(song).track_names
    assert rows_of(compared(song, "a.mid", result.midi, "b.mid")) == []


def test_a_song_without_chords_gets_no_track_for_them() -> None:
    assert source(back(BARE, BARE).midi).track_names == source(BARE).track_names


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_text_that_could_be_a_chord_stays_on_its_track(number: int) -> None:
    come = with_events(ORIGINAL, number, text(960, "A"), text(1920, "dolce"))
    result = back(come)
    assert texts_by_track(result.midi) == texts_by_track(come)
    assert rows_of(compared(come, "a.mid", result.midi, "b.mid")) == []
    told = [row.what for row in rows_of(compared(ORIGINAL, "a.mid", result.midi, "b.mid"))]
    assert told == ["beat 3: text A added", "text dolce added"]


def test_words_beside_chords_stay_words() -> None:
    song = with_track(ORIGINAL, "Words", "Dm", "A", "go")
    assert back(song, song).midi == song
    lost = file_of([t for n, t in enumerate(tracks_in(song)) if n != 5], song)
    assert texts_by_track(back(lost, song).midi) == texts_by_track(song)


@pytest.mark.parametrize("change", [damage.type_0, chords_in_conductor, damage.numbered_names, damage.no_names])
def test_symbols_that_a_program_moved_are_found_again_beside_words(change: damage.Damage) -> None:
    song = with_events(with_events(ORIGINAL, 1, text(480, "A")), 0, text(0, "Dm"))
    result = back(change(song), song)
    assert texts_by_track(result.midi)["Chords"] == SYMBOLS
    assert sorted(w for words in texts_by_track(result.midi).values() for w in words) == sorted([*SYMBOLS, "A", "Dm"])
    assert source(result.midi).track_names == source(song).track_names


@pytest.mark.parametrize("change", [damage.type_0, chords_in_conductor])
def test_moved_symbols_are_no_difference_and_words_are_told_as_texts(change: damage.Damage) -> None:
    assert not [e for e in compared(ORIGINAL, "a", change(ORIGINAL), "b").song if e.what in ("chord symbol", "text")]
    come = change(with_events(ORIGINAL, 0, text(BAR, "E")))
    edits = [e for e in compared(ORIGINAL, "a", come, "b").song if e.what != "track name"]
    told = [(e.what, e.after.text) for e in edits if e.after]
    assert told == [("text", "E")]


def test_a_symbol_renamed_in_a_type_0_file_is_a_changed_chord() -> None:
    come = damage.type_0(ORIGINAL)
    tracks = [[e._replace(data=b"F") if e.tick == BAR and e.meta == TEXT else e for e in t] for t in tracks_in(come)]
    assert texts_by_track(back(file_of(tracks, come)).midi) == {"Chords": ["Dm", "F", *SYMBOLS[2:]]}


def test_a_remark_on_the_chord_track_stays_there() -> None:
    come = with_events(ORIGINAL, 5, text(960, "solo?"), meta(100, 0x05, b"la"))
    result = back(come)
    assert source(result.midi).track_names == source(ORIGINAL).track_names
    assert [e.data for e in track(result.midi, "Chords") if e.meta in (TEXT, 0x05)] == [
        b"Dm", b"la", b"solo?", *(symbol.encode() for symbol in SYMBOLS[1:])
    ]  # fmt: skip


def test_a_foreign_track_of_chords_keeps_its_name() -> None:
    song = with_track(BARE, "Harmonies", "Dm", "A")
    assert back(song, song).midi == song
    plain = file_of([[e for e in t if e.meta != TEXT] for t in tracks_in(song)], song)
    assert back(plain, song).midi == song


def test_a_quiet_track_of_symbols_that_is_new_stays_as_it_is() -> None:
    come = with_track(BARE, "Harmonies", "Dm", "A")
    assert texts_by_track(back(come, BARE).midi) == {"Harmonies": ["Dm", "A"]}


def test_a_playing_track_called_chords_and_composer_s_own_get_along() -> None:
    come = renamed(ORIGINAL, "Piano", "Chords")
    result = back(come)
    assert source(result.midi).track_names == ("Small piece", "Melody", "Chords", "Bass", "Drums", "Chords")
    assert [e.data.decode() for e in source(result.midi).tracks[5] if e.meta == TEXT] == SYMBOLS
    again = back(result.midi, result.midi)
    assert again.midi == result.midi


def test_a_playing_track_called_chords_alone_gets_no_namesake() -> None:
    song = renamed(BARE, "Piano", "Chords")
    assert source(back(song, song).midi).track_names == ("Small piece", "Melody", "Chords", "Bass", "Drums")


def test_a_piece_called_chords_has_its_own_track_of_chords() -> None:
    named = bytes_of(replace(piece(), title="Chords"))
    assert back(named, named).midi == named
    assert back(damage.type_0(named), named).midi == named


@pytest.mark.parametrize("tick", [0, 2 * BAR])
def test_a_bank_is_followed_by_the_program_that_chooses_it(tick: int) -> None:
    program = RawEvent(tick, 0xC0, -1, bytes((73,)))
    later = [control(tick, 0, 8), control(tick, 32, 1), program]
    come = with_events(ORIGINAL, 1, *later) if tick else _with_bank_at_start(later[:2])
    result = back(come)
    kinds = [(e.tick, e.status & 0xF0, e.data) for e in track(result.midi, "Melody") if e.status & 0xF0 in (0xB0, 0xC0)]
    kinds = [one for one in kinds if one[1] == 0xC0 or one[2][0] in (0, 32)]
    assert kinds[-3:] == [(tick, 0xB0, b"\0\x08"), (tick, 0xB0, b"\x20\1"), (tick, 0xC0, bytes((73,)))]
    assert back(result.midi, result.midi).midi == result.midi


def _with_bank_at_start(banks: list[RawEvent]) -> bytes:
    tracks = tracks_in(ORIGINAL)
    named = next(n for n, e in enumerate(tracks[1]) if e.status == META and e.meta == TRACK_NAME)
    tracks[1] = [*tracks[1][: named + 1], *banks, *tracks[1][named + 1 :]]
    return file_of(tracks, ORIGINAL)


def test_what_a_conductor_says_stays_there_chords_too() -> None:
    dorian = bytes_of(replace(piece(), title="St\u00fcck", key=key_of("D", "dorian")))
    known = without_chord_track(chords_in_conductor(dorian))
    plain = damage.of_resolution(96)(known)
    result = back(plain, known)
    assert texts_by_track(result.midi) == {"Stuck": ["Title: St\u00fcck", "Key: D dorian", *SYMBOLS]}


def test_by_the_brief_alone_chords_in_a_conductor_come_back_to_their_track() -> None:
    result = by_brief(without_chord_track(chords_in_conductor(ORIGINAL)))
    assert texts_by_track(result.midi) == {"Chords": SYMBOLS}
