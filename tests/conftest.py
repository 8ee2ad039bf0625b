"""What all tests share."""

from __future__ import annotations

import os

import hypothesis

# Before numpy is loaded: the tests run side by side, and our matrices are small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The same examples each time, so that a failure in one place is a failure everywhere; no deadline on a busy machine.
hypothesis.settings.register_profile("composer", deadline=None, derandomize=True)
hypothesis.settings.load_profile("composer")
