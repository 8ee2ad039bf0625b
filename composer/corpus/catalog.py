"""The corpora that composer knows: each has a folder with its manifest, licence, citation and counts."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from composer.corpus.scores import SCORE_SUFFIXES
from composer.errors import BadInput, MissingTool, UsageProblem, command, did_you_mean, printable
from composer.formats.files import cannot_write, write_whole
from composer.limits import MIDI_BYTES
from composer.resources import corpora_folder, shipped

OWN = "own"  # the reader of a user's folder
OWN_SUFFIXES = (".abc", ".mid", ".midi", *SCORE_SUFFIXES)
OWN_FILES = ".mid, .musicxml, .mxl, .abc or .krn"
BROUGHT = "lieder"  # the reader of files that come neither with composer nor with music21
READERS = ("abc-dances", "abc-songs", "chorales", BROUGHT)
LIEDER_VARIABLE = "COMPOSER_LIEDER"
MANIFEST = "manifest.toml"
SKIPPED = "skipped.tsv"  # what was left out of a corpus of the user
_LOCATION = "location.toml"  # where the user has the files of a corpus that he brought
_NAME = re.compile(r"[^\W_][\w.-]{0,60}")


@dataclass(frozen=True, slots=True)
class Corpus:
    """One manifest. ``folder`` lies in music21's corpus; ``sha256`` is of the whole set of files (``source_hash``).

    A brought corpus has no folder: the user gets its files and says where they are.
    """

    name: str
    title: str
    source: str
    licence: str
    citation: str
    reader: str
    folder: str
    pattern: str
    sha256: str
    files: int
    tunes: int
    opt_in: bool
    notes: str

    @property
    def is_brought(self) -> bool:
        return self.reader == BROUGHT

    def paths(self) -> list[Path]:
        """The source files, by name; of a brought corpus its folder or archive.

        Raises MissingTool when music21 or its corpus is not installed, or when the user brought nothing yet.
        """
        if self.is_brought:
            return [brought_path(self.name)]
        if self.reader == OWN:
            own = sorted(p for p in Path(self.folder).rglob("*") if p.suffix.lower() in OWN_SUFFIXES and p.is_file())
            if not own:
                raise BadInput(self.folder, "holds no music file", f"name a folder of {OWN_FILES} files")
            return own
        spec = importlib.util.find_spec("music21")  # does not import it
        base = Path(next(iter(spec.submodule_search_locations or []))) / "corpus" / self.folder if spec else None
        found = sorted(base.glob(self.pattern)) if base and base.is_dir() else []
        if not found:
            raise MissingTool(self.name, "music21's corpus is not installed", "install music21 with its corpus")
        return found


def list_corpora() -> list[Corpus]:
    """Every shipped corpus, by name, then those that the user added."""
    ours = [_read(path) for path in sorted(shipped("corpora").glob(f"*/{MANIFEST}"))]
    return [*ours, *added()]


def added() -> list[Corpus]:
    """The corpora that the user added, by name; a manifest that is damaged is as if it were not there."""
    return [corpus for corpus in _manifests().values() if corpus.reader == OWN]


def _manifests() -> dict[Path, Corpus]:
    found = {}
    for path in sorted(corpora_folder().glob(f"*/{MANIFEST}")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            found[path] = Corpus(**tomllib.loads(path.read_text("utf-8")))
    return found


def write_added(corpus: Corpus) -> Path:
    """Put the manifest of the user's ``corpus`` where it is found again; the folder it lies in."""
    folder = corpora_folder() / corpus.name
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in asdict(corpus).items()]
    write_whole(folder / MANIFEST, "".join(lines).encode())
    return folder


def checked_added(name: str) -> Path:
    """The manifest of the user's corpus ``name``; raises UsageProblem for one that came with composer, or is none."""
    own = {corpus.name: path for path, corpus in _manifests().items() if corpus.reader == OWN}
    if name not in own:
        raise UsageProblem(show(name).name, "came with composer", "only a corpus that you added can be removed")
    return own[name]


