"""The strict scan: every malformed file is refused with its own sentence, every legal one is read to the note."""

from __future__ import annotations

import numpy as np
import pytest

from composer.errors import BadInput, ComposerError, OverLimit
from composer.formats.midi.piece import piece_of
from composer.formats.midi.scan import scan
from composer.formats.midi.source import edited, read_source
from composer.formats.midi.writer import midi_bytes
from tests.formats.pieces import END, NOTE, chunk, header, one_track, small_piece

GOOD = one_track(NOTE, END)
REFUSED = {
    "empty": (b"", "empty"),
    "text": (b"hello, world", "not a MIDI file"),
    "riff": (b"RIFF" + bytes(20), "not a MIDI file"),
    "header-cut": (b"MThd\0\0\0\6\0\1", "header is cut off"),
    "header-only": (header(1, 0), "no tracks"),
    "header-short": (b"MThd\0\0\0\4" + bytes(10), "header is cut off"),
    "type-2": (one_track(NOTE, END, kind=2), "type 2"),
    "type-3": (one_track(NOTE, END, kind=3), "type 3"),
    "type-65535": (one_track(NOTE, END, kind=65535), "type 65535"),
    "smpte": (one_track(NOTE, END, division=0xE728), "SMPTE"),
    "division-0": (one_track(NOTE, END, division=0), "zero ticks"),
    "claims-1-has-2": (GOOD + chunk(b"MTrk", NOTE + END), "says 1 track"),
    "claims-2-has-1": (header(1, 2) + chunk(b"MTrk", NOTE + END), "says 2 track"),
    "type-0-two-tracks": (header(0, 2) + 2 * chunk(b"MTrk", NOTE + END), "type 0"),
    "cut-60": (GOOD[: len(GOOD) * 6 // 10], "cut off"),
    "cut-1": (GOOD[:-1], "cut off"),
    "extra-byte": (GOOD + b"\0", "unreadable bytes"),
    "second-header": (GOOD + header(), "second MIDI header"),
    "no-notes": (one_track(END), "no notes"),
    "empty-track": (one_track(), "no notes"),
    "data-before-status": (one_track(bytes.fromhex("00 3C 50"), END), "without a status"),
    "running-after-meta": (one_track(NOTE, bytes.fromhex("00 FF 01 00  00 3C 50"), END), "without a status"),
    "running-after-sysex": (one_track(NOTE, bytes.fromhex("00 F0 01 F7  00 3C 50"), END), "without a status"),
    "status-f1": (one_track(NOTE, bytes.fromhex("00 F1 01"), END), "status F1"),
    "data-over-127": (one_track(bytes.fromhex("00 90 3C C8"), END), "over 127"),
    "program-200": (one_track(bytes.fromhex("00 C0 C8"), NOTE, END), "over 127"),
    "vlq-endless": (one_track(b"\x81" * 200_000), "more than four bytes"),
    "event-cut": (one_track(NOTE, bytes.fromhex("00 90 3C")), "longer than the track"),
    "delta-cut": (one_track(NOTE, bytes.fromhex("81")), "in the middle"),
    "meta-too-long": (one_track(NOTE, bytes.fromhex("00 FF 01 7F 41"), END), "longer than the track"),
    "after-end": (one_track(NOTE, END, NOTE), "after its end-of-track"),
    "tempo-0": (one_track(bytes.fromhex("00 FF 51 03 00 00 00"), NOTE, END), "tempo of zero"),
    "tempo-short": (one_track(bytes.fromhex("00 FF 51 02 07 A1"), NOTE, END), "tempo event of 2 bytes"),
    "metre-short": (one_track(bytes.fromhex("00 FF 58 02 04 02"), NOTE, END), "time signature event of 2"),
    "metre-0": (one_track(bytes.fromhex("00 FF 58 04 00 02 18 08"), NOTE, END), "time signature of 0/"),
    "metre-2^29": (one_track(bytes.fromhex("00 FF 58 04 04 1D 18 08"), NOTE, END), "time signature of 4/2.29"),
    "key-8-sharps": (one_track(bytes.fromhex("00 FF 59 02 08 00"), NOTE, END), "8 accidentals"),
    "key-mode-2": (one_track(bytes.fromhex("00 FF 59 02 00 02"), NOTE, END), "mode 2"),
    "smpte-offset": (one_track(bytes.fromhex("00 FF 54 05 E0 00 00 00 00"), NOTE, END), "SMPTE offset"),
    "meta-type-80": (one_track(bytes.fromhex("00 FF 80 00"), NOTE, END), "meta event type 80"),
    "end-with-data": (one_track(NOTE, bytes.fromhex("00 FF 2F 01 00")), "end of track event of 1"),
    "sysex-status": (one_track(NOTE, bytes.fromhex("00 F0 03 41 90 F7"), END), "system exclusive"),
}
OVER = {
    "tempo-1-us": (one_track(bytes.fromhex("00 FF 51 03 00 00 01"), NOTE, END), "bpm"),
    "142-years": (one_track(NOTE, bytes.fromhex("FF FF FF 7F FF 2F 00")), "minutes"),
    "tracks-128": (header(1, 128) + 128 * chunk(b"MTrk", NOTE + END), "128 tracks"),
    "events": (one_track(NOTE, 200_000 * bytes.fromhex("00 B0 01 01"), END), "200000 events"),
    "notes": (one_track(50_001 * bytes.fromhex("00 90 3C 50"), END), "50001 notes"),
    "text-5000": (one_track(b"\0\xff\x01\xa7\x08" + b"A" * 5000, NOTE, END), "a text of 5000 bytes"),
    "tempo-changes": (one_track(NOTE, 5001 * bytes.fromhex("00 FF 51 03 07 A1 20"), END), "tempo changes"),
    "5-mb": (GOOD + bytes(5_000_000), "5 MB"),
}
ACCEPTED = {
    "plain": (GOOD, 1, 0),
    "type-0": (one_track(NOTE, END, kind=0), 1, 0),
    "velocity-0-off": (one_track(bytes.fromhex("00 90 3C 50  60 3C 00"), END), 1, 0),
    "no-end-of-track": (one_track(NOTE), 1, 0),
    "hanging": (one_track(bytes.fromhex("00 90 3C 50"), NOTE, END), 2, 1),
    "stray-off": (one_track(bytes.fromhex("00 80 3D 00"), NOTE, END), 1, 0),
    "header-of-10": (chunk(b"MThd", bytes.fromhex("0001 0001 01E0 00000000")) + GOOD[14:], 1, 0),
    "alien-chunk": (header() + chunk(b"XFIH", b"karaoke") + GOOD[14:], 1, 0),
    "sysex": (one_track(bytes.fromhex("00 F0 05 7E 7F 09 01 F7"), NOTE, END), 1, 0),
    "escape": (one_track(bytes.fromhex("00 F7 02 F3 01"), NOTE, END), 1, 0),
    "sequence-number-empty": (one_track(bytes.fromhex("00 FF 00 00"), NOTE, END), 1, 0),
    "unknown-meta": (one_track(bytes.fromhex("00 FF 4B 02 AA BB"), NOTE, END), 1, 0),
}


@pytest.mark.parametrize("case", REFUSED)
def test_malformed_files_are_refused_with_their_own_sentence(case: str) -> None:
    data, sentence = REFUSED[case]
    with pytest.raises(BadInput, match=sentence) as caught:
        scan(data, "song.mid")
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith("composer: song.mid: ")


@pytest.mark.parametrize("case", OVER)
def test_files_over_a_limit_name_it(case: str) -> None:
    data, sentence = OVER[case]
    with pytest.raises(OverLimit, match=sentence):
        scan(data, "song.mid")


@pytest.mark.parametrize("case", ACCEPTED)
def test_odd_but_legal_files_keep_every_note(case: str) -> None:
    data, notes, hanging = ACCEPTED[case]
    facts = scan(data, "song.mid")
    assert (facts.notes, facts.hanging_notes) == (notes, hanging)
    source = read_source(data, "song.mid")
    assert len(source.notes) == notes
    again = read_source(edited(source, []), "song.mid")
    strip = [[e for e in track if e.meta != 0x2F] for track in source.tracks]
    assert [[e for e in track if e.meta != 0x2F] for track in again.tracks] == strip
    assert sum(len(part.notes) for part in piece_of(source).parts) == notes


def test_seconds_follow_tempo_changes_of_any_track() -> None:
    slow = bytes.fromhex("00 FF 51 03 0F 42 40")  # 60 bpm
    data = header(1, 2) + chunk(b"MTrk", NOTE + END) + chunk(b"MTrk", slow + END)
    assert scan(data, "x.mid").seconds == pytest.approx(1.0)


def test_mutated_files_raise_nothing_but_the_one_error_class() -> None:
    generator = np.random.default_rng(20)
    original = midi_bytes(small_piece())
    accepted = 0
    for _ in range(1500):
        data = bytearray(original)
        for _ in range(int(generator.integers(1, 4))):
            data[int(generator.integers(0, len(data)))] = int(generator.integers(0, 256))
        data = data[: int(generator.integers(10, len(data)))] if generator.random() < 0.2 else data
        try:
            source = read_source(bytes(data), "x.mid")
        except ComposerError:
            continue
        accepted += 1
        piece_of(source)
        assert read_source(edited(source, []), "x.mid").notes == source.notes
    assert accepted > 200


def test_a_file_without_notes_is_read_where_it_may_be_silent() -> None:
    data = one_track(END)
    with pytest.raises(BadInput, match="holds no notes"):
        read_source(data, "x.mid")
    source = read_source(data, "x.mid", may_be_silent=True)
    assert (source.notes, source.end_tick, len(source.tracks)) == ((), 0, 1)
