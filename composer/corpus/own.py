"""The user's own folder as a corpus: tunes in ABC, and the melodies of MIDI files and scores.

A MIDI file says little for certain, so this is how it is read: the melody is the track whose name says so, else the
highest busy one; chords give their top note; onsets snap to sixteenths and triplets; the key is that of the signature
where the notes agree with it, else it is found from them; phrases end where the melody rests, or every four bars;
files of more than 48 bars are cut every 32 bars. Scores (MusicXML, kern) say more: see ``scores``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from composer.corpus.abc import UnusableTune, read_tune, tunes_in
from composer.corpus.line_tunes import Note, snapped, tunes_of_line
from composer.corpus.scores import SCORE_SUFFIXES, read_score
from composer.corpus.tune import NOTES_MIN, Tune, labelled, tune_of
from composer.errors import ComposerError, printable
from composer.formats.files import read_bytes
from composer.formats.midi.scan import SET_TEMPO
from composer.formats.midi.source import SourceMidi, SourceNote, read_source
from composer.formats.midi.tune import bars_of, key_of_notes, key_of_tune, melody_notes
from composer.limits import MIDI_BYTES
from composer.music.time import TICKS_PER_BEAT, Meter


@dataclass(frozen=True, slots=True)
class Skipped:
    """A MIDI file, or a tune of an ABC file (by its number from 1), that was left out, and why."""

    file: Path
    tune: int
    reason: str


def read_own(
    paths: Sequence[Path], corpus: str, progress: Callable[[int, int, str], None] | None = None
) -> tuple[list[Tune], dict[str, int]]:
    """The tunes in ``paths``, and how many files or tunes were left out for each reason."""
    tunes, skipped = read_files(paths, corpus, progress)
    return tunes, reasons_of(skipped)


def reasons_of(skipped: Sequence[Skipped]) -> dict[str, int]:
    """How many were left out for each reason."""
    return dict(Counter(one.reason for one in skipped))


def read_files(
    paths: Sequence[Path], corpus: str, progress: Callable[[int, int, str], None] | None = None
) -> tuple[list[Tune], list[Skipped]]:
    """The tunes in ``paths``, and what was left out; no file stops the others."""
    tunes: list[Tune] = []
    skipped: list[Skipped] = []
    for index, path in enumerate(paths):
        if progress:
            progress(index, len(paths), corpus)
        for number, find in enumerate(_readers(path, corpus), 1):
            try:
                tunes += find()
            except UnusableTune as reason:
                skipped.append(Skipped(path, number, str(reason)))
            except (ValueError, ArithmeticError, LookupError) as error:
                skipped.append(Skipped(path, number, f"cannot be read ({type(error).__name__})"))
    return tunes, skipped


def _readers(path: Path, corpus: str) -> list[Callable[[], list[Tune]]]:
    """One function for each tune of the file (a MIDI file or a score counts as one)."""
    identity, suffix = f"{corpus}/{printable(path.stem)}", path.suffix.lower()
    try:
        content = read_bytes(path, MIDI_BYTES)
        if suffix in SCORE_SUFFIXES:
            return [lambda: score_tunes(content, suffix, identity, corpus)]
        if suffix != ".abc":
            source = read_source(content, path.name)
            return [lambda: midi_tunes(source, identity, corpus)]
    except ComposerError as error:
        reason = error.reason

        def refuse() -> list[Tune]:
            raise UnusableTune(reason)

        return [refuse]
    texts = tunes_in(content.decode("utf-8", "replace"))
    return [
        lambda text=text, number=number: [  # type: ignore[misc]
            labelled(tune_of(read_tune(text), corpus, "song"), f"{identity}/{number}")
        ]
        for number, text in enumerate(texts)
    ]


def midi_tunes(source: SourceMidi, identity: str, corpus: str) -> list[Tune]:
    """The melody of a MIDI file, in pieces of 32 bars if it is longer than 48; raises UnusableTune."""
    meter, shift, later = bars_of(source)
    if later:
        raise UnusableTune("changes metre")
    voice = melody_notes(source, NOTES_MIN)
    if voice is None:
        raise UnusableTune("no voice of 24 notes")
    notes = snapped(_skyline(voice, source.ticks_per_beat, shift))
    key = key_of_tune(source, notes, notes[-1][2])
    return tunes_of_line(notes, meter, key, identity, corpus, beats_per_minute=_tempo(source, meter))


def score_tunes(content: bytes, suffix: str, identity: str, corpus: str) -> list[Tune]:
    """The melody of a score, cut like that of a MIDI file; raises UnusableTune."""
    found = read_score(content, suffix)
    if len(found.notes) < NOTES_MIN:
        raise UnusableTune("no voice of 24 notes")
    notes = snapped(found.notes)
    key = found.key
    if key is None or not found.mode_is_written:
        key = key_of_notes(notes, notes[-1][2], key)
    return tunes_of_line(notes, found.meter, key, identity, corpus, printable(found.title), found.beats_per_minute)


def _tempo(source: SourceMidi, meter: Meter) -> float | None:
    """Felt beats a minute of the first tempo; ``None`` without any."""
    tempi = source.metas(SET_TEMPO)
    if not tempi:
        return None
    return round(60e6 / int.from_bytes(tempi[0].data) * TICKS_PER_BEAT / meter.beat_ticks, 2)


def _skyline(notes: list[SourceNote], ticks_per_beat: int, shift: int) -> list[Note]:
    """Top notes in order, at 480 ticks to the quarter, ``shift`` ticks later."""
    scale = TICKS_PER_BEAT / ticks_per_beat
    top: dict[int, Note] = {}
    for note in notes:
        start, end = round(note.start * scale) + shift, round(note.end * scale) + shift
        if start not in top or note.pitch > top[start][2]:
            top[start] = (start, end, note.pitch)
    return [top[start] for start in sorted(top)]
