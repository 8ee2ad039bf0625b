"""Stems: each voice played alone, two at a time, into a new folder that takes the old one's place when all is done."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

import numpy as np

from composer.errors import CannotWrite
from composer.formats.audio import (
    FLOAT_FRAME_BYTES,
    FLOAT_HEADER_BYTES,
    Samples,
    end_float_wav,
    release,
    write_float_wav,
)
from composer.formats.files import Announce, cannot_write, remove_leftovers, unannounced
from composer.formats.folders import folder_beside, put_folder
from composer.formats.midi.writer import ascii_name
from composer.limits import MEGABYTE
from composer.render.recording import Recorder, Recording
from composer.render.score import Playable, Voice
from composer.render.synth import MOST_TAIL_SECONDS, Synth

PARALLEL = 2
SUM_FRAMES = 1 << 16
UNSAFE = str.maketrans({ord(c): "_" for c in ' /\\:*?"<>|.'})
LABEL_CHARS = 60


def stems_folder(output: Path) -> Path:
    """``NAME.stems`` beside ``NAME.wav``."""
    return output.with_suffix(".stems")


class StemsFolder:
    """A folder of 32-bit files that add up to the mix before mastering; gone again unless it is committed."""

    def __init__(self, output: Path, score: Playable, sample_rate_hz: int) -> None:
        self._folder = stems_folder(output)
        self._score = score
        self._rate_hz = sample_rate_hz
        self._part: Path | None = None

    def __enter__(self) -> StemsFolder:
        try:
            remove_leftovers(self._folder)
            due = len(self._score.voices) * round((self._score.seconds + MOST_TAIL_SECONDS) * self._rate_hz)
            if shutil.disk_usage(self._folder.parent).free < due * FLOAT_FRAME_BYTES + MEGABYTE:
                raise CannotWrite(self._folder, "too little space for the stems", "free some disk space")
            self._part = folder_beside(self._folder)
        except OSError as error:
            raise cannot_write(self._folder, error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._part is not None:
            shutil.rmtree(self._part, ignore_errors=True)

    def recorded(self, synth: Synth) -> Recording:
        """Play all voices into the new folder; their sum, added in the order of the voices."""

        def play(numbered: tuple[Path, Voice]) -> int:
            path, voice = numbered
            with synth.playing(self._score, voice) as pieces:
                return write_float_wav(path, pieces, self._rate_hz)

        with ThreadPoolExecutor(PARALLEL) as pool:
            lengths = list(pool.map(play, zip(self._paths(), self._score.voices, strict=True)))
        recorder = Recorder(self._rate_hz, max(lengths))
        sounds = [_samples(path) for path in self._paths()]
        for start in range(0, max(lengths), SUM_FRAMES):
            mix = np.zeros((min(SUM_FRAMES, max(lengths) - start), 2), dtype=np.float32)
            for sound in sounds:
                piece = sound[start : start + len(mix)]
                mix[: len(piece)] += piece
                release(sound)
            recorder.feed(mix)
        return recorder.recording()

    def commit(self, mix: Recording, announce: Announce = unannounced) -> list[Path]:
        """Make the stems as long as ``mix``, with its fade, and put the folder in place; the paths of the stems."""
        assert self._part is not None

        def end(path: Path) -> None:
            end_float_wav(path, len(mix.samples), mix.fade(), self._rate_hz)

        paths = self._paths()
        with ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(end, paths))
        names = [path.name for path in paths]
        try:
            announce({self._folder: self._part})
            put_folder(self._part, self._folder)
        except OSError as error:
            raise cannot_write(self._folder, error) from None
        return [self._folder / name for name in names]

    def _paths(self) -> list[Path]:
        assert self._part is not None
        labels = [(v.place, ascii_name(v.name, "Track").translate(UNSAFE)[:LABEL_CHARS]) for v in self._score.voices]
        return [self._part / f"{place:02d}_{label}.wav" for place, label in labels]


def _samples(path: Path) -> Samples:
    return np.memmap(path, dtype=np.float32, mode="r", offset=FLOAT_HEADER_BYTES).reshape(-1, 2)
