"""Write the index of known tunes that originality is judged by: ``python -m tests.benchmarks.known_tunes``.

All tunes of the corpora that the shipped models learned from, the held-out ones too; Essen is not among them. With
``--corpus default+lieder`` it writes what is shipped. No melody gets into the file, see
``composer.encoding.originality``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from composer.corpus.prepare import DEFAULT, prepare
from composer.encoding.originality import FORMAT, KnownTune, known_bytes, known_of
from composer.errors import printable
from composer.formats.files import write_whole
from composer.resources import shipped


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", default=DEFAULT, help="as for composer train")
    parser.add_argument("-o", "--output", type=Path, default=None, help="a folder")
    arguments = parser.parse_args()
    folder = arguments.output or shipped("weights") / "originality"
    folder.mkdir(parents=True, exist_ok=True)
    prepared = prepare(arguments.corpus)
    tunes = [KnownTune(t.id, printable(t.title), t.style, t.split) for t in prepared.tunes]
    data = known_bytes([t.events for t in prepared.tunes], tunes)
    index = known_of(data)
    card = {
        "format": FORMAT,
        "title": "Known tunes: what no draft may copy",
        "made_by": "python -m tests.benchmarks.known_tunes",
        "corpora": list(prepared.report.corpora),
        "corpus_sha256": prepared.report.source_sha256,
        "tunes": prepared.report.tunes,
        "notes": prepared.report.notes,
        "holds": "of each tune its id, title, style and number of notes; of all tunes together sorted hashes of eight "
        "moves (interval, ratio of lengths) in a row with their masked places; no intervals, no lengths, no order",
        "runs_of_eight": index.runs,
        "false_match_rate": float(f"{index.false_match_rate:.2g}"),
        "licence": "That of composer for the file, which has titles and hashes and no music in it. The tunes that were "
        "hashed keep the licences of their sources: composer corpus show NAME tells them.",
        "tables_sha256": hashlib.sha256(data).hexdigest(),
    }
    write_whole(folder / "known.npz", data)
    write_whole(folder / "card.json", (json.dumps(card, indent=1) + "\n").encode())
    print(f"{folder}: {len(tunes)} tunes, {len(data)} bytes")


if __name__ == "__main__":
    main()
