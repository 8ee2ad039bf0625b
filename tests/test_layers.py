"""What may import what, and what each command loads: the promise of an instant program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import paint

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"cv2", "keras", "matplotlib", "music21", "pretty_midi", "scipy", "skimage", "tensorflow", "verovio"}
# Step -> the heavy packages that it may load.
OWNED = {
    "brief art.png --bars 4": {"cv2"},
    "generate art.brief.json --seed 1": set(),
    "cleanup art.draft.mid": {"music21"},
    "humanize art.mid --seed 1": set(),
    "render art.mid": {"scipy"},
    "status": set(),
    "evaluate art.mid": set(),
    "diff art.draft.mid art.mid --png art.png": set(),
    "check art.mid --for live": set(),
    "export art --to dawproject": set(),
    "export art --to rpp": set(),
    "export art --to midi-stems": set(),
    "export art --to musicxml": set(),
    "export art --to pdf": {"verovio"},
    "templates": set(),
    "models": set(),
    "corpus": set(),
}
PROBE = """
import json, sys
from composer.cli.app import main
code = main(sys.argv[1:])
print(json.dumps([code, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def loaded(folder: Path, line: str) -> set[str]:
    """The top-level modules in a process that ran ``composer`` with the words of ``line``."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-c", PROBE, *line.split()]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True, timeout=100)
    code, modules = json.loads(result.stdout.splitlines()[-1])
    assert code == 0, result.stderr
    return set(modules)


def test_imports_run_downward_only() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    if not program.exists():
        pytest.skip("import-linter is not installed")
    result = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert result.returncode == 0, result.stdout


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "--help") & (HEAVY | {"numpy", "pydantic", "mido", "PIL"})


def test_each_step_loads_only_what_it_owns(tmp_path: Path) -> None:
    paint(tmp_path / "art.png")
    for line, owned in OWNED.items():
        assert loaded(tmp_path, line) & HEAVY <= owned, line
