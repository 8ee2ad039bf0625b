"""Engraved pages as one PDF, written by hand: vector drawing, the Times of every reader, nothing embedded.

Reference: ISO 32000-1, with page content as Flate streams and the standard 14 fonts.
"""

from __future__ import annotations

import codecs
import zlib
from dataclasses import dataclass
from xml.etree import ElementTree

from composer.export.drawing import PageDrawing, face_names, number6
from composer.export.engraved import PAGE_HEIGHT, PAGE_WIDTH, Engraved
from composer.export.lettering import Lettering

POINTS_A_TENTH_MM = 72 / 254
_UNITS_A_TENTH_MM = 10  # of Verovio's pages


@dataclass(frozen=True, slots=True)
class Printed:
    """The document, and what to tell the person."""

    content: bytes
    notes: tuple[str, ...] = ()


def pdf_of_pages(engraved: Engraved, title: str) -> Printed:
    """The pages of a score as a PDF in A4; the same pages give the same bytes."""
    drawing = PageDrawing(Lettering(engraved.resources))
    width, height = (size * POINTS_A_TENTH_MM for size in (PAGE_WIDTH, PAGE_HEIGHT))
    scale = POINTS_A_TENTH_MM / _UNITS_A_TENTH_MM
    turn = f"{number6(scale)} 0 0 -{number6(scale)} 0 {number6(height)} cm\n"
    streams = [(turn + drawing.operators(ElementTree.fromstring(page))).encode("ascii") for page in engraved.pages]
    notes: tuple[str, ...] = ()
    if drawing.missing:
        shown = "".join(sorted(drawing.missing))
        notes = (f"no letters for {shown!r} in the PDF: export svg for a page that has them",)
    return Printed(_document(streams, width, height, title), notes)


def _document(streams: list[bytes], width: float, height: float, title: str) -> bytes:
    """The file: catalogue, pages, title and fonts come first, then two objects for each page."""
    fonts = face_names()
    first_font, first_page = 4, 4 + len(fonts)
    pages = [first_page + 2 * index for index in range(len(streams))]
    resources = " ".join(f"/{name} {first_font + index} 0 R" for index, name in enumerate(fonts))
    written_title = codecs.BOM_UTF16_BE + title.encode("utf-16-be", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{n} 0 R' for n in pages)}] >>".encode(),
        f"<< /Title <{written_title.hex()}> /Producer (composer) >>".encode(),
    ]
    for base in fonts.values():
        objects.append(f"<< /Type /Font /Subtype /Type1 /BaseFont /{base} /Encoding /WinAnsiEncoding >>".encode())
    for index, stream in enumerate(streams):
        packed = zlib.compress(stream, 9)
        box = f"[0 0 {number6(width)} {number6(height)}]"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents {pages[index] + 1} 0 R "
            f"/Resources << /Font << {resources} >> >> >>".encode()
        )
        objects.append(f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream")
    return _file(objects)


def _file(objects: list[bytes]) -> bytes:
    """Numbered from 1, with the table of their places at the end."""
    content = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, made in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n".encode() + made + b"\nendobj\n"
    start = len(content)
    content += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    content += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    content += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 3 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(content)
