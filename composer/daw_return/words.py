"""What was rebuilt, in words: a line for each thing, with the file that knew it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction

from composer.compare.matching import ALONE
from composer.compare.summary import count_text, later_in_bars, number_text
from composer.daw_return.clips import Place
from composer.daw_return.conductor import TITLE, Song
from composer.daw_return.frame import Frame
from composer.daw_return.kinds import in_words, is_word
from composer.daw_return.moves import Moves
from composer.daw_return.placing import Placement
from composer.daw_return.report import RESOLUTION, Rebuilt
from composer.daw_return.scaling import is_exact
from composer.daw_return.setups import Track
from composer.daw_return.symbols import Symbols
from composer.daw_return.writing import Written
from composer.formats.midi.scan import KEY_SIGNATURE, NOTE_ON, SET_TEMPO, TIME_SIGNATURE
from composer.formats.midi.source import MARKER, TEXT, SourceMidi
from composer.music.bars import BarMap

PLACES_MAX = 6  # named in one line
MANY_REMOVED = 0.1
_MOVED_WITH_BARS = {
    "markers": MARKER, "chords": TEXT, "tempo changes": SET_TEMPO, "tempo": SET_TEMPO, "key": KEY_SIGNATURE,
    "metre": TIME_SIGNATURE,
}  # fmt: skip
_NAMED = {
    "name": "names", "channel": "channels", "program": "instruments", "volume": "volumes (CC7)", "pan": "pans (CC10)",
}  # fmt: skip


def edits_in(bars: str, song: Song, removed: int, known: Frame) -> list[Rebuilt]:
    """What a person should know first: ``bars`` that were put in or taken out, in words, and that so many notes of the
    piece were ``removed``, where that is more than a few."""
    found = []
    if bars:
        later = {event.meta for event in known.conductor if event.tick}
        moved = [
            what for what, kind in _MOVED_WITH_BARS.items() if what in song.rebuilt and (kind == TEXT or kind in later)
        ]
        found.append(Rebuilt("bars", "", f"{bars}{f': {_listed(moved)} moved with their bars' if moved else ''}"))
    notes = sum(len(line.tones) for line in known.lines)
    if removed > MANY_REMOVED * notes:
        share = f"{round(100 * removed / notes)} %"
        found.append(Rebuilt("removed", "", f"{share} of the notes of the piece are not in the file and were removed"))
    return found


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def rebuilt_in(
    source: SourceMidi,
    frame: Frame,
    placement: Placement,
    tracks: Sequence[Track],
    song: Song,
    symbols: Symbols,
    moves: Moves,
    file: Written,
    shift: int,
    bars: tuple[BarMap, BarMap],
    place: Place,
) -> list[Rebuilt]:
    """Everything, from the form of the file to its notes; ``shift`` is by how many ticks the music was late,
    and ``bars`` are those of the piece and those of the file."""
    found = list(_form(source, frame, file))
    if shift and not place.bars:
        told = later_in_bars(shift, *bars, number_text(Fraction(shift, frame.unit)))
        found.append(Rebuilt("shift", frame.origin, f"all music came {told}: put back", True))
    found += _placing(source, frame, placement, tracks)
    found += _clip(place, tracks)
    found += _order(frame, symbols, tracks)
    if song.rebuilt:
        found.append(Rebuilt("song", frame.origin, ", ".join(song.rebuilt), any(one != TITLE for one in song.rebuilt)))
    found += _setups(frame, tracks)
    if moves.is_rebuilt:
        found.append(Rebuilt("controllers", frame.origin, "controllers, of which the file has none", True))
    if moves.gone:
        found.append(Rebuilt("gone controllers", "", f"not in the file and left out: {', '.join(moves.gone)}"))
    texts = [*song.restored, *moves.restored]
    if texts:
        told = f"{in_words(texts, count_text)}, of which the file has none"
        found.append(Rebuilt("texts", frame.origin, told, any(is_word(e) for e in texts)))
    return found


def _form(source: SourceMidi, frame: Frame, file: Written) -> Iterator[Rebuilt]:
    if source.format == 0 != frame.kind:
        yield Rebuilt("type", "", "a type 0 file, now of type 1", True)
    if source.ticks_per_beat != frame.resolution:
        # What was played at a finer resolution is a person's own, and would move.
        told = f"{source.ticks_per_beat} ticks to the quarter, now {frame.resolution}"
        yield Rebuilt(RESOLUTION, "", told, is_exact(source, frame.resolution))
    if any(e.status & 0xF0 == NOTE_ON and e.data[1] == 0 for track in source.tracks for e in track):
        yield Rebuilt("note-offs", "", "note-ons of velocity 0, now note-offs")
    if source.hanging_notes:
        yield Rebuilt("hanging notes", "", f"{count_text(source.hanging_notes, 'note')} without an end, now ended")
    if file.cut_notes:
        yield Rebuilt("overlaps", "", f"{count_text(file.cut_notes, 'note')} cut where the same pitch begins again")
    if file.dropped_notes:
        told = f"{count_text(file.dropped_notes, 'note')} removed where the same pitch begins at the same time"
        yield Rebuilt("doubles", "", told)


def _placing(source: SourceMidi, frame: Frame, placement: Placement, tracks: Sequence[Track]) -> Iterator[Rebuilt]:
    settled = placement.tally.settled
    if settled:
        # A person moves some notes by a hair; a program moves them all, or those that its own grid has no place for.
        is_loss = source.ticks_per_beat % frame.resolution != 0 or 2 * settled >= placement.notes
        told = f"{count_text(settled, 'note')} a few ticks off, back in place"
        yield Rebuilt("timing", frame.origin, told, is_loss)
    shared = [t.label for t in tracks if t.voice.is_shared]
    if shared:
        yield Rebuilt("tracks", frame.origin, f"one track taken apart: {', '.join(shared)}", True)
    if placement.tally.unisons:
        told = count_text(placement.tally.unisons, "note")
        yield Rebuilt("unisons", frame.origin, f"{told} that one channel cannot hold twice", True)
    if placement.kept:
        told = f"the file is one clip; kept as they were: {', '.join(placement.kept)}"
        yield Rebuilt("kept", frame.origin, told, True)
    if placement.gone:
        yield Rebuilt("gone", "", f"not in the file and left out: {', '.join(placement.gone)}")
    new = [t.label for t in tracks if t.voice.matched_by == ALONE and t.voice.returned]
    if new and frame.lines:
        yield Rebuilt("new", "", f"new tracks: {', '.join(new)}")


def _order(frame: Frame, symbols: Symbols, tracks: Sequence[Track]) -> Iterator[Rebuilt]:
    """What stands elsewhere in the file, and is lost with nobody."""
    first = [min(t.voice.returned) for t in tracks if t.voice.reference is not None and t.voice.returned]
    if first != sorted(first):
        yield Rebuilt("order", frame.origin, "the order of the tracks")
    if frame.chord_track and any(track != symbols.track for track, _ in symbols.places):
        yield Rebuilt("chord track", frame.origin, "the track of the chord symbols")


def _clip(place: Place, tracks: Sequence[Track]) -> Iterator[Rebuilt]:
    """Where a clip went, and where else it could have gone."""
    if not place.bars:
        return
    names = ", ".join(track.label for track in tracks if track.voice.returned)
    told = f"put into bars {place.bars} of {names}"
    if place.alike:
        shown, left = place.alike[:PLACES_MAX], len(place.alike) - PLACES_MAX
        places = f"{', '.join(shown)} and {left} more places" if left > 0 else _listed(shown)
        told = f"much the same music stands in bars {places}; {told}; --bars says where"
    if place.gaps:
        told += "; bars in which the file has nothing stay as they were, unless --bars names them"
    yield Rebuilt("clip", "", told, place.shift != 0)


def _setups(frame: Frame, tracks: Sequence[Track]) -> Iterator[Rebuilt]:
    """What was set up anew, the things that the same tracks lacked in one."""
    returned = [track for track in tracks if track.voice.returned]
    together: dict[tuple[str, ...], list[str]] = defaultdict(list)
    lost: dict[tuple[str, ...], bool] = defaultdict(bool)
    for what, name in _NAMED.items():
        lacking = tuple(track.label for track in returned if what in track.rebuilt)
        if lacking:
            together[lacking].append(name)
            lost[lacking] |= any(what in track.lost for track in returned)
    for lacking, names in together.items():
        where = "all tracks" if len(lacking) == len(returned) > 1 else ", ".join(lacking)
        origin = frame.origin if lost[lacking] else ""
        yield Rebuilt("setup", origin, f"{', '.join(names)} of {where}", lost[lacking])