def remove_added(name: str) -> None:
    """Forget the user's corpus ``name``; the files of his music stay as they are."""
    manifest = checked_added(name)
    try:
        manifest.unlink()
        (manifest.parent / SKIPPED).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(manifest, error) from None
    with contextlib.suppress(OSError):  # a file that is not ours keeps the folder
        manifest.parent.rmdir()


def show(name: str) -> Corpus:
    """The corpus called ``name``; raises UsageProblem."""
    known = {corpus.name: corpus for corpus in list_corpora()}
    if name not in known:
        raise UsageProblem(
            name,
            f"is no corpus{did_you_mean(name, known)}",
            f"choose one of {', '.join(known)}, or a folder of your own files",
        )
    return known[name]


def brought_path(name: str) -> Path:
    """Where the user's files of the corpus ``name`` are; raises MissingTool when he has not said, or they are gone."""
    named = os.environ.get(LIEDER_VARIABLE, "")
    with contextlib.suppress(OSError, ValueError, KeyError):
        named = named or str(tomllib.loads((corpora_folder() / name / _LOCATION).read_text("utf-8"))["path"])
    if named and Path(named).exists():
        return Path(named)
    reason = f"its files are not in {printable(named)} any more" if named else "its files are not on this computer"
    ways = command("corpus", "show", name), command("corpus", "prepare", name, "--from", "PATH")
    raise MissingTool(name, reason, f"get them ({ways[0]}), then: {ways[1]}")


def remember_brought(name: str, path: Path) -> None:
    """Keep in the user's data folder where the files of the corpus ``name`` are."""
    folder = corpora_folder() / name
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / _LOCATION, f"path = {json.dumps(str(path.resolve()), ensure_ascii=False)}\n".encode())


def notes_of(corpus: Corpus) -> Path | None:
    """The page about a shipped corpus; ``None`` for one of the user's."""
    path = shipped("corpora") / corpus.name / (corpus.notes or "-")
    return path if path.is_file() else None


def own(folder: Path, name: str | None = None) -> Corpus:
    """The user's own files in ``folder`` as a corpus that is named after it."""
    called = printable(folder.resolve().name)
    return Corpus(
        name=name or called, title=f"Your own files in {called}", source="your own files",
        licence="as you have the rights to them", citation="", reader=OWN, folder=str(folder), pattern="", sha256="",
        files=0, tunes=0, opt_in=False, notes="",
    )  # fmt: skip


def checked_name(name: str) -> str:
    """``name`` if a corpus of the user may be called so; raises UsageProblem."""
    if not _NAME.fullmatch(name) or name == "default":
        raise UsageProblem("--name", f"{name!r} cannot name a corpus", "use letters, digits, dots and hyphens")
    if any(corpus.name == name and corpus.reader != OWN for corpus in list_corpora()):
        raise UsageProblem("--name", f"{name} is a corpus that came with composer", "choose another name")
    return name


def source_hash(paths: list[Path]) -> str:
    """sha256 over the names and contents of ``paths``, hexadecimal; what cannot be used counts by its size only."""
    total = hashlib.sha256()
    for path in paths:
        total.update(os.fsencode(path.name))
        total.update(hashlib.sha256(_content(path)).digest())
    return total.hexdigest()


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        return path.read_bytes() if size <= MIDI_BYTES else str(size).encode()
    except OSError:
        return b""


def _read(path: Path) -> Corpus:
    try:
        fields = tomllib.loads(path.read_text("utf-8"))
        corpus = Corpus(**fields)
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise MissingTool(path, f"is not a corpus manifest ({error})", "install composer again") from None
    if corpus.reader not in READERS:
        raise MissingTool(path, f"names an unknown reader {corpus.reader!r}", f"use one of {', '.join(READERS)}")
    return corpus
