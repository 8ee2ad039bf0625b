"""A person's home that is empty, pictures painted here, and the program as a function."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from composer.cli.app import main
from composer.formats.midi.writer import midi_bytes
from composer.render.soundfonts import VARIABLE, shipped_font
from tests.cleanup.test_stage import PARALLEL

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the program gave."""

    code: int
    out: str
    err: str


Program = Callable[..., Run]


@pytest.fixture(autouse=True, scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No templates, models or soundfonts of whoever runs the tests; the small font, for speed."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in FOLDERS:
            patch.setenv(name, str(folder / name))
        patch.setenv(VARIABLE, str(shipped_font()))
        yield folder


@pytest.fixture
def composer(capfd: pytest.CaptureFixture[str]) -> Program:
    """Run ``composer`` in this process."""

    def run(*words: str | Path) -> Run:
        capfd.readouterr()
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Run(code, out, err)

    return run


@pytest.fixture
def process() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run ``composer`` as a program of its own."""

    def run(*words: str | bytes | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "composer", *words]
        return subprocess.run(
            command, env=environment, timeout=100, stdin=subprocess.DEVNULL, **{"capture_output": True, **options}
        )  # type: ignore[call-overload, no-any-return]

    return run


def paint(path: Path, seed: int = 1) -> Path:
    """A small abstract picture: coloured rectangles on a gradient."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:48, 0:64]
    picture = np.stack([rows * 4, columns * 3, 200 - rows * 2], axis=-1).astype(np.uint8)
    for _ in range(6):
        top, left = int(rng.integers(0, 36)), int(rng.integers(0, 48))
        picture[top : top + 12, left : left + 16] = rng.integers(0, 256, 3)
    Image.fromarray(picture).save(path)
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return paint(tmp_path / "art.png")


@pytest.fixture(scope="session")
def cleaned_song(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of parallels, cleaned once: five changes, all accepted."""
    path = tmp_path_factory.mktemp("song") / "song.mid"
    path.write_bytes(midi_bytes(PARALLEL))
    assert main(["cleanup", str(path), "-q"]) == 0
    return path.parent


@pytest.fixture
def song(tmp_path: Path, cleaned_song: Path) -> Path:
    shutil.copytree(cleaned_song, tmp_path, dirs_exist_ok=True)
    return tmp_path / "song.mid"
