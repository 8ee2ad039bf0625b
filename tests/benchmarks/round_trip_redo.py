"""A piece of one's own: generated, edited by script, some bars composed anew, cleaned, exported, and compared."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks.round_trip_edits import NOTE_KINDS, SONG_KINDS, TRACK_KINDS, edited
from tests.benchmarks.round_trip_reader import METRE, Event, Song, read_song, song_bytes
from tests.benchmarks.round_trip_run import Ledger, fresh, run
from tests.benchmarks.round_trip_third import cleanup_faults, diff_faults, exports, score_faults

REDO, CLEAN, CHECK, DIFF, SCORE = (
    "own: generate --bars", "own: cleanup", "own: check for all programs", "own: diff after cleanup", "own: score"
)  # fmt: skip
PROGRAMS = ("live", "logic", "cubase", "fl", "reaper", "bitwig", "musescore")
Cell = tuple[str, int]


def composed_again(piece: Path, stem: str, seeds: range, ledger: Ledger, work: Path) -> None:
    """Flow (c) over the piece in the folder ``piece``."""
    for seed in seeds:
        folder = fresh(work / "redo")
        shutil.copytree(piece, folder, dirs_exist_ok=True)
        draft, name = folder / f"{stem}.draft.mid", f"{stem}, seed {seed}"
        rng = np.random.default_rng(seed)
        kinds = (*NOTE_KINDS, *SONG_KINDS[:4], *(kind for kind in TRACK_KINDS if kind != "name"))
        before, _ = edited(read_song(draft.read_bytes()), rng, 6, kinds)
        draft.write_bytes(song_bytes(before))
        written = draft.read_bytes()
        bars = max(n.start for n in before.notes) // bar_ticks(before) + 1
        first = int(rng.integers(2, bars - 3))
        region = (first, first + int(rng.integers(1, 3)))
        track = str(rng.choice(["melody", "all"]))
        words = ["--bars", f"{region[0]}-{region[1]}", *(["--tracks", track] if track != "all" else [])]
        with ledger.doing(REDO):
            done = run("generate", folder / f"{stem}.brief.json", *words, "--seed", seed, "--force")
        if done.code:
            ledger.check(REDO, name, [f"exit {done.code}: {done.told}"])
            continue
        after = read_song(draft.read_bytes())
        ledger.check(REDO, name, redo_faults(before, after, region, track))
        if not any(p.read_bytes() == written for p in folder.glob(f"{stem}.draft.*.mid")) and after != before:
            ledger.check(REDO, name, ["no numbered backup of what a person had edited"])
        _finished(folder, stem, name, ledger)


def _finished(folder: Path, stem: str, name: str, ledger: Ledger) -> None:
    """Cleanup, check, diff, score and exports of the draft in ``folder``."""
    draft, final = folder / f"{stem}.draft.mid", folder / f"{stem}.mid"
    before = read_song(draft.read_bytes())
    with ledger.doing(CLEAN):
        done = run("cleanup", draft)
    if done.code:
        ledger.check(CLEAN, name, [f"exit {done.code}: {done.told}"])
        return
    after = read_song(final.read_bytes())
    ledger.check(CLEAN, name, cleanup_faults(before, after, json.loads((folder / f"{stem}.cleanup.json").read_text())))
    for path in (draft, final):
        for program in PROGRAMS:
            with ledger.doing(CHECK):
                found = run("check", path, "--for", program)
            told = [b["rule"] for b in found.result.get("violations", [])]
            ledger.check(CHECK, f"{path.name}, {name}", [f"{program}: {told}"] if found.code else [])
    with ledger.doing(DIFF):
        found = run("diff", draft, final)
    ledger.check(DIFF, name, diff_faults(before, after, found.result))
    with ledger.doing(SCORE):
        faults = list(score_faults(after, folder / f"{stem}.musicxml"))
    ledger.check(SCORE, name, faults)
    exports(final, ledger)


def bar_ticks(song: Song) -> int:
    first = song.metas(METRE)[0].content
    return song.resolution * 4 * first[0] // 2 ** first[1]


def redo_faults(before: Song, after: Song, region: tuple[int, int], track: str) -> Iterator[str]:
    """Nothing outside the bars ``region`` (from 1, both ends) of ``track`` (or of all) is different.

    A note belongs to the bar in which it begins. Chord symbols in the bars may change with all tracks.
    """
    bar = bar_ticks(before)
    names = [[song.name(n) for n in range(len(song.tracks))] for song in (before, after)]
    if names[0] != names[1]:
        yield f"tracks {names[1]} for {names[0]}"
        return
    for number, name in enumerate(names[0]):
        # The melody is the first track that plays, whatever an ensemble calls it.
        is_named = track == "all" or name.casefold().startswith(track) or (track == "melody" and number == 1)
        olds, news = (Counter(_outside(song, number, bar, region if is_named else (0, 0))) for song in (before, after))
        if olds != news:
            yield (
                f"{name}: outside bars {region}: {list((olds - news).elements())[:2]} went, "
                f"{list((news - olds).elements())[:2]} came"
            )


def _outside(song: Song, number: int, bar: int, region: tuple[int, int]) -> Iterator[tuple[object, ...]]:
    """Everything of a track that begins in another bar; ends of notes with their beginnings."""
    for note in song.notes:
        if note.track == number and not region[0] <= note.start // bar + 1 <= region[1]:
            yield tuple(note)
    for event in song.tracks[number]:
        if not event.is_note and not (_is_in(event, bar, region) and number > 0):
            yield tuple(event)


def _is_in(event: Event, bar: int, region: tuple[int, int]) -> bool:
    return region[0] <= event.tick // bar + 1 <= region[1]
