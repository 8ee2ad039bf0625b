"""The lines of a file: what one track plays on one channel, with its role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from composer.formats.midi.hashes import track_labels
from composer.formats.midi.piece import part_lines, piece_of
from composer.formats.midi.scan import CONTROL
from composer.formats.midi.source import SourceMidi, SourceNote
from composer.music.notes import CC_PEDAL

# A line is one voice if this share of its onsets has one note.
ONE_VOICE_SHARE = 0.9
KEYBOARD_PROGRAMS = range(6)  # the pianos of General MIDI; harpsichord and clavi have no pedal


@dataclass(frozen=True, slots=True)
class Line:
    """``notes`` are sorted by start, then as they stand in the file; ``label`` is what the cells of the track are
    called by."""

    track: int
    channel: int
    label: str
    role: str
    notes: tuple[SourceNote, ...]
    has_pedal: bool

    @property
    def is_one_voice(self) -> bool:
        return len({n.start for n in self.notes}) >= ONE_VOICE_SHARE * len(self.notes)

    @property
    def is_keyboard(self) -> bool:
        return self.notes[0].program in KEYBOARD_PROGRAMS


def lines_of(source: SourceMidi) -> tuple[Line, ...]:
    """The lines that play, by track and channel; roles are guessed from the file alone."""
    notes: dict[tuple[int, int], list[SourceNote]] = defaultdict(list)
    for note in source.notes:
        notes[note.track, note.channel].append(note)
    parts, labels = piece_of(source).parts, track_labels(source)
    return tuple(
        Line(
            track, channel, labels[track], part.role,
            tuple(sorted(notes[track, channel], key=lambda n: (n.start, n.on_index))),
            _has_pedal(source, channel),
        )
        for (track, channel), part in zip(part_lines(source), parts, strict=True)
    )  # fmt: skip


def onsets_of(notes: Sequence[SourceNote]) -> list[list[SourceNote]]:
    """Notes sorted by start, put together where they begin together."""
    groups: list[list[SourceNote]] = []
    for note in notes:
        if groups and groups[-1][0].start == note.start:
            groups[-1].append(note)
        else:
            groups.append([note])
    return groups


def _has_pedal(source: SourceMidi, channel: int) -> bool:
    """Whether any pedal is drawn on that channel, in whichever track."""
    return any(e.status == CONTROL | channel and e.data[0] == CC_PEDAL for events in source.tracks for e in events)
