"""A user's folder as a corpus. The MIDI files are written by the tests."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from composer.corpus import catalog, own, prepare
from composer.corpus.abc import UnusableTune
from composer.corpus.own import midi_tunes, read_own
from composer.corpus.tune import Tune
from composer.errors import BadInput
from composer.formats.midi.source import SourceMidi, SourceNote, read_source
from composer.formats.midi.tune import melody_notes

SCALE = (62, 64, 66, 67, 69, 71, 73, 74)  # D major


def written(
    path: Path, tracks: dict[str, list[tuple[int, int, int]]], meter: tuple[int, int] = (4, 4), ppq: int = 96
) -> Path:
    """A MIDI file of named tracks with notes (start, duration in ticks of 1/24 quarter, pitch)."""
    file = mido.MidiFile(type=1, ticks_per_beat=ppq)
    conductor = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=meter[0], denominator=meter[1])])
    file.tracks.append(conductor)
    for channel, (name, notes) in enumerate(tracks.items()):
        events = [(s * ppq // 24, 1, p) for s, _, p in notes] + [((s + d) * ppq // 24, 0, p) for s, d, p in notes]
        track, now = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
        for tick, on, pitch in sorted(events):
            kind = "note_on" if on else "note_off"
            track.append(mido.Message(kind, channel=channel, note=pitch, velocity=80 * on, time=tick - now))
            now = tick
        file.tracks.append(track)
    file.save(path)
    return path


def walk(bars: int, seed: int = 1) -> list[tuple[int, int, int]]:
    generator = np.random.default_rng(seed)
    degree, notes = 0, []
    for beat in range(bars * 4 - 1):
        notes.append((24 * beat, 24, SCALE[degree]))
        degree = int(np.clip(degree + generator.integers(-2, 3), 0, 7))
    return [*notes, (24 * (bars * 4 - 1), 24, 62)]


def read(path: Path) -> list[Tune]:
    return midi_tunes(read_source(path.read_bytes(), path.name), "mine/x", "mine")


def test_the_melody_is_the_track_that_says_so(tmp_path: Path) -> None:
    high = [(s, d, p + 12) for s, d, p in walk(8, seed=2)]
    (tune,) = read(written(tmp_path / "x.mid", {"Strings": high, "Lead vocal": walk(8)}))
    assert [(e.pitch or 0) + tune.tonic_midi for e in tune.events] == [p for _, _, p in walk(8)]
    assert (str(tune.key), str(tune.meter), tune.bars, tune.style) == ("D major", "4/4", 8, "song")
    assert tune.phrase_ends == (7680, 15360) and None not in tune.chords


def test_without_names_it_is_the_highest_busy_voice_and_its_top_notes(tmp_path: Path) -> None:
    chords = [(s, d, p - 5) for s, d, p in walk(8)]
    tune = read(written(tmp_path / "x.mid", {"A": [(s, d, p - 20) for s, d, p in walk(8)], "B": walk(8) + chords}))[0]
    assert [(e.pitch or 0) + tune.tonic_midi for e in tune.events] == [p for _, _, p in walk(8)]


def test_loose_timing_snaps_and_short_gaps_close(tmp_path: Path) -> None:
    loose = [(s + (i % 3 == 1), d - 4, p) for i, (s, d, p) in enumerate(walk(8))]
    tune = read(written(tmp_path / "x.mid", {"Melody": loose}))[0]
    assert {(e.start % 480, e.duration) for e in tune.events[:-1]} == {(0, 480)}


def test_long_rests_are_events(tmp_path: Path) -> None:
    notes = [n for n in walk(8) if n[0] // 24 % 8 != 5]
    tune = read(written(tmp_path / "x.mid", {"Melody": notes}))[0]
    assert sum(e.pitch is None for e in tune.events) == 4
    assert all(a.end == b.start for a, b in zip(tune.events, tune.events[1:], strict=False))


def test_long_files_are_cut_every_32_bars(tmp_path: Path) -> None:
    parts = read(written(tmp_path / "x.mid", {"Melody": walk(70)}))
    assert [(t.id, t.bars) for t in parts] == [("mine/x#0", 32), ("mine/x#1", 32)] + [("mine/x#2", 6)] * (
        len(parts) > 2
    )
    assert all(t.events[0].start == 0 for t in parts)


@pytest.mark.parametrize(
    ("notes", "reason"),
    [(walk(4)[:10], "no voice of 24 notes"), ([(s + s // 24 * 5 % 11, 10, p) for s, _, p in walk(8)], "freely")],
)
def test_what_is_no_tune_on_the_beat_is_refused(tmp_path: Path, notes: list[tuple[int, int, int]], reason: str) -> None:
    with pytest.raises(UnusableTune, match=reason):
        read(written(tmp_path / "x.mid", {"Melody": notes}))


def test_bad_files_are_counted_and_do_not_stop_the_rest(tmp_path: Path) -> None:
    written(tmp_path / "good.mid", {"Melody": walk(8)})
    (tmp_path / "bad.mid").write_bytes(b"MThd")
    (tmp_path / "tune.abc").write_text("X:1\nM:4/4\nL:1/8\nK:C\n" + "CDEF GABc |" * 8 + "\nX:2\nK:C\nC\n")
    tunes, refused = read_own(catalog.own(tmp_path).paths(), "mine")
    assert sorted(t.id for t in tunes) == ["mine/good#0", "mine/tune/0"]
    assert sum(refused.values()) == 2


def test_a_folder_can_be_prepared_alone_or_beside_a_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "cache_folder", lambda name: tmp_path / "cache" / name)
    folder = tmp_path / "songs"
    folder.mkdir()
    for seed in range(6):
        written(folder / f"{seed}.mid", {"Melody": walk(40, seed)})
    found = prepare.prepare(str(folder))
    assert found.report.by_source == {"songs": len(found.tunes)} and found.report.changed == ()
    halves = {t.id: t.split for t in found.tunes}
    assert all(halves[f"songs/{n}#0"] == halves[f"songs/{n}#1"] for n in range(6) if f"songs/{n}#1" in halves)
    assert [c.name for c in prepare._named(f"aird+{folder}", False)] == ["aird", "songs"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no music file"):
        prepare.prepare(str(tmp_path))


@pytest.mark.parametrize(
    ("signature", "expected"), [("D", "D major"), ("Bm", "D major"), ("C", "D major"), ("F#", "D major")]
)
def test_a_signature_is_believed_as_far_as_the_notes_agree(tmp_path: Path, signature: str, expected: str) -> None:
    path = written(tmp_path / "x.mid", {"Melody": walk(8)})
    file = mido.MidiFile(path)
    file.tracks[0].append(mido.MetaMessage("key_signature", key=signature))
    file.save(path)
    assert str(read(path)[0].key) == expected


def test_a_signature_decides_where_the_notes_leave_it_open(tmp_path: Path) -> None:
    notes = [(s, d, {66: 67, 73: 74}.get(p, p)) for s, d, p in walk(8)[:-1]]  # no F sharp, no C sharp
    keys = []
    for signature in ("C", "G"):
        path = written(tmp_path / "x.mid", {"Melody": notes})
        file = mido.MidiFile(path)
        file.tracks[0].append(mido.MetaMessage("key_signature", key=signature))
        file.save(path)
        keys.append(read(path)[0].key.fifths)
    assert keys == [0, 1]


@pytest.mark.parametrize(("bars", "expected"), [(48, [48]), (49, [32, 17]), (64, [32, 32])])
def test_only_files_of_more_than_48_bars_are_cut(tmp_path: Path, bars: int, expected: list[int]) -> None:
    assert [t.bars for t in read(written(tmp_path / "x.mid", {"Melody": walk(bars)}))] == expected


def test_a_busy_file_is_cut_shorter_and_an_introduction_is_left_out(tmp_path: Path) -> None:
    busy = [(12 * n + 4 * 96, 12, SCALE[n * 3 % 8]) for n in range(8 * 32)]
    found = read(written(tmp_path / "x.mid", {"Melody": busy}))
    assert [(t.bars, t.events[0].start) for t in found] == [(16, 0), (16, 0)]


def test_an_unexpected_failure_of_one_file_does_not_stop_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        written(tmp_path / f"{name}.mid", {"Melody": walk(8)})
    whole = melody_notes

    def failing(source: SourceMidi, notes_min: int) -> list[SourceNote] | None:
        if source.name == "a.mid":
            raise IndexError("x")
        return whole(source, notes_min)

    monkeypatch.setattr(own, "melody_notes", failing)
    tunes, skipped = own.read_files(catalog.own(tmp_path).paths(), "mine")
    assert [t.id for t in tunes] == ["mine/b#0"]
    assert [(s.file.name, s.reason) for s in skipped] == [("a.mid", "cannot be read (IndexError)")]
