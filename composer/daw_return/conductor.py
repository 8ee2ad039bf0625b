"""What belongs to the whole song - title, tempo, metre, key, markers, chords: the file's own, else the piece's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from composer.compare.view import tempo_text
from composer.daw_return.kinds import ROUTING, has_rule, is_of_song, is_text, is_word, kind_of, kinds_in, lacking
from composer.daw_return.laying import Laying
from composer.daw_return.setups import is_empty_name
from composer.daw_return.symbols import Symbols
from composer.daw_return.timing import Slack
from composer.formats.midi.chords import own_chord_track
from composer.formats.midi.events import meta_event
from composer.formats.midi.scan import (
    DEFAULT_TEMPO_US,
    KEY_SIGNATURE,
    SET_TEMPO,
    SMPTE_OFFSET,
    TIME_SIGNATURE,
    RawEvent,
)
from composer.formats.midi.source import COPYRIGHT, CUE, MARKER, TEXT, TRACK_NAME, SourceMidi, decoded
from composer.formats.midi.writer import KEY_TEXT, TITLE_TEXT, ascii_name, key_of_signature_bytes

# Two tempi so close are one that a program stored with fewer digits.
_TEMPO_TOLERANCE = 0.001
_C_MAJOR = b"\0\0"
_FOUR_FOUR = b"\4\2"
_TITLE_OF_FILE = "title (the file has its own name for one)"
TITLE = "title"  # the one thing of the song without which it sounds and looks the same


@dataclass(frozen=True, slots=True)
class Song:
    """The conductor's events and the chord symbols, by tick; ``rebuilt`` says what came from the piece, ``stated``
    where the file says otherwise than the piece and was believed. ``restored`` are texts and the like of the piece of
    kinds that the file does not have."""

    conductor: tuple[RawEvent, ...]
    chords: tuple[RawEvent, ...]
    rebuilt: tuple[str, ...]
    stated: tuple[str, ...]
    restored: tuple[RawEvent, ...] = ()


def song_of(laid: Laying, symbols: Symbols) -> Song:
    """Everything above the tracks of a file that is ``laid`` over its piece.

    What a clip sets is what holds in the bars around it: title, tempo, metre and key stay the piece's.
    """
    return _Gathering(laid, symbols).song()


class _Gathering:
    """Collects the events of one kind after the other, and notes where they came from."""

    def __init__(self, laid: Laying, symbols: Symbols) -> None:
        self.returned, self.frame, self.symbols = laid.whole, laid.frame, symbols
        self.slack, self.at, self.moved, self.place = laid.slack, laid.at, laid.moved, laid.place
        self.rebuilt: list[str] = []
        self.stated: list[str] = []
        self.restored: list[RawEvent] = []

    def song(self) -> Song:
        title = self._title()
        events = [*self._tempi(), *self._metres(), *self._keys(), *self._markers(), *self._rest()]
        chords = self._chords()
        ordered = sorted(events, key=lambda e: e.tick)
        return Song((*title, *ordered), chords, tuple(self.rebuilt), tuple(self.stated), tuple(self.restored))

    def _own(self, kind: int, at: Callable[[int], int]) -> list[RawEvent]:
        """The file's events of a kind where they belong, each once; of several at one tick the last where they set."""
        if self.place.clip is not None and at is self.at:
            return []
        known = [e for e in (*self.frame.conductor, *self.frame.chords) if e.meta == kind]
        found: dict[tuple[int, bytes], RawEvent] = {}
        for event in self.returned.metas(kind):
            now = event._replace(tick=_settled(event, at(event.tick), known, self.slack))
            found[now.tick, b"" if at is self.at else now.data] = now
        return list(found.values())

    def _known(self, kind: int) -> list[RawEvent]:
        return [e for e in self.frame.conductor if e.meta == kind]

    def _title(self) -> list[RawEvent]:
        known = [e for e in self.frame.conductor if e.meta == TRACK_NAME or is_text(e, TITLE_TEXT)]
        texts = [e for e in self.returned.metas(TEXT) if is_text(e, TITLE_TEXT)]
        name = _song_name(self.returned)
        known_name = decoded(known[0].data) if known else ""
        if name == known_name or self.place.clip is not None:
            return known
        if name.casefold() in _names_of_file(self.returned):
            self.rebuilt.append(_TITLE_OF_FILE)
            return known
        if not name or is_empty_name(name) or name in {line.name for line in self.frame.lines}:
            if known:
                self.rebuilt.append(TITLE)
            return known
        self.stated.append(f"title {name}, {f'not {known_name}' if known_name else 'of which the piece has none'}")
        plain = ascii_name(name, "Untitled")
        if plain != name and not texts:
            texts = [meta_event(0, TEXT, (TITLE_TEXT + name).encode())]
        return [meta_event(0, TRACK_NAME, plain.encode()), *(e._replace(tick=0) for e in texts[:1])]

    def _tempi(self) -> list[RawEvent]:
        known = self._known(SET_TEMPO)
        own = [_nearly(event, known, self.slack.grace) for event in self._own(SET_TEMPO, self.at)]
        if not own or not known:
            self.rebuilt += ["tempo"] if known else []
            return own or known
        if own != known and self._is_blank(own):
            self.rebuilt.append("tempo (the file has the 120 bpm of a program that was told none)")
            return known
        if own == known[:1] and len(known) > 1:
            # A program that knows one tempo only has written the first.
            self.rebuilt.append("tempo changes")
            return known
        return self._with_start(own, known, "tempo", lambda e: tempo_text(e.data))

    def _metres(self) -> list[RawEvent]:
        known = self._known(TIME_SIGNATURE)
        own = [_full_metre(event, known) for event in self._own(TIME_SIGNATURE, self.at)]
        if known and own != known and (not own or self._is_metre_unknown(own)):
            self.rebuilt.append("metre")
            return known
        return self._with_start(own, known, "metre", lambda e: f"{e.data[0]}/{2 ** e.data[1]}")

    def _is_blank(self, tempi: Sequence[RawEvent]) -> bool:
        """Whether the file has nothing of the song but what a program starts an empty one with: 120 bpm, 4/4, no
        names, no markers, no key."""
        metres = [e.data[:2] for e in self.returned.metas(TIME_SIGNATURE)]
        keys = {e.data for e in self.returned.metas(KEY_SIGNATURE)}
        return (
            [(e.tick, int.from_bytes(e.data)) for e in tempi] == [(0, DEFAULT_TEMPO_US)]
            and metres in ([], [_FOUR_FOUR])
            and keys <= {_C_MAJOR}
            and not self.returned.metas(MARKER)
            and all(is_empty_name(name) for name in self.returned.track_names if name)
        )

    def _is_metre_unknown(self, own: list[RawEvent]) -> bool:
        """Whether the file has the metre of a program that was never told one: 4/4, at no tempo or at 120."""
        tempi = {int.from_bytes(event.data) for event in self.returned.metas(SET_TEMPO)}
        return [e.data[:2] for e in own] == [_FOUR_FOUR] and tempi <= {DEFAULT_TEMPO_US}

    def _keys(self) -> list[RawEvent]:
        known = [e for e in self.frame.conductor if e.meta == KEY_SIGNATURE or is_text(e, KEY_TEXT)]
        signatures = [e for e in known if e.meta == KEY_SIGNATURE]
        own = self._own(KEY_SIGNATURE, self.at)
        if known and (not own or [e.data for e in own] == [_C_MAJOR] or _accidentals(own) == _accidentals(signatures)):
            # A program that knows no key writes C major, and one that knows no modes the major key of the signature.
            if own != signatures:
                self.rebuilt.append("key")
            return known
        if own == signatures:
            return known
        own = self._with_start(own, signatures, "key", lambda e: str(key_of_signature_bytes(e.data)))
        texts = [e._replace(tick=self.at(e.tick)) for e in self.returned.metas(TEXT) if is_text(e, KEY_TEXT)]
        return [*own, *texts]

    def _with_start(
        self, own: list[RawEvent], known: list[RawEvent], what: str, told: Callable[[RawEvent], str]
    ) -> list[RawEvent]:
        """The file's events, with the piece's first where the file sets nothing at the start."""
        if known and own and own[0].tick > known[0].tick == 0:
            self.rebuilt.append(f"{what} at the start")
            own = [known[0], *own]
        elif known and own and own[0].data != known[0].data and told(own[0]) != told(known[0]):
            self.stated.append(f"{what} {told(own[0])}, not {told(known[0])}")
        return own

    def _markers(self) -> list[RawEvent]:
        known, own = self._known(MARKER), self._own(MARKER, self.moved)
        if own or not known:
            return [*own, *self.place.outside(known)]
        self.rebuilt.append("markers")
        return known

    def _chords(self) -> tuple[RawEvent, ...]:
        known = self.frame.chords
        said = (self.returned.tracks[track][index] for track, index in sorted(self.symbols.places))
        own = [e._replace(tick=_settled(e, self.moved(e.tick), known, self.slack)) for e in said]
        if own or not known:
            return tuple(sorted([*own, *self.place.outside(known)], key=lambda e: e.tick))
        self.rebuilt.append("chords")
        return known

    def _rest(self) -> list[RawEvent]:
        """Copyright, cue points and the like; what a first track without notes says that is not told elsewhere, and
        what the conductor of the piece said where a program put all on one track."""
        found = [e for kind in (0x00, COPYRIGHT, CUE, SMPTE_OFFSET) for e in self.returned.metas(kind)]
        first = enumerate(self.returned.tracks[0]) if self.returned.tracks else ()
        events = [e for i, e in first if (0, i) not in self.symbols.places and not has_rule(e) and not is_of_song(e)]
        if not any(note.track == 0 for note in self.returned.notes):
            found += [e for e in events if e.meta not in ROUTING]
        elif self.returned.format == 0:
            led = {(kind_of(e), e.data) for e in self.frame.conductor}
            theirs = {(kind_of(e), e.data) for own in self.frame.texts for e in own}
            found += [
                e for e in events
                if (kind_of(e), e.data) in led or (e.meta == TEXT and (kind_of(e), e.data) not in theirs)
            ]  # fmt: skip
        lost = lacking(self.frame.conductor, kinds_in(self.returned, self.symbols.places))
        self.restored += lost
        if self.place.clip is not None:
            found = [e for e in found if is_word(e)]
            lost = lost + [e for e in self.place.outside(self.frame.conductor) if not has_rule(e) and e not in lost]
        return [*(e._replace(tick=self.moved(e.tick)) for e in found), *lost]


