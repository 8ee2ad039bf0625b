"""Editing a file in place: what is not edited stays, to the tick and the order."""

from __future__ import annotations

import io

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composer.formats.brief.brief import Brief
from composer.formats.midi.piece import part_lines, piece_of
from composer.formats.midi.source import (
    ChangeNote,
    DeleteNote,
    Edit,
    InsertNote,
    closed_notes,
    decoded,
    edited,
    read_source,
)
from composer.formats.midi.writer import midi_bytes
from composer.music.notes import BASS, CHORDS, DRUMS, MELODY
from tests.formats.pieces import END, NOTE, chunk, header, one_track, small_piece


def _events(data: bytes) -> list[list[str]]:
    return [[str(m) for m in track] for track in mido.MidiFile(file=io.BytesIO(data)).tracks]


def test_no_edits_give_the_file_that_composer_wrote_byte_for_byte() -> None:
    data = midi_bytes(small_piece())
    assert edited(read_source(data, "x.mid"), []) == data


def _daw_file(kind: int = 1) -> bytes:
    """96 ticks a quarter, running status, velocity-0 offs, pedal, bends, sysex, lyrics, uneven times."""
    play = bytes.fromhex(
        "00 FF 03 05 4C 65 61 64 21  00 C0 18  00 B0 07 64  00 0A 40  03 90 3C 50  00 40 51  11 E0 00 41"
        "1D 90 3C 00  00 43 52  05 B0 40 7F  30 90 40 00  01 FF 05 02 6C 61  20 90 43 00  0C B0 40 00"
    )
    return header(kind, 1, 96) + chunk(b"MTrk", play + bytes.fromhex("02 F0 03 7E 09 F7") + END)


@pytest.mark.parametrize("kind", [0, 1])
def test_no_edits_leave_a_daw_file_as_mido_reads_it(kind: int) -> None:
    data = _daw_file(kind)
    again = edited(read_source(data, "x.mid"), [])
    assert _events(again) == _events(data)
    assert mido.MidiFile(file=io.BytesIO(again)).type == kind
    assert mido.MidiFile(file=io.BytesIO(again)).ticks_per_beat == 96


def test_a_pitch_change_touches_two_events_and_no_other() -> None:
    data = _daw_file()
    source = read_source(data, "x.mid")
    before, after = _events(data)[0], _events(edited(source, [ChangeNote(source.notes[1], pitch=65)]))[0]
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert [b.split()[2] for _, b in changed] == ["note=65", "note=65"]
    assert [a.replace("note=64", "note=65") for a, _ in changed] == [b for _, b in changed]


def test_notes_can_be_moved_deleted_and_inserted() -> None:
    source = read_source(_daw_file(), "x.mid")
    first, second, third = source.notes
    edits: list[Edit] = [
        ChangeNote(first, start=10, end=20, velocity=99),
        DeleteNote(second),
        InsertNote(0, 0, 200, 296, 72, 44),
    ]
    again = read_source(edited(source, edits), "x.mid")
    assert [(n.start, n.end, n.pitch, n.velocity) for n in again.notes] == [
        (10, 20, 60, 99),
        (third.start, third.end, third.pitch, third.velocity),
        (200, 296, 72, 44),
    ]
    others = [e for e in source.tracks[0] if e.status >= 0xA0 and e.meta != 0x2F]
    assert [e for e in again.tracks[0] if e.status >= 0xA0 and e.meta != 0x2F] == others
    assert again.tracks[0][-1].meta == 0x2F
    assert again.end_tick == 296


def test_hanging_notes_are_closed_at_the_end_of_their_track() -> None:
    source = read_source(one_track(bytes.fromhex("00 90 40 50"), NOTE, END), "x.mid")
    assert source.hanging_notes == 1
    again = read_source(edited(source, closed_notes(source)), "x.mid")
    assert again.hanging_notes == 0
    assert [(n.start, n.end) for n in again.notes] == [(0, 480), (0, 480)]


def test_notes_of_one_pitch_are_paired_first_in_first_out() -> None:
    play = bytes.fromhex("00 90 3C 50  0A 3C 51  0A 80 3C 00  0A 3C 00")
    notes = read_source(one_track(play, END), "x.mid").notes
    assert [(n.start, n.end, n.velocity) for n in notes] == [(0, 20, 80), (10, 30, 81)]


