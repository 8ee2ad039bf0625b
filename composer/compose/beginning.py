"""What a person played so far, and the plan that goes on from it: one plan of which the first bars are given.

Key, metre, range, density, loudness and articulation are measured; new phrases take up those that were played, and the
last one closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from composer.compose.chords.harmonise import harmonised
from composer.compose.chords.harmony import Bar
from composer.compose.form.phrase import HALF, IMPERFECT, NEW, NEW_END, ORNAMENT, PERFECT, SAME_RHYTHM, SEQUENCE
from composer.compose.form.plan import BarPlan, Phrase, Plan, phrase_lengths
from composer.compose.given import Reading, brief_for, plan_for, reading_of, tonic_under, written_chords
from composer.compose.phrasing import events_of
from composer.encoding.melody import DURATIONS, Event, bar_role
from composer.errors import OverLimit
from composer.formats.brief.brief import Brief
from composer.formats.brief.form import SectionPlan
from composer.formats.midi.piece import part_lines, piece_of
from composer.formats.midi.tune import GivenTune
from composer.formats.midi.writer import MELODIC_CHANNELS
from composer.music.notes import Note, Part, Piece
from composer.music.time import TICKS_PER_BEAT

SECTION_NAME = "Continuation"
RANGE_MIN, RANGE_MAX = 12, 21  # semitones that the new bars may use
TAIL_TICKS = 60  # a note that sounds on for less than this over a bar line does not begin a new bar
CLIMAX_SEMITONES, CLIMAX_PLACE = 2.0, 0.6
# How a new phrase takes up one that was played: the last closes with the opening, others lead there.
CLOSING = {NEW_END: 0.6, ORNAMENT: 0.25, SAME_RHYTHM: 0.15}
LEADING = {SEQUENCE: 0.35, SAME_RHYTHM: 0.25, NEW_END: 0.1, NEW: 0.3}
PHRASE = 4
LEGATO, STACCATO_LOSS = 0.97, 0.45  # as expression has it: the share that a note sounds, and what staccato takes


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was played: all ``parts`` of the file (times from the first bar line on), ``melody`` the index of the tune.

    ``bars`` have notes; ``events`` is the tune up to ``end``, a tick on a beat. Where that is not the last bar line,
    the last bar is unfinished, and ``reading`` knows the full bars only.
    """

    reading: Reading
    piece: Piece
    parts: tuple[Part, ...]
    melody: int
    events: tuple[Event, ...]
    end: int
    bars: int

    @property
    def tune(self) -> GivenTune:
        return self.reading.tune


