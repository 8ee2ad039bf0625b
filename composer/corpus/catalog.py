"""The corpora that composer knows: each has a folder with its manifest, licence, citation and counts."""

from __future__ import annotations

import hashlib
import importlib.util
import tomllib
from dataclasses import dataclass
from pathlib import Path

from composer.errors import BadInput, MissingTool, UsageProblem
from composer.resources import shipped

OWN = "own"  # the reader of a user's folder
OWN_SUFFIXES = (".abc", ".mid", ".midi")
READERS = ("abc-dances", "abc-songs", "chorales")


@dataclass(frozen=True, slots=True)
class Corpus:
    """One manifest. ``folder`` lies in music21's corpus; ``sha256`` is of the whole set of files (``source_hash``)."""

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

    def paths(self) -> list[Path]:
        """The source files, by name; raises MissingTool when music21 or its corpus is not installed."""
        if self.reader == OWN:
            own = sorted(p for p in Path(self.folder).rglob("*") if p.suffix.lower() in OWN_SUFFIXES and p.is_file())
            if not own:
                raise BadInput(self.folder, "holds no MIDI or ABC file", "name a folder of .mid or .abc files")
            return own
        spec = importlib.util.find_spec("music21")  # does not import it
        base = Path(next(iter(spec.submodule_search_locations or []))) / "corpus" / self.folder if spec else None
        found = sorted(base.glob(self.pattern)) if base and base.is_dir() else []
        if not found:
            raise MissingTool(self.name, "music21's corpus is not installed", "install music21 with its corpus")
        return found


def list_corpora() -> list[Corpus]:
    """Every shipped corpus, by name."""
    return [_read(path) for path in sorted(shipped("corpora").glob("*/manifest.toml"))]


def show(name: str) -> Corpus:
    """The corpus called ``name``; raises UsageProblem."""
    known = {corpus.name: corpus for corpus in list_corpora()}
    if name not in known:
        raise UsageProblem(name, "is no corpus", f"choose one of {', '.join(known)}, or a folder of your own files")
    return known[name]


def own(folder: Path) -> Corpus:
    """The user's own files in ``folder`` as a corpus that is named after it."""
    name = folder.resolve().name
    return Corpus(
        name=name, title=f"Your own files in {name}", source="your own files", licence="as you have the rights to them",
        citation="", reader=OWN, folder=str(folder), pattern="", sha256="", files=0, tunes=0, opt_in=False, notes="",
    )  # fmt: skip


def source_hash(paths: list[Path]) -> str:
    """sha256 over the names and contents of ``paths``, hexadecimal."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _read(path: Path) -> Corpus:
    try:
        fields = tomllib.loads(path.read_text("utf-8"))
        corpus = Corpus(**fields)
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise MissingTool(path, f"is not a corpus manifest ({error})", "install composer again") from None
    if corpus.reader not in READERS:
        raise MissingTool(path, f"names an unknown reader {corpus.reader!r}", f"use one of {', '.join(READERS)}")
    return corpus
