"""Chorales as sequences of chords with four voices, cached: reading them takes minutes.

A step is a chord of the chord labels as long as it lasts (equal labels on neighbouring beats are one), and the
pitches that the four voices sound when it begins.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.corpus import catalog
from composer.corpus.chorales import FourParts, Sung, read_four_parts
from composer.corpus.prepare import Progress, prepare
from composer.encoding.voices import START, Given, columns_of, token_of, tonic_under
from composer.errors import ComposerError
from composer.formats.files import read_bytes, write_whole
from composer.limits import MODEL_BYTES
from composer.music.chord import Chord
from composer.music.key import Key, key_of
from composer.music.time import Meter, meter_of
from composer.resources import cache_folder

Ints = NDArray[np.int64]
CORPUS = "chorales"
STEPS_MIN = 8
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Chorale:
    """One chorale as steps. ``pitches`` (T, 4) are MIDI: soprano, alto, tenor, bass."""

    id: str
    split: str
    key: Key
    meter: Meter
    given: tuple[Given, ...]
    pitches: Ints

    @property
    def tonic_midi(self) -> int:
        return tonic_under([g.soprano for g in self.given], self.key)

    @property
    def columns(self) -> Ints:
        """(T, K) what the model reads."""
        return columns_of(self.given, self.key, self.meter, self.tonic_midi)

    @property
    def now(self) -> Ints:
        """(T, 3) tokens of bass, alto and tenor."""
        return np.asarray(token_of(self.pitches[:, [3, 1, 2]], self.tonic_midi), dtype=np.int64)

    @property
    def before(self) -> Ints:
        """(T, 3) the same one chord earlier."""
        return np.concatenate([np.full((1, 3), START), self.now[:-1]])


def chorales(progress: Progress | None = None) -> list[Chorale]:
    """All usable chorales, on the side of the split where the melody's training has them."""
    corpus = catalog.show(CORPUS)
    paths = corpus.paths()
    digest = hashlib.sha256(f"{_VERSION} {catalog.source_hash(paths)}".encode()).hexdigest()
    path = cache_folder("corpora") / f"voices-{digest[:16]}.json"
    found = _read(path)
    if found is None:
        found = [c for parts in read_four_parts(paths, progress)[0] if (c := steps_of(parts)) is not None]
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps([_stored(c) for c in found]).encode())
    splits = {tune.id: tune.split for tune in prepare().tunes if tune.source == CORPUS}
    return [replace(c, split=splits.get(c.id, "train")) for c in found]


def corpus_sha256(found: Sequence[Chorale]) -> str:
    """Fingerprint of everything that the network is shown, with the side of the split that each chorale is on."""
    rows = sorted((chorale.id, chorale.split, _stored(chorale)) for chorale in found)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _stored(chorale: Chorale) -> list[Any]:
    rows = [
        [g.chord.root, g.chord.quality, g.soprano_before, g.accent, g.beats, int(g.is_fermata), *map(int, pitches)]
        for g, pitches in zip(chorale.given, chorale.pitches, strict=True)
    ]
    return [chorale.id, chorale.key.tonic, chorale.key.mode, str(chorale.meter), rows]


def _read(path: Path) -> list[Chorale] | None:
    """The chorales of a cache file; ``None`` where there is none that can be used."""
    try:
        stored = json.loads(read_bytes(path, MODEL_BYTES, "cache"))
        return [_restored(*entry) for entry in stored]
    except (ComposerError, OSError, ValueError, TypeError, KeyError):
        return None


def _restored(name: str, tonic: str, mode: str, meter: str, rows: list[list[Any]]) -> Chorale:
    given = tuple(Given(Chord(r[0], r[1]), r[6], r[2], r[3], r[4], bool(r[5])) for r in rows)
    pitches = np.array([row[6:] for row in rows], dtype=np.int64)
    return Chorale(name, "train", key_of(tonic, mode), meter_of(meter), given, pitches)


def steps_of(parts: FourParts) -> Chorale | None:
    """The chorale's steps; ``None`` where too few chords have all four voices."""
    tune = parts.tune
    given, pitches = [], []
    for start, end, chord in _spans(parts):
        sounding = [_at(voice, start) for voice in parts.voices]
        now = [p for p in sounding if p is not None]
        if len(now) < 4:
            continue
        before = _at(parts.voices[0], start - 1)
        ends_phrase = any(start < tick <= end for tick in tune.phrase_ends)
        beats = (end - start) // tune.meter.beat_ticks
        accent = tune.meter.accent(start)
        given.append(Given(chord, now[0], now[0] if before is None else before, accent, beats, ends_phrase))
        pitches.append(now)
    if len(given) < STEPS_MIN:
        return None
    return Chorale(tune.id, tune.split, tune.key, tune.meter, tuple(given), np.array(pitches, dtype=np.int64))


def _spans(parts: FourParts) -> list[tuple[int, int, Chord]]:
    """(start, end, chord) with equal neighbours joined; beats without a label go on with the chord before."""
    ticks = parts.tune.meter.beat_ticks
    spans: list[tuple[int, int, Chord]] = []
    for beat, chord in enumerate(parts.tune.beat_chords):
        if spans and spans[-1][1] == beat * ticks and chord in (None, spans[-1][2]):
            spans[-1] = (spans[-1][0], spans[-1][1] + ticks, spans[-1][2])
        elif chord is not None:
            spans.append((beat * ticks, (beat + 1) * ticks, chord))
    return spans


def _at(voice: Sequence[Sung], tick: int) -> int | None:
    return next((pitch for start, end, pitch in voice if start <= tick < end), None)
