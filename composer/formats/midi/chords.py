"""Which texts of a MIDI file are its chord symbols: decided by the track that holds them, never by what they say.

"A", "Am" and "go" are words as well as chords. So the texts of one track that plays nothing are the chord symbols, and
every other text is what a person wrote. Where a program moved the symbols of a file that is known into another track,
they are found again by what that file says.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from composer.formats.midi.source import TEXT, SourceMidi, SourceText, decoded
from composer.formats.midi.writer import CHORD_TRACK, KEY_TEXT, NO_CHORD, TITLE_TEXT
from composer.music.chord import chord_of


@dataclass(frozen=True, slots=True, order=True)
class TimedText:
    """A text event; times are ints of one unit that all files share in which it is looked for."""

    time: int
    text: str


def own_chord_track(source: SourceMidi, name: str = CHORD_TRACK) -> int | None:
    """The track that composer would call ``Chords`` (or ``name``): one that plays nothing, best with texts.

    A first track is one only with a symbol in it: a conductor may be called so by the title.
    """
    named = [number for number in _quiet(source) if source.track_names[number] == name]
    named = [number for number in named if number or any(map(is_chord_symbol, _texts(source, number)))]
    return max(named, key=lambda number: (bool(_texts(source, number)), -number), default=None)


def chord_track_of(source: SourceMidi) -> int | None:
    """The track whose texts are the chord symbols: ``own_chord_track``, else one that plays nothing and whose texts are
    all symbols, and of several such the one with most; None where there is none."""
    own = own_chord_track(source)
    if own is not None:
        return own
    says = [number for number in _quiet(source) if _texts(source, number) and says_chords_only(source, number)]
    return max(says, key=lambda number: (len(_texts(source, number)), -number), default=None)


def says_chords_only(source: SourceMidi, track: int) -> bool:
    """Whether no text of a track is anything but a chord symbol, or the title or key that composer writes as text."""
    return all(map(is_chord_symbol, _texts(source, track)))


def chord_texts_of(source: SourceMidi) -> tuple[SourceText, ...]:
    """The texts of the track of chords, in their order."""
    track = chord_track_of(source)
    return tuple(text for text in source.texts() if text.track == track and not _is_of_conductor(text.text))


def chord_places(source: SourceMidi, track: int) -> frozenset[tuple[int, int]]:
    """(track, index of the event) of the texts of a track that holds the chords."""
    texts = ((index, decoded(event.data)) for index, event in enumerate(source.tracks[track]) if event.meta == TEXT)
    return frozenset((track, index) for index, text in texts if not _is_of_conductor(text))


def is_chord_symbol(text: str) -> bool:
    """Whether a text can be read as a chord, or is the "N.C." that stands for none: as "A" and "go" can, too."""
    if text == NO_CHORD:
        return True
    try:
        chord_of(text)
    except ValueError:
        return False
    return True


def refound(texts: Sequence[TimedText], chords: Sequence[TimedText], others: Sequence[TimedText]) -> frozenset[int]:
    """The indices of those ``texts`` that are the ``chords`` of a file that is known, wherever a program moved them.

    ``others`` are the other texts of that file. Each of them and each chord is found once at most: at its own time,
    else in the nearest text of the same words that stands where none of these stood. Of the chords that are left, each
    is another symbol that stands at its time, if any other chord was found.
    """
    waiting: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for index, one in enumerate(texts):
        waiting[one.text].append((one.time, index))
    for found in waiting.values():
        found.sort()
    # At one time a word is a word first: many a program drops the chords, few the words.
    known = sorted([*((one, False) for one in others), *((one, True) for one in chords)], key=lambda pair: pair[0])
    symbols, missing = set(), []
    for one, is_chord in known:
        taken = _taken(waiting[one.text], one.time)
        if taken is None:
            missing.append((one, is_chord))
        elif is_chord:
            symbols.add(taken)
    changed = []
    for one, is_chord in missing:
        taken = _taken(waiting[one.text], one.time, is_near=True)
        if is_chord and taken is not None:
            symbols.add(taken)
        elif is_chord:
            changed.append(one.time)
    # Where the program moved the chords, another one at the time of one that is gone is that one, renamed.
    left = {time: index for own in waiting.values() for time, index in own if is_chord_symbol(texts[index].text)}
    return frozenset({*symbols, *(left[time] for time in changed if symbols and time in left)})


def _taken(waiting: list[tuple[int, int]], time: int, *, is_near: bool = False) -> int | None:
    """The index of the text at ``time``, or of the one nearest to it, which waits no longer."""
    at = bisect_left(waiting, (time, 0))
    if is_near and waiting:
        at = min((n for n in (at - 1, at) if 0 <= n < len(waiting)), key=lambda n: abs(waiting[n][0] - time))
    elif at == len(waiting) or waiting[at][0] != time:
        return None
    return waiting.pop(at)[1]


def _quiet(source: SourceMidi) -> list[int]:
    playing = {note.track for note in source.notes}
    return [number for number in range(len(source.tracks)) if number not in playing]


def _texts(source: SourceMidi, track: int) -> list[str]:
    return [decoded(source.tracks[track][index].data) for _, index in sorted(chord_places(source, track))]


def _is_of_conductor(text: str) -> bool:
    """Whether composer writes the title or a key so, where a program may have put the chords beside it."""
    return text.startswith((TITLE_TEXT, KEY_TEXT))
