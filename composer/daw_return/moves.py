"""Controllers, bends, pressures, lyrics and texts: to which track each event of a returned file goes, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from composer.compare.view import CONTROL_NAMES, Line
from composer.daw_return.clips import Place
from composer.daw_return.frame import Frame, is_setup, last_of_setup, without_setup
from composer.daw_return.kinds import ROUTING, Kind, has_rule, is_of_song, kind_of, kinds_in, lacking
from composer.daw_return.laying import Laying
from composer.daw_return.setups import Track, is_empty_name
from composer.daw_return.symbols import Symbols
from composer.daw_return.timing import Slack
from composer.formats.midi.scan import BEND, CONTROL, END_OF_TRACK, KEY_PRESSURE, PROGRAM, SYSEX, RawEvent
from composer.formats.midi.source import LYRIC, TEXT, TRACK_NAME, SourceMidi
from composer.music.notes import CC_BANK, CC_BANK_LOW


@dataclass(frozen=True, slots=True)
class Spare:
    """A track of the file without notes that says something all the same."""

    name: str
    events: tuple[RawEvent, ...]


@dataclass(frozen=True, slots=True)
class Moves:
    """The events of each track besides notes and set-up (unsorted, still on their old channels), those of the track of
    chords besides its symbols, the tracks that are left, and whether the controllers are the piece's because the file
    has none but what its program made up.

    ``restored`` are lyrics, texts and the like of the piece, of kinds that the file does not have; ``gone`` says which
    controllers of the piece are missing in a file that has others."""

    by_track: tuple[tuple[RawEvent, ...], ...]
    chords: tuple[RawEvent, ...]
    spare: tuple[Spare, ...]
    is_rebuilt: bool
    restored: tuple[RawEvent, ...]
    gone: tuple[str, ...]


def moves_of(laid: Laying, tracks: Sequence[Track], symbols: Symbols) -> Moves:
    """Every event of a file that is ``laid`` over its piece, in its place.

    What stands outside the bars that a clip holds stays as it was.
    """
    returned, lines, frame, slack, place = laid.whole, laid.view.lines, laid.frame, laid.slack, laid.place
    found: dict[int, list[RawEvent]] = defaultdict(list)
    spare: list[Spare] = []
    chords: tuple[RawEvent, ...] = ()
    for number, events in enumerate(returned.tracks):
        own = [line for line in lines if line.track == number]
        left = []
        for channel in range(16):
            controls = [e for e in events if 0xA0 <= e.status < SYSEX and e.status & 0x0F == channel]
            line = _line_on(number, channel, own, lines)
            if line is None:
                left += controls
            else:
                _deal(controls, line, tracks, frame, slack, laid.at, found)
        rest = [
            e for i, e in enumerate(events)
            if (number, i) not in symbols.places
            and e.status >= SYSEX
            and _is_of_track(e, number, bool(own), returned, frame)
        ]  # fmt: skip
        if number == symbols.track:
            chords = tuple(e._replace(tick=laid.moved(e.tick)) for e in [*left, *rest])
        elif own:
            _deal_texts([e._replace(tick=laid.moved(e.tick)) for e in rest], own, tracks, frame, slack, found)
        elif (extra := _spare(returned, number, [*left, *rest], laid.moved)) is not None:
            spare.append(extra)
    is_rebuilt = not _has_controllers(returned, tracks, frame, found, laid.at)
    restored = _restored_moves(returned, tracks, frame, found, place, is_rebuilt=is_rebuilt)
    gone = () if is_rebuilt else tuple(_gone(tracks, frame, found))
    for index, track in enumerate(tracks):
        found[index] = _without_repeated_programs(found[index], track.setup.program)
    present = kinds_in(returned, symbols.places)
    texts = [*_restored_texts(tracks, frame, present, found, place), *_restored_quiet(frame, present, spare)]
    by_track = tuple(tuple(found[i]) for i in range(len(tracks)))
    return Moves(by_track, chords, tuple(spare), restored, tuple(texts), gone)


def _restored_moves(
    returned: SourceMidi,
    tracks: Sequence[Track],
    frame: Frame,
    found: dict[int, list[RawEvent]],
    place: Place,
    *,
    is_rebuilt: bool,
) -> bool:
    """Give the tracks what the piece sets on them: all of it where the controllers are rebuilt, and to a track that is
    not in the file, else what stands outside a clip. Whether anything came back in place of what the file has not."""
    has_programs = any(e.status & 0xF0 == PROGRAM and e.status < SYSEX for track in returned.tracks for e in track)
    restored = False
    for index, track in enumerate(tracks):
        if track.voice.reference is None:
            continue
        known = frame.moves[track.voice.reference]
        if is_rebuilt or not track.voice.returned:
            more = _not_yet(known, found[index])
            restored |= is_rebuilt and bool(more)
        else:
            # What is set where a clip begins stands in front of it.
            more = place.outside(known)
            more += [e for e in known if place.begins(e.tick) and is_setup(e) and e not in found[index]]
            if not has_programs:
                more += [e for e in known if e.status & 0xF0 == PROGRAM and e not in more]
        found[index] += more
    return restored


def _restored_texts(
    tracks: Sequence[Track], frame: Frame, present: frozenset[Kind], found: dict[int, list[RawEvent]], place: Place
) -> list[RawEvent]:
    """Give the tracks their ports, and what the piece says there of which the file has none; returns the latter.

    A track that is not in the file says all that it said.
    """
    restored = []
    for index, track in enumerate(tracks):
        if track.voice.reference is None:
            continue
        known = frame.texts[track.voice.reference]
        lost = lacking(known, present) if track.voice.returned else lacking(known, frozenset())
        found[index] += [e for e in known if e.meta in ROUTING and e not in lost] + lost
        if track.voice.returned:
            more = (e for e in place.outside(known) if not has_rule(e) and e.meta not in ROUTING)
            found[index] += [e for e in more if e not in found[index]]
        restored += lost if track.voice.returned else []
    return restored


def _restored_quiet(frame: Frame, present: frozenset[Kind], spare: list[Spare]) -> list[RawEvent]:
    """Put back what tracks without notes said of which the file has nothing, on the tracks of their names."""
    restored = []
    for quiet in frame.quiet:
        lost = lacking(quiet.events, present)
        if not lost:
            continue
        restored += lost
        at = next((i for i, one in enumerate(spare) if quiet.name and one.name == quiet.name), None)
        if at is None:
            spare.append(Spare(quiet.name, tuple(lost)))
        else:
            spare[at] = Spare(quiet.name, (*spare[at].events, *lost))
    return restored


def _gone(tracks: Sequence[Track], frame: Frame, found: dict[int, list[RawEvent]]) -> list[str]:
    """The kinds of controllers of tracks in the file that it does not have at all, in words."""
    theirs = {_told(e) for events in found.values() for e in events}
    returned = [t.voice.reference for t in tracks if t.voice.reference is not None and t.voice.returned]
    return sorted({_told(e) for reference in returned for e in frame.moves[reference]} - theirs)


def _told(event: RawEvent) -> str:
    kind = event.status & 0xF0
    if kind == CONTROL:
        return CONTROL_NAMES.get(event.data[0], f"CC{event.data[0]}")
    return {BEND: "pitch bend", PROGRAM: "program"}.get(kind, "aftertouch")


def _has_controllers(
    returned: SourceMidi,
    tracks: Sequence[Track],
    frame: Frame,
    found: dict[int, list[RawEvent]],
    at: Callable[[int], int],
) -> bool:
    """Whether the program exports controllers at all: some that come after the start, or a volume and a pan that are
    the piece's, or where that has neither anything else of its start. Those that a program makes up when it exports
    stand at the start and are alike for all tracks."""
    events = (e for track in returned.tracks for e in track if 0xA0 <= e.status < SYSEX and e.status & 0xF0 != PROGRAM)
    if any(at(event.tick) > at(0) for event in events):
        return True
    for index, track in enumerate(tracks):
        if track.voice.reference is None or not track.voice.returned:
            continue
        known = frame.setups[track.voice.reference]
        if (known.volume, known.pan) == (None, None):
            own = [(e.status & 0xF0, e.data) for e in found[index]]
            if any((e.status & 0xF0, e.data) in own for e in frame.moves[track.voice.reference] if e.tick == 0):
                return True
        elif not track.rebuilt & {"volume", "pan"} and (track.setup.volume, track.setup.pan) == (
            known.volume,
            known.pan,
        ):
            return True
    return False


def _not_yet(known: Sequence[RawEvent], own: Sequence[RawEvent]) -> list[RawEvent]:
    """The events of the piece, but for those at the start that the file sets itself."""
    at_start = {_what(event) for event in own if event.tick == 0}
    return [event for event in known if event.tick or _what(event) not in at_start]


def _without_repeated_programs(events: Sequence[RawEvent], program: int | None) -> list[RawEvent]:
    """The events without the programs that are set already; the one after a bank chooses that, be it the same."""
    kept = []
    for event in sorted(events, key=lambda e: e.tick):
        if event.status & 0xF0 == CONTROL and event.status < SYSEX and event.data[0] in (CC_BANK, CC_BANK_LOW):
            program = None
        if event.status & 0xF0 == PROGRAM and event.status < SYSEX:
            if event.data[0] == program:
                continue
            program = event.data[0]
        kept.append(event)
    return kept


def _line_on(track: int, channel: int, own: Sequence[Line], lines: Sequence[Line]) -> Line | None:
    """The line that a controller is for: of its track and channel, of its channel, or the only one of its track."""
    for line in (*own, *lines):
        if line.channel == channel and (line.track == track or not own):
            return line
    return own[0] if own else None


def _deal(
    controls: Sequence[RawEvent],
    line: Line,
    tracks: Sequence[Track],
    frame: Frame,
    slack: Slack,
    at: Callable[[int], int],
    found: dict[int, list[RawEvent]],
) -> None:
    """Give the controllers of a line to the track that it became, or to those that it holds."""
    takers = [i for i, track in enumerate(tracks) if line.index in track.voice.returned]
    known = {i: _known(tracks[i], frame) for i in takers}
    is_shared = len(takers) > 1
    last = last_of_setup(line, slack.unit)
    own = without_setup(controls, tracks[takers[0]].setup, last)
    for event in _without_setups(controls, tracks, takers) if is_shared else own:
        tick = at(event.tick)
        best, settled = takers[0], tick
        for i in takers:
            near = [e.tick for e in known[i] if _same(e, event) and slack.settled(e.tick, tick) == e.tick]
            if near:
                best, settled = i, min(near, key=lambda t: (abs(t - tick), t))
                break
        else:
            best = _likely(event, tick, takers, known, tracks)
        found[best].append(event._replace(tick=settled))


def _without_setups(controls: Sequence[RawEvent], tracks: Sequence[Track], takers: Sequence[int]) -> list[RawEvent]:
    """The events without one set-up for each of the tracks that share the channel."""
    left = list(controls)
    for i in takers:
        left = [*(e for e in left if e.tick), *without_setup([e for e in left if not e.tick], tracks[i].setup)]
    return sorted(left, key=lambda e: e.tick)


def _known(track: Track, frame: Frame) -> tuple[RawEvent, ...]:
    return frame.moves[track.voice.reference] if track.voice.reference is not None else ()


def _likely(
    event: RawEvent, tick: int, takers: Sequence[int], known: dict[int, tuple[RawEvent, ...]], tracks: Sequence[Track]
) -> int:
    """The track that uses this controller, nearest in time; else the one that sounds the key; else the first."""
    distances = {
        i: min(abs(e.tick - tick) for e in known[i] if _what(e) == _what(event))
        for i in takers
        if any(_what(e) == _what(event) for e in known[i])
    }
    if distances:
        return min(distances, key=lambda i: (distances[i], i))
    if event.status & 0xF0 == KEY_PRESSURE:
        for i in takers:
            if any(t.pitch == event.data[0] and t.start <= tick <= t.end for t in tracks[i].voice.tones):
                return i
    return takers[0]


def _what(event: RawEvent) -> tuple[int, int]:
    kind = event.status & 0xF0
    return kind, event.data[0] if kind in (KEY_PRESSURE, CONTROL) else -1


def _same(one: RawEvent, other: RawEvent) -> bool:
    return one.status & 0xF0 == other.status & 0xF0 and one.data == other.data


def _is_of_track(event: RawEvent, number: int, plays: bool, source: SourceMidi, frame: Frame) -> bool:
    """Whether an event stays with its track: neither of the song, nor a name, nor routing, nor told elsewhere."""
    if event.meta in (END_OF_TRACK, TRACK_NAME) or event.meta in ROUTING or is_of_song(event):
        return False
    if number == 0 and not plays:
        return False
    if source.format == 0 and any((kind_of(e), e.data) == (kind_of(event), event.data) for e in frame.conductor):
        return False
    if event.meta == TEXT and source.format == 0:
        theirs = (e for own in frame.texts for e in own)
        return any((kind_of(e), e.data) == (kind_of(event), event.data) for e in theirs)
    return True


def _deal_texts(
    events: Sequence[RawEvent],
    own: Sequence[Line],
    tracks: Sequence[Track],
    frame: Frame,
    slack: Slack,
    found: dict[int, list[RawEvent]],
) -> None:
    """A text goes where it was; a new lyric to the highest voice that begins a note with it, what else is on the track
    to its first voice."""
    takers = [i for i, t in enumerate(tracks) if any(line.index in t.voice.returned for line in own)]
    known: dict[tuple[Kind, bytes], list[tuple[int, int]]] = defaultdict(list)
    for i in takers if len(takers) > 1 else ():
        reference = tracks[i].voice.reference
        for e in frame.texts[reference] if reference is not None else ():
            known[kind_of(e), e.data].append((e.tick, i))
    for event in events:
        was = [(abs(t - event.tick), t, i) for t, i in known[kind_of(event), event.data]]
        if was and slack.settled(min(was)[1], event.tick) == min(was)[1]:
            found[min(was)[2]].append(event._replace(tick=min(was)[1]))
            continue
        singing = [
            (tone.pitch, -i) for i in takers for tone in tracks[i].voice.tones
            if event.meta == LYRIC and tone.start == event.tick
        ]  # fmt: skip
        found[-max(singing)[1] if singing else takers[0]].append(event)


def _spare(source: SourceMidi, number: int, events: Sequence[RawEvent], moved: Callable[[int], int]) -> Spare | None:
    """A track of its own for events that no track takes; the conductor has its own."""
    name = source.track_names[number]
    if not events and (number == 0 or not name or is_empty_name(name)):
        return None
    return Spare(name, tuple(e._replace(tick=moved(e.tick)) for e in events))
