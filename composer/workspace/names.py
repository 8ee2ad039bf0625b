"""The names of a piece's files, and the pieces of a folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from composer.errors import UsageProblem
from composer.formats.record import read_record

BRIEF, DRAFT, CLEAN, MIDI, MUSICXML = ".brief.json", ".draft.mid", ".clean.mid", ".mid", ".musicxml"
HUMAN, GRID = ".human.mid", ".grid.mid"  # the music as it is played, and the same on the grid
TAKE = r"\.take\d+\.mid"  # one of several drafts, by rank
REPORT, RECORD, CARD, STEMS = ".cleanup.json", ".composer.json", ".card.png", ".stems"
AUDIO = (".wav", ".flac", ".ogg", ".mp3")
PREVIEW = ".preview.wav"
MIX = ".mix.toml"  # how the piece sounds; a person's own
SUFFIXES = (
    BRIEF, DRAFT, CLEAN, HUMAN, GRID, REPORT, RECORD, CARD, STEMS, MUSICXML, MIDI, ".midi", PREVIEW, MIX, *AUDIO,
)  # fmt: skip
# What `composer export` writes beside a score; stems and pages are folders.
EXPORTS = (".dawproject", ".rpp", ".midi-stems", ".pages", ".pdf")


@dataclass(frozen=True, slots=True)
class PieceFiles:
    """The files of the piece ``name`` in ``folder``."""

    folder: Path
    name: str

    @classmethod
    def of(cls, path: Path) -> PieceFiles:
        """The piece that ``path`` belongs to: the name before the first known suffix, else before the last dot."""
        name = path.name
        if path.parent.name.lower().endswith(STEMS):
            return cls.of(path.parent)
        for dot in (match.start() for match in re.finditer(r"\.", name) if match.start() > 0):
            if name[dot:].lower() in SUFFIXES or re.fullmatch(TAKE, name[dot:].lower()):
                return cls(path.parent, name[:dot])
        return cls(path.parent, path.stem)

    def file(self, suffix: str) -> Path:
        return self.folder / (self.name + suffix)

    @property
    def brief(self) -> Path:
        return self.file(BRIEF)

    @property
    def draft(self) -> Path:
        return self.file(DRAFT)

    def take(self, rank: int) -> Path:
        """The take of that rank, 1 for the best."""
        return self.file(f".take{rank}{MIDI}")

    @property
    def takes(self) -> tuple[Path, ...]:
        """The takes that are there, the best first."""
        try:
            names = [n for n in os.listdir(self.folder) if n.startswith(self.name + ".take")]
        except OSError:
            return ()
        found = {int(n[len(self.name) + 5 : -4]): n for n in names if re.fullmatch(TAKE, n[len(self.name) :])}
        return tuple(self.folder / found[rank] for rank in sorted(found))

    @property
    def midi(self) -> Path:
        return self.file(MIDI)

    @property
    def clean(self) -> Path:
        return self.file(CLEAN)

    @property
    def human(self) -> Path:
        return self.file(HUMAN)

    @property
    def grid(self) -> Path:
        return self.file(GRID)

    @property
    def musicxml(self) -> Path:
        return self.file(MUSICXML)

    @property
    def report(self) -> Path:
        return self.file(REPORT)

    @property
    def record(self) -> Path:
        return self.file(RECORD)

    @property
    def card(self) -> Path:
        return self.file(CARD)

    @property
    def wav(self) -> Path:
        return self.file(".wav")

    @property
    def preview(self) -> Path:
        """What `composer watch` renders, beside the audio that the person asked for."""
        return self.file(PREVIEW)

    @property
    def mix(self) -> Path:
        return self.file(MIX)

    @property
    def stems(self) -> Path:
        return self.file(STEMS)

    @property
    def exports(self) -> tuple[Path, ...]:
        """What was exported of the piece and is there."""
        return tuple(path for path in map(self.file, EXPORTS) if path.exists())


def cleanup_output(midi: Path) -> Path:
    """Where the cleaned version of ``midi`` goes: ``art.draft.mid`` -> ``art.mid``, else ``song.clean.mid``.

    Cleaning a ``song.clean.mid`` again gives ``song.clean.clean.mid``: no command writes over its own input.
    """
    if midi.name.lower().endswith(DRAFT) and len(midi.name) > len(DRAFT):
        return midi.with_name(midi.name[: -len(DRAFT)] + MIDI)
    return midi.with_name(midi.stem + CLEAN)


def as_spelt(path: Path) -> Path:
    """``path`` as the disk spells its name, or its piece's: an accent may be a part of its letter, or stand alone.

    What is there, and what is not there in any spelling, stays as it is.
    """
    if path.name.isascii() or path.exists():
        return path
    wanted = normalize("NFC", path.name)
    try:
        names = sorted(os.listdir(path.parent))
    except OSError:
        return path
    known = (word for name in names for word in (name, PieceFiles.of(path.parent / name).name))
    return path.with_name(next((word for word in known if normalize("NFC", word) == wanted), path.name))


def pieces_in(folder: Path) -> tuple[PieceFiles, ...]:
    """The pieces that have a brief, a MIDI file or a record of one in ``folder``, by name; numbered backups are left
    out."""
    known = (BRIEF, DRAFT, CLEAN, MIDI, ".midi", RECORD)
    try:
        names = [n for n in os.listdir(folder) if n.lower().endswith(known) and not n.startswith(".")]
    except OSError as error:
        raise UsageProblem(folder, f"cannot be listed ({error.strerror})", "name a folder") from None
    files = {PieceFiles.of(folder / name).name for name in names if not is_backup(folder, name)}
    there = {PieceFiles.of(folder / name).name for name in names if not name.lower().endswith(RECORD)}
    pieces = (PieceFiles(folder, name) for name in sorted(files))
    return tuple(piece for piece in pieces if piece.name in there or not _is_of_a_copy(piece.record))


def _is_of_a_copy(record: Path) -> bool:
    """Whether a record knows nothing but what was exported or rendered of another piece, under another name."""
    keys = read_record(record).output_keys
    return bool(keys) and not any("/" not in key and key.lower().endswith((BRIEF, MIDI, ".midi")) for key in keys)


def is_backup(folder: Path, name: str) -> bool:
    """Whether ``name`` is a numbered copy of another file in ``folder``, or of one that is gone of a piece there."""
    match = re.fullmatch(r"(.+)\.\d+(\.[^.]+)", name)
    if match is None:
        return False
    original = folder / (match[1] + match[2])
    piece = PieceFiles.of(original)
    return any(path.exists() for path in (original, piece.record, piece.brief, piece.draft, piece.midi))
