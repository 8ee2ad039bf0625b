"""Brief -> draft: the order of composing, from the plan to the finished piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from composer.compose.accompaniment.arrangement import HeardAt, Playing, arrangement_of
from composer.compose.accompaniment.expression import tempi_of
from composer.compose.accompaniment.orchestra import Orchestra, orchestra_of
from composer.compose.chords.harmony import Bar, Harmony, chords_of
from composer.compose.chords.retouch import retouched
from composer.compose.form.plan import Plan, plan_of
from composer.compose.tune.melody import Ear, Melody, MelodyWriter
from composer.encoding.protocol import MelodyModel
from composer.errors import counted
from composer.formats.brief.brief import Brief
from composer.music.key import Key
from composer.music.notes import Marker, Piece

# One generator for each job: editing one field of the brief must not reshuffle what it does not touch.
PLAN_JOB, CHORD_JOB, MELODY_JOB, TEXTURE_JOB, EXPRESSION_JOB = range(5)


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is decided before anyone plays: the players, the plan, the chords of each bar and the tune."""

    brief: Brief
    orchestra: Orchestra
    plan: Plan
    chords: tuple[Bar, ...]
    melody: Melody


@dataclass(frozen=True, slots=True)
class Draft:
    """The piece, what a person should know about how it came out, and the sketch that it was made from."""

    piece: Piece
    notes: tuple[str, ...]
    sketch: Sketch


class Trained(Playing, Protocol):
    """All that composing learned from real music; ``ear`` knows real tunes, None without it."""

    @property
    def melody(self) -> MelodyModel: ...

    @property
    def harmony(self) -> Harmony: ...

    @property
    def ear(self) -> Ear | None: ...


def draft_of(brief: Brief, trained: Trained, seed: int) -> Draft:
    """The piece that ``brief`` asks for. The same brief, models and seed give the same piece.

    Raises BadInput for a style or ensemble that does not exist.
    """
    return arranged(sketch_of(brief, trained, seed), trained, seed)


def rng_of(seed: int, job: int) -> np.random.Generator:
    """The generator of one job of ``seed``."""
    return np.random.default_rng([seed, job])


def sketch_of(brief: Brief, trained: Trained, seed: int) -> Sketch:
    """Plan, chords and tune of ``brief``."""
    orchestra = orchestra_of(brief)
    plan = plan_of(brief, orchestra.melody.instrument, rng_of(seed, PLAN_JOB))
    chords = chords_of(plan, brief, trained.harmony, rng_of(seed, CHORD_JOB))
    melody = MelodyWriter(plan, chords, trained.melody, rng_of(seed, MELODY_JOB), trained.ear).write()
    return Sketch(brief, orchestra, plan, retouched(chords, plan, brief, trained.harmony, melody.events), melody)


def arranged(
    sketch: Sketch, playing: Playing, seed: int, *, texture_seed: int | None = None, heard: HeardAt | None = None
) -> Draft:
    """The sketch with voicing, texture and expression: every player's part.

    ``texture_seed`` draws the patterns, ``seed`` if absent; ``heard`` tells what stands over a chord already.
    """
    brief, orchestra, plan, melody = sketch.brief, sketch.orchestra, sketch.plan, sketch.melody
    arrangement = arrangement_of(
        brief,
        orchestra,
        plan,
        sketch.chords,
        melody,
        playing,
        texture_rng=rng_of(seed if texture_seed is None else texture_seed, TEXTURE_JOB),
        expression_rng=rng_of(seed, EXPRESSION_JOB),
        heard=heard,
    )
    piece = Piece(
        title=brief.title,
        meter=plan.meter,
        key=plan.key,
        tempi=tempi_of(plan),
        parts=arrangement.parts,
        length=len(plan.bars) * plan.meter.bar_ticks,
        markers=tuple(
            Marker(start * plan.meter.bar_ticks, section.name)
            for start, section in zip(plan.section_starts, brief.form, strict=True)
        ),
        chords=arrangement.spans,
        keys=_key_changes(plan),
    )
    notes = [*orchestra.notes, *arrangement.notes]
    if melody.relaxed:
        notes.append(f"melody rules gave way {counted(len(melody.relaxed), 'time')}: {'; '.join(melody.relaxed[:5])}")
    return Draft(piece, tuple(notes), sketch)


def _key_changes(plan: Plan) -> tuple[tuple[int, Key], ...]:
    """Where sections change the key: (tick, key)."""
    before = [plan.key, *plan.keys]
    return tuple(
        (start * plan.meter.bar_ticks, key)
        for start, last, key in zip(plan.section_starts, before, plan.keys, strict=False)
        if key != last and start
    )
