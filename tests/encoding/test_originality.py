"""Shared runs are found in any key and at any note value, exactly, and fast enough to ask while composing."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from composer.encoding.melody import Event
from composer.encoding.originality import (
    PLACE_BITS,
    SEED,
    KnownTune,
    SharedRun,
    known_bytes,
    known_of,
    known_runs,
    runs_of,
)
from composer.errors import MissingTool
from composer.resources import shipped


@dataclass(frozen=True)
class Tone:
    pitch: int | None
    duration: int


def tones(pitches: Sequence[int], ticks: int = 480) -> list[Tone]:
    return [Tone(int(p), ticks) for p in pitches]


def walk(seed: int, count: int) -> list[int]:
    rng = np.random.default_rng(seed)
    return [int(p) for p in 60 + np.cumsum(rng.integers(-5, 6, size=count))]


def wander(rng: np.random.Generator, count: int) -> list[Tone]:
    """Few intervals and few lengths, so that runs are shared by chance."""
    pitches = np.cumsum(rng.choice([-1, 1, 2], count))
    return [Tone(int(p), int(d)) for p, d in zip(pitches, rng.choice([240, 480], count), strict=True)]


def plain_longest(melody: Sequence[Tone], tunes: Sequence[Sequence[Tone]]) -> int:
    """The longest common run by comparing everything with everything."""

    def moves(line: Sequence[Tone]) -> list[tuple[int, float]]:
        return [((b.pitch or 0) - (a.pitch or 0), b.duration / a.duration) for a, b in pairwise(line)]

    mine, best = moves(melody), 0
    for tune in map(moves, tunes):
        for i in range(len(mine)):
            for j in range(len(tune)):
                length = 0
                while i + length < len(mine) and j + length < len(tune) and mine[i + length] == tune[j + length]:
                    length += 1
                best = max(best, length)
    return best if best >= SEED else 0


def test_a_tune_is_found_transposed_and_twice_as_slow() -> None:
    pitches = walk(1, 20)
    known = runs_of([tones(walk(2, 30)), tones(pitches)])
    found = known.longest_shared(tones([p + 3 for p in pitches], 960))
    assert found == SharedRun(19, 0, 1, 0, 1.0)
    assert found.notes == 20


def test_a_quoted_passage_is_found_where_it_is() -> None:
    tune = walk(3, 40)
    mine = [*walk(4, 10), *(p + 7 for p in tune[12:25]), *walk(5, 10)]
    found = runs_of([tones(tune)]).longest_shared(tones(mine))
    assert (found.tune, found.note, found.tune_note, found.length) == (0, 10, 12, 12)
    assert found.coverage == pytest.approx(12 / 32)


def test_rests_are_skipped() -> None:
    pitches = walk(6, 14)
    mine = [*tones(pitches[:5]), Tone(None, 240), *tones(pitches[5:])]
    assert runs_of([tones(pitches)]).longest_shared(mine).length == 13


def test_another_rhythm_is_another_tune() -> None:
    pitches = walk(7, 20)
    mine = [Tone(p, 240 if i % 3 else 480) for i, p in enumerate(pitches)]
    assert runs_of([tones(pitches)]).longest_shared(mine).length == 0


def test_a_run_does_not_cross_from_one_tune_into_the_next() -> None:
    pitches = walk(8, 30)
    known = runs_of([tones(pitches[:15]), tones(pitches[15:])])
    assert known.longest_shared(tones(pitches)).length == 14


def test_tunes_can_be_left_out() -> None:
    pitches = walk(9, 30)
    known = runs_of([tones(pitches)])
    assert known.longest_shared(tones(pitches), {0}) == SharedRun()


@pytest.mark.parametrize("count", [0, 1, 2, SEED])
def test_melodies_too_short_share_nothing(count: int) -> None:
    known = runs_of([tones(walk(10, 30))])
    assert known.longest_shared(tones(walk(10, 30)[:count])) == SharedRun()


def test_no_melodies_and_no_tunes() -> None:
    assert runs_of([tones(walk(1, 20))]).longest_runs([]) == []
    assert runs_of([]).longest_shared(tones(walk(1, 20))) == SharedRun()


def test_a_batch_finds_what_comparing_everything_finds() -> None:
    rng = np.random.default_rng(11)
    tunes = [wander(rng, 60) for _ in range(12)]
    mine = [[*tunes[i][3 : 3 + n], *tones(walk(i, 6))] for i, n in enumerate((5, 9, 12, 20, 40, 7))]
    mine += [[Tone(int(p), 480) for p in np.cumsum(rng.choice([-1, 1, 2], 50))] for _ in range(4)]
    known = runs_of(tunes)
    assert [run.length for run in known.longest_runs(mine)] == [plain_longest(melody, tunes) for melody in mine]
    assert known.longest_runs(mine) == [known.longest_shared(melody) for melody in mine]


def test_the_index_reads_back_as_it_was() -> None:
    melodies = [
        tones(walk(1, 20)),
        [Tone(60, 480)],
        [Tone(p, 480 if i % 2 else 160) for i, p in enumerate(walk(2, 25))],
    ]
    tunes = [KnownTune(f"x/{i}", f"Ä {i}", "dance", split) for i, split in enumerate(("train", "test", "valid"))]
    data = known_bytes(melodies, tunes)
    again = known_of(data)
    assert data == known_bytes(melodies, tunes)
    assert again.tunes == tuple(tunes)
    assert again.held_out == {1, 2}
    assert [again.longest_shared(m) for m in melodies] == [runs_of(melodies).longest_shared(m) for m in melodies]


def test_the_shipped_index_is_the_one_of_its_card() -> None:
    known = known_runs()
    card = json.loads((shipped("weights") / "originality" / "card.json").read_text("utf-8"))
    assert len(known.tunes) == card["tunes"] > 4000
    assert known.runs == card["runs_of_eight"] > 400_000
    assert {tune.split for tune in known.tunes} == {"train", "valid", "test"}
    assert (shipped("weights") / "originality" / "known.npz").stat().st_size < 4_000_000


def test_moves_that_are_in_no_tune_are_hardly_ever_found() -> None:
    known = known_runs()
    assert known.false_match_rate < 2e-8
    # 120,000 places with jumps that no tune has: 0.002 matches are to be expected.
    rng = np.random.default_rng(13)
    melodies = [[Tone(int(p), 480) for p in 100 * np.arange(12_000) + rng.integers(0, 90, 12_000)] for _ in range(10)]
    assert known.longest_runs(melodies) == [SharedRun()] * 10


def test_a_false_match_makes_no_run_longer() -> None:
    rng = np.random.default_rng(14)
    tunes = [wander(rng, 400) for _ in range(20)]
    mine = [[*tune[100:140], *tones(walk(i, 30))] for i, tune in enumerate(tunes)]
    found = runs_of(tunes).longest_runs(mine)
    assert [(run.tune, run.note, run.tune_note) for run in found] == [(i, 0, 100) for i in range(20)]
    assert [run.length for run in found] == [plain_longest(m, [t]) for m, t in zip(mine, tunes, strict=True)]


def test_the_shipped_file_holds_hashes_whose_places_only_their_moves_tell() -> None:
    path = shipped("weights") / "originality" / "known.npz"
    with np.load(path, allow_pickle=False) as stored:
        assert set(stored.files) == {"heads", "sizes", "buckets", "entries"}
        sizes, entries = stored["sizes"], stored["entries"].astype(np.int64)
    places = entries[:, 0] | entries[:, 1] << 8 | entries[:, 2] << 16
    # Places as they are would all be below the number of notes; masked ones are as often as by chance.
    by_chance = sizes.sum() / 2**PLACE_BITS
    assert (places < sizes.sum()).mean() == pytest.approx(by_chance, rel=0.05)
    assert abs(np.corrcoef(places[:-1], places[1:])[0, 1]) < 0.01


def test_five_hundred_phrases_take_a_tenth_of_a_second() -> None:
    rng = np.random.default_rng(12)
    phrases = [[Event(0, n.duration, n.pitch) for n in wander(rng, 40)] for _ in range(500)]
    known_runs().longest_runs(phrases[:2])
    begun = time.process_time()
    known_runs().longest_runs(phrases)
    assert time.process_time() - begun < 0.5  # .02 s on a quiet machine


def test_a_missing_or_damaged_index_says_what_to_do(tmp_path: Path) -> None:
    damaged = tmp_path / "known.npz"
    damaged.write_bytes(b"PK no archive")
    for path in (tmp_path / "absent.npz", damaged):
        with pytest.raises(MissingTool, match="install composer again"):
            known_runs(path)
