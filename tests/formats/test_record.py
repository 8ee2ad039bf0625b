"""The record as bytes: names of files in it, and what it goes without when it grows too large."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from composer.formats import record as records
from composer.formats.record import Record, StepRecord, path_of_key, read_record, record_bytes, record_key

FULL = StepRecord(
    inputs={"a.brief.json": "1"}, outputs={"a.draft.mid": "2"}, bars={"a.draft.mid": {"A": "3" * 400}},
    input_bars={"a.mid": {"A": "4" * 400}}, edited={"a.draft.mid": {"A": [1, 2]}},
)  # fmt: skip


@pytest.mark.parametrize(("limit", "left"), [(2000, {"bars", "input_bars"}), (800, {"bars"}), (500, set())])
def test_a_record_that_grew_too_large_can_still_be_read(
    limit: int, left: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "RECORD_BYTES", limit)
    path = tmp_path / "a.composer.json"
    path.write_bytes(record_bytes(Record(steps={"generate": FULL})))
    found = read_record(path).steps["generate"]
    assert {name for name in ("bars", "input_bars") if getattr(found, name)} == left
    assert (found.outputs, found.edited) == (FULL.outputs, FULL.edited)


@pytest.mark.parametrize("name", [b"art.mid", b"caf\xe9.mid", "café.mid".encode(), rb"a\xe9.mid", b"sub/art.mid"])
def test_every_name_is_found_again(name: bytes, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    key = record_key(tmp_path, path)
    key.encode("utf-8")
    assert path_of_key(tmp_path, key) == path


def test_what_was_announced_counts_where_it_is_on_the_disk(tmp_path: Path) -> None:
    old = StepRecord(outputs={"a.mid": "old", "a.musicxml": "old", "a.gone": "old"}, seed=1)
    (tmp_path / "a.mid").write_bytes(b"new")
    (tmp_path / "a.musicxml").write_bytes(b"old")
    new = StepRecord(outputs={"a.mid": records.sha256_of(tmp_path / "a.mid"), "a.musicxml": "new"}, seed=2)
    path = tmp_path / "a.composer.json"
    path.write_bytes(record_bytes(Record(steps={"cleanup": old}).with_pending("cleanup", new)))
    found = read_record(path)
    assert found.pending == {}
    assert {name: (step.seed, set(step.outputs)) for name, step in found.steps.items()} == {
        "cleanup": (2, {"a.mid"}),
        "cleanup 1": (1, {"a.musicxml"}),
    }
