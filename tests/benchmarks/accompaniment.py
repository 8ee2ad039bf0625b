"""How the accompaniment moves: the learned style beside the templates and, where songs are given, beside pianists.

    python -m tests.benchmarks.accompaniment [--songs FOLDER_OR_ARCHIVE] [--seeds 3]

Every style plays under the same tunes. A row tells, over all bars: onsets per bar (10 %, median, 90 %), notes for each
onset, the share of onsets at which the tune does not strike, how much busier the accompaniment is while the tune holds
a note for more than a beat than elsewhere ("answers"), how alike neighbouring bars are (share of onsets in common),
and parallels between any voices for each hundred bars.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from composer.compose.draft import Sketch, arranged, sketch_of
from composer.corpus.lieder import songs_in
from composer.formats.brief.brief import Brief
from composer.models.figuration_runtime import load_figuration_model
from composer.models.registry import load_melody_model
from composer.music.notes import BASS, CHORDS, MELODY, Piece
from composer.music.time import TICKS_PER_BEAT, Meter
from composer.music.voice_leading import PARALLELS, offences
from composer.steps.composing.trained import load_harmony
from tests.compose.fakes import Models

STYLES = ("learned", "block", "broken", "alberti", "arpeggio", "waltz", "ostinato", "walking", "pad")
KEYS = (("4/4", "C", "major", 92), ("4/4", "A", "minor", 76), ("3/4", "G", "major", 110), ("3/4", "D", "minor", 120),
        ("6/8", "F", "major", 80), ("6/8", "E", "minor", 90), ("2/4", "D", "major", 84))  # fmt: skip
HEADS = ("style", "bars", "p10", "p50", "p90", "notes", "between", "answers", "alike", "parallels", "seconds")


@dataclass(frozen=True, slots=True)
class Moves:
    """Tune and accompaniment of one piece, as ticks: (start, end) of melody notes, (start, pitch) of the others."""

    meter: Meter
    bars: int
    tune: tuple[tuple[int, int], ...]
    struck: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one style, or of the songs; see the module's text."""

    per_bar: tuple[float, ...]
    notes: float
    between: float
    answers: float
    alike: float


