"""The shipped melody network without a plan: what it writes when it knows mode, metre and its own past only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from composer.corpus.tune import Tune
from composer.encoding.melody import DURATIONS, FEATURES, PITCHES, UNKNOWN_BAR, ContextReader, Event, TuneFrame
from composer.encoding.protocol import MelodyModel
from tests.benchmarks.baselines import harmonised

# Columns that the plan fills have other names; they are 0, "unknown".
KNOWN = ("previous", "before", "mode", "meter", "position", "lookback", "repeating")
TEMPERATURE, TOP_P = 0.9, 0.95
EVENTS_MAX = 400

Floats = NDArray[np.float64]


def free_tunes(model: MelodyModel, tunes: Sequence[Tune], rng: np.random.Generator) -> list[Tune]:
    """One melody for each of ``tunes``, with its metre, mode and number of bars."""
    kept = np.array([name.startswith(KNOWN) for name in FEATURES])
    readers = [ContextReader(_frame(tune)) for tune in tunes]
    ends = [tune.bars * tune.meter.bar_ticks for tune in tunes]
    state = model.start(len(tunes))
    rows = np.arange(len(tunes))
    for _ in range(EVENTS_MAX):
        going = np.array([i for i, row in enumerate(rows) if readers[row].now < ends[row]], dtype=np.int64)
        if not len(going):
            break
        if len(going) < len(rows):
            state, rows = model.select(state, going), rows[going]
        columns = np.stack([readers[row].columns() for row in rows]) * kept
        state, logits = model.step(state, columns)
        durations = np.array([_drawn(row, rng) for row in logits])
        pitches = [_drawn(row, rng) for row in model.pitch_logits(state, durations)]
        for row, duration, pitch in zip(rows, durations, pitches, strict=True):
            reader = readers[row]
            length = min(DURATIONS[duration], ends[row] - reader.now)
            reader.push(Event(reader.now, length, PITCHES[pitch] if pitch < len(PITCHES) else None))
    return [harmonised(tune, reader.events) for tune, reader in zip(tunes, readers, strict=True)]


def _frame(tune: Tune) -> TuneFrame:
    return TuneFrame(
        key=tune.key, meter=tune.meter, bars=tune.bars, phrase_ends=(tune.bars * tune.meter.bar_ticks,),
        chords=(None,) * tune.bars, controls=(UNKNOWN_BAR,) * tune.bars,
    )  # fmt: skip


def _drawn(logits: NDArray[np.float32], rng: np.random.Generator) -> int:
    """A draw from the likeliest tokens that make up ``TOP_P`` of the probability."""
    shares = np.exp((logits - logits.max()).astype(np.float64) / TEMPERATURE)
    shares /= shares.sum()
    order = np.argsort(-shares)
    kept = order[: int(np.searchsorted(np.cumsum(shares[order]), TOP_P)) + 1]
    return int(rng.choice(kept, p=shares[kept] / shares[kept].sum()))
