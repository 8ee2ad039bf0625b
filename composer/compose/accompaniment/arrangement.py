"""Who plays what: chords and tune -> the notes of every part, by bass line, voicing, texture and expression."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from composer.compose.accompaniment.ensembles import Player, split_voices
from composer.compose.accompaniment.expression import articulated, pedal_of, with_dynamics
from composer.compose.accompaniment.figured import figured
from composer.compose.accompaniment.learned import LEARNED
from composer.compose.accompaniment.orchestra import Orchestra
from composer.compose.accompaniment.outer import mended_bass
from composer.compose.accompaniment.passing import with_passing_notes
from composer.compose.accompaniment.splice import spliced
from composer.compose.accompaniment.styles import NONE, Style, load_style
from composer.compose.accompaniment.texture import Layout, Texture, VoicedChord, textured
from composer.compose.chords.harmony import Bar
from composer.compose.form.plan import PERFECT, Plan
from composer.compose.tune.melody import Melody
from composer.compose.tune.prospect import chord_line
from composer.compose.voices.chorale import INNER_VOICES
from composer.compose.voices.slots import Heard, Slot
from composer.compose.voices.sounding import trimmed
from composer.compose.voices.voicing import Voicing, voicings_of
from composer.encoding.protocol import FigurationModel
from composer.encoding.voices import VoicesModel
from composer.formats.brief.brief import Brief
from composer.music.instruments import PLUCKED, STRUCK, Instrument
from composer.music.notes import BASS, CHORDS, DRUMS, MELODY, ChordSpan, Note, Part

UPPER_VOICES = (47, 76)  # B2..E5: where inner voices sound clear
LEFT_HAND = (36, 55)  # C2..G3: structural bass without a bass part
FALLBACK_STYLE = "block"
# What a bass other than the root costs: in a close; where phrases end, sections begin and before a close; elsewhere.
CLOSE, ROOTED, FREE = 9.5, 8.5, 0.9
CHORALE = "chorale"
SLOW_STYLES = frozenset({"pad", "block", CHORALE})  # textures that sustain by themselves and want no pedal
CHORALE_STYLES = SLOW_STYLES  # and those in which voices are heard as voices
ROOM_FOR_THREE = 16  # semitones from the lowest inner voice to the tune that three voices need
ROOM_CHORDS = 2  # neighbours on either side by which the register of the accompaniment is decided


HeardAt = Callable[[ChordSpan], Heard | None]


class Playing(Protocol):
    """Networks that players learned from, each asked for only where its style is played; None without one.

    ``voices`` knows how the lower voices of chorales move, ``figuration`` plays the learned style.
    """

    @property
    def voices(self) -> VoicesModel | None: ...

    @property
    def figuration(self) -> FigurationModel | None: ...


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The parts, melody first, the chords with their times, and what a person should know."""

    parts: tuple[Part, ...]
    spans: tuple[ChordSpan, ...]
    notes: tuple[str, ...]


def arrangement_of(
    brief: Brief,
    orchestra: Orchestra,
    plan: Plan,
    chords: Sequence[Bar],
    melody: Melody,
    playing: Playing,
    *,
    texture_rng: np.random.Generator,
    expression_rng: np.random.Generator,
    heard: HeardAt | None = None,
) -> Arrangement:
    """Every player's part. ``heard`` tells what stands over a chord already: the chords around it are led to it.

    Raises BadInput for a style that does not exist.
    """
    spans = _spans(plan, chords)
    style, notes = _style(orchestra.style, plan, playing)
    is_chorale = style.name in CHORALE_STYLES or len(orchestra.accompaniment) > 1
    slots = _slots(spans, melody, plan, brief.chord_bars)
    if heard is not None:
        slots = [replace(slot, heard=heard(span)) for slot, span in zip(slots, spans, strict=True)]
    voicings = voicings_of(
        slots,
        plan.key,
        _voices(orchestra, style, slots),
        _upper(orchestra),
        _bass(orchestra),
        seats=_seats(orchestra),
        model=playing.voices if is_chorale else None,
        meter=plan.meter,
    )
    texture, style_notes = _textures(
        style, _Score(orchestra, spans, voicings, melody, plan, brief), playing, texture_rng
    )
    notes += style_notes
    parts = _parts(orchestra, style, melody, texture, spans, plan, brief, expression_rng)
    return Arrangement(tuple(p for p in parts if p.notes), spans, tuple(notes))


