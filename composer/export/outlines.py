"""SVG path data as the path operators of PDF."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
# How many numbers each command takes.
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float

    def __add__(self, other: Point) -> Point:
        return Point(self.x + other.x, self.y + other.y)

    def toward(self, other: Point, share: float) -> Point:
        """The point that lies that share of the way to ``other``; beyond it for more than 1."""
        return Point(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)


def number(value: float) -> str:
    """A number as PDF writes it: three decimals at most, no exponent."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def operators_of(data: str) -> str:
    """The operators that build the path, without painting it. An arc becomes a straight line: Verovio draws none."""
    return "\n".join(_Pen().operators(data))


class _Pen:
    """Where the pen is, where the subpath began, and the last control point, which smooth curves mirror."""

    def __init__(self) -> None:
        self.at = self.began = Point(0.0, 0.0)
        self.control: tuple[str, Point] | None = None

    def operators(self, data: str) -> Iterator[str]:
        tokens = _TOKEN.findall(data)
        position, command = 0, "M"
        while position < len(tokens):
            if tokens[position].isalpha():
                command, position = tokens[position], position + 1
            takes = _TAKES.get(command.upper())
            if takes is None:
                return
            values = [float(token) for token in tokens[position : position + takes]]
            if len(values) < takes:
                return
            position += takes
            yield self.step(command, values)
            if command in "Mm":  # further pairs after a move are lines
                command = "L" if command == "M" else "l"
            elif command in "Zz" and position < len(tokens) and not tokens[position].isalpha():
                return

    def step(self, command: str, values: list[float]) -> str:
        kind, base = command.upper(), self.at if command.islower() else Point(0.0, 0.0)
        if kind == "Z":
            self.at, self.control = self.began, None
            return "h"
        if kind in "HV":
            across = kind == "H"
            end = Point(base.x + values[0], self.at.y) if across else Point(self.at.x, base.y + values[0])
            return self.line(end)
        points = [base + Point(x, y) for x, y in zip(values[0::2], values[1::2], strict=False)]
        if kind == "M":
            self.at = self.began = points[0]
            self.control = None
            return f"{_pair(points[0])} m"
        if kind == "L":
            return self.line(points[0])
        if kind == "A":
            return self.line(base + Point(values[5], values[6]))
        return self.curve(kind, points)

    def line(self, end: Point) -> str:
        self.at, self.control = end, None
        return f"{_pair(end)} l"

    def curve(self, kind: str, points: list[Point]) -> str:
        """A cubic curve; those with one control point are turned into such with two."""
        if kind in "ST":
            family = "CS" if kind == "S" else "QT"
            mirrored = self.control is not None and self.control[0] in family
            points = [self.control[1].toward(self.at, 2) if self.control and mirrored else self.at, *points]
        end = points[-1]
        self.control = (kind, points[-2])
        if kind in "QT":
            points = [self.at.toward(points[0], 2 / 3), end.toward(points[0], 2 / 3), end]
        self.at = end
        return f"{' '.join(_pair(point) for point in points)} c"


def _pair(point: Point) -> str:
    return f"{number(point.x)} {number(point.y)}"
