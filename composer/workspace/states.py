"""What the record knows of the files of a piece: which are fresh, stale or edited by hand, and in which bars."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from pathlib import Path

from composer.errors import ComposerError
from composer.formats.files import read_bytes, sha256_of
from composer.formats.midi_hashes import EditedBars, bar_hashes, changed_bars, renamed, united
from composer.formats.record import StepRecord, copied, path_of_key, read_record, record_key
from composer.limits import MIDI_BYTES
from composer.workspace.names import MIDI, PieceFiles

MIDI_SUFFIXES = (MIDI, ".midi")


class State(enum.Enum):
    """What the record knows of a file."""

    FRESH = "fresh"
    STALE = "stale"
    EDITED = "edited by hand"
    FOREIGN = "not from composer"
    MISSING = "missing"


def state_of(path: Path, files: PieceFiles | None = None) -> State:
    """What ``path`` (a file, or a folder of files) is by the record of its piece.

    A file in which a step kept what a person did, be it no note, is edited by hand, as it was before.
    """
    files = files or PieceFiles.of(path)
    if not path.exists():
        return State.MISSING
    step = step_of(files, path)
    if step is None:
        return State.FOREIGN
    if is_changed(files, path, step) or key_of(files, path) in step.edited:
        return State.EDITED
    return State.STALE if changed_inputs(files, step) else State.FRESH


def step_of(files: PieceFiles, path: Path) -> StepRecord | None:
    """The last recorded step that wrote ``path``."""
    key = key_of(files, path)
    steps = read_record(files.record).steps.values()
    return next((s for s in steps if any(k == key or k.startswith(key + "/") for k in s.outputs)), None)


def copy_of(files: PieceFiles, path: Path) -> bytes | None:
    """The MIDI file ``path`` as composer last wrote it, or as it was last imported, whatever it holds now; None
    where the record has no copy."""
    key = key_of(files, path)
    texts = (step.copies[key] for step in read_record(files.record).steps.values() if key in step.copies)
    text = next(texts, None)
    return copied(text) if text is not None else None


def is_changed(files: PieceFiles, path: Path, step: StepRecord) -> bool:
    """Whether a file (or one of a folder) is not as ``step`` wrote it."""
    key = key_of(files, path)
    known = {k: h for k, h in step.outputs.items() if k == key or k.startswith(key + "/")}
    return any(known.get(key_of(files, p)) != sha256_of(p) for p in files_under(path))


def changed_inputs(files: PieceFiles, step: StepRecord) -> tuple[Path, ...]:
    """The inputs that are still there with another content than the step read."""
    paths = ((path_of_key(files.folder, key), recorded) for key, recorded in step.inputs.items())
    return tuple(path for path, recorded in paths if path.exists() and sha256_of(path) != recorded)


def is_made_from(files: PieceFiles, path: Path, origin: Path) -> bool:
    """Whether ``path`` was made from ``origin`` as it is now; a file that no step wrote is taken for it.

    What a person changed in ``path`` since then does not count.
    """
    step = step_of(files, path)
    return step is None or (key_of(files, origin) in step.inputs and not changed_inputs(files, step))


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
        p.exists() and any(key_of(files, f) in done.outputs for f in files_under(p)) for p in outputs
    ):
        return False
    now = {key_of(files, p): sha256_of(p) for p in inputs if p.exists()}
    return (
        now == dict(done.inputs)
        and dict(options or {}) == dict(done.options)
        and (versions is None or dict(versions) == dict(done.versions))
    )


def edited_bars(files: PieceFiles, path: Path, data: bytes | None = None) -> tuple[EditedBars, ...]:
    """The bars of a person in the MIDI file ``path``: those that a step kept, and what differs from what it wrote.

    Under the names that the tracks have now; empty where nothing is known. ``data`` is what the file holds where that
    is not what is on the disk.
    """
    step, key = step_of(files, path), key_of(files, path)
    if step is None:
        return ()
    kept = [EditedBars(track, tuple(bars)) for track, bars in step.edited.get(key, {}).items()]
    if data is None and sha256_of(path) == step.outputs.get(key):
        return united(kept)
    # Where the record lost what was written, every bar may be a person's.
    written = step.bars.get(key, {})
    now = hashes_of(path) if data is None else bar_hashes(data, path.name)
    names = {old: new for new, old in renamed(written, now).items()}
    return united((EditedBars(names.get(k.track, k.track), k.bars) for k in kept), changed_bars(written, now))


def bars_by_hand(files: PieceFiles, path: Path, data: bytes | None = None) -> tuple[EditedBars, ...]:
    """``edited_bars``, and those that a person had edited in the file that ``path`` was made from."""
    step = step_of(files, path)
    inherited = step.by_hand.get(key_of(files, path), {}) if step is not None else {}
    names = {old: new for new, old in renamed_tracks(files, path, data).items()} if inherited else {}
    before = (EditedBars(names.get(track, track), tuple(bars)) for track, bars in inherited.items())
    return united(edited_bars(files, path, data), before)


def renamed_tracks(files: PieceFiles, path: Path, data: bytes | None = None) -> dict[str, str]:
    """Present name -> the name that composer wrote, of the tracks of ``path`` that were only renamed."""
    step = step_of(files, path)
    written = step.bars.get(key_of(files, path)) if step is not None else None
    if written is None:
        return {}
    return renamed(written, hashes_of(path) if data is None else bar_hashes(data, path.name))


def stale_bars(files: PieceFiles, path: Path) -> tuple[EditedBars, ...]:
    """The tracks and bars whose like in a MIDI input changed since ``path`` was made from it; empty if not known.

    A change of what is no MIDI file, such as the brief, makes all of ``path`` stale: see ``changed_inputs``.
    """
    step = step_of(files, path)
    if step is None:
        return ()
    changed = changed_inputs(files, step)
    known = [(p, step.input_bars[key]) for p in changed if (key := key_of(files, p)) in step.input_bars]
    return united(*(changed_bars(before, hashes_of(p)) for p, before in known))


def hashes_of(path: Path) -> dict[str, str]:
    """The hashes of the bars of a MIDI file, empty for one that cannot be read."""
    try:
        return bar_hashes(read_bytes(path, MIDI_BYTES), path.name)
    except ComposerError:
        return {}


def files_under(path: Path) -> list[Path]:
    """The files of a folder in the order of their names, else ``path`` itself."""
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def key_of(files: PieceFiles, path: Path) -> str:
    """The name of ``path`` in the record of its piece."""
    return record_key(files.folder, path)