def _spans(plan: Plan, chords: Sequence[Bar]) -> tuple[ChordSpan, ...]:
    """The chords with their times; a chord that goes on is one span within its bar."""
    starts, line = chord_line(chords, plan.meter.bar_ticks)
    ends = [*starts[1:], len(plan.bars) * plan.meter.bar_ticks]
    spans: list[ChordSpan] = []
    for start, end, chord in zip(starts, ends, line, strict=True):
        # A chord that two parts of a bar share is one.
        goes_on = spans and spans[-1].chord == chord and start % plan.meter.bar_ticks
        spans.append(ChordSpan(spans.pop().start if goes_on else start, end, chord))
    return tuple(spans)


def _slots(spans: Sequence[ChordSpan], melody: Melody, plan: Plan, written: Collection[int]) -> list[Slot]:
    """What the melody does over each chord, and where the bass has to stand on the root: as in every lead sheet under
    the symbols of the bars (from 0) that are ``written``."""
    notes = [(e.start, e.end, e.pitch + melody.tonic_midi) for e in melody.events if e.pitch is not None]
    bar_ticks = plan.meter.bar_ticks
    cadences = {p.last for p in plan.phrases if p.cadence == PERFECT}
    rests = {p.last for p in plan.phrases}
    openings = {bar * bar_ticks for bar in plan.section_starts}
    ends = {0, spans[-1].start} if spans else set()
    slots: list[Slot] = []
    for span in spans:
        over = [pitch for start, end, pitch in notes if start < span.end and end > span.start]
        before = [pitch for start, _, pitch in notes if start < span.start]
        bar = span.start // bar_ticks
        is_cadence = bar in cadences
        is_rooted = span.start in openings or bar in rests or (bar + 1 in cadences and span.end % bar_ticks == 0)
        at = over[0] if over else (before[-1] if before else plan.high)
        slots.append(
            Slot(
                span.chord,
                at,
                before[-1] if before else at,
                min(over, default=at),
                math.inf
                if span.start in ends or bar in written
                else CLOSE
                if is_cadence
                else ROOTED
                if is_rooted
                else FREE,
                plan.meter.accent(span.start),
                (span.end - span.start) // plan.meter.beat_ticks,
                any(span.start < end <= span.end for end in plan.phrase_ends),
                key=plan.key_at(bar),
            )
        )
    return _with_room(slots)


def _with_room(slots: Sequence[Slot]) -> list[Slot]:
    """The slots with the melody's floor around them, so that an accompaniment does not follow its every dip."""
    lows = [s.melody_low for s in slots]
    near = [lows[max(0, i - ROOM_CHORDS) : i + ROOM_CHORDS + 1] for i in range(len(lows))]
    return [replace(slot, room=round(sum(around) / len(around))) for slot, around in zip(slots, near, strict=True)]


def _voices(orchestra: Orchestra, style: Style, slots: Sequence[Slot]) -> int:
    """Voices between bass and melody: one for each player where several share the chord; two in a chorale and under a
    low tune, else three."""
    players = len(orchestra.accompaniment)
    if players > 1:
        return players
    room = float(np.median([s.melody_low for s in slots])) - _upper(orchestra)[0] if slots else math.inf
    return INNER_VOICES if style.name == CHORALE or room < ROOM_FOR_THREE else 3


def _seats(orchestra: Orchestra) -> tuple[tuple[int, int], ...]:
    """The ranges of players who have one voice each, from low to high; empty where one plays all."""
    players = orchestra.accompaniment
    return tuple((p.sound.low, p.sound.high) for p in reversed(players)) if len(players) > 1 else ()


def _upper(orchestra: Orchestra) -> tuple[int, int]:
    """Range of the inner voices: clear middle register within what the instruments reach."""
    low = max(UPPER_VOICES[0], min(p.sound.low for p in orchestra.accompaniment))
    high = min(UPPER_VOICES[1], max(p.sound.high for p in orchestra.accompaniment))
    return low, max(high, low + 12)


