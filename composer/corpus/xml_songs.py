"""A song for voice and piano from MusicXML, a hundred times faster than music21 and only as much as a song needs.

The voice is the part on one staff that has the words, the piano the part on two staves. Chords, ties, several voices
and irregular bars are read; grace notes are left out; repeats are read once. Two bars that make one together, around
a repeat, count as one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from xml.etree import ElementTree

from composer.corpus.abc import UnusableTune
from composer.corpus.scores import score_text
from composer.corpus.written_song import Note, WrittenSong, changes_of, one_line
from composer.errors import printable
from composer.music.time import TICKS_PER_BEAT, Meter, meter_of

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(slots=True)
class _Part:
    """What is read of one part; times in ticks from the start of each bar, ``lengths`` are those of its bars."""

    notes: list[tuple[int, int, int, int]] = field(default_factory=list)  # bar, start, end, pitch
    ties: set[int] = field(default_factory=set)  # indices of notes that continue the one before
    lengths: list[int] = field(default_factory=list)
    meters: list[tuple[int, Meter]] = field(default_factory=list)  # bar
    tempi: list[tuple[int, int, float]] = field(default_factory=list)  # bar, tick, quarters a minute
    staves: int = 1
    words: int = 0


def xml_song(content: bytes, name: str) -> WrittenSong:
    """The song in a score; raises UnusableTune for anything but one voice and a piano."""
    try:
        root = ElementTree.fromstring(score_text(content, Path(name).suffix.lower()))
        parts = [_read_part(part) for part in root.findall("part")]
        voice, piano = _voice_and_piano(parts)
        return _song(root, Path(name).stem, parts, voice, piano)
    except (ElementTree.ParseError, ValueError, ArithmeticError, LookupError, TypeError) as error:
        raise UnusableTune(f"cannot be read as a score ({type(error).__name__})") from None


def _voice_and_piano(parts: list[_Part]) -> tuple[_Part, _Part]:
    voices = [part for part in parts if part.staves == 1 and part.words]
    pianos = [part for part in parts if part.staves == 2]
    if len(parts) != 2 or len(voices) != 1 or len(pianos) != 1:
        raise UnusableTune("not one voice with words and a piano on two staves")
    return voices[0], pianos[0]


def _song(root: ElementTree.Element, name: str, parts: list[_Part], voice: _Part, piano: _Part) -> WrittenSong:
    bars = max(len(part.lengths) for part in parts)
    lengths = [max((p.lengths[bar] for p in parts if bar < len(p.lengths)), default=0) for bar in range(bars)]
    starts = list(accumulate(lengths, initial=0))
    meters = changes_of([(starts[bar], meter) for bar, meter in (voice.meters or piano.meters)])
    tempi = sorted((starts[bar] + tick, bpm) for part in parts for bar, tick, bpm in part.tempi)
    creators = [c.text or "" for c in root.iterfind("identification/creator") if c.get("type") == "composer"]
    titles = [root.findtext("movement-title"), root.findtext("work/work-title"), name]
    return WrittenSong(
        name, printable(creators[0] if creators else ""), printable(next(t for t in titles if t)),
        one_line(_sounding(voice, starts)), tuple(_sounding(piano, starts)), meters, tuple(tempi),
        tuple(_whole_bars(starts, meters)),
    )  # fmt: skip


def _whole_bars(starts: list[int], meters: tuple[tuple[int, Meter], ...]) -> list[int]:
    """``starts`` without those inside a bar that two short ones make, the end of the last bar included."""
    kept = starts[:1]
    for index in range(1, len(starts)):
        here = starts[index]
        meter = next(meter for tick, meter in reversed(meters) if tick < max(here, 1))
        follows = index + 1 < len(starts) and starts[index + 1] - kept[-1] == meter.bar_ticks
        if index == 1 or here - kept[-1] >= meter.bar_ticks or not follows:
            kept.append(here)
    return kept


def _sounding(part: _Part, starts: list[int]) -> list[Note]:
    """The notes in ticks of the song, ties joined, by start, then pitch."""
    notes: list[Note] = []
    last: dict[int, int] = {}  # pitch -> its last note
    for index, (bar, start, stop, pitch) in enumerate(part.notes):
        start, stop = starts[bar] + start, starts[bar] + stop
        before = last.get(pitch)
        if index in part.ties and before is not None and notes[before][1] == start:
            notes[before] = (notes[before][0], stop, pitch)
        elif stop > start:
            last[pitch] = len(notes)
            notes.append((start, stop, pitch))
    return sorted(set(notes), key=lambda n: (n[0], n[2], n[1]))


def _read_part(element: ElementTree.Element) -> _Part:
    part, divisions, transposed = _Part(), 1.0, 0
    for bar, measure in enumerate(element.iterfind("measure")):
        now = longest = begun = 0.0  # in quarters
        for item in measure:
            if item.tag == "attributes":
                divisions = float(item.findtext("divisions") or divisions)
                transposed = _transposition(item, transposed)
                _attributes(part, item, bar)
            elif item.tag in ("backup", "forward"):
                now += (1 if item.tag == "forward" else -1) * float(item.findtext("duration") or 0) / divisions
            elif item.tag in ("direction", "sound"):
                _tempo(part, item, bar, _ticks(now))
            elif item.tag == "note" and item.find("grace") is None:
                length = float(item.findtext("duration") or 0) / divisions
                begun = begun if item.find("chord") is not None else now
                _note(part, item, bar, _ticks(begun), _ticks(begun + length), transposed)
                now = max(now, begun + length) if item.find("chord") is not None else begun + length
            longest = max(longest, now)
        part.lengths.append(_ticks(longest))
    return part


def _attributes(part: _Part, item: ElementTree.Element, bar: int) -> None:
    part.staves = max(part.staves, int(item.findtext("staves") or 1))
    beats, unit = item.findtext("time/beats"), item.findtext("time/beat-type")
    if beats and unit:
        part.meters.append((bar, meter_of(f"{beats}/{unit}")))


def _transposition(item: ElementTree.Element, before: int) -> int:
    found = item.find("transpose")
    if found is None:
        return before
    return int(found.findtext("chromatic") or 0) + 12 * int(found.findtext("octave-change") or 0)


def _tempo(part: _Part, item: ElementTree.Element, bar: int, tick: int) -> None:
    sound = item if item.tag == "sound" else item.find("sound")
    bpm = float(sound.get("tempo") or 0) if sound is not None else 0.0
    if 0 < bpm < 1000:
        part.tempi.append((bar, tick, round(bpm, 2)))


def _note(part: _Part, item: ElementTree.Element, bar: int, start: int, stop: int, transposed: int) -> None:
    pitch = item.find("pitch")
    if pitch is None:
        return
    alter = round(float(pitch.findtext("alter") or 0))
    midi = 12 * (int(pitch.findtext("octave") or 4) + 1) + _STEPS[pitch.findtext("step") or "C"] + alter + transposed
    if not 0 <= midi <= 127:
        raise UnusableTune("a pitch that no instrument has")
    if any(tie.get("type") == "stop" for tie in item.iterfind("tie")):
        part.ties.add(len(part.notes))
    part.words += item.find("lyric") is not None
    part.notes.append((bar, start, stop, midi))


def _ticks(quarters: float) -> int:
    return round(quarters * TICKS_PER_BEAT)
