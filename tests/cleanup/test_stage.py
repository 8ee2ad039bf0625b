from __future__ import annotations

import io
import json
from dataclasses import replace

import mido
import pytest

from composer.cleanup.report import RULES
from composer.cleanup.stage import CleanupOptions, cleaned, key_named
from composer.errors import UsageProblem
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import midi_bytes
from composer.limits import CLEANUP_VOICES
from composer.music.key import key_of
from composer.music.notes import Note
from tests.cleanup.music import BAR, piece

PARALLEL = piece(
    "G4:4 A4:4 B4:4 C5:4", "C2:4 D2:4 E2:4 C2:4", ["E3 G3 C4", "F3 A3 D4", "G3 B3 E4", "E3 G3 C4"],
    ["C", "Dm", "Em", "C"], drums=True,
)  # fmt: skip


def everything_but_pitches(data: bytes) -> list[list[tuple[object, ...]]]:
    file = mido.MidiFile(file=io.BytesIO(data))
    return [
        [(m.type, m.time, *(v for k, v in sorted(vars(m).items()) if k not in ("note", "time", "type"))) for m in track]
        for track in file.tracks
    ]


def pitches(data: bytes, channel: int) -> list[int]:
    return [n.pitch for n in read_source(data, "x.mid").notes if n.channel == channel]


def test_parallel_fifths_and_octaves_are_found_and_repaired() -> None:
    report = cleaned(midi_bytes(PARALLEL), "x.mid").report
    assert report.before["ParallelFifths"] + report.before["ParallelOctaves"] >= 3
    assert report.after["ParallelFifths"] == report.after["ParallelOctaves"] == 0
    assert report.changes
    assert all(change.rules for change in report.changes)
    assert report.certificate is not None
    assert report.certificate.parallel_fifths == report.certificate.parallel_octaves == 0


def test_no_count_rises_and_a_second_cleanup_changes_nothing() -> None:
    first = cleaned(midi_bytes(PARALLEL), "x.mid")
    assert set(first.report.before) == set(RULES) == set(first.report.after)
    assert all(first.report.after[rule] <= n for rule, n in first.report.before.items())
    second = cleaned(first.midi, "x.mid")
    assert second.midi == first.midi
    assert second.report.changes == ()
    assert second.musicxml == first.musicxml


def test_the_same_file_gives_the_same_bytes() -> None:
    one, two = (cleaned(midi_bytes(PARALLEL), "x.mid") for _ in range(2))
    assert (one.midi, one.musicxml, one.report.bytes()) == (two.midi, two.musicxml, two.report.bytes())


def test_all_but_the_pitches_stays_to_the_tick() -> None:
    nudged = tuple(replace(n, start=n.start + 7, duration=n.duration - 30) for n in PARALLEL.parts[0].notes)
    data = midi_bytes(PARALLEL.with_part(replace(PARALLEL.parts[0], notes=nudged)))
    result = cleaned(data, "x.mid")
    assert result.report.changes
    assert everything_but_pitches(result.midi) == everything_but_pitches(data)
    assert pitches(result.midi, 9) == pitches(data, 9)


def test_a_slip_is_corrected_and_a_justified_chromatic_note_is_kept() -> None:
    slip = piece("E4 G4 C#5 G4 E4 D4 C4:2", chords=["C3 E3 G3", "C3 E3 G3"], symbols=["C", "C"])
    fixed = cleaned(midi_bytes(slip), "x.mid")
    assert [(c.before, c.after, c.rules) for c in fixed.report.changes] == [("C#5", "C5", ("OutOfKey",))]
    assert fixed.report.before["OutOfKey"] == 1
    passing = piece("C4 C#4 D4 E4 F4 D4 C4:2", chords=["C3 E3 G3", "C3 E3 G3"], symbols=["C", "C"])
    assert cleaned(midi_bytes(passing), "x.mid").report.before["OutOfKey"] == 0


def test_the_raised_seventh_of_minor_and_a_secondary_dominant_are_kept() -> None:
    minor = piece("A4 B4 G#4 E4 A4:4", chords=["A2 C3 E3", "A2 C3 E3"], symbols=["Am", "Am"], key=key_of("A", "minor"))
    assert cleaned(midi_bytes(minor), "x.mid").report.before["OutOfKey"] == 0
    secondary = piece("D4 F#4 A4 F#4 G4:4", chords=["D3 F#3 A3", "B2 D3 G3"], symbols=["D", "G"])
    assert cleaned(midi_bytes(secondary), "x.mid").report.before["OutOfKey"] == 0


def test_modes_are_respected() -> None:
    dorian = piece("D4 F4 B4 A4 D4:4", chords=["D3 F3 A3", "D3 F3 A3"], symbols=["Dm", "Dm"], key=key_of("D", "dorian"))
    report = cleaned(midi_bytes(dorian), "x.mid").report
    assert report.key.name == "D dorian"
    assert report.before["OutOfKey"] == 0


def test_locked_tracks_are_never_changed() -> None:
    data = midi_bytes(PARALLEL)
    options = CleanupOptions(locked_tracks=("Melody", "Piano", "Bass"))
    result = cleaned(data, "x.mid", options=options)
    assert result.midi == data
    assert result.report.before == {**result.report.after, "Spelling": result.report.before["Spelling"]}


