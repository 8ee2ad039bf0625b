"""The files of a piece: their names, what made them, what is stale, and what a person edited by hand.

Each piece has one record, ``NAME.composer.json``. What it does not know to be ours and unchanged is theirs: it is
replaced only with ``force``, and then a numbered backup is kept.
"""

from __future__ import annotations

import enum
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from composer.errors import CannotWrite, ComposerError, UsageProblem
from composer.formats.files import cannot_write, read_bytes, write_whole
from composer.formats.midi_hashes import EditedBars, bar_hashes, changed_bars
from composer.formats.record import Record, StepRecord, read_record, record_bytes
from composer.limits import MIDI_BYTES

BRIEF, DRAFT, CLEAN, MIDI, MUSICXML = ".brief.json", ".draft.mid", ".clean.mid", ".mid", ".musicxml"
TAKE = r"\.take\d+\.mid"  # one of several drafts, by rank
REPORT, RECORD, CARD, STEMS = ".cleanup.json", ".composer.json", ".card.png", ".stems"
AUDIO = (".wav", ".flac", ".ogg", ".mp3")
SUFFIXES = (BRIEF, DRAFT, CLEAN, REPORT, RECORD, CARD, STEMS, MUSICXML, MIDI, ".midi", *AUDIO)
# What `composer export` writes beside a score; stems and pages are folders.
EXPORTS = (".dawproject", ".rpp", ".midi-stems", ".pages", ".pdf")
HASH_BLOCK_BYTES = 1 << 20


class State(enum.Enum):
    """What the record knows of a file."""

    FRESH = "fresh"
    STALE = "stale"
    EDITED = "edited by hand"
    FOREIGN = "not from composer"
    MISSING = "missing"


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
    def stems(self) -> Path:
        return self.file(STEMS)

    @property
    def exports(self) -> tuple[Path, ...]:
        """What was exported of the piece and is there."""
        return tuple(path for path in map(self.file, EXPORTS) if path.exists())

    @property
    def best_midi(self) -> Path | None:
        """The MIDI file furthest along: cleaned, then the piece, then the draft; None without any."""
        return next((p for p in (self.clean, self.midi, self.draft) if p.is_file()), None)


def cleanup_output(midi: Path) -> Path:
    """Where the cleaned version of ``midi`` goes: ``art.draft.mid`` -> ``art.mid``, else ``song.clean.mid``.

    Cleaning a ``song.clean.mid`` again gives ``song.clean.clean.mid``: no command writes over its own input.
    """
    if midi.name.lower().endswith(DRAFT) and len(midi.name) > len(DRAFT):
        return midi.with_name(midi.name[: -len(DRAFT)] + MIDI)
    return midi.with_name(midi.stem + CLEAN)


def pieces_in(folder: Path) -> tuple[PieceFiles, ...]:
    """The pieces that have a brief, a MIDI file or a record in ``folder``, by name; numbered backups are left out."""
    known = (BRIEF, DRAFT, CLEAN, MIDI, ".midi", RECORD)
    try:
        names = [n for n in os.listdir(folder) if n.lower().endswith(known) and not n.startswith(".")]
    except OSError as error:
        raise UsageProblem(folder, f"cannot be listed ({error.strerror})", "name a folder") from None
    found = {PieceFiles.of(folder / name).name for name in names if not _is_backup(folder, name)}
    return tuple(PieceFiles(folder, name) for name in sorted(found))


def state_of(path: Path, files: PieceFiles | None = None) -> State:
    """What ``path`` (a file, or a folder of files) is by the record of its piece."""
    files = files or PieceFiles.of(path)
    if not path.exists():
        return State.MISSING
    step = step_of(files, path)
    if step is None:
        return State.FOREIGN
    known = {k: h for k, h in step.outputs.items() if k == _key(files, path) or k.startswith(_key(files, path) + "/")}
    if any(known.get(_key(files, p)) != sha256_of(p) for p in _files_under(path)):
        return State.EDITED
    return State.STALE if _has_changed(files, step.inputs) else State.FRESH


def step_of(files: PieceFiles, path: Path) -> StepRecord | None:
    """The last recorded step that wrote ``path``."""
    key = _key(files, path)
    steps = read_record(files.record).steps.values()
    return next((s for s in steps if any(k == key or k.startswith(key + "/") for k in s.outputs)), None)


def guard(path: Path, force: bool, files: PieceFiles | None = None, inputs: Iterable[Path] = ()) -> Path | None:
    """Make sure that ``path`` may be replaced; the backup that was made, if one was.

    Raises UsageProblem when it is one of ``inputs``, and CannotWrite when a person made or edited it and ``force`` is
    not given. With ``force`` a numbered copy is kept first.
    """
    return backup(path) if _needs_backup(path, force, files, inputs) else None


def guard_all(files: PieceFiles, outputs: Iterable[Path], force: bool, inputs: Sequence[Path] = ()) -> list[Path]:
    """``guard`` for all outputs of a step, refusing before the first backup is made; the backups."""
    theirs = [path for path in outputs if _needs_backup(path, force, files, inputs)]
    return [backup(path) for path in theirs]


def _needs_backup(path: Path, force: bool, files: PieceFiles | None, inputs: Iterable[Path]) -> bool:
    if any(_is_same(path, p) for p in inputs):
        raise UsageProblem(path, "is the input itself", "choose another name with -o")
    state = state_of(path, files)
    if state in (State.MISSING, State.FRESH, State.STALE):
        return False
    if not force:
        what = "was edited by hand" if state is State.EDITED else "is there already and is not composer's own"
        raise CannotWrite(path, what, "use --force to replace it (a backup is kept)")
    return True


