"""When a saved file counts as saved: after it stood still, whole, with all that was saved together with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from composer.cli.watching.settling import (
    BROKEN_SECONDS,
    GONE_SECONDS,
    QUIET_SECONDS,
    Lookout,
    Settling,
    Signature,
    Snapshot,
    is_followed,
    is_whole,
)
from composer.workspace import PieceFiles

ART, BRIEF, OTHER = Path("art.mid"), Path("art.brief.json"), Path("other.mid")
NOW = 100.0
STILL, BROKEN, GONE = (seconds + 0.01 for seconds in (QUIET_SECONDS, BROKEN_SECONDS, GONE_SECONDS))


def signature(version: int) -> Signature:
    return version, version, 10


def settling(seen: Snapshot, broken: tuple[Path, ...] = ()) -> Settling:
    return Settling(seen, PieceFiles.of, lambda path: path not in broken)


def names(ready: dict[PieceFiles, tuple[Path, ...]]) -> list[str]:
    return [path.name for paths in ready.values() for path in paths]


def test_nothing_is_ready_while_nothing_changes() -> None:
    watched = settling({ART: signature(1)})
    assert not watched.ready({ART: signature(1)}, NOW)
    assert not watched.is_moving


def test_a_save_is_ready_once_after_it_stood_still() -> None:
    watched = settling({ART: signature(1)})
    saved = {ART: signature(2)}
    assert not watched.ready(saved, NOW)
    assert watched.is_moving
    assert not watched.ready(saved, NOW + QUIET_SECONDS / 2)
    assert names(watched.ready(saved, NOW + STILL)) == ["art.mid"]
    assert not watched.ready(saved, NOW + 10)
    assert not watched.is_moving


def test_a_storm_of_saves_is_one() -> None:
    watched, ready = settling({ART: signature(0)}), []
    for number in range(50):
        ready += names(watched.ready({ART: signature(number + 1)}, NOW + number * QUIET_SECONDS / 2))
    assert ready == []
    at = NOW + 49 * QUIET_SECONDS / 2
    assert names(watched.ready({ART: signature(50)}, at + STILL)) == ["art.mid"]


def test_files_of_one_piece_are_told_together_and_others_do_not_wait_for_them() -> None:
    watched = settling({})
    assert not watched.ready({ART: signature(1), OTHER: signature(1)}, NOW)
    both = {ART: signature(1), OTHER: signature(1), BRIEF: signature(1)}
    assert names(watched.ready(both, NOW + STILL)) == ["other.mid"]
    assert names(watched.ready(both, NOW + 2 * STILL)) == ["art.brief.json", "art.mid"]


def test_a_broken_file_is_waited_for_and_told_when_it_stays_so() -> None:
    watched = settling({ART: signature(1)}, broken=(ART,))
    saved = {ART: signature(2)}
    assert not watched.ready(saved, NOW)
    assert not watched.ready(saved, NOW + BROKEN - 0.1)
    assert names(watched.ready(saved, NOW + BROKEN)) == ["art.mid"]


def test_the_second_half_of_a_file_begins_the_wait_anew() -> None:
    broken = [ART]
    watched = Settling({ART: signature(1)}, PieceFiles.of, lambda path: path not in broken)
    assert not watched.ready({ART: signature(2)}, NOW)
    assert not watched.ready({ART: signature(2)}, NOW + BROKEN - 0.1)
    broken.clear()
    later = NOW + BROKEN
    assert not watched.ready({ART: signature(3)}, later)
    assert names(watched.ready({ART: signature(3)}, later + STILL)) == ["art.mid"]


def test_a_file_is_read_once_however_long_it_stands() -> None:
    asked: list[Path] = []

    def is_whole(path: Path) -> bool:
        asked.append(path)
        return False

    watched = Settling({}, PieceFiles.of, is_whole)
    for tenth in range(25):
        assert not watched.ready({ART: signature(1)}, NOW + tenth / 10)
    assert asked == [ART]


def test_a_file_that_is_deleted_and_comes_back_is_a_save() -> None:
    watched = settling({ART: signature(1)})
    assert not watched.ready({}, NOW)
    assert not watched.ready({}, NOW + GONE - 0.1)
    assert not watched.ready({ART: signature(2)}, NOW + GONE)
    assert names(watched.ready({ART: signature(2)}, NOW + GONE + STILL)) == ["art.mid"]


def test_a_file_that_stays_away_is_told() -> None:
    watched = settling({ART: signature(1)})
    assert not watched.ready({}, NOW)
    assert names(watched.ready({}, NOW + GONE)) == ["art.mid"]
    assert not watched.ready({}, NOW + 10)


def test_a_change_that_is_taken_back_is_none() -> None:
    watched = settling({ART: signature(1)})
    assert not watched.ready({}, NOW)
    assert not watched.ready({ART: signature(1)}, NOW + 10)
    assert not watched.is_moving


@pytest.mark.parametrize(
    "name", ["art.mid", "art.draft.mid", "art.human.mid", "art.brief.json", "art.mix.toml", "art.cleanup.json"]
)
def test_what_a_person_saves_is_followed(tmp_path: Path, name: str) -> None:
    assert is_followed(tmp_path, name)


@pytest.mark.parametrize(
    "name",
    [
        ".art.mid", "~art.mid", "#art.mid", "$art.mid", "._art.mid", "art.mid~", "art.mid.tmp", "art.mid.part",
        ".art.brief.json.swp", "art.take1.mid", "art.draft.take2.mid", "art.wav", "art.preview.wav", "art.logicx",
        "art.draft.1.mid", "notes.json",
    ],
)  # fmt: skip
def test_what_editors_and_programs_leave_is_not(tmp_path: Path, name: str) -> None:
    (tmp_path / "art.draft.mid").touch()
    assert not is_followed(tmp_path, name)


def test_a_snapshot_has_the_files_of_a_piece_and_those_beside(tmp_path: Path) -> None:
    for name in ("art.mid", "art.brief.json", "art.wav", "article.mid", "art.draft.mid", "art.draft.1.mid"):
        (tmp_path / name).write_bytes(b"12345")
    picture = tmp_path / "pictures" / "art.png"
    everything = Lookout(tmp_path).snapshot()
    one = Lookout(tmp_path, "art").snapshot([picture, tmp_path / "art.wav"])
    assert everything and {path.name for path in everything} == {
        "art.mid", "art.brief.json", "article.mid", "art.draft.mid",
    }  # fmt: skip
    assert one and {path.name for path in one} == {"art.mid", "art.brief.json", "art.draft.mid", "art.wav"}
    assert one[tmp_path / "art.mid"][2] == 5


def test_a_folder_that_is_gone_has_no_snapshot(tmp_path: Path) -> None:
    assert Lookout(tmp_path / "gone").snapshot() is None


def test_every_save_changes_the_signature_even_with_the_old_time_and_size(tmp_path: Path) -> None:
    import os

    path = tmp_path / "art.mid"
    path.write_bytes(b"one")
    lookout = Lookout(tmp_path)
    before = lookout.snapshot()
    state = path.stat()
    beside = tmp_path / "new"
    beside.write_bytes(b"two")
    os.utime(beside, ns=(state.st_atime_ns, state.st_mtime_ns))
    beside.replace(path)
    assert lookout.snapshot() != before


def test_half_a_file_is_not_whole(tmp_path: Path) -> None:
    import mido
    from PIL import Image

    song = mido.MidiFile()
    song.tracks.append(mido.MidiTrack([mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=480)]))
    song.save(tmp_path / "art.mid")
    (tmp_path / "art.brief.json").write_text('{"tempo_bpm": 90}')
    Image.new("RGB", (32, 32), (9, 90, 200)).save(tmp_path / "art.png")
    for name in ("art.mid", "art.brief.json", "art.png"):
        path = tmp_path / name
        assert is_whole(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert not is_whole(path), name
