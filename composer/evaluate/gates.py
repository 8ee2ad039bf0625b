"""The hard gates: faults that no finished piece may have, each with the bars where it was found.

Conventions: bars count from 1. A gate that cannot be judged (no chords, no bass) passes and says so in ``note``.
The names are those of what is found, and are the keys in JSON and reports.

Not judged here, because a piece alone cannot show it: that the file reads back as it was, and that the same seed
gives the same bytes (both are tests).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from composer.evaluate.harmony import is_chord_tone
from composer.evaluate.line import Line, line_of, validate
from composer.evaluate.structure import exact
from composer.music.chord import QUALITIES, Chord
from composer.music.key import Key
from composer.music.notes import BASS, Note, Piece
from composer.music.phrases import DECEPTIVE, HALF, IMPERFECT, PERFECT, PLAGAL
from composer.music.voice_leading import CROSSED, EARLY_TICKS, PARALLELS, WIDE, offences

OCTAVE = 12
HARSH_SEMITONES = (6, 10, 11)  # tritone and sevenths
EQUAL_PITCHES_MAX = 4
EQUAL_BARS_MAX = 2
FINAL_RATIO_MIN = 1.2
# Semitones above the tonic: roots of what is a dominant beside V, by mode, and of what is a subdominant.
MODAL_DOMINANTS = {"lydian": (2,), "mixolydian": (10,), "dorian": (5, 10), "phrygian": (1, 10)}
FIFTH, LEADING_TONE, SUBMEDIANTS, SUBDOMINANTS = 7, 11, (8, 9), (2, 5)


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a piece is free of one fault; ``where`` are the bars that have it, ``note`` what a person reads."""

    name: str
    passed: bool
    where: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Promises:
    """What the piece was planned to be. ``low``..``high`` is the melody's range in MIDI pitches; ``cadences`` holds
    ``"HC"``, ``"IAC"``, ``"PAC"``, ``"DC"`` or ``"PC"`` for each phrase, ``None`` for any, and ``pickups`` the ticks
    before the end of each phrase that belong to the next one; both are empty when unknown."""

    key: Key
    low: int = 0
    high: int = 127
    cadences: tuple[str | None, ...] = ()
    pickups: tuple[int, ...] = ()

    def cadence(self, index: int) -> str | None:
        return self.cadences[index] if index < len(self.cadences) else None

    def pickup(self, index: int) -> int:
        return self.pickups[index] if index < len(self.pickups) else 0


def gates_of(
    piece: Piece,
    *,
    planned_key: Key | None = None,
    low: int = 0,
    high: int = 127,
    phrase_ends: Sequence[int] | None = None,
    cadences: Sequence[str | None] = (),
    pickups: Sequence[int] = (),
) -> list[Gate]:
    """Every gate in the order of ``GATES``. The key is the piece's own unless ``planned_key`` is given."""
    line = line_of(piece, phrase_ends)
    validate(line)
    promises = Promises(planned_key or piece.key, low, high, tuple(cadences), tuple(pickups))
    return [_gate(name, find(piece, line, promises), line) for name, find in GATES.items()]


@dataclass(frozen=True, slots=True)
class Fault:
    """One offence: the tick, and words for it."""

    tick: int
    words: str


def _gate(name: str, faults: Iterable[Fault], line: Line) -> Gate:
    found = sorted(faults, key=lambda f: f.tick)
    bars = tuple(sorted({line.bar_number(f.tick) for f in found}))
    return Gate(name, not found, bars, "; ".join(dict.fromkeys(f.words for f in found[:5])))


def _name(pitch: int, key: Key) -> str:
    return f"{key.spellings[pitch % 12]}{pitch // 12 - 1}"


def allowed_classes(key: Key, chord: Chord | None) -> frozenset[int]:
    """The scale, in minor its raised sixth and seventh too, and the tones of the chord."""
    raised = {(key.tonic_class + step) % 12 for step in (9, 11)} if key.is_minor else set()
    return frozenset({*key.scale, *raised, *(chord.classes if chord else ())})


