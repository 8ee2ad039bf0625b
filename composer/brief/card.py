"""The brief at a glance: one PNG of 1200 x 675 with the picture, its colours as notes, its curves and the choices."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from composer.brief.analyse import BriefResult
from composer.errors import counted
from composer.formats.brief.brief import Brief, Colour, Curves
from composer.formats.brief.form import SectionPlan
from composer.formats.typeface import font_for, printable
from composer.music.key import Key
from composer.music.pitch import pitch_class_of
from composer.music.time import TICKS_PER_BEAT

WIDTH, HEIGHT = 1200, 675
_SCALE = 2  # drawn at twice the size and averaged down, for smooth lines

_PAPER, _INK, _SOFT, _RULE = (250, 248, 244), (28, 30, 34), (104, 106, 112), (218, 214, 206)
_BAND = (242, 238, 231)
_CURVE_INKS = {"energy": (196, 78, 53), "density": (46, 111, 142), "register": (94, 114, 60)}

_MARGIN, _GUTTER, _LEFT_WIDTH = 48, 44, 336
_RIGHT = _MARGIN + _LEFT_WIDTH + _GUTTER
_RIGHT_WIDTH = WIDTH - _MARGIN - _RIGHT
_TOP = 118
_PICTURE_HEIGHT = 236
_REASON_COLUMN, _REASONS_TOP, _REASONS_HEIGHT = 72, _TOP + 306.0, 240
_LINES = 12  # of a reason; more than fit into the height
_TRIM = 0.12  # of the aspect, that may be cut off so that a picture fills its place

# Field of ``because`` -> its caption on the card.
_REASONS = {
    "key": "Key",
    "tempo_bpm": "Tempo",
    "meter": "Metre",
    "form": "Form",
    "melody": "Melody",
    "accompaniment": "Style",
}


@dataclass(frozen=True, slots=True)
class _Canvas:
    """Drawing in card coordinates on the larger image."""

    image: Image.Image
    draw: ImageDraw.ImageDraw

    def text(
        self, x: float, y: float, text: str, size: float, ink: tuple[int, int, int] = _INK, anchor: str = "ls"
    ) -> None:
        """``anchor`` as Pillow has it: ``ls`` puts the left end of the base line at x, y."""
        shown = printable(text)
        self.draw.text((x * _SCALE, y * _SCALE), shown, font=font_for(shown, size * _SCALE), fill=ink, anchor=anchor)

    def box(self, x: float, y: float, width: float, height: float, fill: tuple[int, int, int]) -> None:
        corners = (
            round(x * _SCALE),
            round(y * _SCALE),
            round((x + width) * _SCALE) - 1,
            round((y + height) * _SCALE) - 1,
        )
        if corners[2] >= corners[0] and corners[3] >= corners[1]:
            self.draw.rectangle(corners, fill=fill)

    def line(self, points: list[tuple[float, float]], ink: tuple[int, int, int], width: float = 1.0) -> None:
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self.draw.line(scaled, fill=ink, width=round(width * _SCALE), joint="curve")

    def area(self, points: list[tuple[float, float]], fill: tuple[int, int, int]) -> None:
        self.draw.polygon([(x * _SCALE, y * _SCALE) for x, y in points], fill=fill)


def card_png(result: BriefResult) -> bytes:
    """The card as the bytes of a PNG file, the same bytes for the same brief."""
    image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _PAPER)
    canvas = _Canvas(image, ImageDraw.Draw(image))
    brief = result.brief
    _draw_heading(canvas, brief)
    _draw_picture(canvas, result)
    _draw_palette(canvas, brief.palette, brief.key.key)
    _draw_facts(canvas, brief)
    _draw_curves(canvas, brief)
    _draw_reasons(canvas, brief)
    stream = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.BOX).save(stream, "PNG")
    return stream.getvalue()


def _draw_heading(canvas: _Canvas, brief: Brief) -> None:
    canvas.text(_MARGIN, 66, _fitted(brief.title, 34, WIDTH - 2 * _MARGIN - 340), 34)
    kind = f"{brief.picture_type}  ·  " if brief.picture_type else ""
    canvas.text(WIDTH - _MARGIN, 66, f"{kind}preset {brief.preset}  ·  {brief.scheme} colours", 15, _SOFT, "rs")
    canvas.box(_MARGIN, 86, WIDTH - 2 * _MARGIN, 1, _RULE)


def _draw_picture(canvas: _Canvas, result: BriefResult) -> None:
    """The picture in its place: trimmed a little where that fills the place, else whole on a faint mount."""
    picture = Image.fromarray(result.picture)
    place = (_LEFT_WIDTH * _SCALE, _PICTURE_HEIGHT * _SCALE)
    smooth = Image.Resampling.NEAREST if max(picture.size) < 64 else Image.Resampling.LANCZOS
    left, top = _MARGIN * _SCALE, _TOP * _SCALE
    if abs(math.log(picture.width / picture.height * place[1] / place[0])) < _TRIM:
        canvas.image.paste(ImageOps.fit(picture, place, smooth), (left, top))
        return
    scale = min(place[0] / picture.width, place[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    canvas.box(_MARGIN, _TOP, _LEFT_WIDTH, _PICTURE_HEIGHT, _BAND)
    at = (left + (place[0] - size[0]) // 2, top + (place[1] - size[1]) // 2)
    canvas.image.paste(picture.resize(size, smooth), at)


def _draw_palette(canvas: _Canvas, palette: list[Colour], key: Key) -> None:
    """A bar of the colours by their shares, and a line for each with its note as ``key`` spells it."""
    top = _TOP + _PICTURE_HEIGHT + 22
    total, x = sum(c.share for c in palette) or 1.0, float(_MARGIN)
    for colour in palette:
        width = colour.share / total * _LEFT_WIDTH
        canvas.box(x, top, width, 34, _rgb(colour))
        x += width
    y = top + 62.0
    for colour in palette:
        canvas.box(_MARGIN, y - 12, 14, 14, _RULE)
        canvas.box(_MARGIN + 1, y - 11, 12, 12, _rgb(colour))
        canvas.text(_MARGIN + 26, y, _fitted(colour.name, 15, 190), 15)
        tone = key.plain_spellings[pitch_class_of(colour.pitch)] if colour.pitch else "-"
        canvas.text(_MARGIN + _LEFT_WIDTH - 76, y, tone, 15, _INK if colour.pitch else _SOFT, "ms")
        canvas.text(_MARGIN + _LEFT_WIDTH, y, f"{100 * colour.share:.0f} %", 15, _SOFT, "rs")
        y += 26


def _draw_facts(canvas: _Canvas, brief: Brief) -> None:
    seconds = brief.bars * brief.time.bar_ticks / TICKS_PER_BEAT * 60 / brief.tempo_bpm
    facts = (
        ("Key", f"{brief.key.tonic} {brief.key.mode}"),
        ("Tempo", f"{brief.tempo_bpm:g} bpm"),
        ("Metre", brief.meter),
        ("Length", f"{counted(brief.bars, 'bar')}, {seconds:.0f} s"),
    )
    for (caption, value), x, width in zip(facts, (0, 220, 390, 500), (206, 156, 96, 224), strict=True):
        canvas.text(_RIGHT + x, _TOP + 11, caption, 14, _SOFT)
        canvas.text(_RIGHT + x, _TOP + 44, value, _size_for(value, 28, width))
    canvas.text(_RIGHT, _TOP + 80, _fitted(_players(brief), 16, _RIGHT_WIDTH), 16)


def _players(brief: Brief) -> str:
    """``"violin over a waltz on accordion, acoustic bass, drums"``."""
    if brief.ensemble:
        return f"{brief.ensemble}, accompaniment in the style {brief.accompaniment.style}"
    style = {"learned": "learned figures"}.get(brief.accompaniment.style, brief.accompaniment.style)
    parts = [f"{brief.melody.instrument} over {style} on {brief.accompaniment.instrument}"]
    if brief.bass:
        parts.append(brief.bass.instrument)
    if brief.drums:
        parts.append("drums")
    return ", ".join(parts)


def _draw_curves(canvas: _Canvas, brief: Brief) -> None:
    """Three strips over the width of the picture, cut by the sections."""
    left, width, top, strip = _RIGHT + 72.0, _RIGHT_WIDTH - 72.0, _TOP + 128.0, 38.0
    bottom = top + 3 * (strip + 8) - 8
    _draw_sections(canvas, brief.form, left, width, top, bottom)
    curves = brief.curves or Curves(energy=[0.5], density=[0.5], register=[0.0])
    rows = {"energy": curves.energy, "density": curves.density, "register": [(v + 1) / 2 for v in curves.register_]}
    y = top
    for name, values in rows.items():
        ink = _CURVE_INKS[name]
        canvas.text(_RIGHT, y + strip / 2 + 5, name, 14, ink)
        base = y + strip
        step = width / len(values)
        points = [(left + (i + 0.5) * step, base - 2 - v * (strip - 4)) for i, v in enumerate(values)]
        points = [(left, points[0][1]), *points, (left + width, points[-1][1])]
        canvas.area([(left, base), *points, (left + width, base)], _tint(ink))
        canvas.line(points, ink, 1.6)
        y += strip + 8
    _draw_borders(canvas, brief.form, left, width, top, bottom)


def _draw_sections(
    canvas: _Canvas, form: list[SectionPlan], left: float, width: float, top: float, bottom: float
) -> None:
    total, at = sum(s.bars for s in form), 0
    for number, section in enumerate(form):
        x, span = left + at / total * width, section.bars / total * width
        if number % 2 == 0:
            canvas.box(x, top - 26, span, bottom - top + 26, _BAND)
        label = section.name if span < 64 else f"{section.name}  {counted(section.bars, 'bar')}"
        if span >= _width(label, 14) + 4:
            canvas.text(x + span / 2, top - 8, label, 14, _INK, "ms")
        at += section.bars


def _draw_borders(
    canvas: _Canvas, form: list[SectionPlan], left: float, width: float, top: float, bottom: float
) -> None:
    total, at = sum(s.bars for s in form), 0
    for section in form[:-1]:
        at += section.bars
        canvas.box(left + at / total * width - 0.5, top - 26, 1, bottom - top + 26, _PAPER)


def _draw_reasons(canvas: _Canvas, brief: Brief) -> None:
    """The reason for each main choice, in full: smaller where there is much to say, cut only where nothing helps."""
    told = [(caption, brief.because[field].evidence) for field, caption in _REASONS.items() if field in brief.because]
    for size, limit in ((14, _LINES), (13, _LINES), (12, _LINES), (11, _LINES), (11, 2)):
        reasons = [(caption, _wrapped(text, size, _RIGHT_WIDTH - _REASON_COLUMN, limit)) for caption, text in told]
        pitch, gap = size + 4, size - 8
        if sum(len(lines) * pitch + gap for _, lines in reasons) <= _REASONS_HEIGHT:
            break
    y = _REASONS_TOP
    for caption, lines in reasons:
        canvas.text(_RIGHT, y, caption, size, _SOFT)
        for line in lines:
            canvas.text(_RIGHT + _REASON_COLUMN, y, line, size)
            y += pitch
        y += gap


def _width(text: str, size: float) -> float:
    shown = printable(text)
    return font_for(shown, size * _SCALE).getlength(shown) / _SCALE


def _size_for(text: str, size: float, width: float) -> float:
    """The largest size up to ``size`` at which the text is no wider than ``width``."""
    return min(size, size * width / max(_width(text, size), 1.0))


def _fitted(text: str, size: float, width: float) -> str:
    if _width(text, size) <= width:
        return text
    while text and _width(text + "...", size) > width:
        text = text[:-1]
    return text.rstrip() + "..."


def _wrapped(text: str, size: float, width: float, limit: int) -> list[str]:
    """Up to ``limit`` lines; the last one ends in dots where something had to go."""
    words, lines = text.split(), [""]
    for number, word in enumerate(words):
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer, size) <= width:
            lines[-1] = longer
        elif len(lines) == limit:
            lines[-1] = _fitted(" ".join([lines[-1], *words[number:]]), size, width)
            break
        else:
            lines.append(word)
    return lines


def _rgb(colour: Colour) -> tuple[int, int, int]:
    return int(colour.hex[1:3], 16), int(colour.hex[3:5], 16), int(colour.hex[5:7], 16)


def _tint(ink: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = (round(0.22 * a + 0.78 * b) for a, b in zip(ink, _PAPER, strict=True))
    return red, green, blue
