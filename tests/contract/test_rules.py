"""Every rule finds its own breach, and nothing in a file that keeps the contract."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import mido
import pytest

from composer.contract.rules import ADVICE, RULES, VIOLATION
from composer.contract.stage import checked
from composer.formats.midi.writer import midi_bytes
from tests.compare.pieces import BAR, Event, bytes_of, file_of, piece, tracks_of

Tracks = list[list[Event]]
END = 8 * BAR
CONDUCTOR, MELODY, PIANO, BASS, DRUMS = range(5)


def note(tick: int, pitch: int, length: int, channel: int = 0) -> list[Event]:
    return [
        (tick, mido.Message("note_on", channel=channel, note=pitch, velocity=80)),
        (tick + length, mido.Message("note_off", channel=channel, note=pitch)),
    ]


def meta(kind: str, **values: object) -> mido.MetaMessage:
    return mido.MetaMessage(kind, **values)


def without(track: list[Event], kind: str) -> list[Event]:
    return [(t, m) for t, m in track if m.type != kind]


def without_control(track: list[Event], number: int) -> list[Event]:
    return [(t, m) for t, m in track if not (m.type == "control_change" and m.control == number)]


def in_order(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda e: (e[0], e[1].type == "note_on"))


def added(number: int, *events: Event) -> Callable[[Tracks], bytes]:
    """The good file with more events at the end of what stands at their tick in a track."""

    def change(tracks: Tracks) -> bytes:
        tracks[number] = sorted([*tracks[number], *events], key=lambda e: e[0])
        return file_of(tracks, end=END)

    return change


def changed(number: int, change: Callable[[list[Event]], list[Event]]) -> Callable[[Tracks], bytes]:
    def build(tracks: Tracks) -> bytes:
        tracks[number] = change(tracks[number])
        return file_of(tracks, end=END)

    return build


def renamed(name: str) -> Callable[[list[Event]], list[Event]]:
    return lambda track: [(t, m.copy(name=name) if m.type == "track_name" else m) for t, m in track]


def type_0(tracks: Tracks) -> bytes:
    return file_of([in_order([event for track in tracks for event in track])], 0, end=END)


def at_960(tracks: Tracks) -> bytes:
    return file_of([[(t * 2, m) for t, m in track] for track in tracks], 1, 960, END * 2)


def later(tracks: Tracks) -> bytes:
    return file_of([[(t + 2 * BAR if t or m.type == "note_on" else 0, m) for t, m in x] for x in tracks], end=10 * BAR)


def unended(tracks: Tracks) -> bytes:
    data = file_of(tracks, end=END)
    cut = data[:-4]  # the last track's end-of-track event, without its delta time
    at = cut.rindex(b"MTrk") + 4
    while cut[-1] >= 0x80:
        cut = cut[:-1]
    cut = cut.rstrip(b"\x00")
    return cut[:at] + (len(cut) - at - 4).to_bytes(4) + cut[at + 4 :]


def velocity_0(track: list[Event]) -> list[Event]:
    return [
        (t, mido.Message("note_on", channel=m.channel, note=m.note, velocity=0) if m.type == "note_off" else m)
        for t, m in track
    ]


def first_off_dropped(track: list[Event]) -> list[Event]:
    index = next(i for i, (_, m) in enumerate(track) if m.type == "note_off")
    return track[:index] + track[index + 1 :]


def odd_signature(track: list[Event]) -> list[Event]:
    return [(t, m.copy(notated_32nd_notes_per_beat=4) if m.type == "time_signature" else m) for t, m in track]


def swapped_setup(track: list[Event]) -> list[Event]:
    program = next(e for e in track if e[1].type == "program_change")
    rest = [e for e in track if e is not program]
    last = max(i for i, (_, m) in enumerate(rest) if m.type == "control_change" and m.control in (7, 10))
    return [*rest[: last + 1], program, *rest[last + 1 :]]


SYSEX = mido.Message("sysex", data=(65, 16, 66))
LATIN = meta("marker", text="Stück")
BREACHES: dict[str, Callable[[Tracks], bytes]] = {
    "NotType1": type_0,
    "WrongResolution": at_960,
    "NotesInConductor": added(CONDUCTOR, *note(0, 72, 480, channel=5)),
    "NoTempoAtStart": changed(CONDUCTOR, lambda t: without(t, "set_tempo")),
    "SeveralTemposAtStart": added(CONDUCTOR, (0, meta("set_tempo", tempo=400_000))),
    "NoMetreAtStart": changed(CONDUCTOR, lambda t: without(t, "time_signature")),
    "SeveralMetresAtStart": added(CONDUCTOR, (0, meta("time_signature", numerator=4, denominator=4))),
    "OddTimeSignature": changed(CONDUCTOR, odd_signature),
    "ConductorEventElsewhere": added(PIANO, (BAR, meta("marker", text="C"))),
    "UnequalEnds": lambda tracks: file_of([*tracks[:4], [*tracks[4], (9 * BAR, meta("text", text="late"))]], end=END),
    "EndWithinBar": lambda tracks: file_of(tracks, end=END + 480),
    "NoEndOfTrack": unended,
    "UnnamedTrack": changed(PIANO, lambda t: without(t, "track_name")),
    "LateName": changed(PIANO, lambda t: [*without(t, "track_name"), (END, meta("track_name", name="Piano"))]),
    "NameNotAscii": changed(PIANO, renamed("Flügel")),
    "SeveralChannels": added(MELODY, *note(8 * BAR - 480, 40, 100, channel=7)),
    "SharedChannel": changed(BASS, lambda t: [(x, m.copy(channel=0) if not m.is_meta else m) for x, m in t]),
    "SeveralPrograms": added(MELODY, (BAR, mido.Message("program_change", channel=0, program=5))),
    "DrumsElsewhere": changed(BASS, renamed("Drum kit")),
    "NoProgram": changed(BASS, lambda t: without(t, "program_change")),
    "NoVolume": changed(BASS, lambda t: without_control(t, 7)),
    "NoPan": changed(DRUMS, lambda t: without_control(t, 10)),
    "SetupOrder": changed(PIANO, swapped_setup),
    "ImplicitNoteOff": changed(BASS, velocity_0),
    "LateNoteOff": added(MELODY, *note(0, 40, 960)),
    "HangingNote": changed(BASS, first_off_dropped),
    "EmptyNote": added(MELODY, *note(BAR, 90, 0)),
    "OverlappingNotes": changed(MELODY, lambda t: in_order([*t, *note(400, 62, 100)])),
    "PedalHeld": added(PIANO, (END, mido.Message("control_change", channel=1, control=64, value=127))),
    "NoTitle": changed(CONDUCTOR, lambda t: without(t, "track_name")),
    "NoKeyAtStart": changed(CONDUCTOR, lambda t: without(t, "key_signature")),
    "MetreWithinBar": added(CONDUCTOR, (480, meta("time_signature", numerator=4, denominator=4))),
    "EmptyStart": later,
    "SameName": changed(BASS, renamed("Piano")),
    "BendHeld": added(MELODY, (BAR, mido.Message("pitchwheel", channel=0, pitch=500))),
    "StrayNoteOff": added(MELODY, (BAR, mido.Message("note_off", channel=0, note=99))),
    "SystemExclusive": added(PIANO, (0, SYSEX)),
    "PortEvent": added(PIANO, (0, meta("midi_port", port=0))),
    "TextNotUtf8": lambda tracks: added(CONDUCTOR, (0, LATIN))(tracks).replace(b"St\xc3\xbcck", b"St\xfccke"),
}  # fmt: skip


def found_in(data: bytes) -> set[str]:
    return {breach.rule.name for breach in checked(data, "song.mid").breaches}


def test_a_file_of_ours_has_no_breach() -> None:
    assert found_in(bytes_of()) == set()


def test_every_rule_has_a_breach_here_and_a_name_of_its_own() -> None:
    assert list(BREACHES) == [rule.name for rule in RULES]
    assert len({rule.find for rule in RULES}) == len(RULES)
    assert {rule.severity for rule in RULES} == {VIOLATION, ADVICE}


# What a breach cannot be made without.
ALONG: dict[str, set[str]] = {
    "NotType1": {"SeveralTemposAtStart"},
    "SeveralChannels": {"NoProgram", "NoVolume", "NoPan"},
    "NotesInConductor": {"NoProgram", "NoVolume", "NoPan", "NoTitle"},
    "NoEndOfTrack": {"UnequalEnds"},
    "HangingNote": {"OverlappingNotes"},
    "StrayNoteOff": {"LateNoteOff"},
    "MetreWithinBar": {"EndWithinBar", "EmptyStart"},
    "SharedChannel": {"OverlappingNotes"},
}


@pytest.mark.parametrize("name", BREACHES)
def test_the_breach_is_found_and_hardly_anything_else(name: str) -> None:
    found = found_in(BREACHES[name](tracks_of(bytes_of())))
    assert name in found
    assert found - {name} <= ALONG.get(name, set())


def test_all_places_of_a_track_are_one_breach_with_the_first_place() -> None:
    data = changed(BASS, velocity_0)(tracks_of(bytes_of()))
    [row] = checked(data, "song.mid").breach_rows()
    assert row[:4] == ("violation", "ImplicitNoteOff", "Bass", "bar 1, beat 4 23/24")
    assert row[4].endswith("(and 7 more)")


def test_a_bar_and_a_beat_are_named_in_the_metre_of_the_place() -> None:
    tracks = tracks_of(bytes_of())
    tracks[CONDUCTOR] = in_order([*tracks[CONDUCTOR], (4 * BAR, meta("time_signature", numerator=3, denominator=4))])
    data = added(PIANO, *note(4 * BAR + 1440 + 480, 100, 0, channel=1))(tracks)
    rows = {row[1]: row[3] for row in checked(data, "song.mid").breach_rows()}
    assert rows["EmptyNote"] == "bar 6, beat 2"


def test_violations_make_a_file_unclean_and_advice_does_not() -> None:
    no_key = checked(BREACHES["NoKeyAtStart"](tracks_of(bytes_of())), "song.mid")
    assert no_key.is_clean and [b.rule.name for b in no_key.advice] == ["NoKeyAtStart"]
    assert not checked(at_960(tracks_of(bytes_of())), "song.mid").is_clean


def test_music_of_drums_or_of_one_note_is_checked_too() -> None:
    drums = replace(piece(), parts=piece().parts[3:])
    assert found_in(midi_bytes(drums)) == set()
    stream = io.BytesIO()
    mido.MidiFile(tracks=[mido.MidiTrack([mido.Message("note_on", note=60, velocity=9)])]).save(file=stream)
    assert {"HangingNote", "UnnamedTrack", "NoTempoAtStart"} <= found_in(stream.getvalue())
