"""What the wheel holds: the package with its data, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def tracked(folder: str) -> set[str]:
    """The files under version control, which are what a wheel may hold."""
    listing = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return {name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).exists()}


def test_the_package_and_its_data_are_whole(names: set[str]) -> None:
    missing = tracked("composer") - names
    missing |= {f"composer/{name}" for name in tracked("templates") | tracked("corpora")} - names
    assert not missing


def test_the_model_and_the_schema_are_there(names: set[str]) -> None:
    assert {"composer/weights/melody/weights.npz", "composer/templates/brief.schema.json"} <= names


def test_nothing_else_is_in_it(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"composer"}
    assert not {name for name in names if "__pycache__" in name or name.endswith((".pyc", ".part"))}


def test_the_licence_and_the_program_are_declared(names: set[str]) -> None:
    assert {name.split("/", 1)[1] for name in names if ".dist-info/" in name} >= {
        "METADATA",
        "entry_points.txt",
        "licenses/LICENSE",
    }
