"""Chords of the network beside chords of the bigrams: ``python -m tests.benchmarks.harmony``.

Over random briefs with a tension for each letter and a random curve, and some seeds, from plans alone (no melody is
needed): the rank correlation of the plan's tension with the tension of the chords, entropy of the changes, how often
two chords swing to and fro, chords that stay, roots in four bars, chords outside the scale, and the time for 32 bars.
With ``--drafts N`` also how the melody fits the chords in drafts of N briefs: PCS, MCTD, CTnCTR.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from composer.compose.chords.harmony import Bar, Harmony, chords_of
from composer.compose.chords.variety import SEE_SAW_BARS, see_saws
from composer.compose.draft import draft_of
from composer.compose.form.plan import HALF, Plan, plan_of
from composer.encoding.harmony import chord_tension, tension_levels
from composer.evaluate.control import spearman
from composer.evaluate.measures import measures_of
from composer.formats.brief.brief import Brief, Curves
from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import midi_bytes
from composer.models.registry import load_melody_model
from composer.steps.composing.trained import load_harmony
from tests.benchmarks.briefs import random_briefs as briefs
from tests.compose.fakes import Models

FIT = ("pitch_consonance", "tonal_distance", "chord_or_resolved")


@dataclass(frozen=True)
class Piece:
    """A plan with its chords; ``seconds`` is what drawing the chords took."""

    plan: Plan
    bars: tuple[Bar, ...]
    seconds: float


def drawn(harmony: Harmony, asked: Sequence[Brief], seeds: Sequence[int]) -> list[Piece]:
    pieces = []
    for brief in asked:
        for seed in seeds:
            plan = plan_of(brief, "violin", np.random.default_rng([seed, 0]))
            began = time.perf_counter()
            bars = chords_of(plan, brief, harmony, np.random.default_rng([seed, 1]))
            pieces.append(Piece(plan, bars, time.perf_counter() - began))
    return pieces


def with_tension(brief: Brief, rng: np.random.Generator) -> Brief:
    """The brief with a tension of its own for each letter of the form, bent by a random curve."""
    curve = np.interp(np.linspace(0, 4, 32), np.arange(5), rng.uniform(0, 1, 5))
    curves = Curves.model_validate(
        {"energy": [0.5] * 32, "density": [0.5] * 32, "register": [0.0] * 32, "tension": curve.tolist()}
    )
    levels = {section.name: round(float(rng.uniform(0.1, 0.9)), 2) for section in brief.form}
    form = [section.model_copy(update={"tension": levels[section.name]}) for section in brief.form]
    return brief.model_copy(update={"curves": curves, "form": form})


def rho(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's, NaN where there is nothing to rank."""
    found = spearman(np.asarray(one, float), np.asarray(other, float))
    return math.nan if found is None else found


def tensions(piece: Piece) -> list[float]:
    """Mean raw tension of the chords of each bar."""
    plan = piece.plan
    return [float(np.mean([chord_tension(c, plan.key_at(i)) for c in bar])) for i, bar in enumerate(piece.bars)]


def control(piece: Piece) -> float:
    return rho([b.tension for b in piece.plan.bars], tensions(piece))


def control_smoothed(piece: Piece) -> float:
    return rho([b.tension for b in piece.plan.bars], tension_levels(tensions(piece)).tolist())


def control_between(piece: Piece) -> float:
    """The same over the bars that a cadence or a return does not fix."""
    free = [
        bar
        for phrase in piece.plan.phrases
        if not phrase.keeps_chords
        for bar in range(phrase.first, phrase.last - (phrase.cadence != HALF))
    ]
    found = tensions(piece)
    return rho([piece.plan.bars[b].tension for b in free], [found[b] for b in free])


def control_of_sections(pieces: Sequence[Piece]) -> float:
    """Over all sections of all pieces: their mean target and the mean tension of their chords."""
    rows = []
    for piece in pieces:
        found = tensions(piece)
        ends = [*piece.plan.section_starts[1:], len(found)]
        for first, end in zip(piece.plan.section_starts, ends, strict=True):
            target = np.mean([bar.tension for bar in piece.plan.bars[first:end]])
            rows.append((float(target), float(np.mean(found[first:end]))))
    return rho([a for a, _ in rows], [b for _, b in rows])


