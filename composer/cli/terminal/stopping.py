"""Ctrl-C and SIGTERM during work that goes on until it is stopped: both end it at once, and in order."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

AGAIN_SECONDS = 1.0  # impatient fingers: what comes so soon after the first is the same wish


class Interrupted(KeyboardInterrupt):
    """Ctrl-C. A class of its own: after a plain KeyboardInterrupt inside ``exec``, as in imports, Python ends by the
    signal, whatever the exit code was to be."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: whoever started the program has had enough. Files are as whole as after Ctrl-C."""


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C raises Interrupted and SIGTERM raises Terminated, once however often they come in a second.

    So what is on the way out (a synthesizer to kill, a temporary file to delete) is not itself interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    last_seconds = float("-inf")

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last_seconds
        if time.monotonic() - last_seconds < AGAIN_SECONDS:
            return
        last_seconds = time.monotonic()
        raise Terminated if number == signal.SIGTERM else Interrupted

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
