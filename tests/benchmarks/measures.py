"""Our pieces beside real tunes and baselines: ``python -m tests.benchmarks.measures``.

Held-out tunes, a second-order Markov chain trained on the train split, random notes of the key, colours read as
notes, and what ``composer generate`` writes for fixed briefs, read back from its MIDI bytes. For each measure the
median, the share of pieces in the soft range, and for ours the chance that a real tune has the larger value (.50:
alike). Then the hard gates. It takes a minute; ``make test`` does not run it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from composer.compose.draft import draft_of
from composer.compose.harmony import Harmony, harmony_of
from composer.corpus.prepare import prepare
from composer.encoding.originality import KnownRuns, known_runs
from composer.encoding.protocol import MelodyModel
from composer.evaluate.anchors import SOFT_RANGES, is_inside
from composer.evaluate.gates import Gate, gates_of
from composer.evaluate.line import line_of
from composer.evaluate.measures import MEASURES, Measures, measures_of
from composer.formats.midi import midi_bytes
from composer.formats.source import read_source
from composer.formats.source_piece import piece_of
from composer.models.registry import load_melody_model
from composer.music.instruments import INSTRUMENTS
from composer.music.notes import Piece
from composer.resources import shipped
from tests.benchmarks.baselines import MarkovMelody, colours_as_notes, random_in_key
from tests.benchmarks.critic import critic_auc
from tests.benchmarks.tunes import briefs, piece_of_tune


@dataclass(frozen=True)
class Group:
    """Pieces of one kind with what was found in them."""

    name: str
    pieces: list[Piece]
    measures: list[Measures]
    gates: list[list[Gate]]

    def values(self, name: str) -> list[float]:
        return [value for m in self.measures if (value := m[name]) is not None]


def group(name: str, pieces: Sequence[Piece], phrase_ends: Sequence[Sequence[int] | None] | None = None) -> Group:
    ends = phrase_ends or [None] * len(pieces)
    return Group(
        name,
        list(pieces),
        [measures_of(p, e) for p, e in zip(pieces, ends, strict=True)],
        [gates_of(p, phrase_ends=e) for p, e in zip(pieces, ends, strict=True)],
    )


def ours(model: MelodyModel, harmony: Harmony, count: int, seed: int) -> Group:
    """Drafts of the fixed briefs, as a reader of the MIDI file sees them."""
    pieces, gates = [], []
    for brief in briefs(count):
        data = midi_bytes(draft_of(brief, model, harmony, seed).piece)
        piece = piece_of(read_source(data, brief.title), brief)
        instrument = INSTRUMENTS[brief.melody.instrument]
        low = brief.melody.low if brief.melody.low is not None else instrument.low
        high = brief.melody.high if brief.melody.high is not None else instrument.high
        pieces.append(piece)
        gates.append(gates_of(piece, planned_key=brief.key.key, low=low, high=high))
    return Group("ours", pieces, [measures_of(p) for p in pieces], gates)


def auc(real: Sequence[float], other: Sequence[float]) -> float:
    """The chance that a real value is larger than another one, ties half."""
    if not real or not other:
        return float("nan")
    a, b = np.asarray(real)[:, None], np.asarray(other)[None, :]
    return float(np.mean((a > b) + 0.5 * (a == b)))


def print_measures(groups: Sequence[Group]) -> None:
    real = groups[0]
    print(f"{'measure':22s}{'range':>11s}" + "".join(f"{g.name:>17s}" for g in groups) + "   AUC")
    for name in MEASURES:
        cells = []
        for g in groups:
            values = g.values(name)
            if not values:
                cells.append(f"{'–':>17s}")
                continue
            share = f"{np.mean([bool(is_inside(name, v)) for v in values]):5.0%}" if name in SOFT_RANGES else ""
            cells.append(f"{np.median(values):10.2f}  {share:>5s}")
        score = auc(real.values(name), groups[-1].values(name))
        print(f"{name:22s}{SOFT_RANGES.get(name, '')!s:>11s}{''.join(cells)}{score:6.2f}")


def print_gates(groups: Sequence[Group]) -> None:
    print(f"\n{'gate':33s}" + "".join(f"{g.name:>17s}" for g in groups))
    for index, gate in enumerate(groups[0].gates[0]):
        rates = [np.mean([gates[index].passed for gates in g.gates]) for g in groups]
        print(f"{gate.name:33s}" + "".join(f"{rate:17.0%}" for rate in rates))
    whole = [np.mean([all(gate.passed for gate in gates) for gates in g.gates]) for g in groups]
    print(f"{'all gates':33s}" + "".join(f"{rate:17.0%}" for rate in whole))
    for number, gates in enumerate(groups[-1].gates, 1):
        for gate in gates:
            if not gate.passed:
                print(f"  ours {number}: {gate.name} in bars {', '.join(map(str, gate.where))}: {gate.note}")


def print_originality(known: KnownRuns, groups: Sequence[Group]) -> None:
    print(f"\n{'shared with a training tune':33s}" + "".join(f"{g.name:>17s}" for g in groups))
    runs = [
        [r.length for r in known.longest_runs([line_of(p).notes for p in g.pieces], known.held_out)] for g in groups
    ]
    for label, row in (
        ("longest run, median", [f"{np.median(r):.0f}" for r in runs]),
        ("longest run, largest", [f"{max(r)}" for r in runs]),
        ("share with a run >= 12", [f"{np.mean(np.array(r) >= 12):.0%}" for r in runs]),
        ("share with a run >= 16", [f"{np.mean(np.array(r) >= 16):.0%}" for r in runs]),
    ):
        print(f"{label:33s}" + "".join(f"{cell:>17s}" for cell in row))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tunes", type=int, default=200, help="held-out tunes to measure")
    parser.add_argument("--briefs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    prepared = prepare()
    dances = [t for t in (*prepared.split("test"), *prepared.split("valid")) if t.style == "dance"]
    held_out = list({t.cluster: t for t in dances}.values())
    tunes = [held_out[i] for i in rng.permutation(len(held_out))[: arguments.tunes]]
    train = prepared.split("train")
    chain = MarkovMelody([t for t in train if t.style == "dance"])
    made = {
        "Markov-2": [chain.like(t, rng) for t in tunes],
        "random in key": [random_in_key(t, rng) for t in tunes],
        "colours": [colours_as_notes(t, rng) for t in tunes],
    }
    groups = [group("real", [piece_of_tune(t) for t in tunes], [t.phrase_ends for t in tunes])]
    groups += [group(n, [piece_of_tune(t) for t in made[n]], [t.phrase_ends for t in made[n]]) for n in made]
    model, harmony = _shipped()
    groups.append(ours(model, harmony, arguments.briefs, arguments.seed))
    print(f"{len(tunes)} held-out dance tunes, {len(groups[-1].pieces)} briefs, model {model.name}\n")
    print_measures(groups)
    print_gates(groups)
    print(f"\n{'critic: AUC real against':33s}" + "".join(_critic_cell(groups[0], g) for g in groups))
    print_originality(known_runs(), groups)


def _critic_cell(real: Group, other: Group) -> str:
    return f"{'–':>17s}" if real is other else f"{critic_auc(real.measures, other.measures):17.2f}"


def _shipped() -> tuple[MelodyModel, Harmony]:
    """The shipped melody model and chord tables."""
    tables = json.loads((shipped("weights") / "harmony" / "tables.json").read_text("utf-8"))
    return load_melody_model(), harmony_of(tables)


if __name__ == "__main__":
    main()
