"""The melody of a score in MusicXML (plain or packed) or kern, read with music21.

The melody is the first voice of the part whose name says so, else of the first part (the highest in kern, whose first
column is the bass). Chords give their top note, ties are joined, grace notes left out, repeats read once.

music21 may raise anything on a damaged file and takes minutes on a huge one, so size, notes and metres are checked
before it sees a file.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np

from composer.corpus.abc import UnusableTune
from composer.limits import MEGABYTE, MIDI_NOTES_MUSIC21, SCORE_BYTES
from composer.music.key import Key, key_of_signature
from composer.music.time import TICKS_PER_BEAT, Meter, meter_of

XML_SUFFIXES = (".musicxml", ".xml", ".mxl")
KERN_SUFFIXES = (".krn",)
SCORE_SUFFIXES = (*XML_SUFFIXES, *KERN_SUFFIXES)
MELODY_NAME = re.compile(r"melod|lead|vocal|voice|sing|soprano|solo|tune|chant|gesang|stimme", re.IGNORECASE)
_PARTS_MAX = 64
_METRE_MAX, _SUMMANDS_MAX = 64, 8  # as in 3+2+2/8
_ODD_BARS_SHARE = 0.1  # of the bars may begin off the grid (two halves of a bar around a repeat)

Note = tuple[int, int, int]  # start, end in ticks at 480 to the quarter, MIDI pitch


@dataclass(frozen=True, slots=True)
class ScoreMelody:
    """One line with its bars from tick 0. ``key`` is the written one, ``None`` without one or where it changes.

    ``mode_is_written`` tells a key from a bare signature. ``beats_per_minute`` counts felt beats.
    """

    title: str
    meter: Meter
    notes: tuple[Note, ...]
    key: Key | None
    mode_is_written: bool
    beats_per_minute: float | None


def read_score(content: bytes, suffix: str) -> ScoreMelody:
    """The melody of a score file; raises UnusableTune, whatever music21 does."""
    text = score_text(content, suffix) if suffix in XML_SUFFIXES else _checked_kern(content)
    try:
        return _melody(_parsed(text, suffix), suffix)
    except UnusableTune:
        raise
    except Exception as error:  # music21 documents none of what it raises
        raise UnusableTune(f"cannot be read as a score ({type(error).__name__})") from None


def _parsed(text: str, suffix: str) -> Any:
    from music21 import converter

    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")  # it has opinions on many files, and some it prints
        return converter.parseData(text, format="musicxml" if suffix in XML_SUFFIXES else "humdrum")


def score_text(content: bytes, suffix: str) -> str:
    """The MusicXML in a file, unpacked and safe to parse; raises UnusableTune."""
    if suffix == ".mxl" or content.startswith(b"PK"):
        content = _unpacked(content)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace").replace("UTF-16", "UTF-8", 1).replace("utf-16", "UTF-8", 1)
    else:
        text = content.decode("utf-8-sig", "replace")
    if "<!ENTITY" in text:
        raise UnusableTune("defines entities, which no score needs")
    if "<score-partwise" not in text and "<score-timewise" not in text:
        raise UnusableTune("not MusicXML")
    if text.count("<note") > MIDI_NOTES_MUSIC21:
        raise UnusableTune(f"over {MIDI_NOTES_MUSIC21} notes")
    if text.count("<score-part ") > _PARTS_MAX:
        raise UnusableTune(f"over {_PARTS_MAX} parts")
    if any(_is_large(found) for found in re.findall(r"<beats>([^<]*)<|<beat-type>([^<]*)<", text)):
        raise UnusableTune("a metre that cannot be notated")
    return text


def _is_large(texts: tuple[str, ...]) -> bool:
    """Whether a metre has more than 64 beats or 8 summands, over which music21 takes for ever."""
    numbers = [int(number[:9]) for text in texts for number in re.findall(r"\d+", text)]
    return sum(numbers) > _METRE_MAX or len(numbers) > _SUMMANDS_MAX


def _unpacked(content: bytes) -> bytes:
    """The score inside a packed file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [i for i in archive.infolist() if not i.filename.startswith("META-INF")]
            scores = [i for i in inside if i.filename.lower().endswith((".musicxml", ".xml"))]
            if not scores:
                raise UnusableTune("a packed file without a score")
            if scores[0].file_size > SCORE_BYTES:
                raise UnusableTune(f"unpacks to over {SCORE_BYTES // MEGABYTE} MB")
            with archive.open(scores[0]) as stream:
                return stream.read(SCORE_BYTES)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        raise UnusableTune("a packed file that is damaged") from None


def _checked_kern(content: bytes) -> str:
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    if "**kern" not in text:
        raise UnusableTune("not kern")
    if len(text.split()) > 4 * MIDI_NOTES_MUSIC21:
        raise UnusableTune(f"over {MIDI_NOTES_MUSIC21} notes")
    if any(line.count("\t") >= _PARTS_MAX for line in text.split("\n")):
        raise UnusableTune(f"over {_PARTS_MAX} parts")
    if re.search(r"\*M\d{3,}/|\*M\d+/\d{3,}", text):
        raise UnusableTune("a metre that cannot be notated")
    return text


