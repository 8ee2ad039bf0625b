"""A piece of one's own: generated, edited by script, exported as each program would, put back, and judged."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.round_trip_edits import NOTE_KINDS, SONG_KINDS, TRACK_KINDS, edited
from tests.benchmarks.round_trip_habits import (
    CHORDS,
    CONTROLS,
    HABITS,
    KEYS,
    MARKERS,
    METRES,
    NAMES,
    PROGRAMS,
    TEMPI,
    TRACKS,
    Habit,
)
from tests.benchmarks.round_trip_reader import (
    CONTROL,
    KEY,
    MARKER,
    METRE,
    PROGRAM,
    TEMPO,
    TEXT,
    Played,
    Song,
    read_song,
)
from tests.benchmarks.round_trip_run import Ledger, fresh, run

# What a person may do in a program, by what its export carries.
_NEEDED = {
    "marker": MARKERS, "marker moved": MARKERS, "marker renamed": MARKERS, "marker removed": MARKERS, "tempo": TEMPI,
    "tempo changed": TEMPI, "control": CONTROLS, "bend": CONTROLS, "control changed": CONTROLS,
    "control removed": CONTROLS, "program": PROGRAMS, "name": NAMES,
}  # fmt: skip
_METAS = {TEMPI: TEMPO, METRES: METRE, KEYS: KEY, MARKERS: MARKER, CHORDS: TEXT}
# Controllers that programs set at the start of a track by themselves.
_MADE_UP = (91, 93, 121)
Heard = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Truth:
    """The file before the person came, and as the person left it."""

    before: Song
    after: Song


def kinds_for(habit: Habit) -> tuple[str, ...]:
    """Edits of which the export of a program could tell."""
    others = (kind for kind in (*SONG_KINDS, *TRACK_KINDS) if _NEEDED[kind] in habit.carries)
    return (*NOTE_KINDS, *NOTE_KINDS, *others)


def brought_back(piece: Path, stem: str, habits: list[str], seeds: range, ledger: Ledger, work: Path) -> None:
    """``import --into`` of what each program exports of the draft in the folder ``piece``."""
    draft = read_song((piece / f"{stem}.draft.mid").read_bytes())
    for name in habits:
        habit, flow = HABITS[name], f"own: import from {name}"
        for seed in seeds:
            folder = fresh(work / "piece")
            shutil.copytree(piece, folder, dirs_exist_ok=True)
            rng = np.random.default_rng(seed)
            after, _ = edited(draft, rng, int(rng.integers(0, 10)), kinds_for(habit))
            export = folder / "export.mid"
            export.write_bytes(habit.export(after))
            with ledger.doing(flow):
                done = run("import", export, "--into", folder / stem)
            if done.code:
                ledger.check(flow, f"{stem}, seed {seed}", [f"exit {done.code}: {done.told}"])
                continue
            result = read_song((folder / f"{stem}.draft.mid").read_bytes())
            ledger.check(flow, f"{stem}, seed {seed}", return_faults(Truth(draft, after), result, habit))
            checked = run("check", folder / f"{stem}.draft.mid", "--for", "logic")
            found = [b["rule"] for b in checked.result.get("violations", [])]
            ledger.check(flow, f"{stem}, seed {seed}", [f"contract: {found}"] if found else [])


def read_again(piece: Path, stem: str, habits: list[str], seeds: range, ledger: Ledger, work: Path) -> None:
    """``cleanup`` of a draft that a program has written over, before there was any other file of the piece."""
    draft = read_song((piece / f"{stem}.draft.mid").read_bytes())
    for name in habits:
        habit, flow = HABITS[name], f"own: cleanup reads {name}"
        for seed in seeds:
            folder = fresh(work / "piece")
            shutil.copytree(piece, folder, dirs_exist_ok=True)
            rng = np.random.default_rng(seed)
            after, _ = edited(draft, rng, int(rng.integers(0, 10)), kinds_for(habit))
            path = folder / f"{stem}.draft.mid"
            path.write_bytes(habit.export(after))
            with ledger.doing(flow):
                done = run("cleanup", path, "--no-key", "--no-voice-leading")
            if done.code:
                ledger.check(flow, f"{stem}, seed {seed}", [f"exit {done.code}: {done.told}"])
                continue
            result = read_song((folder / f"{stem}.mid").read_bytes())
            ledger.check(flow, f"{stem}, seed {seed}", return_faults(Truth(draft, after), result, habit))


def return_faults(truth: Truth, result: Song, habit: Habit) -> Iterator[str]:
    """Everything the person changed is there, everything the program lost is back."""
    if (result.kind, result.resolution) != (1, 480):
        yield f"type {result.kind}, {result.resolution} ticks"
    yield from _note_faults(truth, result, habit)
    for what, kind in _METAS.items():
        source = truth.after if what in habit.carries else truth.before
        wanted, found = ([(e.tick, e.content) for e in song.metas(kind)] for song in (source, result))
        if wanted != found:
            lost, extra = ([e for e in a if e not in b] for a, b in ((wanted, found), (found, wanted)))
            yield f"{what}: missing {lost[:3]}, extra {extra[:3]}"
    source = truth.after if CONTROLS in habit.carries else truth.before
    wanted_moves, found_moves = _moves(source), _moves(result)
    if wanted_moves != found_moves:
        lost, extra = (list((a - b).elements()) for a, b in ((wanted_moves, found_moves), (found_moves, wanted_moves)))
        yield f"controllers: missing {lost[:3]}, extra {extra[:3]} ({len(lost)}, {len(extra)})"
    source = truth.after if PROGRAMS in habit.carries else truth.before
    if _programs(source) != _programs(result):
        yield f"programs {_programs(result)} for {_programs(source)}"
    source = truth.after if NAMES in habit.carries else truth.before
    names, known = (Counter(s.name(n) for n in range(len(s.tracks))) for s in (result, source))
    if names != known:
        yield f"names {sorted(names)} for {sorted(known)}"


def _note_faults(truth: Truth, result: Song, habit: Habit) -> Iterator[str]:
    """Notes that nobody touched are where they were, by name of track; those that were are as they are now."""
    names = _true_names(truth)
    found = Counter(_heard(n, _plain_name(result.name(n.track))) for n in result.notes)
    before, after = (Counter(_heard(n, names[n.track]) for n in s.notes) for s in (truth.before, truth.after))
    kept = before & after
    if lost := kept - found:
        yield f"{lost.total()} untouched notes are gone or different: {list(lost)[:2]}; extra {list(found - after)[:2]}"
        return
    rest, wanted = list((found - kept).elements()), sorted((after - kept).elements())
    for note in wanted:
        best = min(rest, key=lambda other: _distance(note, other), default=None)
        if best is None or _distance(note, best) > 3 * habit.slack:
            yield f"an edited note is not there: {note}, nearest {best}"
            continue
        rest.remove(best)
        if best[0] != note[0] and TRACKS in habit.carries:
            yield f"an edited note is on another track: {note}, {best[0]}"
    if rest:
        yield f"{len(rest)} notes too many: {rest[:2]}"


def _true_names(truth: Truth) -> list[str]:
    return [truth.before.name(n) for n in range(len(truth.before.tracks))]


def _plain_name(name: str) -> str:
    return name.removeprefix("My ")


def _heard(note: Played, name: str) -> Heard:
    return name, note.start, note.end, note.pitch, note.velocity


def _distance(one: Heard, other: Heard) -> int:
    if one[3:] != other[3:]:
        return 10**9
    return abs(one[1] - other[1]) + abs(one[2] - other[2])


def _moves(song: Song) -> Counter[Hashable]:
    """Controllers, bends and pressures by name of track."""
    return Counter(
        (_plain_name(song.name(n)), e.tick, e.status, e.body[1:])
        for n, track in enumerate(song.tracks) for e in track
        if e.body[0] < 0xF0 and not e.is_note and e.status != PROGRAM
        and not (e.tick == 0 and e.status == CONTROL and e.body[1] in _MADE_UP)
    )  # fmt: skip


def _programs(song: Song) -> list[tuple[str, bytes]]:
    return sorted(
        (_plain_name(song.name(n)), e.body[1:]) for n, t in enumerate(song.tracks) for e in t if e.status == PROGRAM
    )
