"""The melody event: duration then pitch, and the context columns that the LSTM reads before each note.

Pitches are semitones above the tonic that lies at or below the tune's median, so a tune in any key looks the same.
Every column is one categorical value; 0 is always "unknown", so a partial brief works (training drops controls).

References: the input set is configuration F of our ablation (tonic-relative pitch, metre position, countdowns,
chords, look-back); look-back at the next position follows Waite (2016), Lookback RNN.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from composer.music.chord import Chord
from composer.music.key import Key
from composer.music.time import TICKS_PER_BEAT, Meter

# Ticks at 480 to the quarter: 1/8, 1/6, 1/4, 1/3, 3/8, 1/2, 2/3, 3/4, 1, 5/4, 3/2, 7/4, 2, 5/2, 3, 7/2, 4, 5, 6, 8.
DURATIONS: tuple[int, ...] = (
    60, 80, 120, 160, 180, 240, 320, 360, 480, 600, 720, 840, 960, 1200, 1440, 1680, 1920, 2400, 2880, 3840,
)  # fmt: skip
LOWEST, HIGHEST = -18, 30
# Semitones above the tonic; ``REST`` is the last index.
PITCHES: tuple[int, ...] = tuple(range(LOWEST, HIGHEST + 1))
REST = len(PITCHES)
PITCH_TOKENS = len(PITCHES) + 1

STYLES = ("song", "dance", "chorale", "lied")
METERS = ("2/4", "3/4", "4/4", "6/8", "2/2", "3/2", "9/8", "12/8")
MODES = ("major", "minor", "dorian", "mixolydian", "lydian", "phrygian")
ROLES = ("open", "continue", "pre-cadence", "cadence")
POSITION_TICKS = 60  # grid of the position-in-bar column
_POSITIONS = 3840 // POSITION_TICKS + 1
# Chords as the model sees them: root above the tonic x (major, minor, diminished, dominant seventh).
_CHORDS = 12 * 4
LOOKBACK_BARS = (1, 2, 4, 8)
DENSITY_EDGES = (0.75, 1.25, 1.75, 2.25, 3.0, 3.6)  # notes per quarter
REGISTER_EDGES = (-3.0, 0.0, 2.5, 5.0, 7.5, 10.0, 13.0)  # mean semitones above the tonic
LEAP_EDGES = (1.5, 2.5, 4.0)  # mean absolute interval
OFFBEAT_EDGES = (0.2, 0.5)  # share of onsets off the beat
TEMPO_EDGES = (66.0, 92.0, 126.0)  # beats a minute: slow, walking, lively, fast
_BARS_LEFT_EDGES = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24)
_PHRASE_LEFT_EDGES = (120, 240, 360, 480, 720, 960, 1440, 1920, 2880, 3840, 5760)

# One table: column name -> number of categories, "unknown" (0) included.
FEATURES: dict[str, int] = {
    "previous_pitch": PITCH_TOKENS + 1,
    "previous_duration": len(DURATIONS) + 1,
    "before_previous_pitch": PITCH_TOKENS + 1,
    "mode": len(MODES) + 1,
    "meter": len(METERS) + 1,
    "style": len(STYLES) + 1,
    "position": _POSITIONS + 1,
    "bars_left": len(_BARS_LEFT_EDGES) + 2,
    "phrase_left": len(_PHRASE_LEFT_EDGES) + 2,
    "bar_in_phrase": 9,
    "chord": _CHORDS + 1,
    "next_chord": _CHORDS + 1,
    **{
        f"{what}_{bars}": size
        for bars in LOOKBACK_BARS
        for what, size in (("lookback", 2 * PITCH_TOKENS + 1), ("repeating", 3))
        if not (what == "repeating" and bars == 8)
    },
    # Controls: descriptions of the bar, dropped at random in training.
    "density": len(DENSITY_EDGES) + 2,
    "register": len(REGISTER_EDGES) + 2,
    "contour": 4,
    "leap": len(LEAP_EDGES) + 2,
    "offbeat": len(OFFBEAT_EDGES) + 2,
    "role": len(ROLES) + 1,
    "tempo": len(TEMPO_EDGES) + 2,
}
CONTROLS = ("density", "register", "contour", "leap", "offbeat", "role", "style", "tempo")
OFFSETS: NDArray[np.int64] = np.concatenate([[0], np.cumsum(list(FEATURES.values()))[:-1]]).astype(np.int64)
TOTAL_CATEGORIES = int(sum(FEATURES.values()))


@dataclass(frozen=True, slots=True)
class Event:
    """A note or rest of the tune: ticks from the tune's bar 1, and semitones above the tonic (None: a rest)."""

    start: int
    duration: int
    pitch: int | None

    @property
    def end(self) -> int:
        return self.start + self.duration

    @property
    def token(self) -> int:
        return pitch_token(self.pitch)


