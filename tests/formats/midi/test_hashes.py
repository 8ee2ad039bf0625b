"""Hashes of tracks and bars: what counts as an edit of which bar, and what does not."""

from __future__ import annotations

from composer.formats.midi.hashes import CONDUCTOR, EMPTY, EditedBars, bar_hashes, changed_bars, renamed, united
from composer.formats.midi.writer import midi_bytes
from tests.formats.pieces import END, NOTE, chunk, header, one_track, small_piece


def _name(text: str) -> bytes:
    return b"\0\xff\x03" + bytes([len(text)]) + text.encode()


def _metre(upper: int, lower_power: int, after: bytes = b"\0", clocks: int = 24) -> bytes:
    return after + bytes([0xFF, 0x58, 4, upper, lower_power, clocks, 8])


def _tempo(microseconds: int, after: bytes = b"\0") -> bytes:
    return after + b"\xff\x51\x03" + microseconds.to_bytes(3)


def _notes(count: int) -> bytes:
    """Quarters one after the other."""
    return NOTE * count


def test_bars_follow_the_metre_where_it_changes() -> None:
    # A bar of 3/4, then bars of 2/4 from tick 1440 on.
    head = chunk(b"MTrk", _metre(3, 2) + _metre(2, 2, after=bytes.fromhex("8B20")) + END)
    found = bar_hashes(header(1, 2) + head + chunk(b"MTrk", _name("A") + _notes(7) + END), "a.mid")
    assert len(found["A"].split()) == 3
    assert len(found[CONDUCTOR].split()) == 2


def test_a_metre_in_the_track_of_the_notes_counts_alike() -> None:
    alone = one_track(_metre(3, 2), _name("A"), _notes(6), END, kind=0)
    apart = header(1, 2) + chunk(b"MTrk", _metre(3, 2) + END) + chunk(b"MTrk", _name("A") + _notes(6) + END)
    assert bar_hashes(alone, "a") == bar_hashes(apart, "a")


def test_clicks_of_the_metronome_and_a_rounded_tempo_are_no_edit() -> None:
    one = one_track(_metre(4, 2, clocks=24), _tempo(500_000), _notes(4), END)
    other = one_track(_metre(4, 2, clocks=12), _tempo(500_001), _notes(4), END)
    assert changed_bars(bar_hashes(one, "a"), bar_hashes(other, "a")) == ()
    slower = one_track(_metre(4, 2), _tempo(510_000), _notes(4), END)
    assert changed_bars(bar_hashes(one, "a"), bar_hashes(slower, "a")) == (EditedBars(CONDUCTOR, (1,)),)


def test_another_resolution_alone_is_no_edit() -> None:
    fine = one_track(_name("A"), _notes(5), END)
    coarse = one_track(_name("A"), bytes.fromhex("00 90 3C 50  60 80 3C 00") * 5, END, division=96)
    assert bar_hashes(fine, "a") == bar_hashes(coarse, "a")


def test_a_file_without_anything_that_leads_says_so() -> None:
    assert bar_hashes(one_track(_notes(1), END), "a")[CONDUCTOR] == EMPTY


def test_a_track_called_like_the_conductor_is_a_track() -> None:
    found = bar_hashes(one_track(_name(CONDUCTOR), _notes(1), END), "a")
    assert set(found) == {CONDUCTOR, f"{CONDUCTOR} (1)"}


def test_a_file_of_too_many_bars_is_not_hashed() -> None:
    far = one_track(bytes.fromhex("00 90 3C 50 FF FF FF 7F 80 3C 00"), _tempo(4_000), END, division=1)
    try:
        assert bar_hashes(far, "a") == {}
    except Exception as error:  # over another limit before
        assert type(error).__name__ in ("OverLimit", "BadInput")


def test_tracks_are_told_by_most_of_their_bars() -> None:
    before = {CONDUCTOR: "-", "A": "1 2 3 4", "B": "5 6 7 8"}
    after = {CONDUCTOR: "-", "Oboe": "5 6 7 9", "Flute": "1 2 0 0"}
    assert renamed(before, after) == {"Oboe": "B", "Flute": "A"}
    assert changed_bars(before, after) == (EditedBars("Flute", (3, 4)), EditedBars("Oboe", (4,)))
    stranger = {CONDUCTOR: "-", "A": "1 2 3 4", "Harp": "5 0 0 0"}
    assert renamed(before, stranger) == {}
    assert changed_bars(before, stranger) == (EditedBars("B", (1, 2, 3, 4)), EditedBars("Harp", (1, 2, 3, 4)))


def test_silent_bars_alone_make_no_track_the_same() -> None:
    assert renamed({"A": "- - - 1"}, {"B": "- - - 2"}) == {}


def test_edits_are_put_together() -> None:
    one, other = EditedBars("B", (3, 1)), EditedBars("A", (2,))
    assert united([one], (), [other, EditedBars("B", (2, 3))]) == (other, EditedBars("B", (1, 2, 3)))


def test_our_own_file_has_a_hash_for_every_track() -> None:
    found = bar_hashes(midi_bytes(small_piece()), "a")
    assert next(iter(found)) == CONDUCTOR
    assert {"Melody", "Piano", "Bass", "Drums"} < set(found)
