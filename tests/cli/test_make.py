"""The whole way, from a picture to audio, and what happens to files that a person edited."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import mido
import pytest

from composer.cli.app import main
from composer.steps.composing import trained
from tests.cli.conftest import Program, paint

QUICK = ("--bars", "8", "--seed", "5")
OWN = ("brief.json", "draft.mid", "mid", "musicxml", "cleanup.json", "wav", "composer.json")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a piece made once; tests that change it copy it."""
    folder = tmp_path_factory.mktemp("made")
    assert main(["make", str(paint(folder / "art.png")), *QUICK, "-q"]) == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "piece"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def states(composer: Program, folder: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(composer("status", folder, "--json").out)["pieces"][0]["files"]
    return found


def add_marker(path: Path, text: str) -> None:
    midi = mido.MidiFile(path)
    midi.tracks[0].insert(-1, mido.MetaMessage("marker", text=text, time=0))
    midi.save(path)


def markers(path: Path) -> list[str]:
    return [m.text for track in mido.MidiFile(path).tracks for m in track if m.type == "marker"]


def test_one_command_writes_every_file(made: Path) -> None:
    found = contents(made)
    assert set(found) == {"art.png", "composer.brief.schema.json", *(f"art.{name}" for name in OWN)}
    assert all(found.values())


def test_the_same_picture_and_seed_give_the_same_bytes(made: Path, tmp_path: Path, composer: Program) -> None:
    shutil.copy(made / "art.png", tmp_path / "art.png")
    assert composer("make", tmp_path / "art.png", *QUICK).code == 0
    assert contents(tmp_path) == contents(made)


def test_a_second_run_changes_nothing(folder: Path, composer: Program) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    result = composer("make", folder / "art.png", *QUICK, "--json")
    assert {step["state"] for step in json.loads(result.out)["pieces"][0]["steps"]} == {"up to date"}
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_without_a_seed_the_piece_keeps_the_one_it_has(folder: Path, composer: Program) -> None:
    before = contents(folder)
    assert composer("make", folder / "art.png", "--bars", "8").code == 0
    assert contents(folder) == before


def test_an_edited_draft_is_kept_and_the_later_steps_go_on_from_it(folder: Path, composer: Program) -> None:
    add_marker(folder / "art.draft.mid", "my idea")
    edited = (folder / "art.draft.mid").read_bytes()
    assert states(composer, folder)["art.draft.mid"] == "edited by hand"
    result = composer("make", folder / "art.png", *QUICK)
    assert result.code == 0
    assert "art.draft.mid: kept, edited by hand" in result.err
    assert (folder / "art.draft.mid").read_bytes() == edited
    assert "my idea" in markers(folder / "art.mid")


def test_an_edited_brief_is_kept_and_heard(folder: Path, composer: Program) -> None:
    path = folder / "art.brief.json"
    brief = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**brief, "tempo_bpm": 66.0}), "utf-8")
    edited = path.read_bytes()
    assert composer("make", folder / "art.png", *QUICK).code == 0
    assert path.read_bytes() == edited
    tempi = [m.tempo for t in mido.MidiFile(folder / "art.mid").tracks for m in t if m.type == "set_tempo"]
    assert abs(60e6 / tempi[0] - 66.0) < 0.01


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("art.brief.json", ("brief", "art.png")),
        ("art.mid", ("cleanup", "art.draft.mid")),
        ("art.wav", ("render", "art.mid")),
    ],
)
def test_no_command_replaces_an_edited_file_unless_forced(
    folder: Path, composer: Program, monkeypatch: pytest.MonkeyPatch, name: str, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(folder)
    edited = Path(name).read_bytes() + b" "
    Path(name).write_bytes(edited)
    others = {path: content for path, content in contents(folder).items() if path != name}
    refused = composer(*command)
    assert refused.code == 5
    assert refused.err.splitlines() == [
        f"composer: {name}: was edited by hand; use --force to replace it (a backup is kept)"
    ]
    assert contents(folder) == {**others, name: edited}
    assert composer(*command, "--force").code == 0
    assert Path(name).read_bytes() != edited
    backups = [path for path in folder.iterdir() if path.name not in others and path.name != name]
    assert edited in [path.read_bytes() for path in backups]


def test_a_picture_that_fails_does_not_stop_the_others(tmp_path: Path, composer: Program) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    good = paint(tmp_path / "good.png", seed=2)
    result = composer("make", bad, good, *QUICK)
    assert result.code == 3
    assert "composer: bad.png: " in result.err
    assert (tmp_path / "good.wav").exists()
    assert not (tmp_path / "bad.brief.json").exists()


def test_two_pictures_of_one_name_are_refused_before_anything_is_written(tmp_path: Path, composer: Program) -> None:
    first, second = paint(tmp_path / "art.png"), paint(tmp_path / "art.bmp")
    assert composer("make", first, second, *QUICK).code == 2
    assert not (tmp_path / "art.brief.json").exists()


def test_the_four_steps_one_by_one_write_what_make_writes(made: Path, tmp_path: Path, composer: Program) -> None:
    shutil.copy(made / "art.png", tmp_path / "art.png")
    for words in (
        ("brief", tmp_path / "art.png", "--bars", "8"),
        ("generate", tmp_path / "art.brief.json", "--seed", "5"),
        ("cleanup", tmp_path / "art.draft.mid"),
        ("render", tmp_path / "art.mid"),
    ):
        assert composer(*words).code == 0
    assert contents(tmp_path) == contents(made)


def test_dry_run_writes_nothing(folder: Path, composer: Program) -> None:
    before = contents(folder)
    result = composer("cleanup", folder / "art.draft.mid", "--dry-run", "--key", "C major", "--json")
    assert result.code == 0
    assert json.loads(result.out)["files"] == []
    assert contents(folder) == before


def test_stems_lie_in_a_folder_beside_the_mix(folder: Path, composer: Program) -> None:
    result = composer("render", folder / "art.mid", "--stems", "-o", folder / "mix.flac", "--json")
    files = [Path(name) for name in json.loads(result.out)["files"]]
    assert files[0] == folder / "mix.flac"
    assert {path.parent for path in files[1:]} == {folder / "mix.stems"}
    assert len(files) > 2


def test_render_without_a_name_takes_the_one_piece(
    folder: Path, composer: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = (folder / "art.wav").read_bytes()
    (folder / "art.wav").unlink()
    assert "  of art.mid\n" in composer("render").err
    assert (folder / "art.wav").read_bytes() == before
    shutil.copy("art.mid", "other.mid")
    refused = composer("render")
    assert refused.code == 2
    assert "art.mid, other.mid" in refused.err


def test_a_card_is_kept_by_a_run_that_asks_for_none(folder: Path, composer: Program) -> None:
    picture = folder / "art.png"
    assert composer("brief", picture, "--bars", "8", "--card").code == 0
    before = contents(folder)
    result = composer("make", picture, *QUICK, "--json")
    assert {step["state"] for step in json.loads(result.out)["pieces"][0]["steps"]} == {"up to date"}
    assert contents(folder) == before
    assert states(composer, folder)["art.card.png"] == "fresh"


def test_a_card_of_another_picture_is_drawn_again(folder: Path, composer: Program) -> None:
    picture = folder / "art.png"
    assert composer("make", picture, *QUICK, "--card").code == 0
    before = (folder / "art.card.png").read_bytes()
    paint(picture, seed=2)
    assert composer("make", picture, *QUICK).code == 0
    assert (folder / "art.card.png").read_bytes() != before
    assert set(states(composer, folder).values()) == {"fresh"}


def test_what_cleanup_was_forbidden_holds_in_later_runs(folder: Path, composer: Program) -> None:
    options = ("--keep-melody", "--lock", "Melody", "--no-key", "--no-voice-leading")
    assert composer("cleanup", folder / "art.draft.mid", *options).code == 0
    record = json.loads((folder / "art.composer.json").read_bytes())["steps"]["cleanup"]["options"]
    assert composer("make", folder / "art.png", *QUICK).code == 0
    result = composer("make", folder / "art.png", "--bars", "8", "--seed", "6")
    assert result.code == 0
    assert json.loads((folder / "art.composer.json").read_bytes())["steps"]["cleanup"]["options"] == record


def test_a_locked_track_that_is_gone_stops_nothing(folder: Path, composer: Program) -> None:
    path = folder / "art.composer.json"
    record = json.loads(path.read_bytes())
    record["steps"]["cleanup"]["options"]["lock"] = ["Gone"]
    path.write_text(json.dumps(record), "utf-8")
    assert composer("make", folder / "art.png", "--bars", "8", "--seed", "6").code == 0


def test_a_draft_of_other_weights_is_stale_and_made_again(
    folder: Path, composer: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert states(composer, folder)["art.draft.mid"] == "fresh"
    monkeypatch.setattr(trained, "_fingerprint", lambda name: f"other {name}")
    assert states(composer, folder)["art.draft.mid"] == "stale"
    assert composer("make", folder / "art.png", *QUICK, "-q").code == 0
    assert states(composer, folder)["art.draft.mid"] == "fresh"


def test_a_record_from_before_more_weights_were_named_is_read_and_the_draft_is_stale(
    folder: Path, composer: Program
) -> None:
    path = folder / "art.composer.json"
    record = json.loads(path.read_text("utf-8"))
    versions = record["steps"]["generate"]["versions"]
    record["steps"]["generate"]["versions"] = {name: versions[name] for name in ("composer", "model")}
    path.write_text(json.dumps(record), "utf-8")
    assert states(composer, folder)["art.draft.mid"] == "stale"


def raise_a_note(path: Path) -> None:
    """Move the first melody note of the third bar up, as a person does in a DAW."""
    midi = mido.MidiFile(path)
    raised(next(track for track in midi.tracks if track.name == "Melody"), 2 * 4 * 480)
    midi.save(path)


def raised(track: mido.MidiTrack, start_ticks: int) -> None:
    tick = 0
    for index, message in enumerate(track):
        tick += message.time
        if message.type == "note_on" and message.velocity and tick >= start_ticks:
            off = next(
                i for i in range(index + 1, len(track)) if track[i].type == "note_off" and track[i].note == message.note
            )
            for at in (index, off):
                track[at] = track[at].copy(note=message.note + 1)
            return


def test_an_edited_piece_whose_draft_changed_is_kept_with_what_to_do(
    folder: Path, composer: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    raise_a_note(folder / "art.mid")
    add_marker(folder / "art.draft.mid", "my idea")
    edited = (folder / "art.mid").read_bytes()
    result = composer("make", "art.png", *QUICK)
    assert result.code == 0
    assert (
        "art.mid: kept, edited by hand, though art.draft.mid has changed since; "
        "`composer cleanup art.draft.mid --force` makes it again (a backup is kept)"
    ) in result.err.splitlines()
    assert (folder / "art.mid").read_bytes() == edited


def test_an_edited_draft_whose_brief_changed_is_made_again_around_the_edited_bars(
    folder: Path, composer: Program
) -> None:
    draft, brief = folder / "art.draft.mid", folder / "art.brief.json"
    raise_a_note(draft)
    edited = melody_of(draft, bar=3)
    brief.write_text(json.dumps({**json.loads(brief.read_text("utf-8")), "tempo_bpm": 66.0}), "utf-8")
    result = composer("make", folder / "art.png", *QUICK, "--json")
    made = {step["step"]: step["state"] for step in json.loads(result.out)["pieces"][0]["steps"]}
    assert made == {"brief": "kept, edited by hand", "generate": "made", "cleanup": "made", "render": "made"}
    assert melody_of(draft, bar=3) == edited
    tempi = [m.tempo for m in mido.MidiFile(draft).tracks[0] if m.type == "set_tempo"]
    assert abs(60e6 / tempi[0] - 66.0) < 0.01
    before = contents(folder)
    assert composer("make", folder / "art.png", *QUICK).code == 0
    assert contents(folder) == before


def melody_of(path: Path, bar: int) -> list[tuple[int, int]]:
    """Tick and pitch of the notes that begin in a bar of 4/4, counted from 1."""
    found, tick = [], 0
    for message in next(track for track in mido.MidiFile(path).tracks if track.name == "Melody"):
        tick += message.time
        if message.type == "note_on" and message.velocity and tick // (4 * 480) == bar - 1:
            found.append((tick, message.note))
    return found


def test_make_keeps_what_the_brief_was_asked_for(tmp_path: Path, composer: Program) -> None:
    picture = paint(tmp_path / "art.png")
    assert composer("brief", picture, "--form", "rondo", "--ensemble", "string-quartet", "--bars", "8").code == 0
    asked = (tmp_path / "art.brief.json").read_bytes()
    assert composer("make", picture, "--seed", "5").code == 0
    assert (tmp_path / "art.brief.json").read_bytes() == asked
    assert composer("make", picture, "--bars", "12").code == 0
    brief = json.loads((tmp_path / "art.brief.json").read_text())
    assert (brief["ensemble"], sum(section["bars"] for section in brief["form"])) == ("string-quartet", 12)