def save(
    files: PieceFiles,
    step: str,
    outputs: Mapping[Path, bytes],
    *,
    inputs: Sequence[Path] = (),
    options: Mapping[str, object] | None = None,
    seed: int | None = None,
    versions: Mapping[str, str] | None = None,
    force: bool = False,
) -> Record:
    """Write ``outputs``, each whole or not at all, then the record; nothing is written if one of them is guarded."""
    guard_all(files, outputs, force, inputs)
    read = {_key(files, p): sha256_of(p) for p in inputs if p.exists()}
    for path, content in outputs.items():
        if path.parent != files.folder:
            _make_folder(path.parent)
        write_whole(path, content)
    return note(files, step, list(outputs), inputs=read, options=options, seed=seed, versions=versions)


def note(
    files: PieceFiles,
    step: str,
    written: Sequence[Path],
    *,
    inputs: Mapping[str, str] | Sequence[Path] = (),
    options: Mapping[str, object] | None = None,
    seed: int | None = None,
    versions: Mapping[str, str] | None = None,
) -> Record:
    """Record a step whose files (or folders of files) are on the disk already; the new record.

    ``inputs`` are paths, or hashes by record key as ``save`` took them before writing.
    """
    read = inputs if isinstance(inputs, Mapping) else {_key(files, p): sha256_of(p) for p in inputs if p.exists()}
    paths = [p for path in written for p in _files_under(path)]
    done = StepRecord(
        inputs=dict(read),
        outputs={_key(files, p): sha256_of(p) for p in paths},
        options=dict(options or {}),
        seed=seed,
        versions=dict(versions or {}),
        bars={_key(files, p): hashes for p in paths if p.suffix.lower() == MIDI and (hashes := _bar_hashes(p))},
    )
    before = read_record(files.record)
    known = {key for past in before.steps.values() for key in past.outputs}
    record = before.with_step(step, done, {key for key in known if (files.folder / key).exists()})
    write_whole(files.record, record_bytes(record))
    return record


def renew(files: PieceFiles, path: Path, step: str) -> bool:
    """Record the present content of ``path`` under ``step``, if that is the step that wrote it; whether it is."""
    record, key = read_record(files.record), _key(files, path)
    done = record.step(step)
    if done is None or key not in done.outputs:
        return False
    renewed = done.model_copy(update={"outputs": {**done.outputs, key: sha256_of(path)}})
    write_whole(files.record, record_bytes(record.with_step(step, renewed)))
    return True


def is_up_to_date(
    files: PieceFiles,
    step: str,
    inputs: Sequence[Path],
    outputs: Sequence[Path],
    options: Mapping[str, object] | None = None,
    versions: Mapping[str, str] | None = None,
) -> bool:
    """Whether ``step`` ran on these inputs with these options and versions, and all its ``outputs`` are still there.

    An output that was edited by hand since then counts: it is later than the step.
    """
    done = read_record(files.record).steps.get(step)
    if done is None or not all(
        p.exists() and any(_key(files, f) in done.outputs for f in _files_under(p)) for p in outputs
    ):
        return False
    now = {_key(files, p): sha256_of(p) for p in inputs if p.exists()}
    return (
        now == dict(done.inputs)
        and dict(options or {}) == dict(done.options)
        and (versions is None or dict(versions) == dict(done.versions))
    )


def edited_bars(files: PieceFiles, path: Path, data: bytes | None = None) -> tuple[EditedBars, ...]:
    """The tracks and bars of the MIDI file ``path`` that differ from what composer wrote; empty if not known.

    ``data`` is what the file holds where that is not what is on the disk.
    """
    step = step_of(files, path)
    if step is None or _key(files, path) not in step.bars:
        return ()
    now = _bar_hashes(path) if data is None else bar_hashes(data, path.name)
    return changed_bars(step.bars[_key(files, path)], now)


def sha256_of(path: Path) -> str:
    """Hex digest of a file, ``""`` for what cannot be read as a regular file."""
    digest = hashlib.sha256()
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as stream:
            while block := stream.read(HASH_BLOCK_BYTES):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def _bar_hashes(path: Path) -> dict[str, str]:
    try:
        return bar_hashes(read_bytes(path, MIDI_BYTES), path.name)
    except ComposerError:
        return {}


def _files_under(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _key(files: PieceFiles, path: Path) -> str:
    """The name of ``path`` in the record: relative to the piece's folder, in UTF-8 whatever the disk says."""
    try:
        relative = os.path.relpath(path, files.folder)
    except ValueError:  # another drive
        relative = os.path.abspath(path)
    return os.fsencode(relative.replace(os.sep, "/")).decode("utf-8", "backslashreplace")


def _has_changed(files: PieceFiles, inputs: Mapping[str, str]) -> bool:
    """Whether an input that is still there has another content than the step read."""
    paths = ((files.folder / key, recorded) for key, recorded in inputs.items())
    return any(path.exists() and sha256_of(path) != recorded for path, recorded in paths)


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return os.path.abspath(path) == os.path.abspath(other)


def _is_backup(folder: Path, name: str) -> bool:
    match = re.fullmatch(r"(.+)\.\d+(\.[^.]+)", name)
    return match is not None and (folder / (match[1] + match[2])).exists()


def backup(path: Path) -> Path:
    """Copy ``art.draft.mid`` to the first free of ``art.draft.1.mid``, ``art.draft.2.mid`` ..."""
    number = 1
    while (copy := path.with_name(f"{path.stem}.{number}{path.suffix}")).exists():
        number += 1
    try:
        if path.is_dir():
            shutil.copytree(path, copy)
        else:
            shutil.copy2(path, copy)
    except OSError as error:
        raise cannot_write(copy, error) from None
    return copy


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
