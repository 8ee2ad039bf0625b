"""Some bars of a piece composed anew, so that they fit what stands before and after them.

The plan is that of the seed which the piece was composed with; another seed draws other notes under it. What stands is
never changed: its chords are fixed points of the new ones, its tune is heard by the network, its voicings are the ends
that new voices are led from and to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from composer.compose.accompaniment.arrangement import Playing
from composer.compose.accompaniment.orchestra import Orchestra, orchestra_of
from composer.compose.chords.harmonise import harmonised
from composer.compose.chords.harmony import Bar, chords_of
from composer.compose.chords.retouch import retouched
from composer.compose.draft import CHORD_JOB, MELODY_JOB, PLAN_JOB, Draft, Sketch, Trained, arranged, rng_of
from composer.compose.form.plan import Plan, plan_of
from composer.compose.redo.melody import RedoWriter
from composer.compose.redo.merge import merged
from composer.compose.redo.standing import (
    Stay,
    heard_of,
    replaced_notes,
    standing_chords,
    standing_tune,
    stay_of,
)
from composer.compose.redo.under import under_of
from composer.compose.takes import Judged
from composer.compose.tune.melody import Melody
from composer.encoding.melody import Event
from composer.errors import BadInput
from composer.formats.brief.brief import Brief
from composer.music.notes import Part, Piece
from composer.music.regions import Cells

SAME_SHARE = 0.9  # of an accompaniment's notes: a redo that keeps more of them changed nothing


def redone(brief: Brief, piece: Piece, cells: Cells, trained: Trained, form_seed: int, seed: int) -> Draft:
    """The whole piece with new music in ``cells`` (track name, bar from 1), and outside them what stands.

    ``piece`` is the file as ``formats.source_piece.piece_of`` reads it, with whatever edits it holds. ``form_seed``
    gives the plan, ``seed`` the draws: the same one gives the same bytes, another one another version.
    Bars that the piece does not have yet are composed in any case. Raises BadInput for a piece in another metre than
    the brief's, and for a style or ensemble that does not exist.
    """
    orchestra = orchestra_of(brief)
    plan = plan_of(brief, orchestra.melody.instrument, rng_of(form_seed, PLAN_JOB))
    if piece.meter != plan.meter:
        reason = f"is in {piece.meter}, and the brief in {plan.meter}: their bars do not fit together"
        raise BadInput(piece.title, reason, "compose the whole piece anew")
    stay = stay_of(piece, cells, orchestra)
    gaps = stay.redone_bars(stay.melody, len(plan.bars))
    tune = standing_tune(stay, plan, gaps)
    new_chords = stay.redone_chords(len(plan.bars))
    fixed = _fixed_chords(stay, plan, brief, tune, gaps, new_chords, seed)
    chords = chords_of(plan, brief, trained.harmony, rng_of(seed, CHORD_JOB), fixed)
    melody = _melody(stay, plan, chords, tune, gaps, form_seed, seed, trained)
    chords = retouched(chords, plan, brief, trained.harmony, melody.events, fixed.keys())
    sketch = Sketch(brief, orchestra, plan, chords, melody)
    draft = _arranged(sketch, stay, trained, form_seed, seed)
    heard = frozenset((e.start, e.pitch + plan.tonic_midi) for e in tune if e.pitch is not None)
    return replace(draft, piece=merged(stay, draft.piece, new_chords, heard))


def judged(brief: Brief, piece: Piece, cells: Cells) -> Judged:
    """What takes of those cells are ranked by: the bars of the tune that are new, or else of the accompaniment."""
    stay = stay_of(piece, cells, orchestra_of(brief))
    gaps = stay.redone_bars(stay.melody, brief.bars)
    return Judged(bars=gaps or frozenset(bar - 1 for _, bar in cells), is_tune_given=not gaps)


def _fixed_chords(
    stay: Stay,
    plan: Plan,
    brief: Brief,
    tune: Sequence[Event],
    gaps: frozenset[int],
    new_chords: frozenset[int],
    seed: int,
) -> dict[int, Bar]:
    """The chords of the bars (from 0) whose chords stand; where their tune stays and they shall not, or where the file
    names none, chords that fit the tune."""
    bars = len(plan.bars)
    fixed = standing_chords(stay, [bar for bar in range(bars) if bar not in new_chords])
    open_bars = [bar for bar in range(bars) if bar not in gaps and bar not in fixed]
    if not open_bars or not tune:
        return fixed
    written = fixed | _written(brief, plan, set(open_bars))
    rests = [phrase.last for phrase in plan.phrases]
    fitting = harmonised(tune, plan.key, plan.meter, bars, rests, written, rng_of(seed, CHORD_JOB))
    return fixed | {bar: fitting[bar] for bar in open_bars}


def _written(brief: Brief, plan: Plan, bars: set[int]) -> dict[int, Bar]:
    """The chords that the brief writes for those of ``bars`` that it writes any for."""
    wanted = bars & brief.chord_bars
    if not wanted:
        return {}
    from composer.compose.given import written_chords
    from composer.music.chord import progression_of

    single = {c.bar - 1: tuple(progression_of(c.chord)[0]) for c in brief.bars_ if c.chord}
    found = written_chords(brief, len(plan.bars)) | single
    return {bar: found[bar] for bar in wanted}


def _melody(
    stay: Stay,
    plan: Plan,
    chords: Sequence[Bar],
    tune: Sequence[Event],
    gaps: frozenset[int],
    form_seed: int,
    seed: int,
    trained: Trained,
) -> Melody:
    """The tune: what stands and what is new in the bars ``gaps``."""
    if not gaps:
        return Melody(tuple(tune), plan.tonic_midi, ())
    writer = RedoWriter(
        plan,
        chords,
        trained.melody,
        rng_of(seed, MELODY_JOB),
        trained.ear,
        standing=tune,
        replaced=replaced_notes(stay, plan, gaps),
        varies=seed != form_seed,
        form_rng=rng_of(form_seed, MELODY_JOB),
        under=under_of(stay, len(plan.bars)),
    )
    return writer.write()


def _arranged(sketch: Sketch, stay: Stay, playing: Playing, form_seed: int, seed: int) -> Draft:
    """The sketch with all its players. Inside a section the figures go on as they were.

    Where that would change nothing, there are other figures, and if there are none, other voices.
    """

    def arrangement(texture_seed: int, liking: int | None = None) -> Draft:
        heard = heard_of(stay, sketch.orchestra, liking)
        return arranged(sketch, playing, seed, texture_seed=texture_seed, heard=heard)

    if seed == form_seed:
        return arrangement(seed)
    draft = arrangement(form_seed if _goes_on(sketch, stay) else seed)
    if _is_as_before(draft.piece, stay):
        draft = arrangement(seed)
    return arrangement(seed, liking=seed) if _is_as_before(draft.piece, stay) else draft


def _players(stay: Stay, orchestra: Orchestra) -> list[Part]:
    """The parts that stand for all players but the melody's."""
    found = [*orchestra.accompaniment, *(p for p in (orchestra.bass, orchestra.drums) if p is not None)]
    return [stay.seats[p.name] for p in found if p.name in stay.seats]


def _goes_on(sketch: Sketch, stay: Stay) -> bool:
    """Whether a section has bars of a player that stand and others that are new."""
    starts = [*sketch.plan.section_starts, len(sketch.plan.bars)]
    for part in _players(stay, sketch.orchestra):
        new = stay.redone_bars(part, len(sketch.plan.bars))
        for first, end in pairwise(starts):
            if 0 < sum(bar in new for bar in range(first, end)) < end - first:
                return True
    return False


def _is_as_before(piece: Piece, stay: Stay) -> bool:
    """Whether the accompaniment that is redone has the notes that it had."""
    bar, same, every = piece.meter.bar_ticks, 0, 0
    for part in piece.parts[1:]:
        own = stay.seats.get(part.name)
        if own is None:
            continue
        before = {(n.start, n.pitch) for n in own.notes}
        new = [n for n in part.notes if stay.is_redone(own, n.start // bar)]
        same += sum((n.start, n.pitch) in before for n in new)
        every += len(new)
    return every > 0 and same > SAME_SHARE * every