def changes(piece: Piece) -> list[tuple[tuple[int, str], tuple[int, str]]]:
    tonic = piece.plan.key.tonic_class
    line = [((c.root - tonic) % 12, c.quality) for bar in piece.bars for c in bar]
    return [(a, b) for a, b in pairwise(line) if a != b]


def entropy(pieces: Sequence[Piece]) -> float:
    """Bits of the distribution of chord changes over all pieces."""
    counts = np.array(list(Counter(move for p in pieces for move in changes(p)).values()), float)
    share = counts / counts.sum()
    return float(-(share * np.log2(share)).sum())


def see_saw_share(piece: Piece) -> float:
    """Windows of five bars that swing between two chords, of all windows."""
    roots = [bar[0].root for bar in piece.bars]
    return see_saws(roots) / max(1, len(roots) - SEE_SAW_BARS)


def held_share(piece: Piece) -> float:
    """Bars beyond the second of one chord, of all bars."""
    runs = [
        len(list(run)) for _, run in groupby(bar[0].root if len(bar) == 1 else -i for i, bar in enumerate(piece.bars))
    ]
    return sum(max(0, run - 2) for run in runs) / len(piece.bars)


def chords_in_four(piece: Piece) -> float:
    fours = [p for p in piece.plan.phrases if p.bars == 4]
    return float(np.mean([len({c.root for bar in piece.bars[p.first : p.first + 4] for c in bar}) for p in fours]))


def foreign_share(piece: Piece) -> float:
    """Chords with a tone outside the scale (the raised seventh of minor counts as inside)."""
    found = total = 0
    for index, bar in enumerate(piece.bars):
        key = piece.plan.key_at(index)
        scale = {*key.scale, *({(key.tonic_class + 11) % 12} if key.mode == "minor" else ())}
        found += sum(not set(c.classes) <= scale for c in bar)
        total += len(bar)
    return found / total


def sevenths_share(piece: Piece) -> float:
    line = [c for bar in piece.bars for c in bar]
    return sum(c.seventh is not None for c in line) / len(line)


def milliseconds(piece: Piece) -> float:
    """Time for 32 bars."""
    return piece.seconds * 1000 * 32 / len(piece.bars)


PER_PIECE: dict[str, Callable[[Piece], float]] = {
    "tension: Spearman, bar by bar": control,
    "tension: Spearman, three bars": control_smoothed,
    "tension: Spearman, free bars": control_between,
    "see-saw share": see_saw_share,
    "held beyond two bars": held_share,
    "roots in four bars": chords_in_four,
    "outside the scale": foreign_share,
    "sevenths": sevenths_share,
    "ms for 32 bars": milliseconds,
}


def fit(harmony: Harmony, count: int, seed: int = 1) -> dict[str, list[float]]:
    """How the melody fits the chords in drafts, read back from their MIDI bytes."""
    model = load_melody_model()
    found: dict[str, list[float]] = {name: [] for name in FIT}
    for brief in briefs(count):
        draft = draft_of(brief, Models(model, harmony), seed)
        piece = piece_of(read_source(midi_bytes(draft.piece), brief.title), brief)
        measures = measures_of(piece)
        for name in FIT:
            if (value := measures[name]) is not None:
                found[name].append(value)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--briefs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--drafts", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(3)
    asked = [with_tension(b, rng) for b in briefs(arguments.briefs)]
    engines = {"bigrams": load_harmony(with_network=False), "network": load_harmony()}
    pieces = {name: drawn(h, asked, range(1, arguments.seeds + 1)) for name, h in engines.items()}
    print(f"{'':34s}" + "".join(f"{name:>12s}" for name in engines))
    for label, figure in PER_PIECE.items():
        cells = [f"{np.nanmean([figure(p) for p in some]):12.3f}" for some in pieces.values()]
        print(f"{label:34s}" + "".join(cells))
    print(f"{'tension: Spearman, sections':34s}" + "".join(f"{control_of_sections(p):12.3f}" for p in pieces.values()))
    print(f"{'entropy of changes (bits)':34s}" + "".join(f"{entropy(some):12.3f}" for some in pieces.values()))
    if arguments.drafts:
        fits = {name: fit(h, arguments.drafts) for name, h in engines.items()}
        for name in FIT:
            print(f"{name:34s}" + "".join(f"{np.median(f[name]):12.3f}" for f in fits.values()))


if __name__ == "__main__":
    main()
