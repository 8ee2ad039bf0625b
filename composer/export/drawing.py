"""A page that Verovio drew as SVG, as the drawing operators of PDF.

It knows what those pages hold: groups, uses of glyphs, paths, polygons, rectangles, ellipses and texts in black.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from composer.export.lettering import CODING, FACES, Lettering, is_sign, printable_in_times
from composer.export.outlines import number, operators_of

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
# Of a quarter circle drawn as one cubic curve.
_ROUND = 0.5522847498
_FACE_NAMES = {face: f"F{number}" for number, face in enumerate(FACES)}
_NUMBERS = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")
_INHERITED = ("font-size", "font-family", "font-style", "font-weight", "text-anchor")


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one face and size; ``size`` in the units of the page."""

    text: str
    font: str
    face: str
    size: float


@dataclass(frozen=True, slots=True)
class Line:
    """Runs one behind the other from a point, or around it, or up to it."""

    x: float
    y: float
    anchor: str
    runs: tuple[Run, ...]


class PageDrawing:
    """Draws the pages of one score; ``missing`` collects letters that could not be printed."""

    def __init__(self, lettering: Lettering) -> None:
        self.lettering = lettering
        self.missing: set[str] = set()
        self._glyphs: dict[str, str] = {}

    def operators(self, root: Element) -> str:
        """All of the page in its own units, y down."""
        self._glyphs = {g.get("id", ""): self._glyph(g) for g in root.iterfind(f"{_SVG}defs/{_SVG}g")}
        inner = root.find(f"{_SVG}svg")
        return "\n".join(self._element(root if inner is None else inner, {}))

    def _glyph(self, group: Element) -> str:
        return "\n".join(_in_place(path, operators_of(path.get("d", "")) + "\nf") for path in group.iter(f"{_SVG}path"))

    def _element(self, element: Element, style: dict[str, str]) -> Iterator[str]:
        tag = element.tag.removeprefix(_SVG)
        style = _styled(element, style)
        if tag in ("g", "svg"):
            inside = [part for child in element for part in self._element(child, style)]
            if inside:
                yield _in_place(element, "\n".join(inside))
        elif tag == "use":
            glyph = self._glyphs.get(element.get(_LINK, element.get("href", "")).removeprefix("#"))
            if glyph:
                yield _in_place(element, glyph)
        elif tag == "text":
            yield _in_place(element, "\n".join(self._line(line) for line in _lines(element, style)))
        elif (outline := _outline(element, tag)) is not None:
            yield _in_place(element, _painted(element, outline))

    def _line(self, line: Line) -> str:
        width = sum(self._width(run) for run in line.runs)
        x = line.x - {"middle": width / 2, "end": width}.get(line.anchor, 0.0)
        drawn: list[str] = []
        for run in line.runs:
            drawn += self._run(run, x, line.y)
            x += self._width(run)
        return "\n".join(drawn)

    def _width(self, run: Run) -> float:
        if not is_sign(run.text[0]):
            return self.lettering.width(printable_in_times(run.text), run.face) * run.size
        return sum(sign.width for letter in run.text if (sign := self.lettering.sign(letter, run.font))) * run.size

    def _run(self, run: Run, x: float, y: float) -> Iterator[str]:
        if is_sign(run.text[0]):
            for letter in run.text:
                if sign := self.lettering.sign(letter, run.font):
                    scale = number(run.size / 1000)
                    yield f"q {scale} 0 0 -{scale} {number(x)} {number(y)} cm\n{sign.operators}\nf\nQ"
                    x += sign.width * run.size
                else:
                    self.missing.add(letter)
            return
        printed = printable_in_times(run.text)
        self.missing |= {letter for letter in run.text if not letter.encode(CODING, "ignore")} - set("♯♭")
        letters = printed.encode(CODING, "replace").hex()
        yield f"BT /{_FACE_NAMES[run.face]} {number(run.size)} Tf 1 0 0 -1 {number(x)} {number(y)} Tm <{letters}> Tj ET"


def face_names() -> dict[str, str]:
    """Name of a font on our pages -> what PDF calls the font."""
    return {_FACE_NAMES[face]: base for face, base in FACES.items()}


def _styled(element: Element, style: dict[str, str]) -> dict[str, str]:
    """``style`` with what the element sets for itself and for what it holds."""
    return {**style, **{name: element.attrib[name] for name in _INHERITED if name in element.attrib}}


