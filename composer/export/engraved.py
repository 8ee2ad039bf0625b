"""A score as printed pages: Verovio lays it out and draws each page as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from composer.errors import BadInput, MissingTool

# A4 in tenths of a millimetre.
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 2100, 2970, 150
# Half the distance of two lines of a staff, in tenths of a millimetre, by the number of staves: players of one part
# read staves of 7 mm with ease, a score of five needs smaller ones to show more than two systems on a page.
_UNITS = ((2, 8.75), (4, 7.5), (99, 6.25))
_LAYOUT = {
    "pageWidth": PAGE_WIDTH, "pageHeight": PAGE_HEIGHT, "pageMarginLeft": MARGIN, "pageMarginRight": MARGIN,
    "pageMarginTop": MARGIN, "pageMarginBottom": MARGIN, "scale": 100, "breaks": "auto", "condense": "none",
    "header": "auto", "footer": "none", "spacingStaff": 8, "spacingSystem": 6, "mnumInterval": 0, "mmOutput": True,
    # Air between the box of a section and the tempo under it.
    "defaultBottomMargin": 1.0,
}  # fmt: skip
# The ids of the drawing are random; from one seed they are the same for the same score.
_ID_SEED = 1


@dataclass(frozen=True, slots=True)
class Engraved:
    """The pages as SVG texts in order, and the folder of the fonts that they were laid out with."""

    pages: tuple[str, ...]
    resources: Path


def engraved(musicxml: bytes, name: str) -> Engraved:
    """The pages of a score.

    Raises MissingTool without Verovio, BadInput for what it cannot read.
    """
    verovio = _verovio()
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    staves = musicxml.count(b"<score-part ") + musicxml.count(b"<staves>2<")
    toolkit.setOptions({**_LAYOUT, "unit": next(unit for most, unit in _UNITS if staves <= most or most == 99)})
    toolkit.resetXmlIdSeed(_ID_SEED)
    if not toolkit.loadData(musicxml.decode("utf-8", "replace")):
        raise BadInput(name, "its score cannot be engraved", "open the MusicXML file in a notation program and save it")
    pages = tuple(toolkit.renderToSVG(number) for number in range(1, toolkit.getPageCount() + 1))
    return Engraved(pages, Path(toolkit.getResourcePath()))


def _verovio() -> ModuleType:
    try:
        import verovio
    except ImportError:
        hint = "pip install 'composer[engrave]'"
        raise MissingTool("verovio", "is not installed, and engraving needs it", hint) from None
    return verovio
