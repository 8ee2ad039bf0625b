"""A piece as MusicXML, engraved the way a musician expects it: staves, voices, beams, chord symbols, section letters.

music21 builds and writes the score; what it would stamp in (the date, its version, random ids) is replaced, so that
the same piece gives the same bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

from music21 import (
    bar,
    clef,
    expressions,
    layout,
    metadata,
    meter,
    note,
    stream,
    tempo,
)  # fmt: skip
from music21.musicxml.m21ToXml import ScoreExporter
from music21.stream.makeNotation import makeTupletBrackets

from composer.formats.score.engraving import (
    DRUM_NAMES,
    MIDDLE_C,
    clean_text,
    clef_of,
    element_of,
    hit_of,
    instrument_of,
    printed_parts,
    quarters,
    remark,
    signature_of,
    sing,
    symbol_of,
)
from composer.formats.score.notation import Value, Written, in_bars, in_voices, on_grid
from composer.music.instruments import instrument_of_program
from composer.music.key import Key
from composer.music.notes import CHORDS, Part, Piece
from composer.music.time import TICKS_PER_BEAT

# Instruments on two staves.
_GRAND = frozenset(("piano", "electric piano", "harpsichord", "organ", "celesta", "harp"))
# A bar that stays below or above these is written in one hand, at the price of three ledger lines.
LEFT_HAND_HIGH, RIGHT_HAND_LOW = 67, 53
# In the last bar a tempo of at least this share of the one before is its ritardando, and printed as the word.
_SLOWING, RITARDANDO = 0.7, "rit."
# A tempo is printed when it differs by this share from the one before it and holds for a bar.
_TEMPO_CHANGE = 0.04
_DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)


def musicxml_bytes(piece: Piece) -> bytes:
    """The score of ``piece`` as MusicXML (partwise, UTF-8); the same piece gives the same bytes."""
    piece = replace(piece, parts=printed_parts(piece.parts))
    score = stream.Score()
    score.metadata = metadata.Metadata(title=clean_text(piece.title) or "Untitled")
    for number, part in enumerate(piece.parts):
        staves = _staves(part, piece, number)
        if part.lyrics:
            sing(staves, part, piece.meter)
        for staff in staves:
            score.insert(0, staff)
        pair = [s for s in score.parts if str(s.id).startswith(f"P{number + 1}-Staff")]
        if len(pair) == 2:
            score.insert(0, layout.StaffGroup(pair, name=clean_text(part.name), symbol="brace", barTogether=True))
    if not piece.parts:
        score.insert(0, _staff(Part("Empty", CHORDS, 0, ()), (), piece, "P1", first=True))
    exporter = ScoreExporter(score, makeNotation=False)
    return _settled(exporter.parse(), piece)


def _staves(part: Part, piece: Piece, number: int) -> list[stream.Part]:
    """One staff, or the two of a piano where both hands have something to read."""
    name = f"P{number + 1}"
    first = number == 0
    if part.is_drums:
        return [_drum_staff(part, piece, name, first)]
    written = on_grid(part.notes, piece.meter, _changes(piece))
    upper, lower = _split(written, piece) if _is_grand(part) else (written, [])
    is_low = not upper and isinstance(clef_of(part, [p for w in written for p in w.pitches]), clef.BassClef)
    if not lower or is_low:
        return [_staff(part, written, piece, name, first=first)]
    return [
        _staff(part, upper, piece, f"{name}-Staff1", first=first, sign=clef.TrebleClef()),
        _staff(part, lower, piece, f"{name}-Staff2", first=False, sign=clef.BassClef()),
    ]


def _changes(piece: Piece) -> list[int]:
    """The ticks where another chord begins."""
    return [after.start for before, after in pairwise(piece.chords) if after.chord != before.chord]


def _is_grand(part: Part) -> bool:
    if part.role != CHORDS or instrument_of_program(part.program).name not in _GRAND or not part.notes:
        return False
    return min(n.pitch for n in part.notes) < 53


def _split(written: Sequence[Written], piece: Piece) -> tuple[list[Written], list[Written]]:
    """Right hand and left hand: whole bars where one hand reaches everything, else at middle C."""
    hands: tuple[list[Written], list[Written]] = ([], [])
    bars: dict[int, list[Written]] = {}
    for item in written:
        bars.setdefault(item.start // piece.meter.bar_ticks, []).append(item)
    for items in bars.values():
        low, high = min(i.pitches[0] for i in items), max(i.pitches[-1] for i in items)
        for item in items:
            left = high <= LEFT_HAND_HIGH or (low < RIGHT_HAND_LOW and item.pitches[0] < MIDDLE_C)
            hands[left].append(item)
    return hands


def _staff(
    part: Part, written: Sequence[Written], piece: Piece, name: str, *, first: bool, sign: clef.Clef | None = None
) -> stream.Part:
    voices = in_voices(written)
    main = in_bars(voices[0], piece.bars or 1, piece.meter)
    second = in_bars(voices[1], piece.bars or 1, piece.meter, rests=False)
    measures = []
    for number, (upper, lower) in enumerate(zip(main, second, strict=True)):
        if lower and not any(v.pitches for v in upper):
            upper, lower = [replace(v, hidden=False) for v in lower], []
        measures.append(_measure(number, upper, lower, piece))
    sign = sign or clef_of(part, [p for w in written for p in w.pitches])
    return _assembled(measures, part, piece, name, sign, first)


def _measure(number: int, upper: Sequence[Value], lower: Sequence[Value], piece: Piece) -> stream.Measure:
    measure = stream.Measure(number=number + 1)
    start = number * piece.meter.bar_ticks
    if lower:
        for index, values in enumerate((upper, lower)):
            voice = stream.Voice(id=str(index + 1))
            _fill(voice, values, start, "up" if index == 0 else "down", piece)
            measure.insert(0, voice)
    else:
        _fill(measure, upper, start, None, piece)
    return measure


def _fill(
    target: stream.Stream[note.GeneralNote],
    values: Sequence[Value],
    start: int,
    stem: str | None,
    piece: Piece,
) -> None:
    for value in values:
        element = element_of(value, _names_at(piece, start + value.offset), piece.meter.bar_ticks)
        if stem and isinstance(element, note.NotRest):
            element.stemDirection = stem
        target.insert(quarters(value.offset), element)


def _drum_staff(part: Part, piece: Piece, name: str, first: bool) -> stream.Part:
    """Every hit written until the next one, so that the page shows the rhythm and not the length of a sample."""
    hits = on_grid(part.notes, piece.meter)
    onsets = [*sorted({w.start for w in hits}), piece.length]
    following = dict(pairwise(onsets))
    held = [
        Written(w.start, max(min(following[w.start], _beat_end(w.start, piece)), w.start + 1), w.pitches) for w in hits
    ]
    voice = in_voices(held)[0]
    measures = []
    for number, values in enumerate(in_bars(voice, piece.bars or 1, piece.meter)):
        measure = stream.Measure(number=number + 1)
        for value in values:
            measure.insert(quarters(value.offset), hit_of(value, piece.meter.bar_ticks, f"{number}-{value.offset}"))
        measures.append(measure)
    return _assembled(measures, part, piece, name, clef.PercussionClef(), first)


def _beat_end(tick: int, piece: Piece) -> int:
    return (tick // piece.meter.beat_ticks + 1) * piece.meter.beat_ticks


def _assembled(
    measures: list[stream.Measure], part: Part, piece: Piece, name: str, sign: clef.Clef, first: bool
) -> stream.Part:
    """Measures with clef, key and metre in front, marks above, beams, accidentals and a final bar line."""
    staff = stream.PartStaff(id=name) if "-Staff" in name else stream.Part(id=name)
    staff.partName = clean_text(part.name)
    staff.insert(0, instrument_of(part))
    measures[0].insert(0, sign)
    if not part.is_drums:
        measures[0].insert(0, signature_of(piece.key))
        for tick, later in piece.keys:
            measures[min(tick // piece.meter.bar_ticks, len(measures) - 1)].insert(0, signature_of(later))
    measures[0].insert(0, meter.TimeSignature(str(piece.meter)))
    if first:
        _mark(measures, piece)
    measures[-1].rightBarline = bar.Barline("final")
    bar_length = quarters(piece.meter.bar_ticks)
    for number, measure in enumerate(measures):
        staff.insert(number * bar_length, measure)
    staff.makeBeams(inPlace=True, setStemDirections=False)
    for measure in measures:
        for voice in measure.voices or (measure,):
            makeTupletBrackets(voice, inPlace=True)
    if not part.is_drums:
        staff.makeAccidentals(inPlace=True, cautionaryNotImmediateRepeat=False)
    return staff


def _key_at(piece: Piece, tick: int) -> Key:
    return next((k for start, k in reversed(piece.keys) if start <= tick), piece.key)


def _names_at(piece: Piece, tick: int) -> tuple[str, ...]:
    """How the twelve pitch classes are spelled at a tick: by key and chord."""
    key = _key_at(piece, tick)
    after = bisect_right(piece.chords, tick, key=lambda span: span.start)
    span = piece.chords[after - 1] if after else None
    return span.chord.spellings_in(key) if span and tick < span.end else key.spellings


def _mark(measures: list[stream.Measure], piece: Piece) -> None:
    """Tempo, section letters, double bars and chord symbols, over the first staff only."""
    bar_ticks = piece.meter.bar_ticks
    before = 0.0
    for number, beats in _printed_tempi(piece):
        slows = _SLOWING <= beats / before < 1 if before and number == piece.bars - 1 else False
        measures[number].insert(0, _slowing(piece, beats) if slows else _tempo_mark(piece, beats))
        before = beats
    for marker in piece.markers:
        number = marker.tick // bar_ticks
        if number < len(measures) and clean_text(marker.text):
            if not marker.is_section:
                measures[number].insert(quarters(marker.tick % bar_ticks), remark(marker.text))
                continue
            letter = expressions.RehearsalMark(clean_text(marker.text))
            letter.placement = "above"
            measures[number].insert(quarters(marker.tick % bar_ticks), letter)
            if number:
                measures[number - 1].rightBarline = bar.Barline("double")
    previous = None
    for span in piece.chords:
        if span.chord != previous and span.start // bar_ticks < len(measures):
            symbol = symbol_of(span.chord, span.chord.spellings_in(_key_at(piece, span.start)))
            measures[span.start // bar_ticks].insert(quarters(span.start % bar_ticks), symbol)
        previous = span.chord


def _tempo_mark(piece: Piece, beats: float) -> tempo.MetronomeMark:
    return tempo.MetronomeMark(number=round(beats), referent=quarters(piece.meter.beat_ticks))


def _slowing(piece: Piece, beats: float) -> tempo.MetronomeMark:
    """A tempo that is heard and not printed; ``_settled`` puts the word for it in its place."""
    return tempo.MetronomeMark(numberSounding=round(beats), referent=quarters(piece.meter.beat_ticks))


def _printed_tempi(piece: Piece) -> list[tuple[int, float]]:
    """(bar, beats a minute) of the tempi that a reader needs: the first, and each that stays for a bar or more."""
    changes = sorted(piece.tempi, key=lambda t: t.tick)
    printed: list[tuple[int, float]] = []
    for change, end in zip(changes, [*(c.tick for c in changes[1:]), piece.length], strict=True):
        beats = change.bpm * TICKS_PER_BEAT / piece.meter.beat_ticks
        number = change.tick // piece.meter.bar_ticks
        lasts = not printed or end - change.tick >= piece.meter.bar_ticks
        is_new = not printed or abs(beats / printed[-1][1] - 1) > _TEMPO_CHANGE
        if lasts and is_new and number < max(piece.bars, 1):
            printed.append((number, beats))
    return printed


def _settled(root: ElementTree.Element, piece: Piece) -> bytes:
    """The document with fixed ids and without stamps of time and version."""
    for identification in root.iter("identification"):
        for stamped in [c for c in identification if c.tag in ("creator", "encoding")]:
            identification.remove(stamped)
    names: dict[str, str] = {}
    for number, score_part in enumerate(root.iter("score-part")):
        names[score_part.get("id", "")] = f"P{number + 1}"
        for child in score_part.iter("score-instrument"):
            names[child.get("id", "")] = f"P{number + 1}-I1"
    for element in root.iter():
        if element.get("id") in names and element.tag != "note":
            element.set("id", names[element.get("id", "")])
    for measure in root.iter("measure"):
        _number_lower_voices(measure)
    for direction in root.iter("direction"):
        direction.set("placement", "above")
        words = direction.find("direction-type/words")
        if words is not None and not words.text:
            words.text = RITARDANDO
            words.set("font-style", "italic")
    _tell_apart(root)
    for symbol in root.iter("harmony"):
        _without_naturals(symbol)
    for part, music in zip(piece.parts, root.iter("part"), strict=False):
        if part.is_drums:
            _name_drums(root, music)
    for comment in [c for c in root if not isinstance(c.tag, str)]:
        root.remove(comment)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_DOCTYPE}\n{body}\n'.encode()


def _tell_apart(root: ElementTree.Element) -> None:
    """Put whole names where two players would have one abbreviation."""
    players = list(root.iter("score-part"))
    short = [player.findtext("part-abbreviation") for player in players]
    for player, text in zip(players, short, strict=True):
        abbreviation = player.find("part-abbreviation")
        if abbreviation is not None and short.count(text) > 1:
            abbreviation.text = player.findtext("part-name")


def _without_naturals(symbol: ElementTree.Element) -> None:
    """Take the natural sign from a chord symbol: music21 gives it one where that pitch has another accidental."""
    for name in ("root", "bass"):
        place = symbol.find(name)
        sign = None if place is None else place.find(f"{name}-alter")
        if place is not None and sign is not None and not float(sign.text or 0):
            place.remove(sign)


def _number_lower_voices(measure: ElementTree.Element) -> None:
    """Voices of a lower staff are 5 and 6 for every notation program; others place its rests wrongly.

    A voice is what stands between two steps back in time.
    """
    number, begun = 5, False
    for element in measure:
        if element.tag == "backup" and begun:
            number += 1
        elif element.tag == "note" and element.findtext("staff") == "2":
            begun = True
            _set_voice(element, str(number))


def _set_voice(element: ElementTree.Element, number: str) -> None:
    voice = element.find("voice")
    if voice is None:
        voice = ElementTree.Element("voice")
        place = [c.tag for c in element].index("duration") + 1
        element.insert(place + sum(c.tag in ("tie", "instrument") for c in element), voice)
    voice.text = number


def _name_drums(root: ElementTree.Element, music: ElementTree.Element) -> None:
    """Say which drum each head is, so that notation programs play it: one score-instrument for each sound."""
    name = music.get("id", "")
    used = set()
    for head in music.iter("note"):
        match = re.match(r"hit-(\d+)-", head.attrib.pop("id", ""))
        if match and head.find("unpitched") is not None:
            used.add(int(match[1]))
            stale = head.find("instrument")
            if stale is not None:
                head.remove(stale)
            place = [c.tag for c in head].index("duration") + 1
            while place < len(head) and head[place].tag == "tie":
                place += 1
            head.insert(place, ElementTree.Element("instrument", id=f"{name}-I{match[1]}"))
    score_part = next(p for p in root.iter("score-part") if p.get("id") == name)
    for stale in [c for c in score_part if c.tag in ("score-instrument", "midi-device", "midi-instrument")]:
        score_part.remove(stale)
    for number in sorted(used):
        made = ElementTree.SubElement(score_part, "score-instrument", id=f"{name}-I{number}")
        ElementTree.SubElement(made, "instrument-name").text = DRUM_NAMES.get(number, f"percussion {number}")
    for number in sorted(used):
        made = ElementTree.SubElement(score_part, "midi-instrument", id=f"{name}-I{number}")
        ElementTree.SubElement(made, "midi-channel").text = "10"
        ElementTree.SubElement(made, "midi-program").text = "1"
        ElementTree.SubElement(made, "midi-unpitched").text = str(number + 1)
