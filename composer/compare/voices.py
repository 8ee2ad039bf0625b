"""Voice-leading faults that came or went between two versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from composer.compare.matching import Group
from composer.formats.smf_scan import TIME_SIGNATURE
from composer.formats.source import SourceMidi
from composer.formats.source_piece import part_lines, piece_of
from composer.music.notes import Piece
from composer.music.time import TICKS_PER_BEAT
from composer.music.voice_leading import offences


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """A rule of ``voice_leading.RULES`` broken at ``time`` (in units of the comparison), by the outer voices or not."""

    time: int
    rule: str
    is_outer: bool


@dataclass(frozen=True, slots=True)
class VoiceLeading:
    """``gone`` and ``new`` faults, how many stayed; not ``compared`` where lines were put together or taken apart."""

    compared: bool
    gone: tuple[Fault, ...] = ()
    new: tuple[Fault, ...] = ()
    stayed: int = 0


def voice_leading_between(
    before: SourceMidi, after: SourceMidi, groups: Sequence[Group], unit: int, shift: int
) -> VoiceLeading:
    """Both versions judged alike: the new one by the old one's roles, and its chords and metre where it lost them."""
    if any(len(g.before) > 1 or len(g.after) > 1 for g in groups):
        return VoiceLeading(compared=False)
    old = piece_of(before)
    new = _judged_like(piece_of(after), after, old, before, groups)
    later = Fraction(shift * TICKS_PER_BEAT, unit)
    olds = Counter((Fraction(o.tick), o.rule, o.is_outer) for o in offences(old))
    news = Counter((o.tick - later, o.rule, o.is_outer) for o in offences(new))
    return VoiceLeading(True, _faults(olds - news, unit), _faults(news - olds, unit), (olds & news).total())


def _judged_like(
    piece: Piece, source: SourceMidi, old: Piece, old_source: SourceMidi, groups: Sequence[Group]
) -> Piece:
    """``piece`` with the roles of the old parts that its lines were matched with, and what its file lost."""
    old_places = {place: part.role for place, part in zip(part_lines(old_source), old.parts, strict=True)}
    roles = {
        (g.after[0].track, g.after[0].channel): old_places[g.before[0].track, g.before[0].channel]
        for g in groups
        if g.before and g.after
    }
    parts = tuple(
        replace(part, role=roles.get(place, part.role))
        for place, part in zip(part_lines(source), piece.parts, strict=True)
    )
    meter = piece.meter if source.metas(TIME_SIGNATURE) else old.meter
    return replace(piece, parts=parts, chords=piece.chords or old.chords, meter=meter)


def _faults(found: Counter[tuple[Fraction, str, bool]], unit: int) -> tuple[Fault, ...]:
    return tuple(
        sorted(Fault(int(tick * unit / TICKS_PER_BEAT), rule, outer) for tick, rule, outer in found.elements())
    )
