"""The brief of a piece: written from a picture, and read again by the steps after it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.errors import ComposerError, printable
from composer.formats.files import read_bytes, write_whole
from composer.limits import IMAGE_BYTES, JSON_BYTES
from composer.steps.done import Done
from composer.steps.names import BRIEF
from composer.workspace import PieceFiles, save

if TYPE_CHECKING:
    from composer.brief.analyse import BriefOptions
    from composer.formats.brief.brief import Brief


def run_brief(image: Path, output: Path, options: BriefOptions, card: bool, force: bool) -> Done:
    """Read the picture and write its brief (and the card)."""
    from composer.brief.analyse import brief_of_picture
    from composer.formats.brief.text import brief_bytes

    picture = read_bytes(image, IMAGE_BYTES, "picture")
    result = brief_of_picture(picture, printable(image.name), options)
    files = PieceFiles.of(output)
    outputs = {output: brief_bytes(result.brief)}
    if card:
        from composer.brief.card import card_png

        outputs[files.card] = card_png(result)
    save(
        files,
        BRIEF,
        outputs,
        inputs={image: picture},
        options=brief_recorded(options),
        versions={"composer": __version__},
        force=force,
    )
    write_schema(files.folder)
    brief = result.brief
    facts = {"key": f"{brief.key.tonic} {brief.key.mode}", "tempo_bpm": brief.tempo_bpm, "meter": brief.meter}
    return Done(BRIEF, tuple(outputs), result.notes, {**facts, "bars": brief.bars})


def brief_recorded(options: BriefOptions) -> dict[str, object]:
    """The options of a brief as the record keeps them; a card beside it changes nothing in the brief."""
    return asdict(options)


def brief_in(path: Path, *, to_compose: bool = False) -> Brief:
    """The brief in the file ``path``; with ``to_compose`` the templates that it names must be there."""
    from composer.formats.brief.text import read_brief

    return read_brief(read_bytes(path, JSON_BYTES, "brief"), path.name, to_compose=to_compose)


def write_schema(folder: Path) -> None:
    """Put the brief's schema beside it, for editors; a folder that takes no more files still has its brief."""
    from composer.formats.brief.schema import SCHEMA_REFERENCE, schema_bytes

    path, content = folder / SCHEMA_REFERENCE, schema_bytes()
    try:
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)
    except (OSError, ComposerError):
        return
