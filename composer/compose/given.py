"""A tune that is given: read as a plan, harmonised and accompanied. Its own notes are never touched.

What the tune does not say (players, style, dynamics, chords that a person wants) comes from a brief, if there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from composer.compose.accompaniment.arrangement import Playing
from composer.compose.accompaniment.orchestra import orchestra_of
from composer.compose.accompaniment.styles import DEFAULT, style_names
from composer.compose.chords.harmonise import harmonised
from composer.compose.chords.harmony import Bar
from composer.compose.draft import CHORD_JOB, PLAN_JOB, Draft, Sketch, arranged, rng_of
from composer.compose.form.plan import DECEPTIVE, HALF, IMPERFECT, PERFECT, BarPlan, Phrase, Plan, plan_of
from composer.compose.phrasing import Span, events_of, phrases_in
from composer.compose.tune.melody import Melody
from composer.encoding.melody import Event, bar_role
from composer.errors import OverLimit, counted
from composer.formats.brief.brief import METERS, AccompanimentPlan, Brief, MelodyPlan
from composer.formats.brief.form import KeyChoice, SectionPlan
from composer.formats.midi.piece import piece_of
from composer.formats.midi.tune import GivenTune
from composer.limits import BRIEF_BARS, BRIEF_SECTIONS, BRIEF_TEMPO_MAX_BPM, BRIEF_TEMPO_MIN_BPM, BRIEF_TEXT_CHARS
from composer.music.chord import progression_of
from composer.music.instruments import instrument_of_program
from composer.music.key import Key
from composer.music.notes import MELODY, Marker, Note, Part, Piece
from composer.music.time import TICKS_PER_BEAT, Meter

LEARNED = "learned"
_SECTION_BARS = 8  # phrases are gathered until a section has so many
_SAME_SHARE = 0.6  # of the onsets and pitches of two sections, from which they have one letter
_SOFT, _LOUD = 44, 104  # velocities of energy 0 and 1
_ENERGY = (0.15, 0.9)
_LOW_TUNE = 57  # A3: a tune that lies lower is accompanied from above, as if it were an octave or two higher
_TAIL_TICKS = 60  # a note that sounds on for less than this over a bar line does not begin a new bar
_PICKUP_SHARE = 1 / 3  # of the first bar: a tune that begins later than this begins with a pick-up


@dataclass(frozen=True, slots=True)
class Reading:
    """A tune as composing sees it: its phrases, sections and events from the first bar line on.

    ``sections`` are (letter, first bar); ``tonic_midi`` is what the pitches of ``events`` are counted from.
    ``form`` are the sections of a brief where they are those of the tune.
    """

    tune: GivenTune
    bars: int
    phrases: tuple[Span, ...]
    sections: tuple[tuple[str, int], ...]
    events: tuple[Event, ...]
    low: int
    high: int
    tonic_midi: int
    form: tuple[SectionPlan, ...] = ()


def accompanied(
    tune: GivenTune, brief: Brief | None, playing: Playing, seed: int, ensemble: str | None, style: str | None
) -> Draft:
    """The tune with chords and accompaniment; its part holds its notes as they were played.

    Raises BadInput for a style or ensemble that does not exist, OverLimit for a tune of too many bars.
    """
    reading = in_form_of(reading_of(tune), brief)
    wanted = brief_for(reading, brief, ensemble, style)
    rests = [phrase.last for phrase in reading.phrases]
    written = written_chords(brief, reading.bars)
    chords = harmonised(
        reading.events, tune.key, tune.meter, reading.bars, rests, written, rng_of(seed, CHORD_JOB)
    )  # fmt: skip
    plan = plan_for(reading, wanted, chords, brief, rng_of(seed, PLAN_JOB))
    sketch = Sketch(wanted, orchestra_of(wanted), plan, chords, Melody(reading.events, plan.tonic_midi, ()))
    draft = arranged(sketch, playing, seed)
    return Draft(_with_tune(draft.piece, reading), (*notes_on(reading, brief), *draft.notes), sketch)


def reading_of(tune: GivenTune, bars: int | None = None) -> Reading:
    """Phrases and sections of the first ``bars`` bars of a tune, or of all of it.

    Raises OverLimit for more bars than a piece may have.
    """
    bars = tune.bars if bars is None else bars
    if bars > BRIEF_BARS:
        raise OverLimit(tune.source.name, f"has {bars} bars, the limit is {BRIEF_BARS}", "give a part of it")
    phrases = phrases_in(tune.line, tune.meter, bars)
    pitches = [n.pitch for n in tune.line]
    low, high = min(pitches), max(pitches)
    tonic = tonic_under(low, high, tune.key)
    events = events_of(tune.line, tonic, bars * tune.meter.bar_ticks)
    return Reading(tune, bars, phrases, _sections(tune, bars, phrases), events, low, high, tonic)


def song_bars(tune: GivenTune) -> int:
    """Bars up to the end of the last note of all voices; one that hardly sounds over a bar line begins no new bar."""
    scale = TICKS_PER_BEAT / tune.source.ticks_per_beat
    ends = [max(round(n.start * scale) + 1, round(n.end * scale) - _TAIL_TICKS) for n in tune.source.notes]
    return max(tune.bars, -(-(max(ends) + tune.shift) // tune.meter.bar_ticks))


def in_form_of(reading: Reading, brief: Brief | None) -> Reading:
    """The reading with the brief's sections, where the brief has as many bars as the tune or as its whole song."""
    if brief is None or brief.bars not in (reading.bars, song_bars(reading.tune)) or brief.bars < reading.bars:
        return reading
    form = []
    for section, plan in zip(brief.sections, brief.form, strict=True):
        bars = min(section.last, reading.bars) - section.first + 1
        if bars == plan.bars:
            form.append(plan)
        elif bars > 0:
            form.append(plan.model_copy(update={"bars": bars, "phrases": None}))
    sections = tuple((section.name, section.first - 1) for section in brief.sections[: len(form)])
    return replace(reading, sections=sections, form=tuple(form))


