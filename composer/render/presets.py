"""What a soundfont says of its presets: which there are, and how much each sends to reverb and chorus by itself.

Read from the ``pdta`` part of an SF2 or SF3 file (SoundFont Technical Specification 2.04, sections 7.2 to 7.9); the
samples are not touched.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CHORUS_SEND, REVERB_SEND, INSTRUMENT, SAMPLE = 15, 16, 41, 53
PRESET_BYTES, INSTRUMENT_BYTES, BAG_BYTES, GENERATOR_BYTES = 38, 22, 4, 4
MOST_BYTES = 64 << 20
SEND_MOST = 1000  # in tenths of a percent
DRUM_BANK = 128


@dataclass(frozen=True, slots=True)
class Sends:
    """What goes to the effects, in tenths of a percent."""

    reverb: int = 0
    chorus: int = 0


class Presets:
    """The presets of a font; an unreadable one has none, and then nothing is known of it."""

    def __init__(self, path: Path) -> None:
        self._parts = _preset_data(path)
        self._bags: dict[tuple[int, int], tuple[int, int]] = {}
        heads = self._parts.get(b"phdr", b"")
        for at in range(0, len(heads) - 2 * PRESET_BYTES + 1, PRESET_BYTES):
            program, bank, first = struct.unpack_from("<HHH", heads, at + 20)
            (last,) = struct.unpack_from("<H", heads, at + PRESET_BYTES + 24)
            self._bags.setdefault((bank, program), (first, last))

    def __bool__(self) -> bool:
        return bool(self._bags)

    def has(self, bank: int, program: int) -> bool:
        return (bank, program) in self._bags

    def sends(self, bank: int, program: int) -> Sends:
        """What most zones of the preset send by themselves; nothing for a preset that is not there."""
        found: Counter[Sends] = Counter()
        common = Sends()
        for generators in self._zones(b"pbag", b"pgen", *self._bags.get((bank, program), (0, 0))):
            own = _sends(generators, common)
            if INSTRUMENT not in generators:
                common = own
                continue
            for inner in self._instrument(generators[INSTRUMENT]):
                found[Sends(_limited(own.reverb + inner.reverb), _limited(own.chorus + inner.chorus))] += 1
        return found.most_common(1)[0][0] if found else common

    def _instrument(self, number: int) -> Iterator[Sends]:
        heads, at = self._parts.get(b"inst", b""), number * INSTRUMENT_BYTES
        if at + 2 * INSTRUMENT_BYTES > len(heads):
            return
        (first,) = struct.unpack_from("<H", heads, at + 20)
        (last,) = struct.unpack_from("<H", heads, at + INSTRUMENT_BYTES + 20)
        common = Sends()
        for generators in self._zones(b"ibag", b"igen", first, last):
            own = _sends(generators, common)
            if SAMPLE in generators:
                yield own
            else:
                common = own

    def _zones(self, bags: bytes, values: bytes, first: int, last: int) -> Iterator[dict[int, int]]:
        """The generators of each zone; amounts as they are stored, from 0 to 65535."""
        places, content = self._parts.get(bags, b""), self._parts.get(values, b"")
        for number in range(first, min(last, len(places) // BAG_BYTES - 1)):
            (start,) = struct.unpack_from("<H", places, number * BAG_BYTES)
            (end,) = struct.unpack_from("<H", places, (number + 1) * BAG_BYTES)
            end = min(end, len(content) // GENERATOR_BYTES)
            yield dict(struct.unpack_from("<HH", content, n * GENERATOR_BYTES) for n in range(start, end))


def _sends(generators: dict[int, int], common: Sends) -> Sends:
    reverb, chorus = generators.get(REVERB_SEND), generators.get(CHORUS_SEND)
    return Sends(
        common.reverb if reverb is None else _signed(reverb), common.chorus if chorus is None else _signed(chorus)
    )


def _signed(amount: int) -> int:
    return amount - 0x1_0000 if amount >= 0x8000 else amount


def _limited(send: int) -> int:
    return max(0, min(SEND_MOST, send))


def _preset_data(path: Path) -> dict[bytes, bytes]:
    """The chunks of the ``pdta`` list; none where the file is no soundfont."""
    try:
        with open(path, "rb") as stream:
            stream.seek(12)
            while len(head := stream.read(12)) == 12:
                size = int.from_bytes(head[4:8], "little")
                if head[:4] == b"LIST" and head[8:] == b"pdta":
                    return dict(_chunks(stream, min(size - 4, MOST_BYTES)))
                stream.seek(size + size % 2 - 4, os.SEEK_CUR)
    except (OSError, ValueError):
        pass
    return {}


def _chunks(stream: IO[bytes], size: int) -> Iterator[tuple[bytes, bytes]]:
    content, at = stream.read(size), 0
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        yield content[at : at + 4], content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