def _bass(orchestra: Orchestra) -> tuple[int, int]:
    if orchestra.bass is None:
        low = max(LEFT_HAND[0], min(s.sound.low for s in orchestra.accompaniment))
        return low, max(LEFT_HAND[1], low + 12)
    instrument = orchestra.bass.sound
    return max(28, instrument.low), min(instrument.high, LEFT_HAND[1] + 2)


def _style(name: str, plan: Plan, playing: Playing) -> tuple[Style, list[str]]:
    style = load_style(name)
    if style.name == LEARNED and playing.figuration is None:
        return load_style(FALLBACK_STYLE), [f'style "{name}" without its network: played as {FALLBACK_STYLE}']
    if style.supports(plan.meter):
        return style, []
    return load_style(FALLBACK_STYLE), [f'style "{name}" has no patterns in {plan.meter}: played as {FALLBACK_STYLE}']


@dataclass(frozen=True, slots=True)
class _Score:
    """What stands before anyone plays a pattern: the tune, and a voicing for each chord."""

    orchestra: Orchestra
    spans: Sequence[ChordSpan]
    voicings: Sequence[Voicing]
    melody: Melody
    plan: Plan
    brief: Brief


def _textures(style: Style, score: _Score, playing: Playing, rng: np.random.Generator) -> tuple[Texture, list[str]]:
    """The piece in ``style``, and the sections that name a style of their own in that one."""
    texture, form = _texture(style, score, playing, rng), score.brief.form
    named = list(dict.fromkeys(s.style for s in form if s.style is not None))
    notes: list[str] = []
    for name, own_rng in zip(named, rng.spawn(len(named)) if named else [], strict=True):
        own, own_notes = _style(name, score.plan, playing)
        other = _texture(own, score, playing, own_rng)
        places = frozenset(index for index, section in enumerate(form) if section.style == name)
        texture = spliced(texture, other, places, score.plan)
        notes += own_notes
    return texture, notes


