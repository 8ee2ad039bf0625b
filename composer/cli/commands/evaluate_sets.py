"""How ``composer evaluate`` reads folders and tells what it found in sets of pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from composer.cli.terminal.show import Show
from composer.encoding.soft_ranges import SOFT_RANGES
from composer.errors import BadInput, ComposerError, counted, printable
from composer.evaluate.control import AIMS
from composer.evaluate.sets import INSIDE_AIM, PieceSet, Summary, Unread, alike
from composer.evaluate.stage import Evaluation
from composer.formats.files import write_whole
from composer.workspace import PieceState, pieces_in

if TYPE_CHECKING:
    from composer.evaluate.beside import Beside
    from composer.evaluate.critic import Verdict

TELLS = 4  # of the critic's reasons that are shown
PLOTTED = (*SOFT_RANGES, "pitch_class_entropy", "range", "notes_per_quarter", "last_note_ratio")


def read_set(
    show: Show, paths: Sequence[Path], evaluation: Callable[[Path], Evaluation], style: str | None = None
) -> PieceSet:
    """The pieces of ``paths``; of a folder each piece's MIDI file that is furthest along.

    What cannot be read is listed. Raises BadInput when nothing can be.
    """
    files = [file for path in paths for file in (midi_files(path) if path.is_dir() else [path])]
    found, unread = [], []
    with show.counting() as count:
        for index, path in enumerate(files):
            if count:
                count(index, len(files), path.name)
            try:
                found.append(evaluation(path))
            except ComposerError as problem:
                unread.append(Unread(printable(str(path)), problem.reason))
    for one in unread:
        show.note(f"{one.name}: left out, {one.reason}")
    if not found:
        reason = f"none of {counted(len(files), 'MIDI file')} can be read" if files else "holds no MIDI file"
        raise BadInput(paths[0], reason, "name MIDI files or a folder of them")
    return PieceSet(", ".join(printable(str(path)) for path in paths), tuple(found), tuple(unread), style or "")


def midi_files(folder: Path) -> list[Path]:
    """One MIDI file for each piece in ``folder``: cleaned, final or draft, by name."""
    chosen = [PieceState(piece).written_midi or piece.file(".midi") for piece in pieces_in(folder)]
    return [path for path in chosen if path.is_file()]


def tell_set(show: Show, found: PieceSet) -> None:
    """A row for each piece, a row for each measure, and what only a set can show."""
    show.table(
        ("piece", "bars", "notes", "inside", "gates", "shared run", *AIMS), [_piece_row(p) for p in found.pieces]
    )
    show.note("")
    columns = ("measure", "median", "real", "AUC", "overlap", "aim", "inside")
    show.table(columns, [(*_cells(s), *_range_cells(s)) for s in found.summaries])
    show.note(f"{found.name}: {_many(found)} beside {len(found.reference.real)} real tunes ({found.reference.style})")
    near, of = alike(found.summaries)
    ranged = [s.inside for s in found.summaries if s.inside is not None]
    reached = sum(share >= INSIDE_AIM for share in ranged)
    for line in (
        _gate_words(found),
        f"soft ranges: {reached} of {len(ranged)} measures are inside in {INSIDE_AIM:.0%} of the pieces or more",
        f"overlap with real tunes: {near} of {of} measures share 0.7 of their area or more",
        f"critic: {_critic_words(found.verdict)}",
        f"distance from real tunes (Fréchet): {_number(found.frechet)}",
        *_set_words(found),
    ):
        show.note(f"  {line}")


def tell_beside(show: Show, both: Beside) -> None:
    """Two sets measure by measure, and what tells them apart."""
    columns = ("measure", "A", "B", "AUC", "overlap", "mgeval", "KLD", "real", "aim", "A inside", "B inside")
    rows = []
    for one, other in both.rows:
        digits = one.measure.digits
        rows.append((
            one.measure.name, _number(one.median, digits), _number(other.median, digits), _number(other.auc),
            _number(other.overlap), _number(other.distances.overlap), _number(other.distances.kld),
            _number(one.other_median, digits), _aim(one), _share(one.inside), _share(other.inside),
        ))  # fmt: skip
    show.table(columns, rows)
    for label, found in (("A", both.one), ("B", both.other)):
        critic = f"critic against real tunes: {_critic_words(found.verdict)}"
        show.note(f"{label}: {found.name}, {_many(found)}")
        for line in (_gate_words(found), critic, *_set_words(found)):
            show.note(f"  {line}")
    show.note("A and B")
    show.note(f"  critic between them: {_critic_words(both.verdict)}")
    show.note(f"  distance between them (Fréchet): {_number(both.frechet)}")


def write_plots(show: Show, path: Path | None, sets: Sequence[PieceSet]) -> None:
    """The distributions of the sets and of the real tunes as a PNG file; nothing without a ``path``."""
    if path is None:
        return
    from composer.evaluate.plots import distributions_png

    reference = sets[0].reference
    values = {f"real ({reference.style})": {name: reference.values(name) for name in PLOTTED}}
    for label, found in zip("AB" if len(sets) > 1 else ("these",), sets, strict=True):
        values[label] = {name: found.values(name) for name in PLOTTED}
    title = " and ".join(f"{label}: {s.name}" for label, s in zip("AB", sets, strict=False)) if len(sets) > 1 else ""
    write_whole(path, distributions_png(values, PLOTTED, title or sets[0].name))
    show.wrote(path)


def control_words(rho: Mapping[str, float | None]) -> str:
    """``density 0.81 (aim 0.7), ...``."""
    return ", ".join(f"{name} {_number(value)} (aim {AIMS[name]:g})" for name, value in rho.items())


def _critic_words(verdict: Verdict | None) -> str:
    """The verdict, and the measures that it goes by."""
    if verdict is None:
        return "needs four pieces or more"
    tells = ", ".join(f"{tell.measure} {tell.share:.0%}" for tell in verdict.tells[:TELLS])
    return verdict.words() if verdict.is_broken or not tells else f"{verdict.words()}; told by {tells}"


def _piece_row(found: Evaluation) -> tuple[str, ...]:
    inside, of = found.inside
    failed = [gate.name for gate in found.gates if not gate.passed]
    rho = found.control.rho if found.control else dict.fromkeys(AIMS)
    run = str(found.originality.length + 1) if found.originality.length else "–"
    shown = [_number(rho[name]) for name in AIMS]
    return (found.name, str(found.bars), str(found.notes), f"{inside}/{of}", ", ".join(failed) or "all", run, *shown)


def _set_words(found: PieceSet) -> list[str]:
    """Lines about originality, diversity and control."""
    lines = []
    if found.shared is not None:
        s = found.shared
        longest = max(found.pieces, key=lambda piece: piece.originality.length)
        lines.append(
            f"originality: longest shared run {s.median:g} moves (median), {s.largest} (largest); "
            f"12 or more in {s.share_12:.0%}, covering {s.coverage:.0%} of the notes"
        )
        if longest.originality.is_warning:
            lines.append(f"  {longest.name}: {longest.originality.words()}")
    if found.diversity is not None:
        d = found.diversity
        common = f"two pieces share {d.common.length + 1} notes in a row at most" if d.common.length else ""
        lines.append(f"diversity: {d.ratio:.2f} of that of real tunes; {common or 'no two pieces share 9 notes'}")
    control = found.control()
    if any(value is not None for value in control.values()):
        lines.append(f"as the briefs ask (median Spearman): {control_words(control)}")
    return lines


def _gate_words(found: PieceSet) -> str:
    failed = ", ".join(f"{name} {count}" for name, count in found.failed_gates().items())
    return f"gates: {found.passed or 0:.0%} of the pieces pass all{f'; {failed}' if failed else ''}"


def _many(found: PieceSet) -> str:
    unread = f", {len(found.unread)} left out" if found.unread else ""
    return f"{len(found.pieces)} piece{'s' if len(found.pieces) != 1 else ''}{unread}"


def _cells(s: Summary) -> tuple[str, ...]:
    digits = s.measure.digits
    medians = (_number(s.median, digits), _number(s.other_median, digits))
    return (s.measure.name, *medians, _number(s.auc), _number(s.overlap))


def _range_cells(s: Summary) -> tuple[str, str]:
    return _aim(s), _share(s.inside)


def _aim(s: Summary) -> str:
    return str(SOFT_RANGES.get(s.measure.name, ""))


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None or value != value else f"{value:.{digits}f}"