def _settled(event: RawEvent, tick: int, known: Sequence[RawEvent], slack: Slack) -> int:
    near = [e.tick for e in known if e.data == event.data and slack.settled(e.tick, tick) == e.tick]
    return min(near, key=lambda t: (abs(t - tick), t), default=max(0, tick))


def _nearly(event: RawEvent, known: Sequence[RawEvent], grace: int) -> RawEvent:
    """The piece's tempo where the file has it with fewer digits, or in whole beats a minute."""
    tempo = int.from_bytes(event.data)
    for one in known:
        other = int.from_bytes(one.data)
        is_near = abs(tempo - other) <= _TEMPO_TOLERANCE * other or tempo == round(60e6 / round(60e6 / other))
        if abs(one.tick - event.tick) <= grace and is_near:
            return one
    return event


def _accidentals(signatures: Sequence[RawEvent]) -> list[tuple[int, int]]:
    """Tick and sharps (flats as a signed byte) of key signatures."""
    return [(event.tick, event.data[0]) for event in signatures]


def _full_metre(event: RawEvent, known: Sequence[RawEvent]) -> RawEvent:
    """The piece's metre where the file has the same one, with whatever clocks; else with clocks and 32nds in order."""
    for one in known:
        if one.tick == event.tick and one.data[:2] == event.data[:2]:
            return one
    return event._replace(data=event.data[:2] + bytes((event.data[2] or 24, 8)))


def _names_of_file(source: SourceMidi) -> set[str]:
    """What a program calls a song that was given no title: the name under which it wrote the file."""
    name = source.name.casefold()
    return {name, name.removesuffix(".midi").removesuffix(".mid")}


def _song_name(source: SourceMidi) -> str:
    """The name of the first track, where that plays nothing or is the only one."""
    if not source.tracks or own_chord_track(source) == 0:
        return ""
    plays = any(note.track == 0 for note in source.notes)
    return "" if plays and source.format else source.track_names[0]
