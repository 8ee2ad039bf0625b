"""Texture from figures: the counterpart of ``texture.textured`` where a network writes the accompaniment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from composer.compose.accompaniment.hands import Played, played
from composer.compose.accompaniment.learned import Setting, figure_controls, figures_of
from composer.compose.accompaniment.outer import mended_bass
from composer.compose.accompaniment.styles import Style
from composer.compose.accompaniment.texture import Layout, Texture, VoicedChord, textured
from composer.compose.voices.sounding import trimmed
from composer.encoding.figuration import FigureFrame
from composer.encoding.protocol import FigurationModel
from composer.formats.forms import letter_of
from composer.music.key import Key
from composer.music.notes import BASS, CHORDS, MELODY, ChordSpan, Note, Part, Piece, Tempo
from composer.music.time import Meter
from composer.music.voice_leading import CROSSED, PARALLELS, WIDE, offences

WITH_BASS_LOW = 40  # E2: where a bass part plays, the left hand's chords stay above it
_FAULTS = (*PARALLELS, CROSSED, WIDE)
BASS_RUNGS_SEMITONES = 7  # a left hand's note this near to the structural bass goes to the bass part


def figured(
    model: FigurationModel,
    style: Style,
    voiced: Sequence[VoicedChord],
    meter: Meter,
    rng: np.random.Generator,
    *,
    key: Key,
    tempo_bpm: float,
    tune: Sequence[Note],
    layout: Layout,
    ceilings: Sequence[int],
    drums: Style | None = None,
) -> Texture:
    """``voiced`` (in time order, bar 1 at tick 0) with figures of ``model``; drums play as ``style`` has them.

    ``tune`` is the melody in order, ``ceilings`` the highest pitch the accompaniment may take over each chord.
    """
    beat = textured(
        style, voiced, meter, rng, scale=key.scale, layout=Layout(None, None, layout.drums), drums=drums
    ).drums
    if not voiced or layout.accompaniment is None:
        return Texture(drums=beat)
    setting = _setting(voiced, meter, key, tempo_bpm, tune, ceilings)
    figures = figures_of(setting, model, rng)
    low, high = layout.accompaniment
    reach = (min(low, layout.bass[0]) if layout.bass else min(low, 28) if low <= 36 else low, high)

    def parts(hands: Played) -> tuple[tuple[Note, ...], tuple[Note, ...]]:
        """Accompaniment and bass."""
        if layout.bass is None:
            return tuple(sorted((*hands.left, *hands.right))), ()
        bass, rest = _dealt(hands, voiced, meter, layout.bass)
        bass = mended_bass(bass, tune, setting.frame.chords, *layout.bass)
        return trimmed([_lifted(n, low) for n in (*rest, *hands.right)]), bass

    def faults(hands: Played) -> list[int]:
        return _faults(*parts(hands), setting.frame)

    hands = played(figures, setting.frame, ceilings, [v.voices for v in voiced], reach, faults)
    return Texture(*parts(hands), beat)


def _faults(accompaniment: Sequence[Note], bass: Sequence[Note], frame: FigureFrame) -> list[int]:
    """Ticks of parallels, crossed voices and gaps, as evaluation and cleanup find them."""
    parts = [
        Part("", role, 0, tuple(notes))
        for role, notes in ((MELODY, frame.melody), (CHORDS, accompaniment), (BASS, bass))
    ]
    piece = Piece(
        "", frame.meter, frame.key, (Tempo(0, 100.0),), tuple(p for p in parts if p.notes),
        frame.bars * frame.meter.bar_ticks, chords=frame.chords,
    )  # fmt: skip
    return [o.tick for o in offences(piece) if o.rule in _FAULTS]


def _setting(
    voiced: Sequence[VoicedChord],
    meter: Meter,
    key: Key,
    tempo_bpm: float,
    tune: Sequence[Note],
    ceilings: Sequence[int],
) -> Setting:
    bars = -(-voiced[-1].end // meter.bar_ticks)
    energies = _energies(voiced, meter, bars)
    groups = [list(group) for _, group in groupby(voiced, key=lambda v: v.section)]
    borders = tuple(group[0].start // meter.bar_ticks for group in groups)
    letters = tuple(letter_of(group[0].section) for group in groups)
    frame = FigureFrame(
        key, meter, bars,
        tuple(ChordSpan(v.start, v.end, v.chord) for v in voiced),
        tuple(v.bass for v in voiced),
        tuple(tune),
        figure_controls(energies, borders, tempo_bpm, meter),
    )  # fmt: skip
    return Setting(frame, tuple(ceilings), borders, letters, tempo_bpm)


def _energies(voiced: Sequence[VoicedChord], meter: Meter, bars: int) -> list[float]:
    """The intensity of the chord on each downbeat."""
    found, place = [], 0
    for bar in range(bars):
        while place + 1 < len(voiced) and voiced[place + 1].start <= bar * meter.bar_ticks:
            place += 1
        found.append(voiced[place].intensity)
    return found


def _dealt(
    hands: Played, voiced: Sequence[VoicedChord], meter: Meter, reach: tuple[int, int]
) -> tuple[tuple[Note, ...], list[Note]]:
    """The left hand shared out: a line for the bass part, and what the accompaniment keeps of it.

    The bass takes the lowest note of what is struck on a beat near the structural bass, held to its next note.
    """
    line: list[Note] = []
    rest: list[Note] = []
    place = 0
    for start, group in groupby(hands.left, key=lambda n: n.start):
        struck = sorted(group, key=lambda n: n.pitch)
        while place + 1 < len(voiced) and voiced[place + 1].start <= start:
            place += 1
        chord = voiced[place]
        near = struck[0].pitch <= chord.bass + BASS_RUNGS_SEMITONES
        if start == chord.start or (near and meter.accent(start) > 0):
            pitch = struck[0].pitch
            while pitch > reach[1]:
                pitch -= 12
            while pitch < reach[0]:
                pitch += 12
            line.append(Note(start, pitch, struck[0].duration, struck[0].velocity))
            struck = struck[1:]
        rest += [n for n in struck if n.pitch >= WITH_BASS_LOW]
    return tuple(_without_overlaps(line)), rest


def _lifted(note: Note, low: int) -> Note:
    """The note in octaves up to where the instrument begins."""
    return replace(note, pitch=note.pitch + 12 * -(-max(0, low - note.pitch) // 12))


def _without_overlaps(line: Sequence[Note]) -> list[Note]:
    """The line with each note ended where the next begins."""
    ends = [*(n.start for n in line[1:]), None]
    return [
        n if end is None else Note(n.start, n.pitch, min(n.duration, end - n.start), n.velocity)
        for n, end in zip(line, ends, strict=True)
    ]
