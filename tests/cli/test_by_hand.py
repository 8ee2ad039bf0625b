"""A bar that a person edited in a draft is theirs in everything that is made from it."""

from __future__ import annotations

import json
from pathlib import Path

import mido
import pytest

from composer.cli.app import main
from composer.workspace import PieceFiles, State, bars_by_hand, edited_bars, state_of

BRIEF = {
    "key": {"tonic": "A", "mode": "minor"},
    "tempo_bpm": 100,
    "meter": "4/4",
    "seed": 8,
    "form": [{"name": "A", "bars": 4}],
}
EDITED_BAR, BAR_TICKS = 2, 4 * 480


@pytest.fixture(scope="module")
def art(tmp_path_factory: pytest.TempPathFactory) -> PieceFiles:
    """A piece whose draft a person edited, cleaned and humanized."""
    files = PieceFiles(tmp_path_factory.mktemp("art"), "art")
    files.brief.write_text(json.dumps(BRIEF))
    assert main(["generate", str(files.brief), "-q"]) == 0
    midi = mido.MidiFile(files.draft)
    now = 0
    for message in next(track for track in midi.tracks if track.name == "Melody"):
        now += message.time
        if message.type == "note_on" and now // BAR_TICKS + 1 == EDITED_BAR:
            message.velocity = 33
    midi.save(files.draft)
    assert main(["cleanup", str(files.draft), "-q"]) == 0
    assert main(["humanize", str(files.midi), "--seed", "1", "-q"]) == 0
    return files


def bars(found: tuple[object, ...]) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.track, one.bars) for one in found]  # type: ignore[attr-defined]


@pytest.mark.parametrize("suffix", [".mid", ".human.mid", ".grid.mid"])
def test_it_is_known_without_the_file_being_edited(art: PieceFiles, suffix: str) -> None:
    path = art.file(suffix)
    assert state_of(path) is State.FRESH
    assert edited_bars(art, path) == ()
    assert bars(bars_by_hand(art, path)) == [("Melody", (EDITED_BAR,))]


def test_humanize_leaves_it_alone(art: PieceFiles) -> None:
    assert melody_bar(art.midi, EDITED_BAR) == melody_bar(art.human, EDITED_BAR)
    assert melody_bar(art.midi, 3) != melody_bar(art.human, 3)


def test_a_redo_of_the_cleaned_piece_keeps_it(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    before = art.midi.read_bytes()
    words = ["generate", str(art.brief), "--bars", str(EDITED_BAR), "--tracks", "melody", "-o", str(art.midi)]
    assert main(words) == 5
    assert "edited by hand" in capsys.readouterr().err
    assert art.midi.read_bytes() == before


def melody_bar(path: Path, bar: int) -> list[tuple[int, int, int]]:
    """(tick, pitch, velocity) of the notes that begin in a bar, by an independent reader."""
    found, now = [], 0
    for message in next(track for track in mido.MidiFile(path).tracks if track.name == "Melody"):
        now += message.time
        if message.type == "note_on" and message.velocity and now // BAR_TICKS + 1 == bar:
            found.append((now, message.note, message.velocity))
    return found
