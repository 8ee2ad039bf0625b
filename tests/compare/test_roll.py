"""The picture of a difference."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image

from composer.compare.notes import ADDED, MOVED, PITCH, REMOVED
from composer.compare.roll import COLOURS, SYSTEMS_MAX, WIDTH, roll_png
from composer.compare.stage import compared
from composer.music.notes import Note, Piece
from tests.compare.pieces import BAR, bytes_of, piece, with_notes


def picture(before: Piece, after: Piece) -> Image.Image:
    found = compared(bytes_of(before), "a.mid", bytes_of(after), "b.mid")
    data = roll_png(found)
    assert data == roll_png(found)
    return Image.open(io.BytesIO(data))


def below_the_legend(image: Image.Image) -> set[tuple[int, int, int]]:
    lower = image.crop((0, 96, image.width, image.height))
    return {colour for _, colour in lower.getcolors(1 << 20)}  # type: ignore[union-attr, misc]


def test_each_kind_of_edit_has_its_colour_and_no_other_is_drawn() -> None:
    def change(notes: list[Note]) -> list[Note]:
        moved = replace(notes[4], start=notes[4].start + 480)
        return [replace(notes[0], pitch=60), *notes[1:4], moved, *notes[6:], Note(7 * BAR + 1440, 74, 240, 99)]

    image = picture(piece(), with_notes(piece(), "Melody", change))
    assert image.width == WIDTH
    drawn = {kind for kind, colour in COLOURS.items() if colour in below_the_legend(image)}
    assert drawn == {ADDED, REMOVED, MOVED, PITCH}


def test_a_picture_without_differences_has_none_of_the_colours() -> None:
    image = picture(piece(), piece())
    assert not set(COLOURS.values()) & below_the_legend(image)


def test_of_a_long_piece_only_the_systems_that_changed_are_drawn() -> None:
    def repeated(notes: list[Note]) -> list[Note]:
        return [replace(n, start=n.start + 8 * BAR * i) for i in range(26) for n in notes]

    parts = tuple(replace(p, notes=tuple(repeated(list(p.notes))), controls=()) for p in piece().parts[:1])
    long = replace(piece(), parts=parts, length=208 * BAR, chords=())
    one = picture(long, with_notes(long, "Melody", lambda ns: [*ns[:-1], replace(ns[-1], pitch=80)]))
    all_of_it = picture(long, with_notes(long, "Melody", lambda ns: [replace(n, velocity=1) for n in ns]))
    system = (all_of_it.height - one.height) / (SYSTEMS_MAX - 1)
    assert one.height < 2 * system


def test_names_that_the_font_lacks_do_not_break_it() -> None:
    parts = (replace(piece().parts[0], name="Melody " * 9), *piece().parts[1:])
    assert picture(piece(), replace(piece(), parts=parts, title="さくら")).width == WIDTH
