"""The report of a cleanup as a person edits it, and the answers of one who steps through it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
import pytest

from composer.workspace import PieceFiles
from tests.cli.conftest import Program

OUTPUTS = ("song.clean.mid", "song.musicxml", "song.cleanup.json", "song.composer.json")


def report_of(song: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(PieceFiles.of(song).report.read_bytes())
    return content


def edit(song: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the list of changes in the report, as a person does in an editor."""
    content = report_of(song)
    change(content["changes"])
    PieceFiles.of(song).report.write_text(json.dumps(content, indent=1))


def refuse(song: Path, *numbers: int) -> None:
    edit(song, lambda changes: [changes[n].update(accept=False) for n in numbers])


def outputs(song: Path) -> list[bytes]:
    return [song.with_name(name).read_bytes() for name in OUTPUTS]


def notes(data: bytes) -> set[tuple[str, int, int]]:
    """(track, tick, pitch) of every note, by mido."""
    found = set()
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                found.add((track.name, tick, message.note))
    return found


def answered(composer: Program, monkeypatch: pytest.MonkeyPatch, song: Path, answers: str) -> tuple[int, str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    result = composer("cleanup", song, "--review")
    return result.code, result.err
