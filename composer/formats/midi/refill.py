"""New notes, pedal and chord symbols in some bars of one track, with their seams to what is kept before and after."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter

from composer.formats.midi.chords import is_chord_symbol
from composer.formats.midi.events import OFF, ON, SET, meta_event, note_off, note_on
from composer.formats.midi.scan import CONTROL, SYSEX, RawEvent
from composer.formats.midi.source import TEXT, SourceNote, decoded
from composer.formats.midi.weaving import Clock, Run, Weave, is_in, next_run
from composer.formats.midi.writer import NO_CHORD, without_overlaps
from composer.music.borders import after_kept
from composer.music.notes import CC_PEDAL, PEDAL_DOWN, Control, Note, Part

_Setting = tuple[int, bytes]


def refill_line(
    weave: Weave, notes: Sequence[SourceNote], channel: int, parts: Sequence[Part], runs: Sequence[Run], clock: Clock
) -> None:
    """Replace the notes (``notes`` are all of the line) and the pedal in ``runs`` by those of ``parts``."""
    kept = [note for note in notes if not is_in(runs, note.start)]
    for old in (note for note in notes if is_in(runs, note.start)):
        weave.removed |= {old.on_index} | ({old.off_index} if old.off_index is not None else set())
    weave.removed |= _stray_offs(weave, notes, channel, runs)
    composed = without_overlaps(note for part in parts for note in part.notes)
    crossing = [note for note in kept if (run := next_run(runs, note.start)) is not None and run.start < note.end]
    for note in without_overlaps(note for run in runs for note in _new_notes(composed, crossing, run, clock)):
        velocity = min(127, max(1, note.velocity))
        weave.place(ON, note_on(note.start, channel, note.pitch, velocity))
        weave.place(OFF, note_off(note.end, channel, note.pitch))
    _refill_pedal(weave, channel, parts, runs, clock)
    if not any(e.status < SYSEX and e.status & 0x0F == channel for e in weave.events):
        _place_controls(weave, channel, parts, runs, clock)


def refill_chords(weave: Weave, texts: Sequence[_Setting], runs: Sequence[Run], clock: Clock) -> None:
    """Replace the chord symbols in ``runs`` by ``texts`` (ticks of the piece, bytes), other texts stay.

    The chord that holds over a border is said again there where the reader would take another one.
    """
    own = [
        (i, e) for i, e in enumerate(weave.events) if e.meta == TEXT and is_chord_symbol(decoded(e.data))
    ]  # fmt: skip
    weave.removed |= {i for i, e in own if is_in(runs, e.tick)}
    kept, none = [(event.tick, event.data) for _, event in own], NO_CHORD.encode()
    said = {tick for tick, _ in kept}
    for run in runs:
        found = _settings_in(texts, run, clock)
        here, wanted = _state(kept, run.start, none), _composed_before(texts, run, clock, none)
        if wanted != here and not any(tick == run.start for tick, _ in found):
            found = [(run.start, wanted), *found]
        for tick, data in found:
            weave.place(SET, meta_event(tick, TEXT, data))
        after = _state(kept, run.end, none)
        if run.close is None and run.end not in said and after != (found[-1][1] if found else here):
            weave.place(SET, meta_event(run.end, TEXT, after))


def _stray_offs(weave: Weave, notes: Sequence[SourceNote], channel: int, runs: Sequence[Run]) -> set[int]:
    """Note-offs in the runs that end no note: they would cut a new one."""
    ending = {note.off_index for note in notes}
    return {
        index for index, e in enumerate(weave.events)
        if e.status < SYSEX and e.status & 0x0F == channel and e.is_note_off and index not in ending
        and is_in(runs, e.tick)
    }  # fmt: skip


def _new_notes(composed: Sequence[Note], kept: Sequence[SourceNote], run: Run, clock: Clock) -> list[Note]:
    """The notes that begin in ``run``, in the file's ticks, cut at its end; one waits for a kept note of its pitch."""
    sounding: dict[int, int] = {}
    for old in kept:
        if old.start < run.start < old.end:
            sounding[old.pitch] = max(old.end, sounding.get(old.pitch, 0))
    found = []
    for note in composed[clock.span([note.start for note in composed], run)]:
        start = clock.within(note.start, run)
        end = min(max(clock.near(note.end), start + 1), run.end)
        cut = Note(start, note.pitch, end - start, note.velocity)
        if (waited := after_kept(cut, sounding.get(note.pitch, start))) is not None:
            found.append(waited)
    return found


