from __future__ import annotations

import io

import mido

from composer.formats.midi.events import (
    HEAD,
    KEPT,
    LATE_OFF,
    OFF,
    ON,
    SET,
    control_change,
    end_of_track,
    in_order,
    meta_event,
    note_off,
    note_on,
    program_change,
)
from composer.formats.midi.source import TRACK_NAME, smf_bytes


def test_events_are_what_another_reader_takes_them_for() -> None:
    track = [
        meta_event(0, TRACK_NAME, b"Lead"), program_change(0, 5, 73), control_change(1, 5, 7, 99),
        note_on(2, 5, 60, 81), note_off(9, 5, 60, 64), end_of_track(12),
    ]  # fmt: skip
    read = mido.MidiFile(file=io.BytesIO(smf_bytes(1, 480, [track]))).tracks[0]
    assert list(read) == [
        mido.MetaMessage("track_name", name="Lead", time=0),
        mido.Message("program_change", channel=5, program=73, time=0),
        mido.Message("control_change", channel=5, control=7, value=99, time=1),
        mido.Message("note_on", channel=5, note=60, velocity=81, time=1),
        mido.Message("note_off", channel=5, note=60, velocity=64, time=7),
        mido.MetaMessage("end_of_track", time=3),
    ]


def test_at_one_tick_notes_end_before_anything_moves_and_begin_after_it() -> None:
    wanted = [
        (HEAD, meta_event(9, TRACK_NAME, b"")), (OFF, note_off(9, 0, 62)), (OFF, note_off(9, 0, 60)),
        (KEPT, control_change(9, 0, 1, 2)), (SET, control_change(9, 0, 1, 3)), (ON, note_on(9, 0, 60, 1)),
        (LATE_OFF, note_off(9, 0, 60)),
    ]  # fmt: skip
    shuffled = [(ON, note_on(10, 0, 1, 1)), *wanted[::-1], (OFF, note_off(3, 0, 1))]
    # Those of one kind at one tick stay as they were given, here from the back.
    wanted[1:3] = wanted[2:0:-1]
    assert in_order(shuffled) == [note_off(3, 0, 1), *(event for _, event in wanted), note_on(10, 0, 1, 1)]
