"""The brief of a piece: written from a picture, and read again by the steps after it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer import __version__
from composer.errors import ComposerError, printable
from composer.formats.files import read_bytes, write_whole
from composer.limits import IMAGE_BYTES, JSON_BYTES
from composer.steps.done import Done
from composer.steps.names import BRIEF, CARD
from composer.workspace import PieceFiles, PieceState, State, guard_all, save

if TYPE_CHECKING:
    from composer.brief.analyse import BriefOptions
    from composer.formats.brief.brief import Brief


def run_brief(image: Path, output: Path, options: BriefOptions, card: bool, force: bool) -> Done:
    """Read the picture and write its brief (and the card).

    A brief of a person is kept where the card is asked for and nothing else, and has the card drawn of it.
    """
    from composer.brief.analyse import brief_of_picture
    from composer.formats.brief.text import brief_bytes

    files = PieceFiles.of(output)
    if card and not force and _is_only_to_draw(files, output, options):
        drawn = run_card(image, output, force)
        return replace(drawn, notes=(f"{printable(output.name)} is yours and stays: the card is drawn of it",))
    picture = read_bytes(image, IMAGE_BYTES, "picture")
    result = brief_of_picture(picture, printable(image.name), options)
    if card and not force:
        guard_all(files, [output, files.card], force, [image])
    save(
        files,
        BRIEF,
        {output: brief_bytes(result.brief)},
        inputs={image: picture},
        options=brief_recorded(options),
        versions={"composer": __version__},
        force=force,
    )
    write_schema(files.folder)
    brief = result.brief
    facts = {"key": f"{brief.key.tonic} {brief.key.mode}", "tempo_bpm": brief.tempo_bpm, "meter": brief.meter}
    cards = run_card(image, output, force).files if card else ()
    return Done(BRIEF, (output, *cards), result.notes, {**facts, "bars": brief.bars})


def run_card(image: Path, brief_file: Path, force: bool) -> Done:
    """Draw the brief in the file ``brief_file``, as it is now, with the picture that it is of."""
    from composer.brief.analyse import BriefResult
    from composer.brief.card import card_png
    from composer.brief.picture import picture_of
    from composer.formats.brief.text import read_brief

    files, picture = PieceFiles.of(brief_file), read_bytes(image, IMAGE_BYTES, "picture")
    written = read_bytes(brief_file, JSON_BYTES, "brief")
    content = read_brief(written, brief_file.name)
    drawn = card_png(BriefResult(content, picture_of(picture, printable(image.name)).rgb, ()))
    inputs = {image: picture, brief_file: written}
    save(files, CARD, {files.card: drawn}, inputs=inputs, versions={"composer": __version__}, force=force)
    return Done(CARD, (files.card,))


def _is_only_to_draw(files: PieceFiles, brief_file: Path, options: BriefOptions) -> bool:
    """Whether the brief that is there is a person's, and nothing is asked of it that it was not written with."""
    state = PieceState(files)
    if state.state_of(brief_file) not in (State.EDITED, State.FOREIGN):
        return False
    done = state.step_of(brief_file)
    return options == type(options)() or (done is not None and done.options == brief_recorded(options))


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
