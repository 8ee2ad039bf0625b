"""Songs with piano: bar lines, key, chords, phrases. The songs are made by code."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import mido
import pytest

from composer.corpus import catalog, prepare
from composer.corpus.barlines import bar_lines, regular_stretches
from composer.corpus.bundle import bundle_hash, files_in
from composer.corpus.lied_tunes import tunes_of
from composer.corpus.lieder import Song, songs_in, songs_of
from composer.corpus.phrases import phrase_ends
from composer.corpus.storage import read_tunes, write_tunes
from composer.corpus.written_song import midi_song
from composer.encoding.melody import DURATIONS
from composer.errors import BadInput, MissingTool, UsageProblem
from composer.formats.midi.source import read_source
from composer.music.time import Meter

Notes = list[tuple[int, int, int]]
FOUR = Meter(4, 4)
# Two-bar phrases over I IV | V I in G: pitches above C4, quarters; the phrase ends with a half note and a rest.
ROOTS = (43, 36, 38, 43)
PHRASE = ((67, 480), (71, 480), (74, 480), (71, 480), (72, 480), (76, 480), (72, 960), (74, 480), (72, 480),
          (69, 480), (66, 480), (67, 960))  # fmt: skip


def song_notes(phrases: int, pickup: int = 0, prelude_bars: int = 0) -> tuple[Notes, Notes]:
    """Melody and accompaniment of ``phrases`` times four bars; with a pick-up every phrase has an upbeat."""
    melody: Notes = []
    piano: Notes = []
    for number in range(phrases):
        begin = pickup + (prelude_bars + 4 * number) * 1920
        if pickup:
            melody.append((begin - pickup, begin, 62))
        now = begin
        for pitch, length in PHRASE:
            melody.append((now, now + length, pitch))
            now += length
    for bar in range(prelude_bars + 4 * phrases):
        root, begin = ROOTS[bar % 4], pickup + bar * 1920
        piano.append((begin, begin + 1920, root))
        third = 3 if root == 40 else 4
        for beat in range(1, 4):
            piano += [(begin + 480 * beat, begin + 480 * (beat + 1), root + 12 + step) for step in (third, 7, 12)]
    return melody, piano


def midi(melody: Notes, piano: Notes, meters: tuple[tuple[int, int, int], ...] = ((0, 4, 4),), bpm: int = 90) -> bytes:
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    conductor, now = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))]), 0
    for tick, numerator, denominator in meters:
        conductor.append(
            mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator, time=tick - now)
        )
        now = tick
    file.tracks.append(conductor)
    for channel, (name, notes) in enumerate((("MELODY", melody), ("ACCOMPANIMENT", piano))):
        events = sorted([(s, 1, p) for s, _, p in notes] + [(e, 0, p) for _, e, p in notes])
        track, now = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
        for tick, on, pitch in events:
            kind = "note_on" if on else "note_off"
            track.append(mido.Message(kind, channel=channel, note=pitch, velocity=70 * on, time=tick - now))
            now = tick
        file.tracks.append(track)
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def songs(content: bytes, name: str = "song.mid") -> list[Song]:
    return songs_of(midi_song(read_source(content, name)))


def test_a_song_has_key_tempo_bars_and_a_chord_for_each_half_bar() -> None:
    (song,) = songs(midi(*song_notes(3)))
    assert (str(song.key), song.bars, song.tempo_bpm, song.beats_per_minute) == ("G major", 12, 90.0, 90.0)
    assert [c.symbol() for c in song.bar_chords[:4]] == ["G", "C", "D7", "G"]
    assert len(song.slot_chords) == 24 and len(song.bar_chords) == 12
    assert song.melody[0] == (0, 480, 67) and song.accompaniment[0] == (0, 1920, 43)


@pytest.mark.parametrize("pickup", [0, 240, 480])
def test_bar_lines_are_found_after_a_pick_up(pickup: int) -> None:
    melody, piano = song_notes(4, pickup)
    end = piano[-1][1]
    assert bar_lines(melody, piano, FOUR, end)[:3] == [pickup, pickup + 1920, pickup + 3840]
    assert regular_stretches(bar_lines(melody, piano, FOUR, end), FOUR) == [(pickup, pickup + 16 * 1920)]


def test_a_bar_that_is_too_short_parts_two_stretches() -> None:
    one, two = song_notes(4), song_notes(4)
    shift = one[1][-1][1] + 480
    melody, piano = (a + [(s + shift, e + shift, p) for s, e, p in b] for a, b in zip(one, two, strict=True))
    runs = regular_stretches(bar_lines(melody, piano, FOUR, piano[-1][1]), FOUR)
    assert len(runs) == 2 and runs[-1][1] == shift + 16 * 1920 and runs[1][0] % 1920 == 480


def test_a_song_that_changes_metre_gives_its_long_stretches() -> None:
    one, two = song_notes(2), song_notes(3)
    shift = one[1][-1][1] + 1440  # a bar of 3/4 between
    melody, piano = (a + [(s + shift, e + shift, p) for s, e, p in b] for a, b in zip(one, two, strict=True))
    found = songs(midi(melody, piano, ((0, 4, 4), (shift - 1440, 3, 4), (shift, 4, 4))))
    assert [(s.name, s.bars) for s in found] == [("song#0", 8), ("song#1", 12)]
    assert all(s.melody[0] == (0, 480, 67) for s in found)


def test_tunes_leave_the_prelude_out_and_keep_rests() -> None:
    (song,) = songs(midi(*song_notes(4, prelude_bars=4)))
    (tune,) = tunes_of(song)
    assert (tune.bars, tune.style, tune.id, tune.beats_per_minute) == (16, "lied", "lieder/song#0", 90.0)
    assert [(e.start, e.pitch) for e in tune.events[:3]] == [(0, 0), (480, 4), (960, 7)]
    rests = [e for e in tune.events if e.pitch is None]
    assert rests == [] or {e.duration for e in rests} <= set(DURATIONS)
    assert tune.chords == song.bar_chords[4:20]


def test_phrases_end_where_the_voice_rests_and_not_every_four_bars() -> None:
    line = [(240 * n, 240 * n + 240, 60 + n % 5) for n in range(12)] + [(2880, 4800, 60)]
    three = [(5760 * k + s, 5760 * k + e, p) for k in range(4) for s, e, p in line]  # every three bars
    ends = phrase_ends(three, FOUR, 4 * 5760)
    assert ends == (5760, 11520, 17280, 23040)


def test_long_interludes_part_tunes() -> None:
    melody, piano = song_notes(6)
    silent = [n for n in melody if not 8 * 1920 <= n[0] < 12 * 1920]
    found = tunes_of(songs(midi(silent, piano))[0])
    assert [(t.id, t.bars) for t in found] == [("lieder/song#0", 8), ("lieder/song#1", 12)]


def test_tunes_of_songs_survive_the_cache(tmp_path: Path) -> None:
    tunes = tunes_of(songs(midi(*song_notes(4)))[0])
    write_tunes(tmp_path / "t.npz", tunes, {})
    assert read_tunes(tmp_path / "t.npz") == (tunes, {})


def corpus_folder(folder: Path) -> Path:
    folder.mkdir()
    for number in range(6):
        melody, piano = song_notes(3 + number)
        shifted = [(s, e, p - (i * number) % 5) for i, (s, e, p) in enumerate(melody)]
        (folder / f"s{number}.mid").write_bytes(midi(shifted, piano))
    (folder / "broken.mid").write_bytes(b"MThd nothing")
    (folder / "index.csv").write_text("file,composer,set,song\ns0.mid,Doe_Jane,_,A_Song\n")
    return folder


def test_an_archive_reads_like_its_folder(tmp_path: Path) -> None:
    folder = corpus_folder(tmp_path / "songs")
    with tarfile.open(tmp_path / "songs.tar.gz", "w:gz") as archive:
        archive.add(folder, "lieder-midi")
    refused: dict[str, int] = {}
    from_folder, from_archive = list(songs_in(folder, refused)), list(songs_in(tmp_path / "songs.tar.gz"))
    assert from_folder == from_archive and len(from_folder) == 6
    assert (from_folder[0].composer, from_folder[0].title) == ("Doe Jane", "A Song")
    assert refused == {"not a MIDI file that can be read": 1}
    assert bundle_hash(folder, (".mid",)) == bundle_hash(tmp_path / "songs.tar.gz", (".mid",))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(b"no archive")
    for path in (tmp_path / "x.tar.gz", tmp_path / "absent"):
        with pytest.raises(BadInput, match="neither a folder nor"):
            list(files_in(path, (".mid",)))


def test_lieder_are_brought_once_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "cache_folder", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(catalog, "corpora_folder", lambda: tmp_path / "corpora")
    monkeypatch.delenv(catalog.LIEDER_VARIABLE, raising=False)
    with pytest.raises(MissingTool, match="not on this computer"):
        prepare.prepare("lieder")
    folder = corpus_folder(tmp_path / "songs")
    brought = prepare.bring("lieder", folder)
    assert brought.report.changed == ("lieder",) and len(brought.tunes) >= 6
    assert prepare.prepare("lieder").tunes == brought.tunes and prepare.prepare("lieder").report.cached
    assert [c.name for c in prepare._named("aird+lieder", False)] == ["aird", "lieder"]
    folder.rename(tmp_path / "gone")
    with pytest.raises(MissingTool, match="any more"):
        prepare.prepare("lieder")
    monkeypatch.setenv(catalog.LIEDER_VARIABLE, str(tmp_path / "gone"))
    assert prepare.prepare("lieder").tunes == brought.tunes


def test_only_a_brought_corpus_takes_files(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="needs no files"):
        prepare.bring("aird", tmp_path)


def test_default_is_what_comes_with_music21() -> None:
    assert "lieder" not in [c.name for with_essen in (False, True) for c in prepare._named("default", with_essen)]
