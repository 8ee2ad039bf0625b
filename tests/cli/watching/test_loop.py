"""What follows from a save: which steps run, what is said, and what is left alone. The sound is made by a stand-in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import mido
import pytest

from composer.cli.app import main
from composer.cli.terminal.show import Show
from composer.cli.watching import loop as watching
from composer.cli.watching.loop import Says, Target, Watch
from composer.errors import MissingTool
from composer.formats.midi.source import read_source
from composer.render.stage import RenderOptions
from composer.steps import cleaning, names
from composer.steps.done import Done
from composer.steps.due import stages
from composer.steps.due.asked import Asked
from composer.steps.rendering import MixChoice, render_recorded
from composer.workspace import PieceFiles, edited_bars, save
from tests.cli.conftest import Program, paint
from tests.cli.test_make import raise_a_note

SOUND = b"RIFF sound of "


@dataclass
class Synth:
    """The stand-in: the preview holds what it was made of. ``during`` is called while it plays."""

    rendered: list[str] = field(default_factory=list)
    during: Callable[[], None] | None = None
    is_broken: bool = False

    def run_render(
        self, midi: Path, output: Path, options: RenderOptions, force: bool, step: str, choice: MixChoice
    ) -> Done:
        data, mix = midi.read_bytes(), choice.path_for(midi)
        self.rendered.append(midi.name)
        during, self.during = self.during, None
        if during is not None:
            during()
        if self.is_broken:
            raise MissingTool("fluidsynth", "is not installed", "install it")
        recorded = render_recorded(options, choice)
        content = SOUND + data
        read = {midi: data, **({mix: mix.read_bytes()} if mix is not None else {})}
        save(PieceFiles.of(output), step, {output: content}, inputs=read, options=recorded)
        return Done(step, (output,))


class Session:
    """A watch of a folder whose clock runs when we say so."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str], name: str | None = None) -> None:
        self.folder, self._capfd, self._seconds = folder, capfd, 0.0
        self.watch = Watch(Target(folder, name), Asked(), Says(Show(as_json=True)), clock=lambda: self._seconds)

    def after(self, seconds: float = 10.0) -> list[str]:
        """Let so much time go by with a look every second, twice; the lines that were said, without times."""
        self._capfd.readouterr()
        for _ in range(int(2 * seconds)):
            self._seconds += 0.5
            self.watch.look()
        err = self._capfd.readouterr().err
        return [line[9:] if line[2:3] == ":" else line for line in err.splitlines()]


@pytest.fixture
def synth(monkeypatch: pytest.MonkeyPatch) -> Synth:
    synth = Synth()
    monkeypatch.setattr(stages, "run_render", synth.run_render)
    return synth


@pytest.fixture
def session(made: Path, tmp_path: Path, synth: Synth, capfd: pytest.CaptureFixture[str]) -> Session:
    """A watch of the piece, everything up to date."""
    session = Session(Path(shutil.copytree(made, tmp_path / "piece")), capfd)
    assert session.watch.bring_up_to_date(session.watch._target.pieces()) == 0
    assert synth.rendered == ["art.mid"]
    synth.rendered.clear()
    assert session.after() == []
    return session


def steps_run(lines: list[str]) -> list[str]:
    return [line.split(" (")[0] for line in lines if line.startswith(("brief (", *(f"{s} (" for s in STEPS)))]


STEPS = (names.GENERATE, names.CLEANUP, names.PREVIEW, "humanize")


