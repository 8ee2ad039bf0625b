"""The files that the commands of ``kill_trials`` run over: pieces in every stage, made by the commands themselves."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from composer.cli.app import main
from composer.formats.midi.source import ChangeNote, edited, read_source
from composer.render.soundfonts import VARIABLE, shipped_font
from tests.benchmarks.kill_trials import FOLDERS, Trial

EXPORTS = ("dawproject", "rpp", "midi-stems", "musicxml", "svg", "pdf")


def trials_in(scratch: Path) -> Iterator[Trial]:
    """Every writing command, over the files of an earlier run of it with another seed; made below ``scratch``."""
    _alone(scratch / "home")
    one = scratch / "one"
    one.mkdir(parents=True)
    _paint(one / "art.png")
    yield _trial("brief, new", one, "brief", "art.png", "--card", "--duration", "12")
    _do(one, "brief", "art.png", "--card", "--duration", "12")
    yield _trial("brief", one, "brief", "art.png", "--card", "--duration", "16")
    yield _trial("plan --write", one, "plan", "art.brief.json", "--seed", "1", "--write")
    _do(one, "generate", "art.brief.json", "--seed", "1", "--takes", "2")
    _do(one, "cleanup", "art.draft.mid")
    _do(one, "humanize", "art.mid", "--seed", "1")
    _do(one, "render", "art.mid", "--stems")
    exports = EXPORTS if importlib.util.find_spec("verovio") else EXPORTS[:4]
    for to in exports:
        _do(one, "export", "art.mid", "--to", to)
    yield _trial("generate", one, "generate", "art.brief.json", "--seed", "2")
    yield _trial("generate --takes", one, "generate", "art.brief.json", "--seed", "3", "--takes", "2")
    yield _trial("make", one, "make", "art.png", "--seed", "4", "--duration", "12")
    two = _copy(one, scratch / "two")
    _do(two, "generate", "art.brief.json", "--seed", "2")
    yield _trial("cleanup", two, "cleanup", "art.draft.mid")
    three = _copy(two, scratch / "three")
    _do(three, "cleanup", "art.draft.mid")
    yield _trial("humanize", three, "humanize", "art.mid", "--seed", "2")
    yield _trial("render", three, "render", "art.mid")
    yield _trial("render --stems", three, "render", "art.mid", "--stems")
    for to in exports:
        yield _trial(f"export --to {to}", three, "export", "art.mid", "--to", to)
    yield from _edited(three, scratch)
    yield _corpus(scratch / "songs")


def _edited(base: Path, scratch: Path) -> Iterator[Trial]:
    """The commands that meet what a person did."""
    draft = _copy(base, scratch / "draft")
    _change_a_note(draft / "art.draft.mid", draft / "art.draft.mid")
    yield _trial("generate, over edits", draft, "generate", "art.brief.json", "--seed", "5")
    words = "generate", "art.brief.json", "--bars", "2-3", "--seed", "6"
    yield Trial("generate --bars", draft, words, repeats=False)
    redone = _copy(draft, scratch / "redone")
    _do(redone, *words)
    yield Trial("undo", redone, ("undo", "art.draft.mid"), repeats=False)
    song = scratch / "song"
    song.mkdir()
    shutil.copy(base / "art.mid", song / "song.mid")
    _do(song, "brief", "song.mid")
    _do(song, "generate", "song.brief.json", "--bars", "2-3", "-o", "song.mid", "--seed", "6", "--force")
    yield Trial("undo, of a song", song, ("undo", "song.mid"), repeats=False)
    report = _copy(base, scratch / "report")
    content = json.loads((report / "art.cleanup.json").read_text())
    for change in content["changes"][:3]:
        change["accept"] = False
    content["changes"] and (report / "art.cleanup.json").write_text(json.dumps(content))
    yield _trial("cleanup --apply", report, "cleanup", "art.draft.mid", "--apply")
    back = _copy(base, scratch / "back")
    _change_a_note(back / "art.mid", back / "back.mid")
    yield _trial("import", back, "import", "back.mid", "--into", "art")
    again = _copy(back, scratch / "again")
    _do(again, "import", "back.mid", "--into", "art")
    _change_a_note(again / "back.mid", again / "back.mid", number=5)
    yield _trial("import, again", again, "import", "back.mid", "--into", "art")


def _corpus(folder: Path) -> Trial:
    """Some melodies to add."""
    _sing(folder, 6)
    return Trial("corpus add", folder, ("corpus", "add", "songs", "--name", "mine"), home=True)


def training_in(scratch: Path) -> Iterator[Trial]:
    """A small network that goes on with some melodies."""
    from composer.encoding.vocabulary import vocabulary_sha256
    from tests.models.conftest import random_arrays

    folder = scratch / "training"
    _sing(folder, 14)
    stream, small = io.BytesIO(), folder / "small"
    np.savez(stream, **random_arrays())  # type: ignore[arg-type]
    small.mkdir()
    (small / "weights.npz").write_bytes(stream.getvalue())
    card = {
        "format": "composer.melody/1", "name": "small", "title": "Small", "vocabulary_sha256": vocabulary_sha256(),
        "weights_sha256": hashlib.sha256(stream.getvalue()).hexdigest(), "corpus": {"sources": [{"name": "oneill"}]},
        "recipe": {"units": 8, "embedding": 6, "pitch_hidden": 5},
    }  # fmt: skip
    (small / "card.json").write_text(json.dumps(card))
    words = ("train", "--from", "small", "--corpus", "songs", "--epochs", "3", "--seed", "1", "-o", "model")
    growing = ("checkpoint.npz", "model/card.json")
    yield Trial("train", folder, words, repeats=False, growing=growing, home=True)


def _sing(folder: Path, count: int) -> None:
    from tests.corpus.test_own import walk, written

    (folder / "songs").mkdir(parents=True)
    for seed in range(count):
        written(folder / "songs" / f"{seed}.mid", {"Melody": walk(8, seed)})


def _trial(name: str, folder: Path, *words: str) -> Trial:
    return Trial(name, folder, words)


def _do(folder: Path, *words: str) -> None:
    here = Path.cwd()
    os.chdir(folder)
    try:
        code = main([*words, "--quiet"])
    finally:
        os.chdir(here)
    assert code == 0, words


def _copy(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


def _change_a_note(path: Path, to: Path, number: int = 3) -> None:
    source = read_source(path.read_bytes(), path.name)
    to.write_bytes(edited(source, [ChangeNote(source.notes[number], velocity=33)]))


def _paint(path: Path) -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    Image.fromarray(picture).resize((64, 48)).save(path)


def _alone(home: Path) -> None:
    """No templates, models or fonts of whoever runs this; the small font, for speed."""
    for name in FOLDERS:
        os.environ[name] = str(home / name)
    os.environ[VARIABLE] = str(shipped_font())
