"""Files are written whole or not at all, whichever call of the system fails."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from composer.errors import BadInput, CannotWrite, OverLimit
from composer.formats.files import cannot_write, read_bytes, write_whole


@pytest.mark.parametrize("call", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_failing_call_leaves_the_old_file_and_nothing_else(
    call: str, error: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "art.mid"
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(CannotWrite) as caught:
        write_whole(path, b"new")
    monkeypatch.undo()
    assert caught.value.exit_code == 5
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["art.mid"]


def test_an_interrupt_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "art.mid"
    path.write_bytes(b"old")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")
    monkeypatch.undo()
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"old", ["art.mid"])


def test_a_killed_writer_leaves_the_old_or_the_new_and_the_next_run_tidies(tmp_path: Path) -> None:
    path = tmp_path / "art.mid"
    path.write_bytes(b"old")
    killed = (
        "import os, sys; from pathlib import Path; from composer.formats import files\n"
        "os.fsync = lambda _: os._exit(9)\n"
        "files.write_whole(Path(sys.argv[1]), b'new' * 100000)"
    )
    assert subprocess.run([sys.executable, "-c", killed, str(path)], check=False).returncode == 9
    assert path.read_bytes() == b"old"
    assert len(os.listdir(tmp_path)) == 2
    write_whole(path, b"newer")
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"newer", ["art.mid"])


def test_a_missing_folder_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="make the folder first"):
        write_whole(tmp_path / "none" / "art.mid", b"new")


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.mid")
    (tmp_path / "loop.mid").symlink_to("loop.mid")
    for name in ("fifo.mid", "loop.mid", "missing.mid", ".", "nul\0.mid"):
        with pytest.raises(BadInput):
            read_bytes(tmp_path / name, 100)
    with pytest.raises(BadInput):
        read_bytes(Path("/dev/zero"), 100)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "art.mid"
    path.write_bytes(b"x" * 101)
    with pytest.raises(OverLimit):
        read_bytes(path, 100)
    assert len(read_bytes(path, 101)) == 101


def test_a_name_that_is_not_utf_8_is_read_and_written(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mid"))
    write_whole(path, b"new")
    assert read_bytes(path, 100) == b"new"


def test_what_cannot_be_written_names_no_option_that_the_command_may_not_have(tmp_path: Path) -> None:
    for number in (errno.EROFS, errno.EACCES, errno.EPERM):
        error = cannot_write(tmp_path / "art.mid", OSError(number, os.strerror(number)))
        assert error.hint == "use a folder that can be written to"
