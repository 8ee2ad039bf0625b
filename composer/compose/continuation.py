"""Going on from what a person played: new bars of melody, and the accompaniment with them.

The network hears what was played before it writes. The accompaniment goes on in its own figures, or in a style that
was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from composer.compose.accompaniment.imitation import Models, imitated, model_bars
from composer.compose.accompaniment.orchestra import orchestra_of
from composer.compose.beginning import SECTION_NAME, Beginning, brief_on, plan_on, played_chords
from composer.compose.chords.harmony import Bar, chords_of
from composer.compose.draft import CHORD_JOB, MELODY_JOB, PLAN_JOB, Draft, Sketch, Trained, arranged, rng_of
from composer.compose.given import in_form_of, written_chords
from composer.compose.tune.melody import MelodyWriter
from composer.errors import OverLimit, counted
from composer.formats.brief.brief import Brief
from composer.limits import BRIEF_BARS
from composer.music.notes import CC_PEDAL, MELODY, PEDAL_DOWN, Control, Marker, Note, Part, Piece, Tempo

CLOSING_BARS = 2  # a tempo change so near to the end of what was played slowed down to close it


def continued(
    begun: Beginning,
    bars: int,
    brief: Brief | None,
    trained: Trained,
    seed: int,
    ensemble: str | None,
    style: str | None,
) -> Draft:
    """What was played and ``bars`` new bars; an unfinished last bar is finished first.

    Raises BadInput for a style or ensemble that does not exist, OverLimit for a piece of too many bars.
    """
    if begun.bars + bars > BRIEF_BARS:
        reason = f"has {counted(begun.bars, 'bar')}, and {bars} more are over the limit of {BRIEF_BARS}"
        raise OverLimit(begun.tune.source.name, reason, "ask for fewer bars")
    begun = replace(begun, reading=in_form_of(begun.reading, brief))
    is_own = bool(begun.reading.form)  # the brief is of what was played, and no wish for what follows
    played = played_chords(begun, brief if is_own else None)
    wanted = brief_on(begun, brief, ensemble, style, played, bars)
    plan = plan_on(begun, wanted, played, bars, rng_of(seed, PLAN_JOB))
    drawn = chords_of(plan, wanted, trained.harmony, rng_of(seed, CHORD_JOB))
    new = {} if is_own else written_chords(brief, bars)
    chords = tuple(
        played[bar] if bar < begun.bars else new.get(bar - begun.bars, drawn[bar]) for bar in range(len(drawn))
    )
    rng = rng_of(seed, MELODY_JOB)
    melody = MelodyWriter(plan, chords, trained.melody, rng, trained.ear, given=begun.events).write()
    sketch = Sketch(wanted, orchestra_of(wanted), plan, chords, melody)
    draft = arranged(sketch, trained, seed)
    is_asked = style is not None or ensemble is not None or (brief is not None and not is_own)
    piece = _whole(begun, draft.piece, chords, is_asked)
    notes = _notes_on(begun, piece, bars, is_asked)
    return Draft(piece, (*notes, *(n for n in draft.notes if is_asked or "gave way" in n)), sketch)


def added_after(piece: Piece, begun: Beginning) -> Piece:
    """What composer added to the beginning: new notes, pedals, markers and tempi, and parts that the file lacks."""
    parts = [
        replace(
            part,
            notes=tuple(n for n in part.notes if index >= len(begun.parts) or n.start >= begun.end),
            controls=tuple(c for c in part.controls if index >= len(begun.parts) or c.tick >= begun.end),
        )
        for index, part in enumerate(piece.parts)
    ]
    theirs = {t.tick + begun.tune.shift for t in begun.piece.tempi}
    tempi = (piece.tempi[0], *(t for t in piece.tempi[1:] if t.tick >= begun.end and t.tick not in theirs))
    markers = tuple(m for m in piece.markers if m == _marker(begun))
    return replace(piece, parts=tuple(parts), tempi=tempi, markers=markers)


def _whole(begun: Beginning, draft: Piece, chords: Sequence[Bar], is_asked: bool) -> Piece:
    """The parts of the file with what follows in each, and new parts where the file has none for their notes."""
    composed = {part.role: part for part in reversed(draft.parts)}
    models = Models(chords, begun.bars, begun.tune.key, begun.tune.meter)
    others = [p for i, p in enumerate(begun.parts) if i != begun.melody]
    sources = model_bars(others, models)
    taken: set[str] = set()
    parts = []
    for index, part in enumerate(begun.parts):
        if index == begun.melody:
            new: Sequence[Note] = _loud_as(part, _after(composed.get(MELODY), begun.end))
        elif not is_asked:
            new = imitated(part, sources, models)
        else:
            new = () if part.role in taken else _after(composed.get(part.role), begun.end)
            taken.add(part.role)
        parts.append(_joined(part, new, begun.end))
    if is_asked:
        missing = [p for p in draft.parts if p.role != MELODY and p.role not in taken]
        parts += [_only_after(part, begun.end) for part in missing]
    return replace(
        begun.piece,
        meter=begun.tune.meter,
        key=begun.tune.key,
        parts=tuple(p for i, p in enumerate(parts) if p.notes or i < len(begun.parts)),
        length=draft.length,
        tempi=_tempi(begun, draft),
        markers=(*(replace(m, tick=m.tick + begun.tune.shift) for m in begun.piece.markers), _marker(begun)),
        chords=draft.chords,
        keys=(),
    )


def _marker(begun: Beginning) -> Marker:
    return Marker(begun.bars * begun.tune.meter.bar_ticks, SECTION_NAME)


def _after(part: Part | None, tick: int) -> tuple[Note, ...]:
    return tuple(n for n in part.notes if n.start >= tick) if part is not None else ()


def _only_after(part: Part, tick: int) -> Part:
    return replace(part, notes=_after(part, tick), controls=tuple(c for c in part.controls if c.tick >= tick))


def _loud_as(part: Part, notes: Sequence[Note]) -> tuple[Note, ...]:
    """The notes as loud on the mean as those that were played."""
    if not notes:
        return ()
    louder = round(float(np.mean([n.velocity for n in part.notes]) - np.mean([n.velocity for n in notes])))
    return tuple(replace(n, velocity=min(127, max(1, n.velocity + louder))) for n in notes)


def _joined(part: Part, new: Sequence[Note], end: int) -> Part:
    """A part with its new notes: none begins while one of its pitch still sounds, and no pedal stays down."""
    sounding = {n.pitch: n.end for n in part.notes if n.end > end}
    late = []
    for note in new:
        start = max(note.start, sounding.get(note.pitch, 0))
        if start < note.end:
            late.append(replace(note, start=start, duration=note.end - start))
    pedal = [c for c in part.controls if c.number == CC_PEDAL]
    is_down = bool(pedal) and max(pedal, key=lambda c: c.tick).value >= PEDAL_DOWN
    release = (Control(max(end, max(c.tick for c in pedal)), CC_PEDAL, 0),) if is_down else ()
    return replace(part, notes=(*part.notes, *late), controls=(*part.controls, *release))


def _tempi(begun: Beginning, draft: Piece) -> tuple[Tempo, ...]:
    """The tempi of the file, the usual one again where it slowed down at its end, and a new slowing down at the end."""
    played = tuple(replace(t, tick=t.tick + begun.tune.shift if t.tick else 0) for t in begun.piece.tempi)
    bar = begun.tune.meter.bar_ticks
    going_on = played[-1]
    if len(played) > 1 and going_on.tick >= begun.end - CLOSING_BARS * bar:
        before = [t for t in played if t.tick < begun.end - CLOSING_BARS * bar]
        going_on = Tempo(begun.bars * bar, before[-1].bpm if before else played[0].bpm)
        played = (*played, going_on)
    slower = [Tempo(t.tick, t.bpm / draft.tempi[0].bpm) for t in draft.tempi[1:] if t.tick > begun.bars * bar]
    return (*played, *(Tempo(t.tick, round(going_on.bpm * t.bpm, 3)) for t in slower))


def _notes_on(begun: Beginning, piece: Piece, bars: int, is_asked: bool) -> list[str]:
    """What a person should know about where composer went on, and how."""
    tune = begun.tune
    name = f'"{tune.name}"' if tune.name else f"track {tune.track + 1}"
    finished = f"bar {begun.bars} is finished first; " if begun.end < begun.bars * tune.meter.bar_ticks else ""
    new = f"bars {begun.bars + 1} to {begun.bars + bars} are" if bars > 1 else f"bar {begun.bars + 1} is"
    notes = [
        f"the tune: {name}, {counted(begun.bars, 'bar')} of {tune.meter} in {tune.key}",
        f"{finished}{new} new",
    ]
    silent = [p.name for p in piece.parts if not any(n.start >= begun.end for n in p.notes)]
    if silent:
        notes.append(f"silent in the new bars: {', '.join(silent[:6])}")
    if len(begun.parts) > 1 and not is_asked:
        notes.append("the accompaniment goes on in its own figures; --style asks for another")
    return notes
