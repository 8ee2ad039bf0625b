"""The chord symbols of a returned file: those of its own track of chords, else where a program moved the piece's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from composer.daw_return.frame import Frame
from composer.daw_return.setups import is_empty_name
from composer.formats.midi.chords import TimedText, chord_places, chord_track_of, own_chord_track, refound
from composer.formats.midi.source import TEXT, SourceMidi, decoded
from composer.formats.midi.writer import CHORD_TRACK


@dataclass(frozen=True, slots=True)
class Symbols:
    """``places`` (track, index of the event) are the texts of the file that are chord symbols.

    ``track`` is the one that is theirs, None where they stand among other things. ``name`` is that of the track that
    they get, "" where neither the piece nor the file has one.
    """

    track: int | None
    places: frozenset[tuple[int, int]]
    name: str


def symbols_of(returned: SourceMidi, frame: Frame, moved: Callable[[int], int]) -> Symbols:
    """Which texts of ``returned`` are chord symbols; ``moved`` is the tick of the piece for one of the file."""
    known = frame.chord_track or CHORD_TRACK
    track = own_chord_track(returned, known) or None if frame.lines else chord_track_of(returned)
    places = chord_places(returned, track) if track is not None else frozenset()
    if not places and frame.chords:
        places = _known_again(returned, frame, moved)
        if track is None and (track := _quiet_track(returned, places)) is not None:
            places = chord_places(returned, track)
    name = returned.track_names[track] if track else ""
    plain = CHORD_TRACK if not name or is_empty_name(name) else name
    return Symbols(track or None, places, frame.chord_track or (plain if track is not None or places else ""))


def _known_again(source: SourceMidi, frame: Frame, moved: Callable[[int], int]) -> frozenset[tuple[int, int]]:
    """The texts that are chord symbols of the piece, in whatever tracks."""
    texts = [(n, i, e) for n, track in enumerate(source.tracks) for i, e in enumerate(track) if e.meta == TEXT]
    chords, others = (
        [TimedText(e.tick, decoded(e.data)) for e in events] for events in (frame.chords, frame.other_texts)
    )
    found = refound([TimedText(moved(e.tick), decoded(e.data)) for _, _, e in texts], chords, others)
    return frozenset(texts[index][:2] for index in found)


def _quiet_track(source: SourceMidi, places: frozenset[tuple[int, int]]) -> int | None:
    """The track of most of the places, where that plays nothing and does not lead the file: it has another name now."""
    counts = Counter(track for track, _ in places)
    best = max(counts, key=lambda track: (counts[track], -track), default=0)
    is_most = 2 * counts[best] > len(places)
    return best if is_most and best and all(note.track != best for note in source.notes) else None
