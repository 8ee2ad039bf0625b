"""A folder is replaced whole: the old files or the new ones, whenever the power goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from composer.errors import CannotWrite
from composer.formats import folders
from composer.formats.folders import write_folder


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_holds_just_the_new_files(tmp_path: Path) -> None:
    write_folder(tmp_path / "a.pages", {"1": b"one", "2": b"two"})
    written = write_folder(tmp_path / "a.pages", {"1": b"new"})
    assert written == [tmp_path / "a.pages" / "1"]
    assert _content(tmp_path / "a.pages") == {"1": b"new"}
    assert os.listdir(tmp_path) == ["a.pages"]


def test_where_names_cannot_be_swapped_two_steps_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_exchanged", lambda one, other: False)
    write_folder(tmp_path / "a[b]", {"1": b"one"})
    write_folder(tmp_path / "a[b]", {"2": b"two"})
    assert _content(tmp_path / "a[b]") == {"2": b"two"}
    assert os.listdir(tmp_path) == ["a[b]"]


def test_a_replacement_cut_between_the_two_steps_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "a", {"1": b"old"})
    aside = tmp_path / ".a.999999999.x.part"
    aside.mkdir()
    (tmp_path / "a").rename(aside / "old")

    def refuse(*_: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "put_folder", refuse)
    with pytest.raises(CannotWrite, match="No space left"):
        write_folder(tmp_path / "a", {"1": b"new"})
    assert _content(tmp_path / "a") == {"1": b"old"}
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_in_the_way_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(CannotWrite, match="is a file where a folder belongs"):
        write_folder(tmp_path / "a", {"1": b"one"})
    assert (tmp_path / "a").read_text() == "mine"
