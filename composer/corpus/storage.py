"""Tunes in one npz file: plain arrays, no pickles, a few hundred kilobytes for thousands of tunes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from composer.corpus.tune import Tune
from composer.encoding.melody import Event
from composer.errors import ComposerError
from composer.formats.files import read_bytes, write_whole
from composer.limits import MODEL_BYTES
from composer.music.chord import QUALITIES, Chord
from composer.music.key import key_of
from composer.music.time import meter_of

_REST = -100
_QUALITIES = tuple(QUALITIES)


def write_tunes(path: Path, tunes: Sequence[Tune], refused: dict[str, int]) -> None:
    """Write ``tunes`` whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    heads = [
        [
            t.id,
            t.source,
            t.title,
            t.key.tonic,
            t.key.mode,
            str(t.meter),
            t.tonic_midi,
            t.bars,
            t.style,
            t.cluster,
            t.split,
            *([] if t.beats_per_minute is None else [t.beats_per_minute]),
        ]
        for t in tunes
    ]
    arrays = {
        "heads": np.frombuffer(json.dumps({"tunes": heads, "refused": refused}).encode(), dtype=np.uint8),
        "events": np.array(
            [(e.start, e.duration, _REST if e.pitch is None else e.pitch) for t in tunes for e in t.events], np.int32
        ).reshape(-1, 3),
        "phrases": np.array([end for t in tunes for end in t.phrase_ends], np.int32),
        "chords": np.array([_chord_code(c) for t in tunes for c in t.chords], np.int16),
        "beats": np.array([_chord_code(c) for t in tunes for c in t.beat_chords], np.int16),
        "sizes": np.array(
            [(len(t.events), len(t.phrase_ends), len(t.chords), len(t.beat_chords)) for t in tunes], np.int32
        ).reshape(-1, 4),
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    write_whole(path, stream.getvalue())


def read_tunes(path: Path) -> tuple[list[Tune], dict[str, int]] | None:
    """The tunes and refusals in ``path``; ``None`` when it is absent or damaged, so that it is made again."""
    if not path.exists():
        return None
    try:
        with np.load(io.BytesIO(read_bytes(path, MODEL_BYTES)), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        heads = json.loads(arrays["heads"].tobytes())
        return _tunes(heads["tunes"], arrays), heads["refused"]
    except (ComposerError, ValueError, KeyError, OSError, EOFError, IndexError, zipfile.BadZipFile):
        return None


def _tunes(heads: list[list[object]], arrays: dict[str, NDArray[np.int32]]) -> list[Tune]:
    edges = np.concatenate([np.zeros((1, 4), np.int64), np.cumsum(arrays["sizes"], axis=0, dtype=np.int64)])
    tunes = []
    for index, head in enumerate(heads):
        (e0, p0, c0, b0), (e1, p1, c1, b1) = edges[index].tolist(), edges[index + 1].tolist()
        name, source, title, tonic, mode, meter, tonic_midi, bars, style, cluster, split, *tempo = head
        tunes.append(
            Tune(
                str(name), str(source), str(title), key_of(str(tonic), str(mode)), meter_of(str(meter)),
                int(str(tonic_midi)),
                tuple(Event(s, d, None if p == _REST else p) for s, d, p in arrays["events"][e0:e1].tolist()),
                int(str(bars)),
                tuple(arrays["phrases"][p0:p1].tolist()),
                tuple(_chord(c) for c in arrays["chords"][c0:c1].tolist()),
                tuple(_chord(c) for c in arrays["beats"][b0:b1].tolist()),
                str(style), int(str(cluster)), str(split), float(str(tempo[0])) if tempo else None,
            )
        )  # fmt: skip
    return tunes


def _chord_code(chord: Chord | None) -> int:
    return -1 if chord is None else chord.root * len(_QUALITIES) + _QUALITIES.index(chord.quality)


def _chord(code: int) -> Chord | None:
    return None if code < 0 else Chord(code // len(_QUALITIES), _QUALITIES[code % len(_QUALITIES)])
