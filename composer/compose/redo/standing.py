"""What of a piece stays while some of its bars are composed anew: the tune, the chords and the voices, as heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from composer.compose.accompaniment.ensembles import Player
from composer.compose.accompaniment.orchestra import Orchestra
from composer.compose.chords.harmony import Bar
from composer.compose.chords.named import named_chords
from composer.compose.form.plan import Plan
from composer.compose.voices.slots import Heard
from composer.encoding.melody import Event
from composer.formats.midi.writer import CHORD_TRACK
from composer.music.lines import is_performed, on_grid, written
from composer.music.notes import BASS, CHORDS, DRUMS, MELODY, ChordSpan, Note, Part, Piece
from composer.music.regions import Cells

OVERHANG_TICKS = 60  # a note that sounds on for less than this over a bar line does not reach into the next bar
GAP_GRID_TICKS = 120  # new notes begin on the grid, wherever the last note that stands ends


@dataclass(frozen=True, slots=True)
class Stay:
    """The piece that stands, the ``cells`` of it that are composed anew, and who plays what: ``seats`` has for each
    player's name the part that stands for it."""

    piece: Piece
    cells: Cells
    seats: Mapping[str, Part]
    melody: Part | None

    def is_redone(self, part: Part | None, bar: int) -> bool:
        """Whether ``bar`` (from 0) of a part is composed anew: where it is asked for, and where nothing stands."""
        return part is None or bar >= self.piece.bars or (part.name, bar + 1) in self.cells

    def redone_bars(self, part: Part | None, bars: int) -> frozenset[int]:
        return frozenset(bar for bar in range(bars) if self.is_redone(part, bar))

    def redone_chords(self, bars: int) -> frozenset[int]:
        """Bars (from 0) whose chords are drawn anew: where the chord track is composed anew, or where it names no chord
        and all that sounds is.

        A bar of which the tune stays keeps its chords, unless only the harmony is asked for.
        """
        named = {bar for span in self.piece.chords for bar in self._bars_of(span)}
        pitched = [part for part in self.piece.parts if not part.is_drums]
        tune = self.redone_bars(self.melody, bars)
        found = frozenset(
            bar
            for bar in range(bars)
            if bar >= self.piece.bars
            or (CHORD_TRACK, bar + 1) in self.cells
            or (bar not in named and all(self.is_redone(part, bar) for part in pitched))
        )
        return found & tune if tune else found

    def _bars_of(self, span: ChordSpan) -> range:
        ticks = self.piece.meter.bar_ticks
        return range(span.start // ticks, -(-span.end // ticks))


def stay_of(piece: Piece, cells: Cells, orchestra: Orchestra) -> Stay:
    """Who of the orchestra plays which part of ``piece``: by name, then by role."""
    wanted = [(orchestra.melody.name, MELODY), *((p.name, CHORDS) for p in orchestra.accompaniment)]
    wanted += [(p.name, role) for p, role in ((orchestra.bass, BASS), (orchestra.drums, DRUMS)) if p is not None]
    names = {name for name, _ in wanted}
    seats = {part.name: part for part in piece.parts if part.name in names}
    free = [part for part in piece.parts if part.name not in names]
    for name, role in wanted:
        alike = [part for part in free if part.role == role]
        if name not in seats and alike:
            seats[name] = alike[0]
            free.remove(alike[0])
    return Stay(piece, cells, seats, seats.get(orchestra.melody.name))


def players_in(piece: Piece, orchestra: Orchestra) -> dict[str, Player]:
    """Who of the orchestra plays each part of ``piece``, by the part's name; parts that nobody plays are left out."""
    players = [orchestra.melody, *orchestra.accompaniment, *(p for p in (orchestra.bass, orchestra.drums) if p)]
    seats = stay_of(piece, frozenset(), orchestra).seats
    return {seats[player.name].name: player for player in players if player.name in seats}


def standing_chords(stay: Stay, bars: Sequence[int]) -> dict[int, Bar]:
    """The chords of those of ``bars`` (from 0) that have any in the file, evenly divided as composing has them."""
    found = {}
    for bar in bars:
        content = named_chords(stay.piece, bar)
        if content:
            found[bar] = content
    return found


def standing_tune(stay: Stay, plan: Plan, redone: frozenset[int]) -> tuple[Event, ...]:
    """The tune outside the bars ``redone`` as the network hears it, on the grid: notes and the rests between them.

    Nothing crosses the end of a phrase. Pitches count from ``plan.tonic_midi``.
    """
    bar, total = plan.meter.bar_ticks, len(plan.bars) * plan.meter.bar_ticks
    notes = [note for note in _kept_line(stay, plan, redone) if note.start < total]
    events = [
        Event(note.start, min(note.end, total, *_next_start(following)) - note.start, note.pitch - plan.tonic_midi)
        for note, following in pairwise([*notes, None])
        if note is not None
    ]
    for place in range(len(plan.bars)):
        if place not in redone:
            events += _rests(events, place * bar, (place + 1) * bar)
        elif place and place - 1 not in redone:
            events += _rests(events, place * bar, _sounds_until(stay, plan, place * bar, redone))
    return tuple(_split(sorted(events, key=lambda e: e.start), plan.phrase_ends))


def replaced_notes(stay: Stay, plan: Plan, redone: frozenset[int]) -> frozenset[tuple[int, int]]:
    """(start tick, pitch above ``plan.tonic_midi``) of the notes of the tune that are to go."""
    if stay.melody is None:
        return frozenset()
    line = written(stay.melody.notes, plan.meter)
    bar = plan.meter.bar_ticks
    return frozenset((n.start, n.pitch - plan.tonic_midi) for n in line if n.start // bar in redone)


def _next_start(note: Note | None) -> tuple[int, ...]:
    return () if note is None else (note.start,)


def _kept_line(stay: Stay, plan: Plan, redone: frozenset[int]) -> list[Note]:
    """The top line of what stays. A note that sounds on into a bar that is redone ends on the grid there.

    It is the same whatever notes are to go, so that a seed gives the same music over any of them.
    """
    if stay.melody is None:
        return []
    bar = plan.meter.bar_ticks
    kept = [n for n in sorted(stay.melody.notes) if n.start // bar not in redone]
    top: dict[int, Note] = {}
    for note in kept:
        at = on_grid(note.start)
        if at not in top or note.pitch > top[at].pitch:
            top[at] = note
    line_of = partial(written, meter=plan.meter, performed=is_performed(kept))
    found = []
    for note in (n for notes, end in _runs(kept, bar, redone) for n in line_of(notes, end=end)):
        played = top[note.start]
        line = (note.start // bar + 1) * bar
        is_over = played.end > line + OVERHANG_TICKS
        end = _ceiled(max(note.end, played.end)) if is_over else min(note.end, line)
        found.append(Note(note.start, note.pitch, end - note.start, note.velocity))
    return found


def _runs(kept: Sequence[Note], bar: int, redone: frozenset[int]) -> list[tuple[list[Note], int | None]]:
    """What stays between bars that are redone, with the tick where these begin; None after the last of them.

    ``bar`` is the length of a bar in ticks.
    """
    runs: dict[int | None, list[Note]] = {}
    for note in kept:
        following = min((b for b in redone if b > note.start // bar), default=None)
        runs.setdefault(None if following is None else following * bar, []).append(note)
    return [(notes, end) for end, notes in runs.items()]


def _sounds_until(stay: Stay, plan: Plan, line: int, redone: frozenset[int]) -> int:
    """The tick, on the grid, up to which any note that stands sounds over the bar line at ``line``, where bars that are
    redone begin."""
    if stay.melody is None:
        return line
    bar = plan.meter.bar_ticks
    kept = [n for n in stay.melody.notes if n.start < line and n.start // bar not in redone]
    over = [n.end for n in kept if n.end > line + OVERHANG_TICKS]
    following = next((b for b in range(line // bar, len(plan.bars)) if b not in redone), len(plan.bars)) * bar
    return min(_ceiled(max(over, default=line)), max(line, following))


def _ceiled(tick: int) -> int:
    return -(-tick // GAP_GRID_TICKS) * GAP_GRID_TICKS


def _rests(events: Sequence[Event], start: int, end: int) -> list[Event]:
    """Rests wherever none of ``events`` sounds between the ticks."""
    found, now = [], start
    for event in sorted((e for e in events if e.pitch is not None), key=lambda e: e.start):
        if event.end <= now or event.start >= end:
            continue
        if event.start > now:
            found.append(Event(now, event.start - now, None))
        now = event.end
    return [*found, Event(now, end - now, None)] if now < end else found


def _split(events: Sequence[Event], ends: Sequence[int]) -> list[Event]:
    """The events, cut where phrases end; what is left of a note behind a cut rests."""
    found = []
    for event in events:
        now = event
        for end in ends:
            if now.start < end < now.end:
                found.append(Event(now.start, end - now.start, now.pitch))
                now = Event(end, now.end - end, None)
        found.append(now)
    return found


def heard_of(stay: Stay, orchestra: Orchestra, liking: int | None = None) -> Callable[[ChordSpan], Heard | None]:
    """Tells what the players who keep a bar sound over its chords; elsewhere the ``liking`` (see ``Heard``)."""
    players = [stay.seats.get(player.name) for player in orchestra.accompaniment]
    bass = stay.seats.get(orchestra.bass.name) if orchestra.bass is not None else None
    bar_ticks = stay.piece.meter.bar_ticks

    def heard(span: ChordSpan) -> Heard | None:
        bar = span.start // bar_ticks
        upper: list[int] = []
        if not any(stay.is_redone(part, bar) for part in players):
            voices = [_sounding(part, span) for part in players if part is not None]
            upper = sorted({p for voice in voices for p in (voice[:1] if len(players) > 1 else sorted(set(voice)))})
        low = [] if bass is None or stay.is_redone(bass, bar) else _sounding(bass, span)[:1]
        if orchestra.bass is None and upper and len(players) == 1:
            low, upper = upper[:1], upper[1:]
        if not upper and liking is not None:
            gone = {p for part in (*players, bass) if part is not None for p in _sounding(part, span)}
            return Heard(low[0] if low else None, (), tuple(sorted(gone)), liking + bar)
        return Heard(low[0] if low else None, tuple(upper)) if low or upper else None

    return heard


def _sounding(part: Part, span: ChordSpan) -> list[int]:
    """The pitches that sound while a chord lasts, in the order in which they begin."""
    slack = min(OVERHANG_TICKS, (span.end - span.start) // 4)
    inside = [n for n in part.notes if n.start < span.end - slack and n.end > span.start + slack]
    return [n.pitch for n in sorted(inside)]
