"""Any accepted MIDI file as a ``Piece``: 480 ticks a quarter, one part for each track and channel that plays."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean

from composer.formats.brief.brief import Brief
from composer.formats.midi.chords import chord_texts_of, own_chord_track
from composer.formats.midi.lyrics import lyrics_of_lines
from composer.formats.midi.scan import CONTROL, KEY_SIGNATURE, SET_TEMPO, RawEvent
from composer.formats.midi.source import SourceMidi, SourceNote, decoded
from composer.formats.midi.writer import (
    DRUM_CHANNEL,
    KEY_TEXT,
    NO_CHORD,
    TITLE_TEXT,
    key_of_signature_bytes,
    signature_name,
)
from composer.music.chord import Chord, chord_of
from composer.music.instruments import INSTRUMENTS, instrument_of_program
from composer.music.key import Key, key_of
from composer.music.notes import (
    BASS,
    CC_PAN,
    CC_VOLUME,
    CHORDS,
    DRUMS,
    MELODY,
    ChordSpan,
    Control,
    Lyric,
    Marker,
    Note,
    Part,
    Piece,
    Tempo,
)
from composer.music.time import TICKS_PER_BEAT, Meter, meter_of

DEFAULT_BPM = 120.0
# Above this mean pitch a lowest line is no bass (G3).
BASS_MEAN_MAX = 55.0
# Words in a track's name -> what it plays.
ROLE_WORDS = {
    DRUMS: r"\b(drums?|drum ?kit|percussion|perc|kit)\b",
    MELODY: r"\b(melody|lead|solo|vocals?|tune|theme)\b",
    BASS: r"\b(bass|contrabass)\b",
    CHORDS: r"\b(accompaniment|accomp|chords?|comp|pad|harmony)\b",
}
# A letter, a number or a word that stands for a section, with what tells the second from the first: A', B2, Verse 3.
SECTION_NAME = re.compile(
    r"((part|section)\s+)?"
    r"([a-z]|\d{1,3}|[ivx]{1,4}|intro(duction)?|verse|(pre-?|post-?)?chorus|refrain|bridge|middle eight|break|breakdown"
    r"|build-?up|drop|interlude|solo|theme|exposition|development|recapitulation|reprise|trio|coda|outro|ending|end"
    r"|continuation)"
    r"(['\u2019\u2032]+|\s*\d+|\s+[a-z]|\s*[(-].*)*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Line:
    """The notes of one track and channel, before it has a role."""

    track: int
    channel: int
    name: str
    notes: tuple[SourceNote, ...]

    @property
    def mean_pitch(self) -> float:
        return fmean(n.pitch for n in self.notes)

    @property
    def is_mono(self) -> bool:
        """Whether hardly any onset has a second note (a tenth of them may)."""
        return len({n.start for n in self.notes}) >= 0.9 * len(self.notes)


def piece_of(source: SourceMidi, brief: Brief | None = None) -> Piece:
    """The music of ``source``; what the file does not say (title, tempo, metre, key) comes from ``brief``.

    Roles are guessed by name, then by the brief's instruments, channel 10 and register. Only the first metre is kept.
    """
    lines = _lines(source)
    roles = _roles(lines, brief, _first_added(source, lines))
    meter = _meter(source, brief)
    length = -(-max(1, _scaled(source.end_tick, source)) // meter.bar_ticks) * meter.bar_ticks
    key, keys = _keys(source, brief)
    words = lyrics_of_lines(source)
    parts = [
        _part(source, line, role, words.get((line.track, line.channel), ()), brief)
        for line, role in zip(lines, roles, strict=True)
    ]
    return Piece(
        title=_title(source, brief), meter=meter, key=key, tempi=_tempi(source, brief), parts=_distinct(parts),
        length=length, markers=_markers(source, brief),
        chords=_chords(source, length), keys=keys,
    )  # fmt: skip


def part_lines(source: SourceMidi) -> tuple[tuple[int, int], ...]:
    """(track, channel) of each part of ``piece_of``, in its order."""
    return tuple((line.track, line.channel) for line in _lines(source))


def _markers(source: SourceMidi, brief: Brief | None) -> tuple[Marker, ...]:
    return tuple(Marker(_scaled(m.tick, source), m.text, is_section_name(m.text, brief)) for m in source.markers)


def is_section_name(text: str, brief: Brief | None = None) -> bool:
    """Whether a marker is what the brief's form or composer's habit calls a section, or what people do."""
    names = {section.name.casefold() for section in brief.form} if brief is not None else set()
    return text.casefold() in names or bool(SECTION_NAME.fullmatch(text))


def _scaled(tick: int, source: SourceMidi) -> int:
    return (2 * tick * TICKS_PER_BEAT + source.ticks_per_beat) // (2 * source.ticks_per_beat)


def _lines(source: SourceMidi) -> list[_Line]:
    groups: dict[tuple[int, int], list[SourceNote]] = defaultdict(list)
    for note in source.notes:
        groups[note.track, note.channel].append(note)
    names = source.track_names
    tracks = [track for track, _ in groups]
    return [
        _Line(track, channel, names[track] if tracks.count(track) == 1 else "", tuple(notes))
        for (track, channel), notes in sorted(groups.items())
    ]


def _first_added(source: SourceMidi, lines: list[_Line]) -> int:
    """The index of the first line that a person added to a file of ours: our chords stand last, new tracks behind."""
    chords = own_chord_track(source)
    ours = sum(chords is not None and line.track < chords for line in lines)
    return ours or len(lines)


def _roles(lines: list[_Line], brief: Brief | None, first_added: int) -> list[str]:
    """The role of each line; from ``first_added`` on they are a person's, and take none of the roles of ours."""
    added = [DRUMS if line.channel == DRUM_CHANNEL else CHORDS for line in lines[first_added:]]
    return _roles_of(lines[:first_added], brief) + added