def row_of(pieces: Sequence[Moves]) -> Row:
    """The figures over all ``pieces``."""
    per_bar: list[float] = []
    between, alike, held, moving = [], [], np.zeros(2), np.zeros(2)
    notes = onsets = 0
    for piece in pieces:
        ticks = sorted({start for start, _ in piece.struck})
        sung = {start for start, _ in piece.tune}
        bars: list[set[int]] = [set() for _ in range(piece.bars)]
        for tick in ticks:
            if tick // piece.meter.bar_ticks < piece.bars:
                bars[tick // piece.meter.bar_ticks].add(tick % piece.meter.bar_ticks)
        per_bar += [len(bar) * 4 * TICKS_PER_BEAT / piece.meter.bar_ticks for bar in bars]
        between += [tick not in sung for tick in ticks]
        alike += [len(a & b) / len(a | b) for a, b in pairwise(bars) if a | b]
        inside = _held(piece)
        held += [sum(inside[t // 40] for t in ticks if t // 40 < len(inside)), sum(inside) / 12]
        moving += [sum(not inside[t // 40] for t in ticks if t // 40 < len(inside)), (len(inside) - sum(inside)) / 12]
        notes, onsets = notes + len(piece.struck), onsets + len(ticks)
    answers = (held[0] / max(1.0, held[1])) / (moving[0] / max(1.0, moving[1]))
    p10, p50, p90 = np.percentile(per_bar, (10, 50, 90))
    return Row((p10, p50, p90), notes / onsets, float(np.mean(between)), answers, float(np.mean(alike)))


def _held(piece: Moves) -> list[bool]:
    """For each twelfth of a quarter whether the tune has held its note for over half a beat, of one over a beat."""
    inside = [False] * (piece.bars * piece.meter.bar_ticks // 40)
    for start, end in piece.tune:
        if end - start > piece.meter.beat_ticks:
            first, last = (start + piece.meter.beat_ticks // 2) // 40, min(len(inside), end // 40)
            inside[first:last] = [True] * max(0, last - first)
    return inside


def moves_of(piece: Piece) -> Moves:
    """A piece of ours; without articulation the tune's notes end where the next begins or nearly so."""
    part = piece.part(MELODY)
    tune = tuple((n.start, n.start + round(n.duration / 40) * 40) for n in part.notes) if part else ()
    struck = tuple((n.start, n.pitch) for p in piece.parts if p.role in (CHORDS, BASS) for n in p.notes)
    return Moves(piece.meter, piece.bars, tune, struck)


def sketches(seeds: int) -> list[Sketch]:
    """The tunes that every style is laid under."""
    models = Models(load_melody_model(), load_harmony())
    found = []
    for meter, tonic, mode, tempo in KEYS:
        form = [
            {"name": "A", "bars": 8, "energy": 0.35, "density": 0.4},
            {"name": "B", "bars": 8, "energy": 0.75, "density": 0.6, "register": 0.4},
            {"name": "A'", "bars": 8, "energy": 0.45, "density": 0.45},
        ]
        fields = {"key": {"tonic": tonic, "mode": mode}, "tempo_bpm": tempo, "meter": meter, "form": form}
        brief = Brief.model_validate({**fields, "accompaniment": {"style": "block", "instrument": "piano"}})
        found += [sketch_of(brief, models, seed) for seed in range(1, seeds + 1)]
    return found


def _styled(sketch: Sketch, style: str) -> Sketch:
    accompaniment = sketch.brief.accompaniment.model_copy(update={"style": style})
    brief = sketch.brief.model_copy(update={"accompaniment": accompaniment})
    return replace(sketch, brief=brief, orchestra=replace(sketch.orchestra, style=style))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    figuration = load_figuration_model(options.model) if options.model else load_figuration_model()
    tunes = sketches(options.seeds)
    print(f"{HEADS[0]:>13} " + " ".join(f"{head:>10}" for head in HEADS[1:]))
    for style in STYLES:
        began, pieces = time.process_time(), []
        for index, tune in enumerate(tunes):
            piece = arranged(_styled(tune, style), Models(figuration=figuration), index).piece
            if style != "waltz" or tune.plan.meter.numerator % 3 == 0:
                pieces.append(piece)
        seconds = (time.process_time() - began) / len(tunes)
        bars = sum(p.bars for p in pieces)
        parallels = 100 * sum(o.rule in PARALLELS for p in pieces for o in offences(p)) / bars
        _print(style, bars, row_of([moves_of(p) for p in pieces]), parallels, seconds)
    if options.songs:
        songs = [s for s in songs_in(options.songs) if str(s.meter) in {k[0] for k in KEYS}]
        moves = [
            Moves(s.meter, s.bars, tuple((a, b) for a, b, _ in s.melody), tuple((a, p) for a, _, p in s.accompaniment))
            for s in songs
        ]
        _print("songs", sum(m.bars for m in moves), row_of(moves), None, None)
        low, high = np.percentile([_tune_npq(moves_of(arranged(t, Models(), 1).piece)) for t in tunes], (10, 90))
        moves = [m for m in moves if low <= _tune_npq(m) <= high]
        _print("songs as busy", sum(m.bars for m in moves), row_of(moves), None, None)


def _tune_npq(piece: Moves) -> float:
    """How many notes to the quarter the tune has."""
    return len(piece.tune) * TICKS_PER_BEAT / (piece.bars * piece.meter.bar_ticks)


def _print(name: str, bars: int, row: Row, parallels: float | None, seconds: float | None) -> None:
    cells = [*row.per_bar, row.notes, row.between, row.answers, row.alike, parallels, seconds]
    print(f"{name:>13} {bars:>10} " + " ".join(f"{'-' if c is None else format(c, '.2f'):>10}" for c in cells))


if __name__ == "__main__":
    main()
