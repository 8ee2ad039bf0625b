"""Colour schemes: which pitch a hue is given. Musicians write them as TOML."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composer.errors import BadInput, UsageProblem
from composer.formats.files import read_bytes
from composer.limits import TEMPLATE_BYTES
from composer.music.pitch import pitch_class_of
from composer.resources import template_folders

WARM, COLD = "warm", "cold"


@dataclass(frozen=True, slots=True)
class SchemeColour:
    """A colour of the scheme; hues from ``hue_from`` up to ``hue_to`` degrees (through 0 if that is smaller)."""

    name: str
    hue_from: float
    hue_to: float
    pitch: str
    group: str

    def holds(self, hue_deg: float) -> bool:
        if self.hue_from < self.hue_to:
            return self.hue_from <= hue_deg < self.hue_to
        return hue_deg >= self.hue_from or hue_deg < self.hue_to


@dataclass(frozen=True, slots=True)
class Scheme:
    """A whole circle of colours with a pitch for each."""

    name: str
    description: str
    source: str
    colours: tuple[SchemeColour, ...]

    @property
    def possessive(self) -> str:
        """How a sentence names it: ``"Newton's table"``."""
        return f"{self.name.capitalize()}'s table"

    def colour_at(self, hue_deg: float) -> SchemeColour:
        hue = hue_deg % 360.0
        return next((c for c in self.colours if c.holds(hue)), self.colours[0])


def scheme_named(name: str) -> Scheme:
    """The first scheme of that name in the template folders; raises UsageProblem where there is none."""
    if name in scheme_names():
        for folder in template_folders("schemes"):
            path = folder / f"{name}.toml"
            if path.is_file():
                return read_scheme(path)
    known = ", ".join(scheme_names())
    raise UsageProblem("--scheme", f"{name!r} is not a colour scheme", f"use one of {known}")


def scheme_names() -> list[str]:
    """The names of all schemes that can be used, sorted."""
    folders = [folder for folder in template_folders("schemes") if folder.is_dir()]
    return sorted({path.stem for folder in folders for path in folder.glob("*.toml")})


def read_scheme(path: Path) -> Scheme:
    """The scheme in a TOML file; raises BadInput naming the file and the colour that is wrong."""
    data = read_bytes(path, TEMPLATE_BYTES, "colour scheme")
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(path, f"is not TOML: {error}", "compare it with a shipped scheme") from None
    rows = table.get("colour")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BadInput(path, "has no [[colour]] entries", "compare it with a shipped scheme")
    unknown = sorted(set(table) - {"name", "description", "source", "colour"})
    if unknown:
        raise BadInput(path, f"unknown key {unknown[0]!r}", "use name, description, source and [[colour]]")
    colours = _colours(path, rows)
    _check_circle(path, colours)
    texts = {key: table.get(key, "") for key in ("description", "source")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise BadInput(path, "description and source must be text", "put them in quotes")
    return Scheme(path.stem, texts["description"], texts["source"], colours)


def _colours(path: Path, rows: list[dict[str, Any]]) -> tuple[SchemeColour, ...]:
    checked = [_checked_row(path, number, row) for number, row in enumerate(rows, start=1)]
    ranged = [row for row in checked if "hue_from" in row]
    if ranged and len(ranged) != len(checked):
        raise BadInput(path, "mixes hue_deg with hue_from and hue_to", "write all colours the same way")
    if not ranged:
        checked = _with_limits(checked)
    return tuple(
        SchemeColour(row["name"], float(row["hue_from"]), float(row["hue_to"]), row["pitch"], row["group"])
        for row in checked
    )


def _checked_row(path: Path, number: int, row: dict[str, Any]) -> dict[str, Any]:
    where = f"colour {number}"
    name, pitch, group = row.get("name"), row.get("pitch"), row.get("group")
    if not isinstance(name, str) or not name:
        raise BadInput(path, f"{where} has no name", 'write name = "red"')
    where = f"colour {number} ({name})"
    try:
        pitch_class_of(pitch if isinstance(pitch, str) else "")
    except ValueError:
        raise BadInput(path, f"{where}: pitch {pitch!r} is not a note name", 'write pitch = "F#"') from None
    hues = [key for key in ("hue_deg", "hue_from", "hue_to") if key in row]
    if hues not in (["hue_deg"], ["hue_from", "hue_to"]):
        raise BadInput(path, f"{where} needs hue_deg, or hue_from and hue_to", "write degrees from 0 to 360")
    for key in hues:
        value = row[key]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 360:
            raise BadInput(path, f"{where}: {key} {value!r} is not within 0..360", "write degrees from 0 to 360")
    if group is None:
        middle = float(row[hues[0]])
        group = WARM if middle < 66 or middle >= 295 else COLD
    if group not in (WARM, COLD):
        raise BadInput(path, f"{where}: group {group!r} is neither warm nor cold", 'write group = "warm"')
    return {**row, "group": group}


def _with_limits(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ranges that end half way to the neighbours on the circle."""
    rows = sorted(rows, key=lambda row: row["hue_deg"])
    limits = []
    for row, following in zip(rows, [*rows[1:], rows[0]], strict=True):
        gap = (following["hue_deg"] - row["hue_deg"]) % 360 or 360
        limits.append((row["hue_deg"] + gap / 2) % 360)
    return [{**row, "hue_from": limits[i - 1], "hue_to": limits[i]} for i, row in enumerate(rows)]


def _check_circle(path: Path, colours: tuple[SchemeColour, ...]) -> None:
    for hue in range(360):
        holders = [c.name for c in colours if c.holds(hue + 0.5)]
        if len(holders) != 1 and len(colours) > 1:
            found = f"hue {hue} belongs to " + (" and ".join(holders) or "no colour")
            raise BadInput(path, found, "let each range begin where the one before ends")
