"""Which texts are chord symbols: those of one quiet track, whatever the others say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from composer.export.session import session_of
from composer.formats.midi.chords import TimedText, chord_texts_of, chord_track_of, own_chord_track, refound
from composer.formats.midi.hashes import EditedBars, bar_hashes, changed_bars, renamed, track_labels
from composer.formats.midi.lines import labelled
from composer.formats.midi.piece import piece_of
from composer.formats.midi.regions import cells_of, spliced
from composer.formats.midi.scan import END_OF_TRACK, META, RawEvent
from composer.formats.midi.source import TEXT, TRACK_NAME, SourceMidi, read_source, smf_bytes
from composer.formats.midi.writer import midi_bytes
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import BASS, CHORDS, MELODY, ChordSpan, Note, Part
from composer.music.regions import Region
from tests.formats.pieces import small_piece
from tests.formats.splicing import in_one_track

BAR = 1920


def _source(data: bytes) -> SourceMidi:
    return read_source(data, "x.mid")


def _with_track(data: bytes, name: str, *texts: str) -> bytes:
    """The file with a track that plays nothing and says a text on each beat."""
    source = _source(data)
    said = [RawEvent(480 * n, META, TEXT, text.encode()) for n, text in enumerate(texts)]
    track = [RawEvent(0, META, TRACK_NAME, name.encode()), *said, RawEvent(source.end_tick, META, END_OF_TRACK, b"")]
    return smf_bytes(1, 480, [*source.tracks, track])


def _without_chords(data: bytes) -> bytes:
    source = _source(data)
    chords = own_chord_track(source)
    return smf_bytes(1, 480, [track for number, track in enumerate(source.tracks) if number != chords])


def _renamed(data: bytes, old: str, new: str) -> bytes:
    tracks = [
        [e._replace(data=new.encode()) if e.meta == TRACK_NAME and e.data == old.encode() else e for e in track]
        for track in _source(data).tracks
    ]
    return smf_bytes(1, 480, tracks)


OURS = midi_bytes(small_piece())
BARE = _without_chords(OURS)  # nothing but the tracks that play
# As a person renames a track in a DAW; the quiet one is still there.
PLAYING = _renamed(OURS, "Piano", "Chords")


def test_composer_s_own_track_holds_the_symbols_whatever_others_say() -> None:
    source = _source(_with_track(OURS, "Words", "Am", "E", "D"))
    assert chord_track_of(source) == own_chord_track(source) == 5
    assert [span.chord for span in piece_of(source).chords] == [chord_of("Eb"), chord_of("Bb7/D")]
    assert [chord.text for chord in session_of(source).chords] == ["Eb", "Bb7/D"]


def test_a_quiet_track_of_nothing_but_symbols_holds_them_in_a_foreign_file() -> None:
    source = _source(_with_track(BARE, "Akkorde", "Am", "E"))
    assert chord_track_of(source) == 5 and own_chord_track(source) is None
    assert [span.chord for span in piece_of(source).chords] == [chord_of("Am"), chord_of("E")]
    assert [chord.text for chord in session_of(source).chords] == ["Am", "E"]


def test_the_title_and_the_key_of_a_conductor_are_no_chords_and_may_stand_beside_them() -> None:
    dorian = replace(small_piece(), title="Stück", key=key_of("D", "dorian"))
    bare = _source(_without_chords(midi_bytes(dorian)))
    assert [text.text[:5] for text in bare.texts()] == ["Title", "Key: "]
    assert chord_track_of(bare) is None and not piece_of(bare).chords
    said = RawEvent(0, META, TEXT, b"Dm")
    tracks = [[*bare.tracks[0][:-1], said._replace(tick=bare.tracks[0][-2].tick), bare.tracks[0][-1]], *bare.tracks[1:]]
    moved = _source(smf_bytes(1, 480, tracks))
    assert chord_track_of(moved) == 0
    assert [text.text for text in chord_texts_of(moved)] == [c.text for c in session_of(moved).chords] == ["Dm"]


@pytest.mark.parametrize("words", [("I", "Am", "a", "go"), ()])
def test_words_are_no_chords(words: tuple[str, ...]) -> None:
    source = _source(_with_track(BARE, "Words", *words))
    assert chord_track_of(source) is None and not piece_of(source).chords


def test_a_track_that_plays_holds_no_symbols_whatever_its_name() -> None:
    source = _source(_renamed(BARE, "Piano", "Chords"))
    assert chord_track_of(source) is None
    assert track_labels(source) == ["Small piece", "Melody", "Chords (notes)", "Bass", "Drums"]


def test_roles_do_not_hang_on_a_playing_track_s_name() -> None:
    low = Part("Low", BASS, 32, (Note(0, 36, 480), Note(480, 43, 480)))
    lead = Part("Lead", MELODY, 73, (Note(0, 72, 480),))
    roles = []
    for name in ("Chords", "Accompaniment"):
        comp = Part(name, CHORDS, 0, tuple(Note(0, pitch, 960) for pitch in (60, 64, 67)))
        data = _without_chords(midi_bytes(replace(small_piece(), parts=(lead, comp, low))))
        roles.append([part.role for part in piece_of(_source(data)).parts])
    assert roles == [[MELODY, CHORDS, BASS]] * 2


def test_a_track_renamed_to_chords_is_the_track_it_was() -> None:
    before, after = bar_hashes(OURS, "a"), bar_hashes(PLAYING, "b")
    assert renamed(before, after) == {"Chords (notes)": "Piano"}
    assert renamed(after, before) == {"Piano": "Chords (notes)"}
    assert changed_bars(before, after) == changed_bars(after, before) == ()
    assert after["Chords"] == before["Chords"]


def test_a_playing_track_called_chords_that_is_gone_is_an_edit_and_quiet_symbols_are_none() -> None:
    only = bar_hashes(_without_chords(PLAYING), "a")
    gone = bar_hashes(_without_chords(midi_bytes(replace(small_piece(), parts=small_piece().parts[:1]))), "b")
    assert EditedBars("Chords (notes)", (1, 2)) in changed_bars(only, gone)
    assert changed_bars(bar_hashes(PLAYING, "a"), only) == ()


def test_a_record_of_a_playing_track_called_chords_stays_valid() -> None:
    now = bar_hashes(PLAYING, "a")
    before = {label: text for label, text in now.items() if label != "Chords"}
    before["Chords"] = before.pop("Chords (notes)")
    assert changed_bars(before, now) == ()


def test_a_track_of_symbols_is_that_of_the_chords_whatever_its_name() -> None:
    akkorde = _renamed(OURS, "Chords", "Akkorde")
    assert bar_hashes(akkorde, "b") == bar_hashes(OURS, "a")
    assert [t.name for t in cells_of(_source(akkorde)).tracks if Region(None, ("akkorde",)).has_track(t)] == ["Chords"]
    chords = (ChordSpan(0, 2 * BAR, chord_of("F")),)
    after = _source(spliced(_source(akkorde), replace(small_piece(), chords=chords), frozenset({("Chords", 1)})))
    assert after.track_names[-1] == "Akkorde"
    assert [text.text for text in chord_texts_of(after)] == ["F", "Bb7/D"]


def test_the_labels_of_tracks_are_all_different() -> None:
    parts = [replace(part, name="Piano", role=CHORDS) for part in small_piece().parts[:3]]
    data = _renamed(midi_bytes(replace(small_piece(), parts=(parts[0], replace(parts[1], name="X"), parts[2]))), "X",
                    "Piano (4)")  # fmt: skip
    assert track_labels(_source(data)) == ["Small piece", "Piano", "Piano (4)", "Piano (5)", "Chords"]


def test_a_playing_track_called_chords_can_be_named_and_redone() -> None:
    source = _source(_without_chords(PLAYING))
    named = [track.name for track in cells_of(source).tracks if Region(None, ("Chords",)).has_track(track)]
    assert named == ["Chords (notes)"]
    both = [track.name for track in cells_of(_source(PLAYING)).tracks if Region(None, ("chords",)).has_track(track)]
    assert both == ["Chords (notes)", "Chords"]
    piece = labelled(piece_of(_source(PLAYING)), _source(PLAYING))
    new = tuple(replace(p, notes=(Note(0, 50, BAR),)) if p.name == "Chords (notes)" else p for p in piece.parts)
    after = _source(spliced(_source(PLAYING), replace(piece, parts=new), frozenset({("Chords (notes)", 1)})))
    assert [note.pitch for note in after.notes if note.track == 2] == [50]
    assert after.track_names == _source(PLAYING).track_names and after.texts() == _source(PLAYING).texts()


def test_a_cell_of_the_symbols_is_none_of_a_playing_track_called_chords() -> None:
    piece = replace(small_piece(), chords=(ChordSpan(0, 2 * BAR, chord_of("Am")),))
    parts = tuple(replace(p, name="Chords", notes=(Note(0, 50, BAR),)) if p.name == "Piano" else p for p in piece.parts)
    after = _source(spliced(_source(BARE), replace(piece, parts=parts), frozenset({("Chords", 1)})))
    assert [(n.track, n.pitch) for n in after.notes] == [(n.track, n.pitch) for n in _source(BARE).notes]
    assert [text.text for text in after.texts()] == ["Am", "N.C."]


@pytest.mark.parametrize("track", ["Words", "one track"])
def test_words_stay_when_the_chords_of_their_bars_are_redone(track: str) -> None:
    words = ("I", "Am", "a", "go")
    before = _with_track(OURS if track == "Words" else BARE, "Words", *words)
    if track == "one track":
        before = in_one_track(before)
    source = _source(before)
    every = frozenset((one.name, bar) for one in cells_of(source).tracks for bar in (1, 2))
    after = _source(spliced(source, replace(small_piece(), chords=(ChordSpan(0, BAR, chord_of("F")),)), every))
    assert [text.text for text in after.texts() if text.text in words] == [*words]


def test_symbols_are_found_again_at_their_time_and_words_where_they_were() -> None:
    chords, others = [TimedText(0, "Am"), TimedText(960, "C")], [TimedText(480, "Am")]
    texts = [TimedText(960, "C"), TimedText(480, "Am"), TimedText(0, "Am"), TimedText(1440, "C"), TimedText(0, "G")]
    assert refound(texts, chords, others) == {0, 2}


def test_a_symbol_that_is_not_at_its_time_is_the_nearest_of_its_words() -> None:
    chords = [TimedText(0, "Am"), TimedText(960, "C"), TimedText(1920, "C")]
    texts = [TimedText(1900, "Am"), TimedText(961, "C"), TimedText(1921, "C"), TimedText(7000, "C")]
    assert refound(texts, chords, []) == {0, 1, 2}


def test_a_symbol_that_was_renamed_where_it_stands_is_still_one() -> None:
    chords = [TimedText(0, "Am"), TimedText(960, "C"), TimedText(1920, "D")]
    texts = [TimedText(0, "Am"), TimedText(960, "F"), TimedText(1000, "G"), TimedText(1920, "slow")]
    assert refound(texts, chords, []) == {0, 1}
    assert refound(texts[1:], chords, []) == set()