def _roles_of(lines: list[_Line], brief: Brief | None) -> list[str]:
    roles: dict[int, str] = {}
    for index, line in enumerate(lines):
        named = [r for r, words in ROLE_WORDS.items() if re.search(words, line.name.replace("_", " "), re.IGNORECASE)]
        if line.channel == DRUM_CHANNEL:
            roles[index] = DRUMS
        elif named and named[0] != DRUMS:
            roles[index] = named[0]
    if brief is not None:
        for index, role in _by_program(lines, brief, roles).items():
            roles[index] = role
    free = [i for i in range(len(lines)) if i not in roles]
    if free and MELODY not in roles.values():
        roles[max(free, key=lambda i: lines[i].mean_pitch)] = MELODY
        free = [i for i in free if i not in roles]
    low = [i for i in free if lines[i].is_mono and lines[i].mean_pitch < BASS_MEAN_MAX]
    if low and BASS not in roles.values():
        roles[min(low, key=lambda i: lines[i].mean_pitch)] = BASS
    return [roles.get(i, CHORDS) for i in range(len(lines))]


def _by_program(lines: list[_Line], brief: Brief, known: dict[int, str]) -> dict[int, str]:
    """Roles of the lines that alone have the program of the brief's instrument for an open role."""
    wanted = [(MELODY, brief.melody.instrument), (CHORDS, brief.accompaniment.instrument)]
    if brief.bass is not None:
        wanted.append((BASS, brief.bass.instrument))
    found: dict[int, str] = {}
    for role, instrument in wanted:
        same = [
            i for i, line in enumerate(lines)
            if i not in known and instrument in INSTRUMENTS and line.notes[0].program == INSTRUMENTS[instrument].program
        ]  # fmt: skip
        if len(same) == 1 and same[0] not in found and role not in known.values():
            found[same[0]] = role
    return found