def _texture(style: Style, score: _Score, playing: Playing, rng: np.random.Generator) -> Texture:
    """The chords as ``style`` plays them under the tune."""
    orchestra, plan, spans, melody = score.orchestra, score.plan, score.spans, score.melody
    tune = [Note(e.start, e.pitch + melody.tonic_midi, e.duration) for e in melody.events if e.pitch is not None]
    voiced = _voiced(spans, score.voicings, plan, score.brief)
    ceilings = [min((n.pitch for n in tune if n.start < s.end and n.end > s.start), default=127) - 1 for s in spans]
    low, high = _reach(orchestra)
    layout = Layout(
        accompaniment=None if style.name == NONE else (low, high),
        bass=None if orchestra.bass is None or style.name == NONE else _bass(orchestra),
        drums=orchestra.drums is not None,
    )
    drums = load_style(orchestra.drum_style) if orchestra.drum_style else None
    if style.name == LEARNED and playing.figuration is not None:
        return figured(
            playing.figuration,
            style,
            voiced,
            plan.meter,
            rng,
            key=plan.key,
            tempo_bpm=plan.tempo_bpm,
            tune=tune,
            layout=layout,
            ceilings=ceilings,
            drums=drums,
        )
    scale = plan.key.scale
    texture = textured(style, voiced, plan.meter, rng, scale=scale, layout=layout, ceilings=ceilings, drums=drums)
    if style.name == CHORALE:
        scales = [plan.key_at(s.start // plan.meter.bar_ticks).scale for s in spans]
        closes = [(p.last + 1) * plan.meter.bar_ticks for p in plan.phrases if p.cadence == PERFECT]
        return with_passing_notes(texture, voiced, tune, scales, plan.meter, closes)
    return texture


def _voiced(spans: Sequence[ChordSpan], voicings: Sequence[Voicing], plan: Plan, brief: Brief) -> list[VoicedChord]:
    """The chords with their voices, their section's name and their bars' energy."""
    names = _section_names(brief)
    bar_ticks = plan.meter.bar_ticks
    starts = [s * bar_ticks for s in plan.section_starts]
    voiced = []
    for index, (span, voicing) in enumerate(zip(spans, voicings, strict=True)):
        section = int(np.searchsorted(starts, span.start, side="right")) - 1
        energy = float(np.mean([b.energy for b in plan.bars[span.start // bar_ticks : -(-span.end // bar_ticks)]]))
        is_last = index + 1 == len(spans)
        chord = VoicedChord(
            span.start, span.end, span.chord, voicing.voices, voicing.bass, names[section], energy, is_last
        )
        voiced.append(replace(chord, scale=plan.key_at(span.start // bar_ticks).scale))
    return voiced


def _section_names(brief: Brief) -> list[str]:
    """Names by which the texture tells sections apart: equal neighbours would melt into one."""
    names: list[str] = []
    for section in brief.form:
        name = section.name
        while names and names[-1] == name:
            name += "'"
        names.append(name)
    return names


def _reach(orchestra: Orchestra) -> tuple[int, int]:
    low = min(s.sound.low for s in orchestra.accompaniment)
    high = max(s.sound.high for s in orchestra.accompaniment)
    return max(low, LEFT_HAND[0]), min(high, UPPER_VOICES[1])


def _parts(
    orchestra: Orchestra,
    style: Style,
    melody: Melody,
    texture: Texture,
    spans: Sequence[ChordSpan],
    plan: Plan,
    brief: Brief,
    rng: np.random.Generator,
) -> list[Part]:
    """The parts with dynamics and articulation, melody first."""
    tune = [Note(e.start, e.pitch + melody.tonic_midi, e.duration) for e in melody.events if e.pitch is not None]
    tune = list(articulated(tune, brief.articulation, plan.phrase_ends))
    parts = [_part(orchestra.melody, MELODY, with_dynamics(tune, MELODY, plan, brief.dynamics, rng))]
    leading = [(plan.key_at(s.start // plan.meter.bar_ticks).tonic_class - 1) % 12 for s in spans]
    lines: Sequence[Sequence[Note]] = [texture.accompaniment]
    # Learned hands mend their own bass; a section in another style still has a left hand to mend.
    if orchestra.bass is None and (style.name != LEARNED or texture.left_hand):
        hand = mended_bass(texture.left_hand, tune, spans, *_bass(orchestra), leading)
        lines = [trimmed((*hand, *texture.accompaniment))]
    if len(orchestra.accompaniment) > 1:
        lines = split_voices(texture.accompaniment, len(orchestra.accompaniment))
    for seat, line in zip(orchestra.accompaniment, lines, strict=True):
        part = _part(seat, CHORDS, with_dynamics(_fitted(line, seat.sound), CHORDS, plan, brief.dynamics, rng))
        if _wants_pedal(seat.sound, style) and part.notes:
            part = replace(part, controls=pedal_of(spans))
        parts.append(part)
    if orchestra.bass is not None:
        low, high = _bass(orchestra)
        line = mended_bass(_fitted(texture.bass, orchestra.bass.sound), tune, spans, low, high, leading)
        parts.append(_part(orchestra.bass, BASS, with_dynamics(line, BASS, plan, brief.dynamics, rng)))
    if orchestra.drums is not None:
        parts.append(_part(orchestra.drums, DRUMS, with_dynamics(texture.drums, DRUMS, plan, brief.dynamics, rng)))
    return parts


def _wants_pedal(instrument: Instrument, style: Style) -> bool:
    return instrument.family in (STRUCK, PLUCKED) and instrument.voices >= 8 and style.name not in SLOW_STYLES


def _fitted(notes: Sequence[Note], instrument: Instrument) -> tuple[Note, ...]:
    """The notes within the instrument's range, moved by octaves where they are not."""
    fitted: dict[tuple[int, int], Note] = {}
    for note in notes:
        pitch = note.pitch
        while pitch < instrument.low:
            pitch += 12
        while pitch > instrument.high:
            pitch -= 12
        fitted.setdefault((note.start, pitch), replace(note, pitch=pitch))
    return tuple(sorted(fitted.values()))


def _part(player: Player, role: str, notes: tuple[Note, ...]) -> Part:
    return Part(player.name, role, player.program, notes, gain=player.gain, pan=player.pan)