def _lines(text: Element, style: dict[str, str]) -> list[Line]:
    """A new line wherever the text or a part of it has a place of its own."""
    lines: list[Line] = []

    def walk(element: Element, style: dict[str, str]) -> None:
        if "x" in element.attrib or "y" in element.attrib or not lines:
            x, y = (float(element.get(name, "0")) for name in "xy")
            lines.append(Line(x, y, style.get("text-anchor", "start"), ()))
        size = float((_NUMBERS.findall(style.get("font-size", "0")) or ["0"])[0])
        if element.text and size > 0 and not (element.text.isspace() and "\n" in element.text):
            runs = tuple(_runs(element.text, style, size))
            lines[-1] = replace(lines[-1], runs=lines[-1].runs + runs)
        for child in element:
            if child.tag == f"{_SVG}tspan":
                walk(child, _styled(child, style))

    walk(text, style)
    return [line for line in lines if line.runs]


def _runs(text: str, style: dict[str, str], size: float) -> Iterator[Run]:
    """Letters and musical signs apart."""
    face = "Times" + "".join(
        f"-{name}" for name, key in (("bold", "font-weight"), ("italic", "font-style")) if style.get(key) == name
    )
    for part in re.findall("[\ue000-\uf8ff]+|[^\ue000-\uf8ff]+", text):
        yield Run(part, style.get("font-family", ""), face, size)


def _outline(element: Element, tag: str) -> str | None:
    """The path of a shape, None for an element that draws nothing."""
    value = {name: float(_NUMBERS.findall(text)[0]) for name, text in element.items() if _NUMBERS.fullmatch(text)}
    if tag == "path":
        return operators_of(element.get("d", ""))
    if tag in ("polygon", "polyline"):
        points = element.get("points", "")
        return operators_of(f"M {points}" + (" Z" if tag == "polygon" else "")) if points else None
    if tag == "rect":
        return " ".join(number(value.get(name, 0.0)) for name in ("x", "y", "width", "height")) + " re"
    if tag in ("ellipse", "circle"):
        x, y = value.get("cx", 0.0), value.get("cy", 0.0)
        return _ellipse(x, y, value.get("rx", value.get("r", 0.0)), value.get("ry", value.get("r", 0.0)))
    if tag == "line":
        return operators_of(
            "M {x1} {y1} L {x2} {y2}".format(**{k: value.get(k, 0.0) for k in ("x1", "y1", "x2", "y2")})
        )
    return None


def _ellipse(x: float, y: float, wide: float, high: float) -> str:
    w, h = wide * _ROUND, high * _ROUND
    return operators_of(
        f"M {x - wide} {y} C {x - wide} {y - h} {x - w} {y - high} {x} {y - high} "
        f"C {x + w} {y - high} {x + wide} {y - h} {x + wide} {y} "
        f"C {x + wide} {y + h} {x + w} {y + high} {x} {y + high} "
        f"C {x - w} {y + high} {x - wide} {y + h} {x - wide} {y} Z"
    )


def _painted(element: Element, outline: str) -> str:
    """Filled in black unless told otherwise, and drawn around where it has a line."""
    filled = element.get("fill") != "none" and element.get("fill-opacity") != "0"
    is_line = outline.count("\n") == 1 and outline.endswith(" l")
    stroked = "stroke" in element.attrib and element.get("stroke") != "none"
    if not stroked:
        return outline + "\n" + ("f" if filled else "n")
    settings = [f"{number(float(element.get('stroke-width', '1')))} w"]
    if element.get("stroke-linecap") == "round":
        settings.append("1 J")
    if element.get("stroke-linejoin") == "round":
        settings.append("1 j")
    dashes = _NUMBERS.findall(element.get("stroke-dasharray", ""))
    if dashes:
        settings.append(f"[{' '.join(dashes)}] 0 d")
    return " ".join(settings) + f"\n{outline}\n" + ("B" if filled and not is_line else "S")


def _in_place(element: Element, drawn: str) -> str:
    """``drawn`` moved and scaled as the element says, and its settings kept to itself."""
    moves = []
    for kind, values in re.findall(r"(\w+)\(([^)]*)\)", element.get("transform", "")):
        moves.append(_matrix(kind, [float(v) for v in _NUMBERS.findall(values)]))
    if not moves and not drawn.split("\n", 1)[0].endswith((" w", " J", " j", " d")):
        return drawn
    return "q\n" + "".join(f"{' '.join(number6(v) for v in m)} cm\n" for m in moves) + drawn + "\nQ"


def number6(value: float) -> str:
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _matrix(kind: str, values: Sequence[float]) -> tuple[float, ...]:
    if kind == "translate":
        return (1, 0, 0, 1, values[0], values[1] if len(values) > 1 else 0)
    if kind == "scale":
        return (values[0], 0, 0, values[-1], 0, 0)
    if kind == "matrix":
        return tuple(values)
    if kind == "rotate":
        angle = math.radians(values[0])
        cos, sin = math.cos(angle), math.sin(angle)
        x, y = (values[1], values[2]) if len(values) == 3 else (0.0, 0.0)
        return (cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y)
    return (1, 0, 0, 1, 0, 0)