def beginning_of(tune: GivenTune) -> Beginning:
    """Where the material of a file ends, and what it is; raises OverLimit for more voices than MIDI has channels."""
    piece = piece_of(tune.source)
    voices = sum(not part.is_drums for part in piece.parts)
    if voices > len(MELODIC_CHANNELS):
        reason = f"{voices} tracks and channels play, the limit is {len(MELODIC_CHANNELS)} beside drums"
        raise OverLimit(tune.source.name, reason, "leave out some of them")
    parts = tuple(shifted(part, tune.shift) for part in piece.parts)
    melody = part_lines(tune.source).index((tune.track, tune.channel))
    bar, beat = tune.meter.bar_ticks, tune.meter.beat_ticks
    notes = [n for part in parts for n in part.notes]
    last = max(max(n.start + 1, n.end - TAIL_TICKS) for n in notes)
    bars = -(-last // bar)
    end = min(bars * bar, -(-last // beat) * beat)
    # Less than a bar in all is taken as a bar: there is nothing yet that could be finished.
    full = max(1, end // bar)
    end = max(end, bar)
    reading = reading_of(tune, full)
    low, high = _range(tune.line)
    tonic = tonic_under(low, high, tune.key)
    events = events_of(tune.line, tonic, end)
    within = replace(reading, low=low, high=high, tonic_midi=tonic, events=events)
    return Beginning(within, piece, parts, melody, events, end, bars)


def shifted(part: Part, shift: int) -> Part:
    """The part as it is counted from the first bar line, ``shift`` ticks before the file begins."""
    notes = tuple(replace(n, start=n.start + shift) for n in part.notes)
    return replace(part, notes=notes, controls=tuple(replace(c, tick=c.tick + shift) for c in part.controls))


def _range(line: Sequence[Note]) -> tuple[int, int]:
    """The range that the tune uses, stray notes aside, with room to move."""
    pitches = [n.pitch for n in line]
    low, high = min(pitches), max(pitches)
    if high - low > RANGE_MAX:
        low, high = (round(float(p)) for p in np.percentile(pitches, (5, 95)))
    room = max(0, RANGE_MIN - (high - low))
    low, high = max(0, low - room // 2), min(127, high + room - room // 2)
    return (low, high) if high - low <= RANGE_MAX else ((low + high - RANGE_MAX) // 2, (low + high + RANGE_MAX) // 2)


def played_chords(begun: Beginning, brief: Brief | None = None) -> tuple[Bar, ...]:
    """The chords of the bars that were played: those that ``brief`` (of these bars) or the file writes, else heard in
    all its voices."""
    tune = begun.tune
    written: dict[int, Bar] = {}
    for bar in range(begun.bars):
        ticks = (bar * tune.meter.bar_ticks - tune.shift, (2 * bar + 1) * tune.meter.bar_ticks // 2 - tune.shift)
        found = [chord for tick in ticks if (chord := begun.piece.chord_at(tick)) is not None]
        if found:
            written[bar] = tuple(dict.fromkeys(found))
    written |= written_chords(brief, begun.bars)
    tonic = begun.reading.tonic_midi
    pitched = [part for part in begun.parts if not part.is_drums]
    heard = [Event(n.start, n.duration, n.pitch - tonic) for part in pitched for n in part.notes]
    rests = [phrase.last for phrase in begun.reading.phrases[:-1]]
    return harmonised(
        heard, tune.key, tune.meter, begun.bars, rests, written, closes=False, is_heard=len(pitched) > 1
    )  # fmt: skip


def brief_on(
    begun: Beginning, brief: Brief | None, ensemble: str | None, style: str | None, chords: Sequence[Bar], bars: int
) -> Brief:
    """The brief of the whole piece: the sections that were played with their chords, and a new one."""
    reading = begun.reading
    plain = brief_for(reading, brief, ensemble, style)
    key = begun.tune.key
    form = []
    for section, (_, first) in zip(plain.form, reading.sections, strict=True):
        texts = [" ".join(c.symbol(c.spellings_in(key)) for c in bar) for bar in chords[first : first + section.bars]]
        form.append(section.model_copy(update={"chords": " | ".join(texts)}))
    new = begun.bars - reading.bars + bars
    form.append(SectionPlan(name=SECTION_NAME, bars=new))
    fields: dict[str, object] = {"form": form}
    if brief is None:
        fields["articulation"] = articulation_of(begun.parts[begun.melody].notes)
    return plain.model_copy(update=fields)


def articulation_of(notes: Sequence[Note]) -> float:
    """0 for a tune played legato, 1 for staccato."""
    shares = [
        min(1.0, note.duration / (following.start - note.start))
        for note, following in pairwise(notes)
        if 0 < following.start - note.start <= 2 * TICKS_PER_BEAT
    ]
    return float(np.clip((LEGATO - np.median(shares)) / STACCATO_LOSS, 0.0, 1.0)) if shares else 0.0


def plan_on(begun: Beginning, wanted: Brief, chords: Sequence[Bar], bars: int, rng: np.random.Generator) -> Plan:
    """The plan of the whole piece."""
    reading = begun.reading
    given = plan_for(reading, wanted, chords, None, rng)
    total = begun.bars + bars
    phrases = (*given.phrases, *_new_phrases(begun, given.phrases, total, rng))
    climax = reading.bars + round(CLIMAX_PLACE * (total - reading.bars - 1))
    targets = _targets(begun, given, phrases, total, climax)
    return replace(
        given, bars=targets, phrases=phrases, climax_bar=climax, low=reading.low, high=reading.high
    )  # fmt: skip


def _new_phrases(begun: Beginning, given: Sequence[Phrase], total: int, rng: np.random.Generator) -> tuple[Phrase, ...]:
    """Phrases for the bars from the last full one on; each derives from one that was played, or is new."""
    first, section = begun.reading.bars, given[-1].section + 1
    found: list[Phrase] = []
    lengths = _lengths(begun, given[-1], total - first)
    for place, length in enumerate(lengths):
        index, is_last = len(given) + place, place + 1 == len(lengths)
        models = [p for p in given if p.bars == length and _can_return(begun, p)]
        # An unfinished bar is finished as it began: its phrase cannot be another's copy.
        is_free = not models or (place == 0 and begun.bars > begun.reading.bars)
        operator = NEW if is_free else _drawn(CLOSING if is_last else LEADING, rng)
        source = None if operator == NEW else (models[0] if is_last else models[-1]).index
        cadence = PERFECT if is_last else HALF if place % 2 == 0 else IMPERFECT
        found.append(Phrase(index, section, first, length, cadence, operator, source))
        first += length
    return tuple(found)


def _lengths(begun: Beginning, last: Phrase, bars: int) -> list[int]:
    """Bars of the new phrases: by fours; a short phrase that was begun is filled up first where that comes out."""
    lead = -last.bars % PHRASE if last.bars < PHRASE else 0
    is_own_phrase = lead > 1 or begun.bars == begun.reading.bars  # a bar that is only finished is none
    if not lead or not is_own_phrase or bars - lead < PHRASE or bars % PHRASE == 0:
        return phrase_lengths(bars)
    return [lead, *phrase_lengths(bars - lead)]


def _can_return(begun: Beginning, phrase: Phrase) -> bool:
    """Whether the phrase fills its bars by itself, in lengths that the network writes."""
    bar = begun.tune.meter.bar_ticks
    start, end = phrase.first * bar, (phrase.last + 1) * bar
    inside = [e for e in begun.events if start <= e.start < end]
    return (
        bool(inside)
        and inside[0].start == start
        and inside[0].pitch is not None
        and inside[-1].end == end
        and all(e.duration in DURATIONS for e in inside)
    )


def _drawn(weights: dict[str, float], rng: np.random.Generator) -> str:
    return str(rng.choice(list(weights), p=np.array(list(weights.values())) / sum(weights.values())))


def _targets(begun: Beginning, given: Plan, phrases: Sequence[Phrase], total: int, climax: int) -> tuple[BarPlan, ...]:
    """Targets of all bars: those that were played as measured, a new bar like the one at its place in a phrase."""
    played, bar_ticks = given.bars, given.meter.bar_ticks
    ends = [(p.last + 1) * bar_ticks for p in phrases]
    density = float(np.median([b.density_npq for b in played]))
    register = float(np.mean([b.register for b in played]))
    energy = float(np.mean([b.energy for b in played[-2 * PHRASE :]]))
    found = [replace(b, role=bar_role(i, bar_ticks, ends)) for i, b in enumerate(played)]
    for bar in range(len(played), total):
        phrase = next(p for p in phrases if p.first <= bar <= p.last)
        model = given.phrases[phrase.source if phrase.source is not None else -1]
        like = played[min(model.first + (bar - phrase.first) % model.bars, len(played) - 1)]
        rise = CLIMAX_SEMITONES * max(0.0, 1.0 - abs(bar - climax) / PHRASE)
        found.append(
            BarPlan(
                density_npq=(density + like.density_npq) / 2,
                register=float(np.clip((register + like.register) / 2 + rise, begun.reading.low, begun.reading.high)),
                energy=(energy + like.energy) / 2,
                role=bar_role(bar, bar_ticks, ends),
            )
        )
    return tuple(found)