def _melody(score: Any, suffix: str) -> ScoreMelody:
    part = _melody_part(score, suffix)
    meters = {s.ratioString for s in part.recurse().getElementsByClass("TimeSignature")}
    if len(meters) > 1:
        raise UnusableTune("changes metre")
    try:
        meter = meter_of(meters.pop() if meters else "4/4")
    except ValueError:
        raise UnusableTune("a metre that cannot be notated") from None
    key, mode_is_written = _key(part)
    return ScoreMelody(_title(score), meter, tuple(_notes(part, meter)), key, mode_is_written, _tempo(score, meter))


def _melody_part(score: Any, suffix: str) -> Any:
    """The part that carries the tune."""
    parts = [p for p in getattr(score, "parts", [score]) if any(True for _ in p.recurse().notes)]
    if not parts:
        raise UnusableTune("no notes")
    named = [p for p in parts if MELODY_NAME.search(f"{p.partName or ''}")]
    if named:
        return named[0]
    if suffix in KERN_SUFFIXES:
        return max(parts, key=lambda p: float(np.mean([max(x.ps for x in n.pitches) for n in _pitched(p)] or [0])))
    return parts[0]


def _pitched(part: Any) -> list[Any]:
    return [n for n in part.recurse().notes if not n.duration.isGrace and _sounds(n)]


def _sounds(item: Any) -> bool:
    """Whether ``item`` has pitches: percussion has none, and chord symbols stand among the notes."""
    return not item.isRest and "ChordSymbol" not in item.classes and bool(getattr(item, "pitches", None))


def _notes(part: Any, meter: Meter) -> list[Note]:
    """The first voice in ticks, the first full bar on the grid; raises UnusableTune when bars do not add up."""
    measures = list(part.getElementsByClass("Measure"))
    if not measures:
        raise UnusableTune("no bars")
    starts = [_ticks(m.offset) for m in measures]
    first = starts[1] - starts[0] if len(starts) > 1 else meter.bar_ticks
    shift = meter.bar_ticks - first - starts[0] if 0 < first < meter.bar_ticks else -starts[0]
    if sum((s + shift) % meter.bar_ticks != 0 for s in starts[1:]) > _ODD_BARS_SHARE * len(starts):
        raise UnusableTune("bars that do not add up")
    notes: list[Note] = []
    transposed = _transposition(part)
    for measure, start in zip(measures, starts, strict=True):
        voices = sorted(measure.voices, key=lambda v: str(v.id))
        for item in (voices[0] if voices else measure).notes:
            if item.duration.isGrace or not _sounds(item):
                continue
            at = start + shift + _ticks(item.offset)
            stop, pitch = at + _ticks(item.duration.quarterLength), max(round(p.ps) for p in item.pitches) + transposed
            if not 0 <= pitch <= 127:
                raise UnusableTune("a pitch that no instrument has")
            tied = item.tie is not None and item.tie.type in ("stop", "continue")
            if tied and notes and notes[-1][2] == pitch and notes[-1][1] == at:
                notes[-1] = (notes[-1][0], stop, pitch)
            elif not notes or at >= notes[-1][0] + 1:
                notes.append((at, stop, pitch))
    return notes


def _transposition(part: Any) -> int:
    """Semitones from written to sounding pitch."""
    instrument = next(iter(part.recurse().getElementsByClass("Instrument")), None)
    interval = getattr(instrument, "transposition", None)
    return int(interval.semitones) if interval is not None and part.atSoundingPitch is not True else 0


def _key(part: Any) -> tuple[Key | None, bool]:
    """The one key signature, as a key, and whether its mode is written."""
    signatures = list(part.recurse().getElementsByClass("KeySignature"))  # keys among them: kern writes both
    sharps = {s.sharps for s in signatures}
    if len(sharps) != 1 or not isinstance(found := sharps.pop(), int) or abs(found) > 7:
        return None, False
    modes = {mode for s in signatures if (mode := getattr(s, "mode", None)) in _MODES}
    is_written = len(modes) == 1
    return key_of_signature(found, modes.pop() if is_written else "major"), is_written


_MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian")


def _tempo(score: Any, meter: Meter) -> float | None:
    for mark in score.recurse().getElementsByClass("MetronomeMark"):
        quarters = mark.getQuarterBPM()
        if quarters:
            return round(float(quarters) * TICKS_PER_BEAT / meter.beat_ticks, 2)
    return None


def _title(score: Any) -> str:
    found = score.metadata
    return str((found.title or found.movementName or "") if found is not None else "")


def _ticks(quarters: Any) -> int:
    return round(float(quarters) * TICKS_PER_BEAT)
