"""Our pieces beside real tunes and baselines: ``python -m tests.benchmarks.measures --briefs 40``.

Columns: held-out dance tunes; a second-order Markov chain of the training tunes; the shipped melody network without a
plan (it knows metre and mode); colours read as notes, as the first paper on pictures and music did; and what the
program writes for random briefs, before and after cleanup, read back from its MIDI files. For each measure the median,
the share of pieces in the soft range and the chance that a real tune has the larger value (.50: alike). Then gates,
critic with its control, overlap, originality, diversity and control.

``--quick`` writes twelve drafts and compares them with the stored real tunes alone. ``--plots FILE.png`` draws the
distributions, ``--json FILE`` keeps the figures, ``--keep FOLDER`` the pieces.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from composer.cli.commands.evaluate_sets import PLOTTED, TELLS
from composer.corpus.prepare import prepare
from composer.corpus.tune import Tune
from composer.encoding.originality import known_runs
from composer.encoding.soft_ranges import SOFT_RANGES
from composer.evaluate.control import AIMS
from composer.evaluate.critic import verdict_of
from composer.evaluate.diversity import longest_common_run
from composer.evaluate.measures import MEASURES
from composer.evaluate.plots import distributions_png
from composer.evaluate.reference import load_reference
from composer.evaluate.sets import PieceSet, Summary, alike
from composer.evaluate.stage import Evaluation, evaluation_of
from composer.formats.files import write_whole
from composer.models.registry import load_melody_model
from tests.benchmarks.baselines import MarkovMelody, colours_as_notes
from tests.benchmarks.briefs import random_briefs
from tests.benchmarks.free_lstm import free_tunes
from tests.benchmarks.ours import Job, all_made, sets_of
from tests.benchmarks.tunes import piece_of_tune

STYLE = "dance"
REAL, MARKOV, FREE, COLOURS = "real", "Markov-2", "LSTM, no plan", "colours"
SEEDS = 5  # takes of one brief that must not be alike
WIDTH = 25


def tune_set(name: str, tunes: Sequence[Tune]) -> PieceSet:
    """Tunes with their own phrase ends, searched for in the training tunes only."""
    held_out = known_runs().held_out
    found = [evaluation_of(piece_of_tune(t), t.id, None, STYLE, t.phrase_ends, held_out) for t in tunes]
    return PieceSet(name, tuple(found), (), STYLE)


def baselines(count: int, seed: int) -> dict[str, PieceSet]:
    """Real tunes and what was made from their frames."""
    rng = np.random.default_rng(seed)
    prepared = prepare()
    dances = [t for t in (*prepared.split("test"), *prepared.split("valid")) if t.style == STYLE]
    held_out = list({t.cluster: t for t in dances}.values())
    tunes = [held_out[i] for i in rng.permutation(len(held_out))[:count]]
    chain = MarkovMelody([t for t in prepared.split("train") if t.style == STYLE])
    made = {
        REAL: tunes,
        MARKOV: [chain.like(t, rng) for t in tunes],
        FREE: free_tunes(load_melody_model(), tunes, rng),
        COLOURS: [colours_as_notes(t, rng) for t in tunes],
    }
    return {name: tune_set(name, some) for name, some in made.items()}


def print_measures(sets: Mapping[str, PieceSet]) -> None:
    reference = load_reference(STYLE)
    print(f"{'':21}{'':>10} {f'real ({len(reference.real)})':>9}" + "".join(f"{name:>19}" for name in sets))
    print(f"{'measure':21}{'range':>10} {'median':>9}" + f"{'median':>8}{'in':>5}{'AUC':>6}" * len(sets))
    summaries = {name: {s.measure.name: s for s in found.summaries} for name, found in sets.items()}
    for name, measure in MEASURES.items():
        known = reference.values(name)
        real = f"{np.median(known):9.{measure.digits}f}" if len(known) else f"{'–':>9}"
        cells = "".join(_cell(summaries[label][name]) for label in sets)
        print(f"{name:21}{SOFT_RANGES.get(name, '')!s:>10} {real}{cells}")


def _cell(s: Summary) -> str:
    if s.median is None:
        return f"{'–':>8}{'':>11}"
    inside = "" if s.inside is None else f"{s.inside:.0%}"
    return f"{s.median:8.{s.measure.digits}f}{inside:>5}{_number(s.auc):>6}"


def print_set_figures(sets: Mapping[str, PieceSet]) -> None:
    """What only a set can show, a row a figure."""
    rows: dict[str, list[str]] = {}

    def add(label: str, cell: str) -> None:
        rows.setdefault(label, []).append(cell)

    for name, found in sets.items():
        near, of = alike(found.summaries)
        verdict, shared, diversity, control = found.verdict, found.shared, found.diversity, found.control()
        if name == REAL:
            # The same tunes are among the stored ones: these are judged beside the others.
            stored = load_reference(STYLE)
            verdict = verdict_of(found.measures, stored.without(found.rows(stored.names)))
        inside = [s.inside for s in found.summaries if s.inside is not None]
        add("pieces", str(len(found.pieces)))
        add("pass all gates", f"{found.passed or 0:.0%}")
        add("measures 90 % inside", f"{sum(share >= 0.9 for share in inside)} of {len(inside)}")
        add("soft values inside", f"{np.mean(inside):.0%}" if inside else "–")
        add("measures overlapping .7", f"{near} of {of}")
        add("critic: AUC (aim .70, <= .80)", f"{verdict.auc:.2f} ± {verdict.error:.2f}" if verdict else "–")
        add("  its Markov control (>= .95)", _control(verdict.control_auc, verdict.is_broken) if verdict else "–")
        for place in range(TELLS):
            tell = verdict.tells[place] if verdict and place < len(verdict.tells) else None
            add(f"  told by, {place + 1}", f"{tell.measure} {tell.share:.0%}" if tell else "–")
        add("Fréchet distance to real", _number(found.frechet, 1))
        add("shared run: median, largest", f"{shared.median:g}, {shared.largest}" if shared else "–")
        add("  12 or more; 16 or more", f"{shared.share_12:.0%}; {shared.share_16:.0%}" if shared else "–")
        add("  covered by 12 (<= .25)", f"{shared.coverage:.2f}" if shared else "–")
        add("diversity (>= .80 of real)", f"{diversity.ratio:.2f}" if diversity else "–")
        add("  longest run two share", str(diversity.common.length) if diversity else "–")
        for quantity, aim in AIMS.items():
            add(f"rho {quantity} (>= {aim:.2f})", _number(control[quantity]))
    print(f"\n{'':41}" + "".join(f"{name:>{WIDTH}}" for name in sets))
    for label, cells in rows.items():
        print(f"{label:41}" + "".join(f"{cell:>{WIDTH}}" for cell in cells))


def print_gates(sets: Mapping[str, PieceSet]) -> None:
    """Faults by name, and for ours where they are."""
    names = list(dict.fromkeys(name for found in sets.values() for name in found.failed_gates()))
    print(f"\n{'pieces with the fault':41}" + "".join(f"{name:>{WIDTH}}" for name in sets))
    for name in names:
        shares = [found.failed_gates().get(name, 0) / len(found.pieces) for found in sets.values()]
        print(f"{name:41}" + "".join(f"{share:>{WIDTH}.0%}" for share in shares))
    for label, found in sets.items():
        if label.startswith("ours"):
            print(f"\n{label}")
            for piece in found.pieces:
                rho = {name: _number(value) for name, value in piece.control.rho.items()} if piece.control else {}
                print(f"  {piece.name:9} {piece.inside[0]}/{piece.inside[1]} inside; " + _pairs(rho))
                for fault in (*piece.faults(), *_unoriginal(piece)):
                    print(f"    {fault}")
            for one in found.unread:
                print(f"  {one.name}: {one.reason}")


def _unoriginal(piece: Evaluation) -> list[str]:
    return [piece.originality.words()] if piece.originality.is_warning else []


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _control(value: float, is_broken: bool) -> str:
    return f"{value:.2f}{' BROKEN' if is_broken else ''}"


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def print_takes(folder: Path, count: int, workers: int) -> None:
    """What takes of one brief have in common."""
    for brief in random_briefs(count):
        number = brief.title.split()[-1]
        jobs = [Job(brief, folder, f"take{seed}-{number}", seed, False) for seed in range(1, SEEDS + 1)]
        lines = [one.draft.line for one in all_made(jobs, workers) if one.draft]
        print(f"{SEEDS} seeds of {brief.title}: the longest run two share is {longest_common_run(lines).length} moves")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--briefs", type=int, default=40)
    parser.add_argument("--tunes", type=int, default=200, help="held-out tunes that the baselines are made from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="12 drafts beside the stored real tunes; nothing else")
    parser.add_argument("--no-cleanup", action="store_true", help="drafts only")
    parser.add_argument("--jobs", type=int, default=1, help="drafts written at once")
    parser.add_argument("--plots", type=Path, default=None, metavar="FILE.png")
    parser.add_argument("--json", type=Path, default=None, metavar="FILE")
    parser.add_argument("--keep", type=Path, default=None, metavar="FOLDER", help="keep briefs and pieces there")
    arguments = parser.parse_args()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        count = min(12, arguments.briefs) if arguments.quick else arguments.briefs
        clean = not (arguments.quick or arguments.no_cleanup)
        jobs = [Job(b, folder, f"bench{i + 1:02}", arguments.seed, clean) for i, b in enumerate(random_briefs(count))]
        ours = sets_of(all_made(jobs, arguments.jobs))
        seconds = time.perf_counter() - begun
        sets = ours if arguments.quick else baselines(arguments.tunes, arguments.seed) | ours
        print_measures(sets)
        print_set_figures(sets)
        print_gates(sets)
        if not arguments.quick:
            print_takes(folder, 2, arguments.jobs)
    print(f"\n{count} briefs in {seconds:.0f} s, all in {time.perf_counter() - begun:.0f} s")
    if arguments.plots:
        values = {name: {m: found.values(m) for m in PLOTTED} for name, found in sets.items()}
        if arguments.quick:
            values = {REAL: {m: load_reference(STYLE).values(m) for m in PLOTTED}} | values
        write_whole(arguments.plots, distributions_png(values, PLOTTED, "Real tunes, baselines and ours"))
    if arguments.json:
        whole = {name: found.as_json() for name, found in sets.items()}
        content = {n: {k: v for k, v in c.items() if n in ours or k != "pieces"} for n, c in whole.items()}
        write_whole(arguments.json, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


if __name__ == "__main__":
    main()
