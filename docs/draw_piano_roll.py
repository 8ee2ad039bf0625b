"""Draws a MIDI file of composer as a piano roll with sections and chord symbols.

python docs/draw_piano_roll.py lake.mid roll.png
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import mido
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, SCALE = 1200, 420, 2
LEFT, RIGHT, TOP, BOTTOM = 48, 24, 84, 44
PAPER, INK, SOFT, RULE = (250, 248, 244), (28, 30, 34), (104, 106, 112), (226, 222, 214)
INKS = ((196, 78, 53), (46, 111, 142), (94, 114, 60), (132, 88, 140), (150, 120, 50))

Note = tuple[int, int, int, int]  # start, end in ticks, pitch, velocity


def notes_of(track: mido.MidiTrack) -> Iterator[Note]:
    """The notes of a track, drums left out."""
    now, sounding = 0, {}
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity and message.channel != 9:
            sounding[message.note] = (now, message.velocity)
        elif message.type in ("note_on", "note_off") and message.note in sounding:
            start, velocity = sounding.pop(message.note)
            yield start, now, message.note, velocity


def texts_of(track: mido.MidiTrack, kind: str) -> list[tuple[int, str]]:
    """(tick, text) of the markers or text events of a track."""
    now, found = 0, []
    for message in track:
        now += message.time
        if message.type == kind:
            found.append((now, message.text))
    return found


def bar_ticks_of(song: mido.MidiFile) -> int:
    """Ticks of a bar in the first metre, 4/4 where the file has none."""
    meter = next((m for track in song.tracks for m in track if m.type == "time_signature"), None)
    return int(song.ticks_per_beat * 4 * (meter.numerator / meter.denominator if meter else 1))


class Roll:
    """The drawing of one song."""

    def __init__(self, song: mido.MidiFile) -> None:
        self.song = song
        self.end: int = max(sum(m.time for m in track) for track in song.tracks)
        self.parts = [(t.name, notes) for t in song.tracks if (notes := list(notes_of(t)))]
        pitches = [pitch for _, notes in self.parts for _, _, pitch, _ in notes]
        self.low, self.high = min(pitches) - 1, max(pitches) + 2
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def drawn(self) -> Image.Image:
        self.bars()
        for number, (_, notes) in reversed(list(enumerate(self.parts))):
            for start, end, pitch, velocity in notes:
                self.note(start, end, pitch, velocity, INKS[number % len(INKS)])
        for tick, text in texts_of(self.song.tracks[0], "marker"):
            self.text(self.x(tick) + 4, 40, text, 15, INK)
        free = 0.0
        for tick, text in texts_of(self.song.tracks[-1], "text"):
            # A symbol that would run into the one before it goes a row lower.
            self.text(self.x(tick) + 4, 66 if self.x(tick) >= free else 78, text, 11, SOFT)
            free = self.x(tick) + 7 * len(text) + 4
        self.legend()
        return self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    def bars(self) -> None:
        sections = {tick for tick, _ in texts_of(self.song.tracks[0], "marker")}
        for tick in range(0, self.end + 1, bar_ticks_of(self.song)):
            top = 28 if tick in sections else TOP
            self.draw.line(
                [self.at(self.x(tick), top), self.at(self.x(tick), HEIGHT - BOTTOM)],
                fill=SOFT if tick in sections else RULE,
                width=SCALE,
            )

    def note(self, start: int, end: int, pitch: int, velocity: int, ink: tuple[int, int, int]) -> None:
        """A bar whose strength of colour is its loudness."""
        share = 0.45 + 0.55 * velocity / 127
        colour = tuple(round(p + (i - p) * share) for p, i in zip(PAPER, ink, strict=True))
        corners = [self.at(self.x(start), self.y(pitch + 1)), self.at(self.x(end) - 1, self.y(pitch))]
        self.draw.rounded_rectangle(corners, radius=2 * SCALE, fill=colour)

    def legend(self) -> None:
        x = float(LEFT)
        for number, (name, _) in enumerate(self.parts):
            self.draw.rectangle([self.at(x, HEIGHT - 26), self.at(x + 12, HEIGHT - 16)], fill=INKS[number % len(INKS)])
            self.text(x + 18, HEIGHT - 16, name, 13, INK)
            x += 18 + self.draw.textlength(name, font=ImageFont.load_default(13 * SCALE)) / SCALE + 24

    def text(self, x: float, y: float, text: str, size: int, ink: tuple[int, int, int]) -> None:
        self.draw.text(self.at(x, y), text, fill=ink, font=ImageFont.load_default(size * SCALE), anchor="ls")

    def x(self, tick: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * tick / self.end

    def y(self, pitch: int) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (pitch - self.low) / float(self.high - self.low)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return x * SCALE, y * SCALE


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    Roll(mido.MidiFile(source)).drawn().save(target, optimize=True)
    print(target)