def tonic_under(low: int, high: int, key: Key) -> int:
    """The tonic at or below the middle of a range, as the plan has it."""
    centre = (low + high) // 2
    return centre - (centre - key.tonic_class) % 12


def _sections(tune: GivenTune, bars: int, phrases: Sequence[Span]) -> tuple[tuple[str, int], ...]:
    """Phrases gathered to sections; one that begins like an earlier one has its letter, with a dash."""
    least = max(_SECTION_BARS, -(-bars // (BRIEF_SECTIONS // 2)))
    starts = [0]
    for phrase in phrases:
        if phrase.first - starts[-1] >= least and bars - phrase.first >= least // 2:
            starts.append(phrase.first)
    contents = [_content(tune.line, start, tune.meter) for start in starts]
    names: list[str] = []
    for index, content in enumerate(contents):
        same = next((i for i in range(index) if _likeness(content, contents[i]) >= _SAME_SHARE), None)
        fresh = _letter(sum("'" not in name for name in names))
        names.append(fresh if same is None else names[same].rstrip("'") + "'" * _times(names, names[same]))
    return tuple(zip(names, starts, strict=True))


def _letter(number: int) -> str:
    """A, B ... Z, then A2, B2 ..."""
    return chr(ord("A") + number % 26) + (str(number // 26 + 1) if number >= 26 else "")


def _times(names: Sequence[str], name: str) -> int:
    return sum(other.rstrip("'") == name.rstrip("'") for other in names)


def _content(line: Sequence[Note], first: int, meter: Meter) -> frozenset[tuple[int, int]]:
    """(tick, pitch class) of the notes of the four bars from ``first`` on."""
    start = first * meter.bar_ticks
    return frozenset((n.start - start, n.pitch % 12) for n in line if 0 <= n.start - start < 4 * meter.bar_ticks)


def _likeness(a: frozenset[tuple[int, int]], b: frozenset[tuple[int, int]]) -> float:
    return 2 * len(a & b) / max(1, len(a) + len(b))


def brief_for(reading: Reading, brief: Brief | None, ensemble: str | None, style: str | None) -> Brief:
    """The brief that the tune makes: key, tempo, bars and sections are its own, the rest a person's or usual."""
    tune = reading.tune
    piece = piece_of(tune.source)
    lengths = np.diff([*(start for _, start in reading.sections), reading.bars])
    found = [SectionPlan(name=name, bars=int(bars)) for (name, _), bars in zip(reading.sections, lengths, strict=True)]
    form = list(reading.form) or found
    meter = str(tune.meter) if str(tune.meter) in METERS else "4/4"
    tempo = min(BRIEF_TEMPO_MAX_BPM, max(BRIEF_TEMPO_MIN_BPM, piece.tempi[0].bpm))
    own = {"key": KeyChoice(tonic=tune.key.tonic, mode=tune.key.mode), "tempo_bpm": tempo, "meter": meter}  # type: ignore[arg-type]
    title = brief.title if brief is not None else piece.title
    fields = {**own, "form": form, "title": title[:BRIEF_TEXT_CHARS], "curves": None}
    if ensemble is not None:
        fields["ensemble"] = ensemble
    base = brief or Brief.model_validate({**own, "form": form, **_usual_players(tune, ensemble)})
    if style is not None:
        fields["accompaniment"] = base.accompaniment.model_copy(update={"style": style})
    return base.model_copy(update=fields)


def _usual_players(tune: GivenTune, ensemble: str | None) -> dict[str, object]:
    """The tune's own instrument and a piano, where nobody named an ensemble."""
    if ensemble is not None:
        return {}
    melody = MelodyPlan(instrument=instrument_of_program(tune.program).name)
    return {"melody": melody, "accompaniment": AccompanimentPlan(style=usual_style())}


def usual_style() -> str:
    """The style of a tune that nobody chose one for."""
    return LEARNED if LEARNED in style_names() else DEFAULT


def written_chords(brief: Brief | None, bars: int) -> dict[int, Bar]:
    """The chords that the sections of ``brief`` write, by bar; they repeat until the section is full."""
    found: dict[int, Bar] = {}
    first = 0
    for section in brief.form if brief is not None else []:
        if section.chords:
            given = progression_of(section.chords)
            for bar in range(first, min(first + section.bars, bars)):
                found[bar] = tuple(given[(bar - first) % len(given)])
        first += section.bars
    return found


def plan_for(
    reading: Reading, wanted: Brief, chords: Sequence[Bar], brief: Brief | None, rng: np.random.Generator
) -> Plan:
    """The plan that the tune fulfils: its own phrases, range and bars."""
    tune = reading.tune
    bars = _bar_plans(reading, brief)
    lift = 12 * max(0, -(-(_LOW_TUNE - int(np.median([n.pitch for n in tune.line]))) // 12))
    base = plan_of(wanted, wanted.melody.instrument, rng)
    return replace(
        base,
        key=tune.key,
        meter=tune.meter,
        bars=bars,
        phrases=_phrases(reading, chords),
        climax_bar=max(range(len(bars)), key=lambda b: (bars[b].energy + bars[b].register / 24, -b)),
        low=reading.low + lift,
        high=reading.high + lift,
    )


def _bar_plans(reading: Reading, brief: Brief | None) -> tuple[BarPlan, ...]:
    """What each bar of the tune is: density, register and energy as played; the brief's energy where it has one."""
    tune, bar_ticks = reading.tune, reading.tune.meter.bar_ticks
    ends = [(phrase.last + 1) * bar_ticks for phrase in reading.phrases]
    wished = [section.energy for section in (brief.form if brief else []) for _ in range(section.bars)]
    register, energy = float(np.mean([n.pitch for n in tune.line])), 0.5
    by_bar = {bar: list(notes) for bar, notes in groupby(tune.line, key=lambda n: n.start // bar_ticks)}
    plans = []
    for bar in range(reading.bars):
        inside = by_bar.get(bar, [])
        if inside:
            register = float(np.mean([n.pitch for n in inside]))
            energy = (float(np.mean([n.velocity for n in inside])) - _SOFT) / (_LOUD - _SOFT)
        level = wished[bar] if bar < len(wished) else float(np.clip(energy, *_ENERGY))
        density = max(0.25, len(inside) / (bar_ticks / TICKS_PER_BEAT))
        plans.append(BarPlan(density, register, level, bar_role(bar, bar_ticks, ends)))
    return tuple(plans)


def _phrases(reading: Reading, chords: Sequence[Bar]) -> tuple[Phrase, ...]:
    starts = [start for _, start in reading.sections]
    found = []
    for index, span in enumerate(reading.phrases):
        section = max(i for i, start in enumerate(starts) if start <= span.first)
        cadence = _cadence(chords[span.last][-1].root, reading, span)
        found.append(Phrase(index, section, span.first, span.bars, cadence, pickup=span.pickup))
    return tuple(found)


def _cadence(root: int, reading: Reading, span: Span) -> str:
    """What the phrase ends with, by the root of its last chord and by its last note."""
    degree = (root - reading.tune.key.tonic_class) % 12
    end = (span.last + 1) * reading.tune.meter.bar_ticks
    pitches = [e.pitch for e in reading.events if e.pitch is not None and e.start < end]
    if degree == 0:
        return PERFECT if pitches and pitches[-1] % 12 == 0 else IMPERFECT
    return DECEPTIVE if degree in (8, 9) else HALF


def _with_tune(piece: Piece, reading: Reading) -> Piece:
    """The piece with the tune's own notes, tempi and markers; nobody else plays in its pick-up bar."""
    tune = reading.tune
    source = piece_of(tune.source)
    silent = _pickup_end(reading)
    others = [
        replace(part, notes=tuple(n for n in part.notes if n.start >= silent))
        for part in piece.parts
        if part.role != MELODY
    ]
    names = {part.name for part in others}
    planned = piece.part(MELODY)
    name = tune.name if tune.name and tune.name not in names else "Melody"
    gain, pan = (planned.gain, planned.pan) if planned else (100, 64)
    program = tune.program if tune.has_program or planned is None else planned.program
    melody = Part(name, MELODY, program, tune.notes, gain=gain, pan=pan)
    markers = tuple(Marker(m.tick + tune.shift, m.text) for m in source.markers) or piece.markers
    tempi = tuple(replace(t, tick=t.tick + tune.shift if t.tick else 0) for t in source.tempi)
    chords = tuple(span for span in piece.chords if span.end > silent)
    return replace(piece, parts=(melody, *(p for p in others if p.notes)), markers=markers, tempi=tempi, chords=chords)


def added_to(piece: Piece, tune: GivenTune) -> Piece:
    """What composer added to the tune: the piece without its notes, its tempi and the markers of its file."""
    melody, *others = piece.parts
    markers = () if tune.source.markers else piece.markers
    return replace(piece, parts=(replace(melody, notes=()), *others), tempi=piece.tempi[:1], markers=markers)


def _pickup_end(reading: Reading) -> int:
    """The tick of the first full bar, if the tune begins with a pick-up, else 0."""
    first = reading.tune.line[0].start
    bar = reading.tune.meter.bar_ticks
    return bar if _PICKUP_SHARE * bar <= first < bar else 0


def notes_on(reading: Reading, brief: Brief | None) -> list[str]:
    """What a person should know about how the file was read."""
    tune = reading.tune
    name = f'"{tune.name}"' if tune.name else f"track {tune.track + 1}"
    notes = [f"the tune: {name}, {counted(reading.bars, 'bar')} of {tune.meter} in {tune.key}"]
    others = tune.other_tracks
    if others:
        notes.append(f"left out: {', '.join(others[:6])}{' ...' if len(others) > 6 else ''}")
    if tune.later_metres:
        notes.append(f"another metre from bar {tune.later_metres[0]} on: harmonised in bars of {tune.meter} throughout")
    if brief is not None and not reading.form:
        notes.append(f"the brief has {counted(brief.bars, 'bar')} and the tune {reading.bars}: the tune's form holds")
    return notes