def merge(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


def test_an_edited_draft_is_cleaned_and_heard_and_that_is_all(session: Session, synth: Synth) -> None:
    raise_a_note(session.folder / "art.draft.mid")
    lines = session.after()
    assert lines[0] == "art.draft.mid: Melody bar 3 edited"
    assert steps_run(lines) == ["cleanup", "preview"]
    assert session.after() == []
    assert synth.rendered == ["art.mid"]


def test_an_edited_piece_is_only_heard(session: Session, synth: Synth) -> None:
    raise_a_note(session.folder / "art.mid")
    lines = session.after()
    assert lines[0] == "art.mid: Melody bar 3 edited"
    assert steps_run(lines) == ["preview"]
    assert not (session.folder / "art.wav").exists()


def test_a_changed_brief_goes_all_the_way_and_the_edited_bars_stay(session: Session) -> None:
    draft = session.folder / "art.draft.mid"
    raise_a_note(draft)
    session.after()
    merge(session.folder / "art.brief.json", tempo_bpm=66.0)
    lines = session.after()
    assert lines[0] == "art.brief.json: edited"
    assert steps_run(lines) == ["generate", "cleanup", "preview"]
    assert [(one.track, one.bars) for one in edited_bars(PieceFiles.of(draft), draft)] == [("Melody", (3,))]
    tempi = [m.tempo for m in mido.MidiFile(draft).tracks[0] if m.type == "set_tempo"]
    assert round(60e6 / tempi[0]) == 66
    assert session.after() == []


def test_a_broken_brief_says_its_mistakes_and_the_next_save_mends_it(session: Session) -> None:
    path = session.folder / "art.brief.json"
    whole = path.read_bytes()
    merge(path, tempo_bpm=9999, meter="4/5")
    lines = session.after()
    assert [line.split(": ")[2] for line in lines if line.startswith("composer: art.brief.json")] == [
        "tempo_bpm", "meter",
    ]  # fmt: skip
    assert steps_run(lines) == []
    path.write_bytes(whole)
    merge(path, tempo_bpm=66.0)
    assert steps_run(session.after())[:1] == ["generate"]


def test_while_the_brief_is_broken_the_rest_goes_on_and_its_mistake_is_told_once(session: Session) -> None:
    brief, draft = session.folder / "art.brief.json", session.folder / "art.draft.mid"
    whole = brief.read_bytes()
    brief.write_text("{")
    mistake = "composer: art.brief.json: line 1 column 2: "
    assert [line.startswith(mistake) for line in session.after()] == [False, True]
    raise_a_note(draft)
    lines = session.after()
    assert steps_run(lines) == ["cleanup", "preview"]
    assert any(line.endswith("art.brief.json cannot be read: nothing is corrected until it can") for line in lines)
    heard = [read_source(path.read_bytes(), "").notes for path in (draft, session.folder / "art.mid")]
    assert heard[0] == heard[1]  # any bar may be locked
    (session.folder / "art.mix.toml").write_text("[master]\nlufs = -18\n")
    more = session.after()
    assert steps_run(more) == ["preview"]
    assert not [line for line in (*lines, *more) if line.startswith("composer:")]
    brief.write_text("{x")
    assert [line.startswith(mistake) for line in session.after()] == [False, True]
    brief.write_bytes(whole)
    merge(brief, tempo_bpm=66.0)
    assert steps_run(session.after()) == ["generate", "cleanup", "preview"]
    report = json.loads((session.folder / "art.composer.json").read_text())["steps"]["cleanup"]
    assert {*report["inputs"]} == {"art.draft.mid", "art.brief.json"}


def test_while_the_brief_is_broken_a_performance_is_played_and_once_it_is_whole_again(session: Session) -> None:
    assert main(["humanize", str(session.folder / "art.mid"), "--seed", "3", "-q"]) == 0
    session.after()
    brief = session.folder / "art.brief.json"
    whole = brief.read_bytes()
    brief.write_text("{")
    session.after()
    raise_a_note(session.folder / "art.draft.mid")
    lines = session.after()
    assert steps_run(lines) == ["cleanup", "humanize", "preview"]
    assert any(line.endswith("cannot be read: left on the grid until it can") for line in lines)
    starts = [
        [(n.start, n.pitch) for n in read_source((session.folder / name).read_bytes(), "").notes]
        for name in ("art.draft.mid", "art.human.mid")
    ]
    assert starts[0] == starts[1]  # any bar may be locked
    brief.write_bytes(whole)
    assert {"cleanup", "humanize"} <= {*steps_run(session.after())}
    assert session.after() == []


def test_half_a_brief_is_not_told_while_it_may_be_half_written(session: Session) -> None:
    path = session.folder / "art.brief.json"
    whole = path.read_bytes() + b"\n"
    path.write_bytes(whole[:100])
    assert session.after(2.0) == []
    path.write_bytes(whole)
    assert [line for line in session.after() if line.startswith("composer:")] == []


def test_a_draft_that_stays_cut_off_is_told_once(session: Session) -> None:
    draft = session.folder / "art.draft.mid"
    draft.write_bytes(draft.read_bytes()[:-40])
    lines = session.after()
    assert lines[0] == "art.draft.mid: saved, but it is not whole"
    assert len(lines) == 2 and lines[1].startswith("composer: art.draft.mid: ")
    assert session.after() == []


def test_a_save_during_a_run_is_seen_after_it(session: Session, synth: Synth) -> None:
    synth.during = lambda: raise_a_note(session.folder / "art.mid")
    raise_a_note(session.folder / "art.draft.mid")
    lines = session.after()
    assert steps_run(lines) == ["cleanup", "preview", "preview"]
    assert "art.mid: Melody bar 3 edited" in lines


def test_a_piece_edited_by_hand_is_kept_when_its_draft_changes_and_told_once(session: Session) -> None:
    raise_a_note(session.folder / "art.mid")
    session.after()
    edited = (session.folder / "art.mid").read_bytes()
    raise_a_note(session.folder / "art.draft.mid")
    lines = session.after()
    kept = [line for line in lines if "kept, edited by hand, though art.draft.mid has changed since" in line]
    assert len(kept) == 1
    assert steps_run(lines) == []
    assert (session.folder / "art.mid").read_bytes() == edited


def test_without_a_synthesizer_a_line_says_so_and_the_watch_goes_on(session: Session, synth: Synth) -> None:
    synth.is_broken = True
    raise_a_note(session.folder / "art.mid")
    assert "composer: fluidsynth: is not installed; install it" in session.after()
    synth.is_broken = False
    raise_a_note(session.folder / "art.mid")
    assert steps_run(session.after()) == ["preview"]


def test_a_bug_in_a_step_does_not_end_the_watch(
    session: Session, synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Done:
        raise ZeroDivisionError

    monkeypatch.setattr(cleaning, "run_cleanup", fail)
    raise_a_note(session.folder / "art.draft.mid")
    assert any("internal error: ZeroDivisionError" in line for line in session.after())
    raise_a_note(session.folder / "art.mid")
    assert "preview" in steps_run(session.after())


def test_a_bug_in_telling_what_was_saved_does_not_end_it_either(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(files: PieceFiles, path: Path) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(watching, "news_of", fail)
    raise_a_note(session.folder / "art.draft.mid")
    lines = session.after()
    assert "internal error: ZeroDivisionError" in lines[0] and lines[1] == "art.draft.mid: saved"
    assert steps_run(lines) == ["cleanup", "preview"]


def test_a_new_picture_makes_the_piece_anew(session: Session) -> None:
    paint(session.folder / "art.png", seed=3)
    lines = session.after()
    assert lines[0] == "art.png: changed"
    assert steps_run(lines) == ["brief", "generate", "cleanup", "preview"]


def test_choices_in_the_report_are_applied(session: Session) -> None:
    report = session.folder / "art.cleanup.json"
    content: dict[str, list[dict[str, object]]] = {"changes": []}
    for _ in range(5):  # a semitone higher each time: one of them is outside the key
        if not content["changes"]:
            raise_a_note(session.folder / "art.draft.mid")
            session.after()
            content = json.loads(report.read_text("utf-8"))
    content["changes"][0]["accept"] = not content["changes"][0]["accept"]
    report.write_text(json.dumps(content), "utf-8")
    before = (session.folder / "art.mid").read_bytes()
    lines = session.after()
    assert steps_run(lines) == ["cleanup", "preview"]
    assert (session.folder / "art.mid").read_bytes() != before
    assert session.after() == []


def test_a_performance_is_played_again_with_its_own_seed_and_heard(session: Session, synth: Synth) -> None:
    assert main(["humanize", str(session.folder / "art.mid"), "--seed", "3", "-q"]) == 0
    assert steps_run(session.after()) == ["preview"]
    raise_a_note(session.folder / "art.draft.mid")
    lines = session.after()
    assert steps_run(lines) == ["cleanup", "humanize", "preview"]
    assert synth.rendered == ["art.human.mid", "art.human.mid"]
    assert any("seed 3:" in line for line in lines)


def test_what_is_deleted_is_told_and_not_made_at_once(session: Session) -> None:
    (session.folder / "art.mid").unlink()
    assert session.after() == ["art.mid: gone"]
    raise_a_note(session.folder / "art.draft.mid")
    assert steps_run(session.after()) == ["cleanup", "preview"]


def test_a_renamed_piece_is_a_new_one_that_is_left_as_it_is(session: Session, synth: Synth) -> None:
    for path in list(session.folder.glob("art.*")):
        if path.name != "art.composer.json":
            path.rename(path.with_name(path.name.replace("art", "sea", 1)))
    before = {path.name: path.read_bytes() for path in session.folder.glob("sea.*mid")}
    lines = session.after()
    assert "sea.draft.mid: new" in lines
    assert steps_run(lines) == []  # the sound came along
    assert {path.name: path.read_bytes() for path in session.folder.glob("sea.*mid")} == before


def test_a_folder_that_goes_and_comes_back_is_watched_again(session: Session, tmp_path: Path) -> None:
    away = tmp_path / "away"
    session.folder.rename(away)
    assert session.after() == [f"{session.folder}: is gone; waiting for it to come back"]
    away.rename(session.folder)
    assert session.after() == [f"{session.folder}: is back"]
    raise_a_note(session.folder / "art.mid")
    assert steps_run(session.after()) == ["preview"]


def test_a_song_of_mine_is_heard_when_it_is_put_in_the_folder(session: Session, synth: Synth) -> None:
    shutil.copy(session.folder / "art.mid", session.folder / "song.mid")
    lines = session.after()
    assert lines[0] == "song.mid: new"
    assert steps_run(lines) == ["preview"]
    assert (session.folder / "song.preview.wav").exists()


def test_the_work_of_another_composer_is_carried_on(session: Session) -> None:
    assert main(["generate", str(session.folder / "art.brief.json"), "--seed", "6", "-q"]) == 0
    assert steps_run(session.after()) == ["cleanup", "preview"]


def test_a_new_version_alone_runs_nothing(session: Session) -> None:
    record = session.folder / "art.composer.json"
    record.write_bytes(record.read_bytes().replace(b'"composer": "', b'"composer": "99.'))
    assert session.after() == []


def test_a_save_that_changes_nothing_is_no_news(session: Session) -> None:
    for name in ("art.mid", "art.brief.json", "art.png"):
        path = session.folder / name
        path.write_bytes(path.read_bytes())
    assert session.after() == []


def test_a_watch_of_one_piece_leaves_the_others_alone(
    made: Path, tmp_path: Path, synth: Synth, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "piece"))
    session = Session(folder, capfd, "art")
    shutil.copy(folder / "art.mid", folder / "artist.mid")
    assert session.after() == []
    assert not (folder / "artist.preview.wav").exists()


def test_what_status_calls_stale_is_what_a_watch_makes(session: Session, composer: Program) -> None:
    def stale() -> set[str]:
        files = json.loads(composer("status", session.folder, "--json").out)["pieces"][0]["files"]
        return {name for name, state in files.items() if state == "stale"}

    def written(before: dict[str, bytes]) -> set[str]:
        return {path.name for path in session.folder.glob("art.*") if before.get(path.name) != path.read_bytes()}

    assert stale() == set()
    merge(session.folder / "art.brief.json", tempo_bpm=66.0)
    before, promised = {path.name: path.read_bytes() for path in session.folder.glob("art.*")}, stale()
    session.after()
    made = written(before) - {"art.composer.json"}
    assert promised == {"art.draft.mid", "art.mid", "art.musicxml", "art.cleanup.json", "art.preview.wav"}
    assert made == promised
    assert stale() == set()