@dataclass(frozen=True, slots=True)
class BarControls:
    """What a bar shall be (composing) or is (training). ``None`` means unknown.

    density: notes per quarter; register: mean semitones above the tonic; contour: -1, 0, 1 to the next bar;
    leap: mean absolute interval in semitones; offbeat: share of onsets off the beat 0..1; role: one of ``ROLES``.
    """

    density: float | None = None
    register: float | None = None
    contour: int | None = None
    leap: float | None = None
    offbeat: float | None = None
    role: str | None = None


UNKNOWN_BAR = BarControls()


@dataclass(frozen=True, slots=True)
class TuneFrame:
    """All that is known of a tune before its notes.

    ``chords`` and ``controls`` hold one entry per bar (chords relative to ``key``; the chord on the downbeat);
    ``phrase_ends`` are ticks, ascending, the last one the end of the tune; ``beats_per_minute`` is of the metre's own
    beat (a dotted quarter in 6/8) where the source tells it.
    """

    key: Key
    meter: Meter
    bars: int
    phrase_ends: tuple[int, ...]
    chords: tuple[Chord | None, ...]
    controls: tuple[BarControls, ...]
    style: str | None = None
    starts_at: int = 0  # tick of the first event: bar length minus the pick-up, or 0
    beats_per_minute: float | None = None


def pitch_token(pitch: int | None) -> int:
    """Index into the pitch vocabulary; pitches beyond it are folded by octaves."""
    if pitch is None:
        return REST
    while pitch < LOWEST:
        pitch += 12
    while pitch > HIGHEST:
        pitch -= 12
    return pitch - LOWEST


def chord_class(chord: Chord | None, key: Key) -> int:
    """1..48: root above the tonic and family; 0 when unknown."""
    if chord is None:
        return 0
    family = 0
    if 10 in (steps := [(c - chord.root) % 12 for c in chord.classes]) and 4 in steps:
        family = 3
    elif 3 in steps:
        family = 2 if 6 in steps else 1
    return 1 + (chord.root - key.tonic_class) % 12 * 4 + family


def bucket(value: float | None, edges: Sequence[float]) -> int:
    """1 + how many edges lie at or below ``value``; 0 when unknown."""
    return 0 if value is None else 1 + sum(value >= edge for edge in edges)


