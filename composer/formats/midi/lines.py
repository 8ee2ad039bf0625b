"""Who plays what in a file: its lines (a track and a channel), and which part of a composed piece each of them is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from composer.formats.midi.chords import chord_track_of, says_chords_only
from composer.formats.midi.hashes import CHORD_NOTES, track_labels
from composer.formats.midi.piece import ROLE_WORDS, part_lines, piece_of
from composer.formats.midi.scan import PROGRAM, SYSEX
from composer.formats.midi.source import SourceMidi
from composer.formats.midi.writer import CHORD_TRACK, DRUM_CHANNEL, MELODIC_CHANNELS, ascii_name
from composer.music.notes import DRUMS, Part, Piece


@dataclass(frozen=True, slots=True)
class Line:
    """What one track plays on one channel.

    ``label`` is what cells call its track; ``is_alone`` says that the track has no other line. ``channel`` is None for
    an empty track that says nothing of it, ``program`` where none was chosen.
    """

    track: int
    channel: int | None
    label: str
    is_alone: bool
    role: str
    program: int | None


def lines_of(source: SourceMidi) -> tuple[Line, ...]:
    """The lines with notes as ``part_lines`` has them, then the tracks that could play and are silent."""
    playing, labels = part_lines(source), track_labels(source)
    roles = [part.role for part in piece_of(source).parts]
    count = Counter(track for track, _ in playing)
    lines = [
        Line(track, channel, labels[track], count[track] == 1, role, _program(source, track, channel))
        for (track, channel), role in zip(playing, roles, strict=True)
    ]
    chords = chord_tracks(source)
    silent = [n for n in range(1, len(source.tracks)) if not count[n] and n not in chords and _could_play(source, n)]
    return (*lines, *(_silent_line(source, number, labels[number]) for number in silent))


def chord_tracks(source: SourceMidi) -> tuple[int, ...]:
    """The track that holds the chord symbols; that of a type 0 file, which has no other, unless it has other words."""
    if source.format == 0:
        return (0,) if says_chords_only(source, 0) else ()
    found = chord_track_of(source)
    return () if found is None else (found,)


def labelled(piece: Piece, source: SourceMidi) -> Piece:
    """``piece``, as ``piece_of`` reads it from ``source``, with its parts called as cells call their tracks."""
    lines = lines_of(source)[: len(piece.parts)]
    parts = zip(piece.parts, lines, strict=True)
    return replace(piece, parts=tuple(replace(p, name=line.label) if line.is_alone else p for p, line in parts))


def lines_of_parts(composed: Piece, source: SourceMidi) -> dict[int, Line]:
    """Which line plays the part of that index: by name, then by channel and program, program and role, one of these.

    In a type 0 file with everything on one channel, that one line plays all of them. A part that nothing in the file
    is like is not there.
    """
    lines = lines_of(source)
    if source.format == 0 and len(lines) == 1:
        return dict.fromkeys(range(len(composed.parts)), lines[0])
    channels = _channels(composed.parts)
    found: dict[int, Line] = {}

    def pair(is_alike: Callable[[int, Part, Line], bool]) -> None:
        free = [n for n in range(len(composed.parts)) if n not in found]
        left = [line for line in lines if line not in found.values()]
        alike = [(n, line) for n in free for line in left if is_alike(n, composed.parts[n], line)]
        parts, taken = Counter(n for n, _ in alike), Counter(line for _, line in alike)
        found.update({n: line for n, line in alike if parts[n] == taken[line] == 1})

    pair(lambda _, part, line: line.is_alone and is_called(part, line.label))
    pair(lambda n, part, line: line.channel == channels[n] and _has_program(part, line))
    pair(lambda _, part, line: line.role == part.role and _has_program(part, line))
    pair(lambda _, part, line: line.role != DRUMS and not part.is_drums and line.program == part.program)
    # By register alone any track is somebody: one with a name must say so itself.
    pair(lambda _, part, line: line.role == part.role and _role_said(source, line) in ("", part.role))
    return found


def is_called(part: Part, name: str) -> bool:
    """Whether cells call the part's track so, by its name or as a file writes it; upper and lower case are the same."""
    names = (CHORD_NOTES if own == CHORD_TRACK else own for own in (part.name, file_name(part)))
    return name.casefold() in [own.casefold() for own in names]


def file_name(part: Part) -> str:
    """The name of the part's track in a file that composer writes."""
    return ascii_name(part.name, part.role.title())


def free_channel(source: SourceMidi, taken: Iterable[int], is_drums: bool) -> int | None:
    """A channel on which nothing plays; None where all are taken."""
    used = {e.status & 0x0F for track in source.tracks for e in track if e.status < SYSEX} | set(taken)
    wanted: Sequence[int] = (DRUM_CHANNEL,) if is_drums else MELODIC_CHANNELS
    return next((channel for channel in wanted if channel not in used), None)


def _channels(parts: Sequence[Part]) -> list[int | None]:
    """The channels that ``midi`` gives the parts, as far as they go."""
    free = iter(MELODIC_CHANNELS)
    return [DRUM_CHANNEL if part.is_drums else next(free, None) for part in parts]


def _role_said(source: SourceMidi, line: Line) -> str:
    """The role that the track's name or channel says; "" where it has no name, "other" where that says none."""
    if line.channel == DRUM_CHANNEL:
        return DRUMS
    name = source.track_names[line.track] if line.is_alone else ""
    return _role_in(name) or ("other" if name else "")


def _role_in(name: str) -> str:
    words = name.replace("_", " ")
    return next((role for role, known in ROLE_WORDS.items() if re.search(known, words, re.IGNORECASE)), "")


def _has_program(part: Part, line: Line) -> bool:
    return part.is_drums == (line.role == DRUMS) and (part.is_drums or line.program == part.program)


def _program(source: SourceMidi, track: int, channel: int) -> int | None:
    notes = (note.program for note in source.notes if (note.track, note.channel) == (track, channel))
    chosen = (e.data[0] for e in source.tracks[track] if e.status == PROGRAM | channel)
    return next(notes, next(chosen, None))


def _could_play(source: SourceMidi, track: int) -> bool:
    """Whether a track without notes is one that was played or is meant to be: named, or with controllers."""
    return bool(source.track_names[track]) or any(event.status < SYSEX for event in source.tracks[track])


def _silent_line(source: SourceMidi, track: int, label: str) -> Line:
    events = [event for event in source.tracks[track] if event.status < SYSEX]
    chosen = [event for event in events if event.status & 0xF0 == PROGRAM]
    channel = next((event.status & 0x0F for event in (*chosen, *events)), None)
    role = DRUMS if channel == DRUM_CHANNEL else _role_in(label)
    return Line(track, channel, label, True, role, chosen[0].data[0] if chosen else None)
