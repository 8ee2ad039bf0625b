"""A sound on its way from the synthesizer: kept, and measured piece by piece while the rest of it is still made."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from composer.errors import CannotWrite
from composer.formats.audio import Samples
from composer.formats.files import cannot_write
from composer.limits import MEGABYTE
from composer.render.loudness import FRAME, frame_peaks, segment_frames, segment_powers

FRAME_BYTES = 8
MEMORY_BYTES = 200 * MEGABYTE  # nine minutes at 44.1 kHz; a longer sound waits in a temporary file
TAIL_FLOOR = 10 ** (-80 / 20)
FADE_SECONDS = 0.05
HEARD_PEAK = 10 ** (-60 / 20)


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound with its measures; ``samples`` may lie in a file: read them in pieces"""

    samples: Samples
    sample_rate_hz: int
    powers: NDArray[np.float64]  # K-weighted, of each tenth of a second
    peaks: NDArray[np.float32]  # of every FRAME frames

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate_hz

    def trimmed(self, keep_frames: int = 0) -> Recording:
        """Without the end that stays under -80 dBFS of the peak, but for the time of a fade."""
        loud = np.flatnonzero(self.peaks > TAIL_FLOOR * float(self.peaks.max(initial=0)))
        last = (int(loud[-1]) + 1) * FRAME if len(loud) else 0
        end = min(len(self.samples), max(last + len(self.fade()), keep_frames))
        length = segment_frames(self.sample_rate_hz)
        return replace(
            self,
            samples=self.samples[:end],
            powers=self.powers[: -(-end // length)],
            peaks=self.peaks[: -(-end // FRAME)],
        )

    def is_loud_at_the_end(self) -> bool:
        """Whether the last tenth of a second is over -60 dBFS: an end here cuts something off."""
        last = self.peaks[-segment_frames(self.sample_rate_hz) // FRAME :]
        return float(last.max(initial=0.0)) > HEARD_PEAK

    def fade(self) -> NDArray[np.float32]:
        """The factors of the last 50 ms (fewer in a shorter sound)."""
        frames = min(len(self.samples), round(FADE_SECONDS * self.sample_rate_hz))
        return np.linspace(1, 0, frames, dtype=np.float32)


class Recorder:
    """Takes raw 32-bit floats in pieces of any size; raises CannotWrite when a long sound finds no space."""

    def __init__(self, sample_rate_hz: int, most_frames: int) -> None:
        self._rate_hz = sample_rate_hz
        self._chunk_bytes = segment_frames(sample_rate_hz) * FRAME * FRAME_BYTES  # whole segments and whole frames
        self._spool = _spool(most_frames * FRAME_BYTES) if most_frames * FRAME_BYTES > MEMORY_BYTES else None
        self._buffer = np.empty(self._chunk_bytes if self._spool else most_frames * FRAME_BYTES, dtype=np.uint8)
        self._start = 0  # of the open chunk, in the buffer
        self._end = 0
        self._powers: list[NDArray[np.float64]] = []
        self._peaks: list[NDArray[np.float32]] = []

    def feed(self, piece: bytes | Samples) -> None:
        """Append whole or broken frames; at most the frames announced."""
        view = np.frombuffer(piece, dtype=np.uint8)
        while len(view):
            taken = view[: self._start + self._chunk_bytes - self._end]
            self._buffer[self._end : self._end + len(taken)] = taken
            self._end += len(taken)
            view = view[len(taken) :]
            if self._end - self._start == self._chunk_bytes:
                self._close_chunk()

    def recording(self) -> Recording:
        """The whole sound, after the last piece."""
        self._close_chunk()
        powers = np.concatenate([*self._powers, np.zeros(0)])
        peaks = np.concatenate([*self._peaks, np.zeros(0, dtype=np.float32)])
        return Recording(self._samples(), self._rate_hz, powers, peaks)

    def _samples(self) -> Samples:
        if self._spool is None:
            whole = self._end - self._end % FRAME_BYTES
            return self._buffer[:whole].view(np.float32).reshape(-1, 2)
        self._spool.flush()
        return np.memmap(self._spool, dtype=np.float32, mode="r").reshape(-1, 2)

    def _close_chunk(self) -> None:
        whole = self._end - (self._end - self._start) % FRAME_BYTES
        chunk = self._buffer[self._start : whole].view(np.float32).reshape(-1, 2)
        if not len(chunk):
            return
        self._powers.append(segment_powers(chunk, self._rate_hz))
        self._peaks.append(frame_peaks(chunk))
        if self._spool is None:
            self._start = self._end
            return
        try:
            self._spool.write(chunk.tobytes())
        except OSError as error:
            raise cannot_write(Path(tempfile.gettempdir()), error) from None
        self._start = self._end = 0


def _spool(size_bytes: int) -> IO[bytes]:
    folder = tempfile.gettempdir()
    try:
        if shutil.disk_usage(folder).free < size_bytes + MEGABYTE:
            raise CannotWrite(folder, "too little space for the raw sound", "free some disk space")
        return tempfile.TemporaryFile(prefix="composer-")
    except OSError as error:
        raise cannot_write(Path(folder), error) from None
