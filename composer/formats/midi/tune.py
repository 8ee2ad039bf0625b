"""The tune of any MIDI file: which voice it is, and the metre, bar lines and key that it stands in.

A MIDI file says little for certain, so this is how it is read. The melody is the track whose name says so, else the
highest busy voice. The metre is the one that holds longest; a shorter first bar is a pick-up. The key is that of the
signature where the notes agree with it, else it is found from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import numpy as np

from composer.errors import BadInput
from composer.formats.midi.piece import piece_of
from composer.formats.midi.scan import KEY_SIGNATURE, PROGRAM
from composer.formats.midi.source import SourceMidi, SourceNote
from composer.formats.midi.writer import DRUM_CHANNEL
from composer.music.key import Key
from composer.music.keyfinding import key_of_weights
from composer.music.lines import written
from composer.music.notes import Note
from composer.music.probe_tones import FINAL_BONUS
from composer.music.time import TICKS_PER_BEAT, Meter, meter_of

_MELODY_NAME = re.compile(r"melod|\bmel\b|lead|vocal|voice|sing|soprano|solo|tune", re.IGNORECASE)
_SIGNATURE_SHARE = 0.85  # of the sounding time must lie in the scale of the signature for it to be believed
_BUSY_SHARE = 0.25  # of the notes of the busiest voice; below that a voice is an effect, not a tune

Sounding = tuple[int, int, int]  # start, end in ticks, MIDI pitch


@dataclass(frozen=True, slots=True)
class GivenTune:
    """The tune of a file. Times are ticks at 480 to the quarter from a bar line: ``shift`` ticks before the file's
    own tick 0 where that lies inside a bar (a pick-up), else 0.

    ``notes`` are all notes of the voice as played, ``line`` its written top line. ``later_metres`` are the numbers of
    bars (from 1) where the file says another metre than ``meter``.
    """

    source: SourceMidi
    track: int
    channel: int
    name: str
    program: int
    meter: Meter
    key: Key
    shift: int
    notes: tuple[Note, ...]
    line: tuple[Note, ...]
    later_metres: tuple[int, ...] = ()

    @property
    def has_program(self) -> bool:
        """Whether the file says which instrument plays the tune."""
        return any(e.status == PROGRAM | self.channel for e in self.source.tracks[self.track])

    @property
    def other_tracks(self) -> tuple[str, ...]:
        """Names of the other tracks and channels that have notes."""
        voices = {(n.track, n.channel) for n in self.source.notes} - {(self.track, self.channel)}
        names = self.source.track_names
        return tuple(names[track] or f"track {track + 1}, channel {channel + 1}" for track, channel in sorted(voices))

    @property
    def bars(self) -> int:
        """Bars up to the end of the last note."""
        end = max(max(n.end for n in self.line), max(n.start for n in self.notes) + 1)
        return -(-end // self.meter.bar_ticks)


def voices_of(source: SourceMidi) -> dict[tuple[int, int], list[SourceNote]]:
    """The pitched notes by (track, channel), in order."""
    voices: dict[tuple[int, int], list[SourceNote]] = {}
    for note in source.notes:
        if note.channel != DRUM_CHANNEL:
            voices.setdefault((note.track, note.channel), []).append(note)
    return voices


def melody_notes(source: SourceMidi, notes_min: int) -> list[SourceNote] | None:
    """The notes of the voice that is most likely the tune, among those of ``notes_min`` notes; None without any."""
    voices = {voice: notes for voice, notes in voices_of(source).items() if len(notes) >= notes_min}
    if not voices:
        return None
    names, most = source.track_names, max(map(len, voices.values()))

    def rank(voice: tuple[int, int]) -> tuple[bool, bool, float]:
        notes = voices[voice]
        is_named = bool(_MELODY_NAME.search(names[voice[0]]))
        return is_named, len(notes) >= _BUSY_SHARE * most, fmean(n.pitch for n in notes)

    return voices[max(voices, key=rank)]


def key_of_tune(source: SourceMidi, notes: Iterable[Sounding], final: int) -> Key:
    """The key that the file names where ``notes`` agree, else the one that they tell; ``final`` is the last pitch.

    Many programs write C major when they know nothing, and the major key of the signature for minor.
    """
    is_named = len({event.data for event in source.metas(KEY_SIGNATURE)}) == 1
    return key_of_notes(notes, final, piece_of(source).key if is_named else None)


def key_of_notes(notes: Iterable[Sounding], final: int, named: Key | None) -> Key:
    """``named`` (a signature, whose mode may be wrong) where ``notes`` agree, else the key that they tell."""
    weights = np.zeros(12)
    for start, end, pitch in notes:
        weights[pitch % 12] += end - start
    if named is not None and weights[list(named.scale)].sum() >= _SIGNATURE_SHARE * weights.sum():
        if named.mode not in ("major", "minor"):
            return named
        return key_of_weights(weights, final % 12, FINAL_BONUS, named.fifths)
    return key_of_weights(weights, final % 12, FINAL_BONUS)


def tune_of(source: SourceMidi, key: Key | None = None, voice: tuple[int, int] | None = None) -> GivenTune:
    """The tune of ``source``, in ``key`` if a person named one; raises BadInput for a file without pitched notes.

    ``voice`` is the (track, channel) that is known to play it.
    """
    own = melody_notes(source, 1) if voice is None else voices_of(source).get(voice)
    if own is None:
        raise BadInput(source.name, "has no notes but drums", "name a file with a tune in it")
    meter, shift, later = bars_of(source)
    notes = tuple(sorted(_scaled(n, source, shift) for n in own))
    line = written(_uncovered(notes), meter)
    if key is None:
        sounding = [(n.start, n.end, n.pitch) for voice in voices_of(source).values() for n in voice]
        key = key_of_tune(source, sounding, line[-1].pitch)
    first = own[0]
    name = source.track_names[first.track]
    return GivenTune(
        source, first.track, first.channel, name, first.program, meter, key, shift, notes, line, later
    )  # fmt: skip


def _uncovered(notes: tuple[Note, ...]) -> list[Note]:
    """The notes that are not under a higher one which sounds from before them through half of their length."""
    kept: list[Note] = []
    sounding: list[Note] = []
    for note in notes:
        sounding = [n for n in sounding if n.end > note.start]
        middle = note.start + note.duration / 2
        if not any(n.pitch > note.pitch and n.start < note.start and n.end >= middle for n in sounding):
            kept.append(note)
            sounding.append(note)
    return kept


def _scaled(note: SourceNote, source: SourceMidi, shift: int) -> Note:
    start, end = (round(t * TICKS_PER_BEAT / source.ticks_per_beat) + shift for t in (note.start, note.end))
    return Note(start, note.pitch, max(1, end - start), note.velocity)


def bars_of(source: SourceMidi) -> tuple[Meter, int, tuple[int, ...]]:
    """The metre that holds longest, the ticks from a bar line to tick 0, and the bars where another metre begins."""
    changes = _metres(source)
    ends = [tick for tick, _ in changes[1:]] + [max(source.end_tick, changes[-1][0] + 1)]
    lasting: dict[Meter, int] = {}
    for (tick, meter), end in zip(changes, ends, strict=True):
        lasting[meter] = lasting.get(meter, 0) + end - tick
    main = max(lasting, key=lambda meter: lasting[meter])
    bar = main.bar_ticks * source.ticks_per_beat / TICKS_PER_BEAT
    first = next(tick for tick, meter in changes if meter == main)
    phase = first % bar
    shift = round((bar - phase) * TICKS_PER_BEAT / source.ticks_per_beat) if phase else 0
    later = [tick for tick, meter in changes if tick > first and meter != main]
    return main, shift, tuple(int((tick - phase) // bar) + (2 if phase else 1) for tick in later)


def _metres(source: SourceMidi) -> list[tuple[int, Meter]]:
    """(tick, metre) of each change, the first at tick 0: 4/4 where the file does not say."""
    found: list[tuple[int, Meter]] = []
    for tick, upper, lower in source.metres:
        try:
            found.append((tick, meter_of(f"{upper}/{lower}")))
        except ValueError:
            continue
    if not found:
        return [(0, Meter(4, 4))]
    # Where the first one comes late, it holds from the beginning.
    found[0] = (0, found[0][1])
    kept = found[:1]
    for (_, before), change in pairwise(found):
        if change[1] != before:
            kept.append(change)
    return kept