def _refill_pedal(weave: Weave, channel: int, parts: Sequence[Part], runs: Sequence[Run], clock: Clock) -> None:
    own = [
        (i, e) for i, e in enumerate(weave.events) if e.status == CONTROL | channel and e.data[0] == CC_PEDAL
    ]  # fmt: skip
    weave.removed |= {i for i, e in own if is_in(runs, e.tick)}
    kept = [(e.tick, e.data) for _, e in own]
    composed = _pedal(parts)
    for run in runs:
        for tick, data in _pedal_in(run, kept, composed, clock):
            weave.place(SET, RawEvent(tick, CONTROL | channel, -1, data))


def _pedal_in(run: Run, kept: Sequence[_Setting], composed: Sequence[_Setting], clock: Clock) -> list[_Setting]:
    """The pedal of ``run``: pressed or lifted at its start as composed there, and left as the kept music found it."""
    up = bytes((CC_PEDAL, 0))
    found = _settings_in(composed, run, clock)
    before, wanted = _state(kept, run.start, up), _composed_before(composed, run, clock, up)
    if _is_down(before) != _is_down(wanted) and not any(tick == run.start for tick, _ in found):
        found = [(run.start, wanted), *found]
    after = _state(kept, run.end, up) if run.close is None else up
    last = (run.end if run.close is None else run.close) - 1
    now = found[-1][1] if found else before
    if now == after or (run.close is not None and not _is_down(now)):
        return found
    return [*(setting for setting in found if setting[0] < last), (last, after)]


def _composed_before(settings: Sequence[_Setting], run: Run, clock: Clock, otherwise: bytes) -> bytes:
    """What the new piece set last before ``run``."""
    before = clock.span([tick for tick, _ in settings], run).start
    return settings[before - 1][1] if before else otherwise


def _place_controls(weave: Weave, channel: int, parts: Sequence[Part], runs: Sequence[Run], clock: Clock) -> None:
    """The other controllers of ``parts`` in the runs, for a line that is new."""
    controls = [c for part in parts for c in part.controls if c.number != CC_PEDAL]
    for run in runs:
        for tick, data in _settings_in([_setting(c) for c in sorted(controls)], run, clock):
            weave.place(SET, RawEvent(tick, CONTROL | channel, -1, data))


def _pedal(parts: Sequence[Part]) -> list[_Setting]:
    """The pedal of the first part that has one."""
    moves = ([c for c in part.controls if c.number == CC_PEDAL] for part in parts)
    found = next((own for own in moves if own), [])
    return [_setting(control) for control in sorted(found, key=lambda c: c.tick)]


def _setting(control: Control) -> _Setting:
    return control.tick, bytes((control.number, control.value))


def _settings_in(settings: Sequence[_Setting], run: Run, clock: Clock) -> list[_Setting]:
    """Those of a piece that fall into ``run``, in ticks of the file."""
    inside = clock.span([tick for tick, _ in settings], run)
    return [(clock.within(tick, run), data) for tick, data in settings[inside]]


def _state(settings: Sequence[_Setting], tick: int, otherwise: bytes) -> bytes:
    """What was set last before ``tick``; the settings are in order."""
    before = bisect_left(settings, tick, key=itemgetter(0))
    return settings[before - 1][1] if before else otherwise


def _is_down(data: bytes) -> bool:
    return data[1] >= PEDAL_DOWN
