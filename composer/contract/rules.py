"""The contract as one table: what a MIDI file must keep so that every program reads it alike.

A violation changes what some program plays or shows; advice does not, or is a matter of taste.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from composer.contract import file_rules, note_rules, track_rules
from composer.contract.subject import Hit, Subject

VIOLATION, ADVICE = "violation", "advice"


@dataclass(frozen=True, slots=True)
class Rule:
    """``name`` says what is found and is the key in JSON and in the docs; ``wanted`` is what a file should have."""

    name: str
    severity: str
    wanted: str
    find: Callable[[Subject], Iterator[Hit]]


RULES: tuple[Rule, ...] = (
    Rule("NotType1", VIOLATION, "a type 1 file, a track for each part", file_rules.not_type_1),
    Rule("WrongResolution", VIOLATION, "480 ticks to the quarter", file_rules.wrong_resolution),
    Rule("NotesInConductor", VIOLATION, "a first track without notes", file_rules.notes_in_conductor),
    Rule("NoTempoAtStart", VIOLATION, "a tempo at the start", file_rules.no_tempo_at_start),
    Rule("SeveralTemposAtStart", VIOLATION, "one tempo at the start", file_rules.several_tempos_at_start),
    Rule("NoMetreAtStart", VIOLATION, "a time signature at the start", file_rules.no_metre_at_start),
    Rule("SeveralMetresAtStart", VIOLATION, "one time signature at the start", file_rules.several_metres_at_start),
    Rule("OddTimeSignature", VIOLATION, "full time signatures: 8 32nds to the quarter, clocks to the click",
         file_rules.odd_time_signature),
    Rule("ConductorEventElsewhere", VIOLATION, "tempo, metre, key and markers in the first track only",
         file_rules.conductor_event_elsewhere),
    Rule("UnequalEnds", VIOLATION, "all tracks ending together", file_rules.unequal_ends),
    Rule("EndWithinBar", VIOLATION, "the end at a bar line", file_rules.end_within_bar),
    Rule("NoEndOfTrack", VIOLATION, "an end-of-track event in every track", file_rules.no_end_of_track),
    Rule("UnnamedTrack", VIOLATION, "a name for each track that plays", track_rules.unnamed_track),
    Rule("LateName", VIOLATION, "names at the start", track_rules.late_name),
    Rule("NameNotAscii", VIOLATION, "names in plain ASCII", track_rules.name_not_ascii),
    Rule("SeveralChannels", VIOLATION, "one channel for each track", track_rules.several_channels),
    Rule("SharedChannel", VIOLATION, "one track for each channel", track_rules.shared_channel),
    Rule("SeveralPrograms", VIOLATION, "one instrument for each track", track_rules.several_programs),
    Rule("DrumsElsewhere", VIOLATION, "drums on channel 10", track_rules.drums_elsewhere),
    Rule("NoProgram", VIOLATION, "an instrument (program) for each track but the drums", track_rules.no_program),
    Rule("NoVolume", VIOLATION, "a volume (CC7) before the first note", track_rules.no_volume),
    Rule("NoPan", VIOLATION, "a pan (CC10) before the first note", track_rules.no_pan),
    Rule("SetupOrder", VIOLATION, "program, CC7, CC10 in this order at the start", track_rules.setup_order),
    Rule("ImplicitNoteOff", VIOLATION, "explicit note-offs", note_rules.implicit_note_off),
    Rule("LateNoteOff", VIOLATION, "at one tick, note-offs before note-ons", note_rules.late_note_off),
    Rule("HangingNote", VIOLATION, "an end for each note", note_rules.hanging_note),
    Rule("EmptyNote", VIOLATION, "notes of at least one tick", note_rules.empty_note),
    Rule("OverlappingNotes", VIOLATION, "no pitch twice at once on a channel", note_rules.overlapping_notes),
    Rule("PedalHeld", VIOLATION, "the pedal (CC64) up at the end", track_rules.pedal_held),
    Rule("NoTitle", ADVICE, "a title: the name of the first track", file_rules.no_title),
    Rule("NoKeyAtStart", ADVICE, "a key signature at the start", file_rules.no_key_at_start),
    Rule("MetreWithinBar", ADVICE, "changes of metre at bar lines", file_rules.metre_within_bar),
    Rule("EmptyStart", ADVICE, "music from bar 1", file_rules.empty_start),
    Rule("SameName", ADVICE, "different names", track_rules.same_name),
    Rule("BendHeld", ADVICE, "pitch bend back in the middle at the end", track_rules.bend_held),
    Rule("StrayNoteOff", ADVICE, "note-offs only for notes that sound", note_rules.stray_note_off),
    Rule("SystemExclusive", ADVICE, "no system exclusive messages", file_rules.system_exclusive),
    Rule("PortEvent", ADVICE, "no port and channel prefix events", file_rules.port_event),
    Rule("TextNotUtf8", ADVICE, "texts in UTF-8", file_rules.text_not_utf8),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Breach:
    """Where a file breaks a rule: all places in one track (None: the whole file), the first one first."""

    rule: Rule
    track: int | None
    hits: tuple[Hit, ...]


def breaches_of(file: Subject) -> tuple[Breach, ...]:
    """Everything in which ``file`` departs from the contract, in the order of the table, then by track."""
    found = []
    for rule in RULES:
        by_track: dict[int, list[Hit]] = {}
        for hit in rule.find(file):
            by_track.setdefault(-1 if hit.track is None else hit.track, []).append(hit)
        for track, hits in sorted(by_track.items()):
            found.append(Breach(rule, None if track < 0 else track, tuple(hits)))
    return tuple(found)