def test_names_are_read_in_utf_8_shift_jis_or_latin_1_without_control_characters() -> None:
    assert decoded("Flöte".encode()) == "Flöte"
    assert decoded("さくら".encode("cp932")) == "さくら"
    assert decoded(b"Fl\xf6te \xff") == "Flöte ÿ"
    assert decoded(b"A\0\x1b[31mB") == "A  [31mB"


@given(st.integers(24, 10080), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 500)), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_resolution_is_scaled_to_480_without_losing_notes(ppq: int, spans: list[tuple[int, int]]) -> None:
    source = read_source(one_track(NOTE, END, division=ppq), "x.mid")
    inserted = [InsertNote(0, 0, start, start + length, 70 + i, 80) for i, (start, length) in enumerate(spans)]
    inserted = [i for i in inserted if i.end > i.start]
    again = read_source(edited(source, inserted), "x.mid")
    part = piece_of(again).parts[0]
    assert len(part.notes) == len(inserted) + 1
    assert all(n.duration >= 1 for n in part.notes)
    for item in inserted:
        note = next(n for n in part.notes if n.pitch == item.pitch)
        assert abs(note.start - item.start * 480 / ppq) <= 0.5


def test_roles_are_guessed_by_name_channel_and_register() -> None:
    def line(name: str, channel: int, pitch: int) -> bytes:
        text = bytes((0, 0xFF, 3, len(name))) + name.encode()
        play = bytes((0, 0x90 | channel, pitch, 80, 0x83, 0x60, 0x80 | channel, pitch, 0))
        return chunk(b"MTrk", text + play + END)

    data = header(1, 5) + b"".join(
        (line("Strings", 0, 60), line("", 9, 36), line("x", 1, 40), line("y", 2, 76), line("z", 3, 62))
    )
    piece = piece_of(read_source(data, "x.mid"))
    assert [p.role for p in piece.parts] == [CHORDS, DRUMS, BASS, MELODY, CHORDS]
    assert part_lines(read_source(data, "x.mid")) == ((0, 0), (1, 9), (2, 1), (3, 2), (4, 3))
    named = header(1, 2) + line("Lead Synth", 0, 50) + line("Bassoon", 1, 80)
    assert [p.role for p in piece_of(read_source(named, "x.mid")).parts] == [MELODY, CHORDS]


def test_what_the_file_does_not_say_comes_from_the_brief() -> None:
    brief = Brief.model_validate(
        {"title": "Sea", "key": {"tonic": "D", "mode": "dorian"}, "tempo_bpm": 77, "meter": "3/4",
         "form": [{"name": "A", "bars": 4}]}
    )  # fmt: skip
    piece = piece_of(read_source(one_track(NOTE, END), "x.mid"), brief)
    assert (piece.title, str(piece.key), str(piece.meter), piece.tempi[0].bpm) == ("Sea", "D dorian", "3/4", 77.0)
    assert piece.length == 1440
    bare = piece_of(read_source(one_track(NOTE, END), "x.mid"))
    assert (str(bare.key), str(bare.meter), bare.tempi[0].bpm) == ("C major", "4/4", 120.0)


def test_a_note_has_the_program_in_force_when_it_begins() -> None:
    play = bytes.fromhex("00 C0 0A 00 C0 05") + NOTE + bytes.fromhex("00 C0 07") + NOTE
    other = chunk(b"MTrk", NOTE + END)
    source = read_source(header(1, 2) + chunk(b"MTrk", play + END) + other, "x.mid")
    assert [(n.track, n.start, n.program) for n in source.notes] == [(0, 0, 5), (1, 0, 5), (0, 480, 7)]


def test_a_note_that_begins_with_the_end_of_its_track_and_never_ends_is_ended_after_a_tick() -> None:
    source = read_source(one_track(bytes.fromhex("60 90 3C 50"), END), "x.mid")
    again = read_source(edited(source, closed_notes(source)), "x.mid")
    assert again.hanging_notes == 0
    assert [(note.start, note.end) for note in again.notes] == [(0x60, 0x61)]


def test_a_note_that_lost_its_end_does_not_take_the_next_one_s() -> None:
    play = bytes.fromhex("00 90 3C 50  0A 3C 51  0A 80 3C 00  0A 90 3C 52  0A 80 3C 00")
    source = read_source(one_track(play, END), "x.mid")
    assert [(n.start, n.end, n.off_index is None) for n in source.notes] == [
        (0, 10, True), (10, 20, False), (30, 40, False),
    ]  # fmt: skip
    again = read_source(edited(source, closed_notes(source)), "x.mid")
    assert [(n.start, n.end) for n in again.notes] == [(0, 10), (10, 20), (30, 40)]