def out_of_scale(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    """Pitched notes outside scale and chord; a bass may approach its next note by a semitone."""
    faults = []
    for part in piece.parts:
        if part.is_drums:
            continue
        nexts: list[Note | None] = [*part.notes[1:], None]
        for note, following in zip(part.notes, nexts, strict=False):
            key = _key_at(piece, note.start, promises.key)
            chords = (line.chord_at(note.start), line.chord_at(note.start + EARLY_TICKS))
            if any(note.pitch % OCTAVE in allowed_classes(key, chord) for chord in chords):
                continue
            approaches = following is not None and abs(following.pitch - note.pitch) == 1
            if part.role != BASS or not approaches:
                faults.append(Fault(note.start, f"{part.name}: {_name(note.pitch, key)} is outside {key}"))
    return faults


def _key_at(piece: Piece, tick: int, first: Key) -> Key:
    """The key in force: a later key change wins over the planned key of the piece."""
    return next((key for at, key in reversed(piece.keys) if 0 < at <= tick), first)


def out_of_range(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    low, high = promises.low, promises.high
    return [
        Fault(n.start, f"{_name(n.pitch, promises.key)} is outside {low}..{high}")
        for n in line.notes
        if not low <= n.pitch <= high
    ]


def bars_not_full(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    """A piece that ends inside a bar, notes beyond its end, and bars in which nothing sounds."""
    bar_ticks = line.meter.bar_ticks
    faults = []
    if piece.length % bar_ticks:
        faults.append(Fault(piece.length, "the piece ends inside a bar"))
    notes = [n for part in piece.parts for n in part.notes]
    late = [n for n in notes if n.end > -(-piece.length // bar_ticks) * bar_ticks]
    faults += [Fault(n.start, "a note reaches beyond the end") for n in late]
    sounding = {bar for n in notes for bar in range(n.start // bar_ticks, -(-n.end // bar_ticks))}
    faults += [Fault(bar * bar_ticks, "nothing sounds") for bar in range(piece.bars) if bar not in sounding]
    return faults


def weak_ending(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    """The last note is the tonic, on a strong beat, over the tonic chord, and clearly longer than the mean.

    Where another cadence than a perfect one is planned for the end, pitch and chord are for ``missed_cadence``.
    """
    if not line.notes:
        return [Fault(0, "there is no melody")]
    last, key = line.notes[-1], _key_at(piece, line.length, promises.key)
    mean = sum(n.duration for n in line.notes) / len(line.notes)
    chord = line.chord_at(last.start)
    closes = promises.cadence(len(line.phrase_ends) - 1) in (None, PERFECT)
    checks = (
        (closes and last.pitch % OCTAVE != key.tonic_class, f"ends on {_name(last.pitch, key)}, not on {key.tonic}"),
        (line.meter.accent(last.start) < 2, "the last note is not on a strong beat"),
        (closes and chord is not None and chord.root != key.tonic_class, "the last chord is not the tonic"),
        (
            len(line.notes) > 1 and last.duration < FINAL_RATIO_MIN * mean,
            f"the last note is {last.duration / mean:.2f} of the mean length",
        ),
    )
    return [Fault(last.start, words) for failed, words in checks if failed]


def missed_cadence(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    """Phrases whose last note and chord do not make the planned cadence; unplanned, those that end off the chord.

    The chord is the one under the last note or the one that its bar ends with.
    """
    faults = []
    starts = (0, *line.phrase_ends)
    for index, (start, end) in enumerate(zip(starts, line.phrase_ends, strict=False)):
        planned = promises.cadence(index)
        notes = [n for n in line.notes if start <= n.start < end - promises.pickup(index)]
        if not notes:
            continue
        # Pick-ups may be drawn too: where a phrase comes to rest in its last bar is as good an end.
        rests = [max(notes, key=lambda n: (n.start >= end - line.meter.bar_ticks, n.duration, n.start))]
        ends = [notes[-1], *(rests if planned is not None else [])]
        if not any(_closes(note, line, _key_at(piece, note.start, promises.key), planned) for note in ends):
            faults.append(_missed(notes[-1], line, _key_at(piece, notes[-1].start, promises.key), planned))
    return faults


def _missed(note: Note, line: Line, key: Key, planned: str | None) -> Fault:
    chord = line.chord_at(note.start)
    over = f" over {chord.symbol(chord.spellings_in(key))}" if chord else ""
    return Fault(note.start, f"{_name(note.pitch, key)}{over} is no {planned or 'cadence'}")


def _closes(note: Note, line: Line, key: Key, planned: str | None) -> bool:
    """Whether a phrase that ends with ``note`` has its cadence; so it has where there is no chord to judge by."""
    # The tonic of a close may come late, under a last note that waits for it.
    bar_end = (note.start // line.meter.bar_ticks + 1) * line.meter.bar_ticks
    heard = [(tick, chord) for tick in (note.start, bar_end - 1) if (chord := line.chord_at(tick)) is not None]
    return not heard or any(
        makes_cadence(note.pitch, chord, key, planned, _chord_before(chord, tick, line)) for tick, chord in heard
    )


def _chord_before(chord: Chord, tick: int, line: Line) -> Chord | None:
    """The last chord before ``tick`` that has another root than ``chord``."""
    earlier = [span.chord for span in line.chords if span.start < tick and span.chord.root != chord.root]
    return earlier[-1] if earlier else None


def makes_cadence(pitch: int, chord: Chord, key: Key, planned: str | None, before: Chord | None = None) -> bool:
    """Whether ``pitch`` over ``chord``, which follows ``before``, ends a phrase with the cadence ``planned`` (``None``:
    with any).

    HC: a chord tone over the dominant, which is V, and in the modes what stands for it (in phrygian bII and bVII, in
    mixolydian bVII); IAC: a chord tone over the tonic; PAC: the tonic over the tonic; DC: a chord tone over VI; PC: a
    chord tone over the tonic after IV or ii, in lydian, which has neither, after whatever is no V or vii.
    """
    root = (chord.root - key.tonic_class) % OCTAVE
    fits = is_chord_tone(pitch, chord)
    if planned == PERFECT:
        return root == 0 and pitch % OCTAVE == key.tonic_class
    if planned == IMPERFECT:
        return root == 0 and fits
    if planned == HALF:
        return fits and root in (FIFTH, *MODAL_DOMINANTS.get(key.mode, ()))
    if planned == DECEPTIVE:
        return fits and root in SUBMEDIANTS
    if planned == PLAGAL:
        return root == 0 and fits and before is not None and _is_subdominant(before, key)
    return fits


def _is_subdominant(chord: Chord, key: Key) -> bool:
    root = (chord.root - key.tonic_class) % OCTAVE
    return root in SUBDOMINANTS or (key.mode == "lydian" and root not in (FIFTH, LEADING_TONE))


def harsh_intervals(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    """Leaps of more than an octave, and tritones and sevenths that are not within a dominant seventh."""
    faults = []
    for note, following in pairwise(line.notes):
        size = abs(following.pitch - note.pitch)
        chord = line.chord_at(following.start)
        within = chord is not None and _is_dominant(chord) and _both_in(chord, note, following)
        if size > OCTAVE or (size in HARSH_SEMITONES and not within):
            faults.append(Fault(following.start, f"a leap of {size} semitones"))
    return faults


def _is_dominant(chord: Chord) -> bool:
    steps = QUALITIES[chord.quality]
    return (10 in steps and 4 in steps) or chord.quality in ("dim", "dim7", "m7b5")


def _both_in(chord: Chord, note: Note, following: Note) -> bool:
    return is_chord_tone(note.pitch, chord) and is_chord_tone(following.pitch, chord)


def hammered_pitch(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    """More than four equal pitches in a row."""
    runs = [list(run) for _, run in groupby(line.notes, key=lambda n: n.pitch)]
    return [Fault(r[0].start, f"{len(r)} times the same pitch") for r in runs if len(r) > EQUAL_PITCHES_MAX]


def stuck_bars(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    """More than two identical bars of melody in a row."""
    numbered = [(exact(line, bar), index) for index, bar in enumerate(line.bars)]
    runs = [list(run) for bar, run in groupby(numbered, key=lambda item: item[0]) if bar]
    long = [run for run in runs if len(run) > EQUAL_BARS_MAX]
    return [Fault(run[0][1] * line.meter.bar_ticks, f"{len(run)} identical bars in a row") for run in long]


def parallel_perfects(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    """Parallel fifths and octaves between the outer voices, and among the voices of the chords."""
    found = [o for o in offences(piece) if o.rule in PARALLELS]
    return [Fault(o.tick, f"{o.rule} {'between melody and bass' if o.is_outer else 'in the chords'}") for o in found]


def crossed_voices(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    return [Fault(o.tick, "voices cross") for o in offences(piece) if o.rule == CROSSED]


def wide_spacing(piece: Piece, line: Line, promises: Promises) -> list[Fault]:
    words = "a gap of more than an octave in the accompaniment"
    return [Fault(o.tick, words) for o in offences(piece) if o.rule == WIDE]


Finder = Callable[[Piece, Line, Promises], list[Fault]]
GATES: dict[str, Finder] = {
    "OutOfScale": out_of_scale,
    "OutOfRange": out_of_range,
    "BarsNotFull": bars_not_full,
    "WeakEnding": weak_ending,
    "MissedCadence": missed_cadence,
    "HarshIntervals": harsh_intervals,
    "HammeredPitch": hammered_pitch,
    "StuckBars": stuck_bars,
    "ParallelPerfects": parallel_perfects,
    "CrossedVoices": crossed_voices,
    "WideSpacing": wide_spacing,
}
