"""Whether ``diff`` tells exactly the edits that were made: precision, recall, and no longer story than the true one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.round_trip_edits import Told, edited
from tests.benchmarks.round_trip_reader import read_song, song_bytes
from tests.benchmarks.round_trip_run import Ledger, run

FLOW = "diff: edits by script"
# A note moved this way and that is told by where it was and is.
_CONTROL = re.compile(r"CC(\d+)")
_CHANNEL = re.compile(r" \(channel \d+\)")
_MADE_UP = re.compile(r"track \d+")


@dataclass(slots=True)
class Score:
    """Edits made and told, over all runs."""

    made: int = 0
    told: int = 0
    right: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    @property
    def text(self) -> str:
        precision, recall = self.right / max(1, self.told), self.right / max(1, self.made)
        return f"{self.made} edits made, {self.told} told: precision {precision:.5f}, recall {recall:.5f}"


def told_by(found: dict[str, Any]) -> Counter[Told]:
    """What ``composer diff --json`` says, as the edits are written down."""
    told: Counter[Told] = Counter()
    for track in found["tracks"]:
        name = " + ".join(track["before"] or track["after"])
        for note in track["notes"]:
            told["note", name, _note(note["before"]), _note(note["after"])] += 1
        for turn in track["controls"]:
            told["turn", name, _what(turn["what"]), Fraction(turn["quarters"]), turn["before"], turn["after"]] += 1
        for change in track["changes"]:
            told["track", change["what"], change["before"], change["after"]] += 1
    for event in found["song"]:
        moved = Fraction(event["moved_to"]) if event["moved_to"] else None
        told["song", event["what"], Fraction(event["quarters"]), event["before"], event["after"], moved] += 1
    return told


def _by_readable_names(told: Counter[Told]) -> Counter[Told]:
    """The same where tracks without a name, or with one in some other alphabet, are all called alike."""
    named: Counter[Told] = Counter()
    for (kind, *rest), count in told.items():
        if kind == "track":
            rest = [rest[0], *(_readable(text) for text in rest[1:])]
        elif kind != "song":
            rest = [_readable(rest[0]), *rest[1:]]
        named[kind, *rest] += count
    return named


def _readable(name: Hashable) -> Hashable:
    plain = _CHANNEL.sub("", str(name))
    return plain if plain.isascii() and plain.isprintable() and not _MADE_UP.fullmatch(plain) else ""


def _note(note: dict[str, Any] | None) -> Hashable:
    return None if note is None else (
        Fraction(note["start"]), Fraction(note["length"]), note["pitch"], note["velocity"]
    )  # fmt: skip


def _what(text: str) -> Hashable:
    found = _CONTROL.search(text)
    return int(found[1]) if found else "bend" if text == "pitch bend" else text


def diff_of_edits(path: Path, seeds: range, ledger: Ledger, score: Score, most: int = 12) -> None:
    """Random edits of the file ``path``, found again one and all."""
    data = path.read_bytes()
    song, other = read_song(data), path.with_name("edited.mid")
    for seed in seeds:
        rng = np.random.default_rng(seed)
        changed, made = edited(song, rng, int(rng.integers(0, most)))
        other.write_bytes(song_bytes(changed))
        with ledger.doing(FLOW):
            found = run("diff", path, other)
        told = told_by(found.result) if found.code == 0 else Counter()
        made, told = _by_readable_names(made), _by_readable_names(told)
        score.made, score.told = score.made + made.total(), score.told + told.total()
        score.right += (made & told).total()
        for edit in made:
            score.by_kind[str(edit[0])] += 1
        ledger.check(FLOW, f"{path.name}, seed {seed}", _faults(made, told, found.result))


def _faults(made: Counter[Told], told: Counter[Told], found: dict[str, Any]) -> Iterator[str]:
    if made != told:
        yield f"made {[_plain(t) for t in made - told]}, told {[_plain(t) for t in told - made]}"
    if found.get("end_quarters") or found.get("shift_quarters") != "0":
        yield f"end {found.get('end_quarters')}, shift {found.get('shift_quarters')}"


def _plain(told: Hashable) -> Any:
    if isinstance(told, tuple):
        return tuple(_plain(part) for part in told)
    return float(told) if isinstance(told, Fraction) else told
