"""The round trip, judged by a reader of its own: ``python -m tests.benchmarks.round_trip --work FOLDER``.

Somebody else's files (made here, and those of ``--files``) go through cleanup, diff, check, exports and now and then
render; pieces composed here through edits by script, twelve programs' exports, import, ``generate --bars``, cleanup
and exports. Prints what was done; ends with 1 where anything was lost, added or told wrongly.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np

from tests.benchmarks.round_trip_diff import Score, diff_of_edits
from tests.benchmarks.round_trip_files import REFUSED, files
from tests.benchmarks.round_trip_habits import HABITS
from tests.benchmarks.round_trip_own import brought_back, read_again
from tests.benchmarks.round_trip_redo import composed_again
from tests.benchmarks.round_trip_run import Ledger, fresh, run
from tests.benchmarks.round_trip_third import third_party

LARGEST_BYTES = 30_000  # of a file that is drawn from a folder
RENDER_EVERY = 10
PIECES: dict[str, dict[str, object]] = {
    "river": {"key": {"tonic": "D", "mode": "minor"}, "meter": "4/4", "tempo_bpm": 96},
    "waltz": {"key": {"tonic": "G", "mode": "major"}, "meter": "3/4", "tempo_bpm": 132},
    "jig": {
        "key": {"tonic": "A", "mode": "major"}, "meter": "6/8", "tempo_bpm": 110,
        "bass": {"instrument": "acoustic bass"}, "drums": {},
    },
    "quartet": {
        "key": {"tonic": "E", "mode": "minor"}, "meter": "4/4", "tempo_bpm": 84, "ensemble": "string-quartet",
    },
    "solo": {
        "key": {"tonic": "Bb", "mode": "major"}, "meter": "4/4", "tempo_bpm": 72, "ensemble": "piano-solo",
        "accompaniment": {"style": "ballad", "instrument": "piano"},
    },
    "band": {"key": {"tonic": "C", "mode": "major"}, "meter": "4/4", "tempo_bpm": 120, "ensemble": "small-band"},
}  # fmt: skip


def main() -> int:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    options = _options()
    ledger, score = Ledger(), Score()
    flows = options.flows.split(",")
    third = _third(options, fresh(options.work / "third")) if {"third", "diff"} & {*flows} else []
    own = _composed(fresh(options.work / "own"), ledger) if {"import", "redo", "diff"} & {*flows} else []
    for number, path in enumerate(third):
        refused = path.stem in {_plain(name) for name in REFUSED}
        if "diff" in flows and not refused:
            diff_of_edits(path, range(options.seeds), ledger, score)
        if "third" in flows:
            third_party(path, ledger, refused=refused, render=number % RENDER_EVERY == 0)
    for piece in own:
        stem = piece.name
        if "diff" in flows:
            diff_of_edits(piece / f"{stem}.draft.mid", range(10 * options.seeds), ledger, score)
            (piece / "edited.mid").unlink(missing_ok=True)
        if "import" in flows:
            brought_back(piece, stem, [*HABITS], range(options.seeds), ledger, options.work)
            read_again(piece, stem, [*HABITS], range(options.seeds // 4 + 1), ledger, options.work)
        if "redo" in flows:
            composed_again(piece, stem, range(options.seeds), ledger, options.work)
    print(ledger.table())
    if score.made:
        print(score.text)
    print(f"{len(ledger.faults)} violations")
    return 1 if ledger.faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="a folder to work in; it is emptied")
    parser.add_argument("--files", type=Path, nargs="*", default=[], help="folders of MIDI files")
    parser.add_argument("--draw", type=int, default=30, help="how many files of each folder")
    parser.add_argument("--seeds", type=int, default=5, help="how many rounds of edits")
    parser.add_argument("--flows", default="third,diff,import,redo")
    return parser.parse_args()


def _third(options: argparse.Namespace, root: Path) -> list[Path]:
    """The files of others, each in a folder of its own."""
    found = []
    for name, data in files():
        path = fresh(root / _plain(name)) / f"{_plain(name)}.mid"
        path.write_bytes(data)
        found.append(path)
    rng = np.random.default_rng(1)
    for folder in options.files:
        there = sorted(p for p in folder.rglob("*.mid") if p.stat().st_size <= LARGEST_BYTES)
        for index in rng.permutation(len(there))[: options.draw]:
            source = there[int(index)]
            path = fresh(root / f"{folder.name} {index}") / f"{_plain(source.stem)}.mid"
            shutil.copyfile(source, path)
            found.append(path)
    return found


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name)


def _composed(root: Path, ledger: Ledger) -> list[Path]:
    """A folder for each of the pieces, with brief, draft and record."""
    found = []
    form = [{"name": "A", "bars": 8, "energy": 0.3}, {"name": "B", "bars": 8, "energy": 0.6}]
    for number, (name, fields) in enumerate(PIECES.items()):
        folder = fresh(root / name)
        brief = {"format": "composer.brief/1", "title": name.title(), "form": form, "seed": 5 + number, **fields}
        (folder / f"{name}.brief.json").write_text(json.dumps(brief), "utf-8")
        with ledger.doing("own: generate"):
            done = run("generate", folder / f"{name}.brief.json")
        ledger.check("own: generate", name, [] if done.code == 0 else [done.told])
        found.append(folder)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