class ContextReader:
    """Builds the context columns before each note of one tune, from the frame and the notes so far.

    Training and composing both use it, so they cannot drift apart. ``push`` each event after it is chosen.
    """

    def __init__(self, frame: TuneFrame) -> None:
        self.frame = frame
        self.events: list[Event] = []
        self.now = frame.starts_at  # the tick at which the next event begins
        self._bar_ticks = frame.meter.bar_ticks
        self._starts: list[int] = []
        self._tokens: list[int] = []
        self._at: dict[int, int] = {}  # onset tick -> token
        self._static: dict[int, tuple[list[int], list[int]]] = {}  # by tick; copies share it
        self._repeat = dict.fromkeys(LOOKBACK_BARS, False)
        self._mode = 1 + MODES.index(frame.key.mode)
        text = str(frame.meter)
        self._meter = 1 + METERS.index(text) if text in METERS else 0
        self._style = 1 + STYLES.index(frame.style) if frame.style in STYLES else 0

    def copy(self) -> ContextReader:
        """An independent reader with the same history (for N-best and beams)."""
        twin = object.__new__(ContextReader)
        twin.__dict__.update(self.__dict__)
        for name in ("events", "_starts", "_tokens", "_at", "_repeat"):
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def push(self, event: Event) -> None:
        token = event.token
        for bars in LOOKBACK_BARS:
            self._repeat[bars] = self._at.get(event.start - bars * self._bar_ticks) == token
        self._at[event.start] = token
        self.events.append(event)
        self._starts.append(event.start)
        self._tokens.append(token)
        self.now = event.end

    def since(self, tick: int) -> list[Event]:
        """The events that begin at ``tick`` or later."""
        return self.events[bisect_left(self._starts, tick) :]

    def _lookback(self, bars: int) -> int:
        """What stood at the same place ``bars`` earlier: 0 nothing known, else token and whether it began there."""
        then = self.now - bars * self._bar_ticks
        if not self._starts or then < self._starts[0]:
            return 0
        token = self._at.get(then)
        if token is not None:
            return 1 + token
        place = bisect_right(self._starts, then)
        return 1 + PITCH_TOKENS + self._tokens[place - 1] if place else 0

    def columns(self) -> NDArray[np.int64]:
        """(K,) category of each column of ``FEATURES``, in that order."""
        now = self.now
        known = self._static.get(now)
        if known is None:
            known = self._static[now] = self._known_of(now)
        heard = [
            1 + self._tokens[-1] if self.events else 0,
            1 + _duration_index(self.events[-1].duration) if self.events else 0,
            1 + self._tokens[-2] if len(self.events) > 1 else 0,
        ]
        lookback = []
        for bars in LOOKBACK_BARS:
            lookback.append(self._lookback(bars))
            if bars != 8:
                lookback.append(1 + int(self._repeat[bars]))
        return np.array([*heard, *known[0], *lookback, *known[1]], dtype=np.int64)

    def _known_of(self, now: int) -> tuple[list[int], list[int]]:
        """The columns that the plan alone decides: place and chords, and the controls of the bar."""
        frame = self.frame
        bar_ticks = frame.meter.bar_ticks
        bar = min(now // bar_ticks, frame.bars - 1)
        controls = frame.controls[bar]
        phrase = next((i for i, end in enumerate(frame.phrase_ends) if end > now), len(frame.phrase_ends) - 1)
        phrase_start = frame.phrase_ends[phrase - 1] if phrase else 0
        next_chord = frame.chords[bar + 1] if bar + 1 < frame.bars else None
        place = [
            self._mode,
            self._meter,
            self._style,
            1 + min(now % bar_ticks // POSITION_TICKS, _POSITIONS - 1),
            bucket(frame.bars - bar, _BARS_LEFT_EDGES),
            bucket(frame.phrase_ends[phrase] - now, _PHRASE_LEFT_EDGES),
            1 + min(7, max(0, bar + (-phrase_start // bar_ticks))),  # a pick-up counts with the bar it leads to
            chord_class(frame.chords[bar], frame.key),
            chord_class(next_chord, frame.key),
        ]
        described = [
            bucket(controls.density, DENSITY_EDGES),
            bucket(controls.register, REGISTER_EDGES),
            0 if controls.contour is None else 2 + controls.contour,
            bucket(controls.leap, LEAP_EDGES),
            bucket(controls.offbeat, OFFBEAT_EDGES),
            0 if controls.role is None else 1 + ROLES.index(controls.role),
            bucket(frame.beats_per_minute, TEMPO_EDGES),
        ]
        return place, described


def nearest_duration(ticks: int) -> int:
    """Index of the duration nearest to ``ticks``."""
    return _duration_index(ticks)


@cache
def _duration_index(ticks: int) -> int:
    return min(range(len(DURATIONS)), key=lambda i: abs(DURATIONS[i] - ticks))


def controls_of(events: Sequence[Event], meter: Meter, bars: int, phrase_ends: Sequence[int]) -> list[BarControls]:
    """The description of each bar of a finished tune: what training reconstructs from, and what evaluation reads."""
    bar_ticks = meter.bar_ticks
    by_bar: list[list[Event]] = [[] for _ in range(bars)]
    for event in events:
        if event.pitch is not None and event.start // bar_ticks < bars:
            by_bar[event.start // bar_ticks].append(event)
    means = [float(np.mean([e.pitch for e in bar])) if bar else None for bar in by_bar]
    controls = []
    for index, bar in enumerate(by_bar):
        pitches = [e.pitch for e in bar if e.pitch is not None]
        mean = means[index]
        later = means[index + 1] if index + 1 < bars else None
        contour = None if mean is None or later is None else int(np.sign(round((later - mean) / 1.5)))
        off = [e.start % meter.beat_ticks != 0 for e in bar]
        controls.append(
            BarControls(
                density=len(bar) / (bar_ticks / TICKS_PER_BEAT),
                register=mean,
                contour=contour,
                leap=float(np.mean(np.abs(np.diff(pitches)))) if len(pitches) > 1 else None,
                offbeat=float(np.mean(off)) if off else None,
                role=bar_role(index, bar_ticks, phrase_ends),
            )
        )
    return controls


def bar_role(bar: int, bar_ticks: int, phrase_ends: Sequence[int]) -> str:
    """Where the bar stands in its phrase: one of ``ROLES``."""
    phrase = next((i for i, end in enumerate(phrase_ends) if end > bar * bar_ticks), len(phrase_ends) - 1)
    start = phrase_ends[phrase - 1] if phrase else 0
    if (bar + 1) * bar_ticks >= phrase_ends[phrase]:
        return "cadence"
    if (bar + 2) * bar_ticks >= phrase_ends[phrase]:
        return "pre-cadence"
    return "open" if (bar - 1) * bar_ticks < start or bar * bar_ticks <= start else "continue"
