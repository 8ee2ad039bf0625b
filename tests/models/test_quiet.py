"""Silence while TensorFlow starts."""

from __future__ import annotations

import os

import pytest

from composer.models.quiet import silent_stderr


def test_nothing_reaches_stderr_inside_and_everything_after(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="passes"), silent_stderr():
        os.write(2, b"hidden")
        raise ValueError("passes")
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"