def test_chromatic_notes_of_edited_bars_are_kept() -> None:
    slip = piece("E4 G4 C#5 G4 E4 D4 C4:2", chords=["C3 E3 G3", "C3 E3 G3"], symbols=["C", "C"])
    options = CleanupOptions(edited_bars=frozenset({("Melody", 1)}))
    result = cleaned(midi_bytes(slip), "x.mid", options=options)
    assert result.midi == midi_bytes(slip)
    assert [(c.before, c.after, c.accept, c.suggestion) for c in result.report.changes] == [("C#5", "C5", False, True)]


def test_a_type_0_file_without_tempo_names_or_key_is_cleaned() -> None:
    track = mido.MidiTrack()
    for name in (60, 64, 67, 72, 71, 67, 62, 67, 60):
        track += [
            mido.Message("note_on", note=name, velocity=80),
            mido.Message("note_on", note=name, velocity=0, time=96),
        ]
    track.append(mido.Message("note_on", note=48, velocity=70))
    track.append(mido.MetaMessage("end_of_track", time=96))
    stream = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=96, tracks=[track]).save(file=stream)
    result = cleaned(stream.getvalue(), "x.mid")
    assert result.report.key.name == "C major"
    assert result.report.key.source == "found"
    assert any("never ended" in note for note in result.notes)
    assert len(read_source(result.midi, "x.mid").notes) == 10
    assert read_source(result.midi, "x.mid").hanging_notes == 0


def test_a_file_with_drums_only_is_left_as_it_is() -> None:
    data = midi_bytes(piece(bars=2, drums=True))
    result = cleaned(data, "x.mid")
    assert result.midi == data
    assert result.report.certificate is None


def test_the_report_is_json_with_from_and_to() -> None:
    content = json.loads(cleaned(midi_bytes(PARALLEL), "x.mid").report.bytes())
    assert content["format"] == "composer.cleanup/1"
    assert {"bar", "beat", "part", "from", "to", "rules", "cost_before", "cost_after"} <= set(content["changes"][0])
    assert set(content["rules"]) == set(content["before"])


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(UsageProblem, match="not a key"):
        key_named("X moll")
    assert key_named("Bb major") == key_of("Bb", "major")


def test_a_foreign_file_in_a_chromatic_style_is_left_alone() -> None:
    line = " ".join(f"{n}4" for n in "C E G# B D# F# A C# F G# B D G A# C# E".split())  # noqa: SIM905
    foreign = replace(piece(line), chords=())
    data = midi_bytes(foreign)
    result = cleaned(data, "x.mid", options=CleanupOptions(key="C major"))
    assert result.midi == data
    assert any("taken as the style" in note for note in result.notes)


def test_in_a_foreign_file_a_single_slip_is_corrected_and_a_recurring_colour_is_kept() -> None:
    bar = "E4 G4 {} G4 C4 D4 E4 C4 "
    once = replace(piece(bar.format("C#5") + bar.format("C5") * 3), chords=())
    often = replace(piece((bar.format("C5") + bar.format("C#5")) * 3), chords=())
    options = CleanupOptions(key="C major")
    assert [c.before for c in cleaned(midi_bytes(once), "x.mid", options=options).report.changes] == ["C#5"]
    assert cleaned(midi_bytes(often), "x.mid", options=options).report.changes == ()


def test_a_repeated_pitch_never_overlaps_itself() -> None:
    result = cleaned(midi_bytes(PARALLEL), "x.mid")
    for channel in range(4):
        notes = [n for n in read_source(result.midi, "x.mid").notes if n.channel == channel]
        assert not any(a.pitch == b.pitch and b.start < a.end for i, a in enumerate(notes) for b in notes[i + 1 :])


def test_notes_at_odd_places_do_not_break_the_score() -> None:
    odd = tuple(Note(t, 60 + t % 12, 1) for t in (0, 1, 479, 1919, BAR + 37, 2 * BAR - 1))
    data = midi_bytes(piece("C4:8").with_part(replace(piece("C4:8").parts[0], notes=odd)))
    assert cleaned(data, "x.mid").musicxml.startswith(b"<?xml")


def test_the_top_line_of_a_file_without_a_melody_part_is_the_last_to_be_changed() -> None:
    chords = ["C3 E3 G3 C4", "D3 F3 A3 D4", "C3 E3 G3 C4", "G2 D3 G3 B3", "C3 E3 G3 C4"]
    foreign = replace(piece(chords=chords), chords=())
    result = cleaned(midi_bytes(foreign), "x.mid", options=CleanupOptions(key="C major"))

    def tops(data: bytes) -> list[int]:
        notes = read_source(data, "x").notes
        return [max(n.pitch for n in notes if n.start == start) for start in sorted({n.start for n in notes})]

    assert tops(result.midi) == tops(midi_bytes(foreign))


def test_of_very_many_voices_the_faults_are_told_and_left(capfd: pytest.CaptureFixture[str]) -> None:
    crowd = mido.MidiFile(ticks_per_beat=480)
    for voice in range(CLEANUP_VOICES + 1):
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=f"Player {voice}")])
        for pitch in (30 + 7 * (voice % 9), 32 + 7 * (voice % 9)):
            track += [mido.Message("note_on", channel=voice % 9, note=pitch, velocity=60)]
            track += [mido.Message("note_off", channel=voice % 9, note=pitch, time=BAR)]
        crowd.tracks.append(track)
    stream = io.BytesIO()
    crowd.save(file=stream)
    result = cleaned(stream.getvalue(), "crowd.mid")
    assert any("voice leading is reported but not changed" in note for note in result.notes)
    assert result.report.before["ParallelFifths"] == result.report.after["ParallelFifths"] > 0
    assert pitches(result.midi, 0) == pitches(stream.getvalue(), 0)
    assert "channels" not in capfd.readouterr().err