def _part(source: SourceMidi, line: _Line, role: str, words: Sequence[RawEvent], brief: Brief | None) -> Part:
    notes = tuple(
        Note(start, n.pitch, max(1, _scaled(n.end, source) - start), n.velocity)
        for n in line.notes
        for start in (_scaled(n.start, source),)
    )
    controls = [
        Control(_scaled(e.tick, source), e.data[0], e.data[1])
        for e in source.tracks[line.track]
        if e.status == CONTROL | line.channel
    ]
    program = 0 if role == DRUMS else line.notes[0].program
    plain = "Drums" if role == DRUMS else instrument_of_program(program).name.title()
    gain, pan = _first(controls, CC_VOLUME), _first(controls, CC_PAN)
    return Part(
        name=line.name or (role.title() if brief is not None else plain), role=role, program=program,
        notes=tuple(sorted(notes)), controls=tuple(c for c in controls if c not in (gain, pan)),
        gain=gain.value if gain else 100, pan=pan.value if pan else 64,
        lyrics=tuple(Lyric(_scaled(e.tick, source), decoded(e.data)) for e in words),
    )  # fmt: skip


def _first(controls: list[Control], number: int) -> Control | None:
    return next((c for c in controls if c.number == number), None)


def _distinct(parts: list[Part]) -> tuple[Part, ...]:
    """The parts with a number after a name that came before."""
    taken: set[str] = set()
    named = []
    for part in parts:
        name, number = part.name, 2
        while name in taken:
            name, number = f"{part.name} {number}", number + 1
        taken.add(name)
        named.append(replace(part, name=name))
    return tuple(named)


def _title(source: SourceMidi, brief: Brief | None) -> str:
    for found in source.texts():
        if found.text.startswith(TITLE_TEXT):
            return found.text.removeprefix(TITLE_TEXT)
    playing = {note.track for note in source.notes}
    if source.track_names and source.track_names[0] and 0 not in playing:
        return source.track_names[0]
    return brief.title if brief is not None else source.name


def _tempi(source: SourceMidi, brief: Brief | None) -> tuple[Tempo, ...]:
    found = {_scaled(e.tick, source): round(60e6 / int.from_bytes(e.data), 3) for e in source.metas(SET_TEMPO)}
    if 0 not in found:
        found[0] = brief.tempo_bpm if brief is not None and not found else DEFAULT_BPM
    return tuple(Tempo(tick, bpm) for tick, bpm in sorted(found.items()))


def _meter(source: SourceMidi, brief: Brief | None) -> Meter:
    for _, upper, lower in source.metres:
        try:
            return meter_of(f"{upper}/{lower}")
        except ValueError:
            continue
    return brief.time if brief is not None else Meter(4, 4)


def _keys(source: SourceMidi, brief: Brief | None) -> tuple[Key, tuple[tuple[int, Key], ...]]:
    """The key at the start and the later ones; C major where neither file nor brief says any.

    A DAW writes C major when it knows nothing, so there the brief is believed; the brief also tells the mode that a
    signature cannot (D dorian and A minor look alike).
    """
    found = {_scaled(e.tick, source): key_of_signature_bytes(e.data) for e in source.metas(KEY_SIGNATURE)}
    for text in source.texts():
        if text.text.startswith(KEY_TEXT):
            tonic, _, mode = text.text.removeprefix(KEY_TEXT).partition(" ")
            try:
                found[_scaled(text.tick, source)] = key_of(tonic, mode)
            except ValueError:
                continue
    first = found.pop(0, None)
    if brief is not None:
        wanted = brief.key.key
        if first is None or first == key_of("C", "major") or signature_name(first) == signature_name(wanted):
            first = wanted
    return first or key_of("C", "major"), tuple(sorted(found.items(), key=lambda item: item[0]))


def _chords(source: SourceMidi, length: int) -> tuple[ChordSpan, ...]:
    changes: dict[int, Chord | None] = {}
    for text in chord_texts_of(source):
        try:
            changes[_scaled(text.tick, source)] = None if text.text == NO_CHORD else chord_of(text.text)
        except ValueError:
            continue
    ticks = [*sorted(changes), length]
    spans = pairwise(ticks)
    return tuple(ChordSpan(start, end, c) for start, end in spans if (c := changes[start]) is not None and start < end)
