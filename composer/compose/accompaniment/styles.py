"""Accompaniment styles: one-bar patterns as musicians count them, read from TOML.

``notes = "1 4. R 100; 2.5 8 5 90"`` is, for each note: beat (from 1, in the metre's written unit), note value, pitch
token (several joined by commas), velocity 1..127. The tokens:

* ``R 3 5 7 8``: chord members above the root, the root placed near the style's register; on the bass track near the
  structural bass. A chord without a seventh answers ``7`` with the octave.
* ``v1 v2 v3 v4``, ``all``, ``top``: the voices of the voiced chord from the lowest. A fourth voice that the chord
  lacks is the first an octave up.
* ``c1 c2 c3 c4``: the chord in close position upon its bass note, near the style's register.
* ``bass``: the structural bass; silent in the accompaniment where a bass part plays.
* ``W``: on the bass track, a scale step beside the bass note that follows.
* drum names on the drums track.

``+`` and ``-`` behind a pitch token are octaves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from composer.errors import BadInput
from composer.formats.templates import Template, load_template, template_names
from composer.music.instruments import DRUM_KEYS
from composer.music.notes import BASS, CHORDS, DRUMS
from composer.music.time import WHOLE_TICKS, Meter, meter_of

NONE = "none"
DEFAULT = "block"
TRACKS = (CHORDS, BASS, DRUMS)
LEVELS = {"low": 1, "mid": 2, "high": 3}
ANY, INTRO, FILL, ENDING = "any", "intro", "fill", "ending"
SECTIONS = (ANY, INTRO, "A", "B", "C", "D", FILL, ENDING)
REGISTER = 52  # E3: where a pianist's left hand lies
ERRORS_SHOWN = 10
_KEYS = {"name", "description", "inherits", "meters", "register", "tie", "vary", "left_hand", "pattern"}
_PATTERN_KEYS = {"track", "meter", "level", "section", "weight", "notes"}
_THIRDS = {
    "33": Fraction(1, 3),
    "333": Fraction(1, 3),
    "66": Fraction(2, 3),
    "67": Fraction(2, 3),
    "667": Fraction(2, 3),
}
_DEGREES = {"R": 0, "3": 1, "5": 2, "7": 3, "8": 4}

DEGREE, VOICE, CLOSE, WHOLE, TOP, LOWEST, WALK, DRUM = "degree", "voice", "close", "all", "top", "bass", "walk", "drum"


@dataclass(frozen=True, slots=True)
class Tone:
    """What one token asks for; ``index`` is the chord member, the voice from 0, or the drum's key."""

    kind: str
    index: int = 0
    octave: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Tones struck together: ``offset`` and ``duration`` in ticks from the bar line."""

    offset: int
    duration: int
    tones: tuple[Tone, ...]
    velocity: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """One bar of one track, for a metre, a level 1..3 and a section."""

    track: str
    meter: str
    level: int
    section: str
    weight: float
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """A style with everything it inherits. ``register`` is a MIDI pitch; ``tie`` holds common tones over chord
    changes; the tracks in ``vary`` draw a new pattern for each bar instead of one for each section; with ``left_hand``
    the accompaniment plays the bass track too where there is no bass part."""

    name: str
    description: str
    meters: tuple[str, ...]
    patterns: tuple[Pattern, ...] = ()
    register: int = REGISTER
    tie: bool = False
    vary: tuple[str, ...] = ()
    left_hand: bool = False

    def supports(self, meter: Meter) -> bool:
        """Whether the style was written for ``meter``; 2/4 is served by the first half of 4/4."""
        return self.name == NONE or str(meter) in self.meters or (str(meter) == "2/4" and "4/4" in self.meters)

    def choices(self, track: str, meter: Meter, level: int, section: str) -> tuple[Pattern, ...]:
        """The patterns to draw from: of that section (else "any") at the nearest level, the lower one first.

        Empty where the style has none. A fill must be of the very level, so that a soft section stays soft.
        """
        written = [p for p in self._written(meter) if p.track == track]
        fitting = [p for p in written if p.section == section]
        if not fitting and section not in (FILL, ENDING):
            fitting = [p for p in written if p.section == ANY]
        if not fitting:
            return ()
        if section == FILL:
            return tuple(p for p in fitting if p.level == level)
        nearest = min({p.level for p in fitting}, key=lambda n: (abs(n - level), n))
        return tuple(p for p in fitting if p.level == nearest)

    def _written(self, meter: Meter) -> list[Pattern]:
        own = [p for p in self.patterns if p.meter == str(meter)]
        if own or str(meter) != "2/4":
            return own
        return [_halved(p) for p in self.patterns if p.meter == "4/4"]


def style_names() -> list[str]:
    """All styles that a brief may name."""
    return sorted({*template_names("styles"), NONE})


def load_style(name: str) -> Style:
    """The style ``name`` with what it inherits; raises BadInput naming file, line and beat."""
    if name == NONE and NONE not in template_names("styles"):
        return Style(NONE, "the melody alone", ())
    return _load(name, ())


def style_of(template: Template, parent: Style | None = None) -> Style:
    """The style written in ``template``.

    A child's patterns replace the parent's of the same track and metre; raises BadInput with up to ten problems.
    """
    data, problems = template.data, list[str]()
    problems += _unknown_keys(template, data, _KEYS, "")
    meters = data.get("meters", parent.meters if parent else ())
    problems += _meter_problems(template, meters)
    entries = data.get("pattern", [])
    if not isinstance(entries, list):
        problems.append(f"line {template.line_of('pattern')}: pattern is not a list; head each with [[pattern]]")
        entries = []
    patterns = [_pattern_of(template, i, entry, problems) for i, entry in enumerate(entries)]
    settings = _settings(template, parent, problems)
    if problems:
        raise BadInput(template.path, problems[0], details=tuple(problems[:ERRORS_SHOWN]))
    own = tuple(p for p in patterns if p is not None)
    replaced = {(p.track, p.meter) for p in own}
    kept = tuple(p for p in parent.patterns if (p.track, p.meter) not in replaced) if parent else ()
    description = str(data.get("description", ""))
    return replace(settings, description=description, meters=tuple(meters), patterns=own + kept)


def events_of(notes: str, meter: Meter, track: str) -> tuple[Event, ...]:
    """The events of a pattern's ``notes``; raises ValueError that names the beat."""
    events = []
    for written in notes.replace("\n", " ").split(";"):
        if written.strip():
            events.append(_event_of(written.split(), meter, track))
    return tuple(sorted(events, key=lambda e: e.offset))


def _load(name: str, heirs: tuple[str, ...]) -> Style:
    template = load_template("styles", name)
    inherits = template.data.get("inherits")
    if inherits is None:
        return style_of(template)
    line = template.line_of("inherits")
    if inherits in (*heirs, name):
        raise BadInput(template.path, f"line {line}: the style inherits from itself", "break the circle")
    if inherits not in template_names("styles"):
        raise BadInput(template.path, f"line {line}: inherits {inherits!r}, which is no style", "name another")
    return style_of(template, _load(inherits, (*heirs, name)))


def _event_of(fields: list[str], meter: Meter, track: str) -> Event:
    if len(fields) != 4:
        raise ValueError(f"beat {fields[0]}: {' '.join(fields)!r} is not beat, duration, pitch, velocity")
    beat, value, names, velocity = fields
    offset = _offset_of(beat, meter)
    duration = _duration_of(value, beat)
    if offset + duration > meter.bar_ticks:
        raise ValueError(f"beat {beat}: a note of {value} there passes the end of a {meter} bar")
    if not re.fullmatch(r"\d{1,3}", velocity) or not 1 <= int(velocity) <= 127:
        raise ValueError(f"beat {beat}: velocity {velocity} is not a number from 1 to 127")
    tones = tuple(_tone_of(name, beat, track) for name in names.split(","))
    return Event(offset, duration, tones, int(velocity))


def _offset_of(beat: str, meter: Meter) -> int:
    match = re.fullmatch(r"(\d{1,2})(?:\.(\d{1,4}))?", beat)
    if not match:
        raise ValueError(f"beat {beat!r} is not a number such as 1, 2.5 or 3.33")
    decimals = match[2] or "0"
    part = _THIRDS.get(decimals, Fraction(int(decimals), 10 ** len(decimals)))
    ticks = (int(match[1]) - 1 + part) * meter.unit_ticks
    if not 0 <= ticks < meter.bar_ticks:
        raise ValueError(f"beat {beat} is outside a {meter} bar")
    if ticks.denominator != 1:
        raise ValueError(f"beat {beat} falls between the ticks; use halves, quarters or thirds of a beat")
    return int(ticks)


def _duration_of(value: str, beat: str) -> int:
    match = re.fullmatch(r"(1|2|4|8|16|32)(\.|t)?", value)
    if not match:
        raise ValueError(f"beat {beat}: {value!r} is not a note value such as 4, 8. or 8t")
    ticks = Fraction(WHOLE_TICKS, int(match[1]))
    return int(ticks * {"": Fraction(1), ".": Fraction(3, 2), "t": Fraction(2, 3)}[match[2] or ""])


def _tone_of(name: str, beat: str, track: str) -> Tone:
    if track == DRUMS:
        if name not in DRUM_KEYS:
            raise ValueError(f"beat {beat}: {name!r} is not a drum; use one of {', '.join(DRUM_KEYS)}")
        return Tone(DRUM, DRUM_KEYS[name])
    match = re.fullmatch(r"(R|3|5|7|8|[vc][1-4]|all|top|bass|W)([+]*|-*)", name)
    if not match or (match[1] == "W") > (track == BASS):
        allowed = "R 3 5 7 8 bass W" if track == BASS else "R 3 5 7 8 v1-v4 c1-c4 all top bass"
        raise ValueError(f"beat {beat}: {name!r} is not a pitch of the {track} track; use {allowed}, then + or -")
    token, octave = match[1], match[2].count("+") - match[2].count("-")
    if token in _DEGREES:
        return Tone(DEGREE, _DEGREES[token], octave)
    if token[0] in "vc" and len(token) == 2:
        return Tone(VOICE if token[0] == "v" else CLOSE, int(token[1]) - 1, octave)
    return Tone({"all": WHOLE, "top": TOP, "bass": LOWEST, "W": WALK}[token], 0, octave)


def _pattern_of(template: Template, index: int, entry: Any, problems: list[str]) -> Pattern | None:
    """The pattern, or None after adding to ``problems`` what is wrong with it."""
    before = len(problems)
    if not isinstance(entry, dict):
        problems.append(f"pattern {index + 1} is not a table; head it with [[pattern]]")
        return None

    def complain(key: str, text: str) -> None:
        problems.append(f"line {template.line_of(key, '[[pattern]]', index)}: {text}")

    problems += _unknown_keys(template, entry, _PATTERN_KEYS, "[[pattern]]", index)
    track, section, notes = entry.get("track"), entry.get("section", ANY), entry.get("notes")
    weight, level = entry.get("weight", 1), LEVELS.get(str(entry.get("level", "mid")), entry.get("level"))
    if track not in TRACKS:
        complain("track", f"track {track!r} is not one of {', '.join(TRACKS)}")
    if section not in SECTIONS:
        complain("section", f"section {section!r} is not one of {', '.join(SECTIONS)}")
    if isinstance(level, bool) or level not in (1, 2, 3):
        complain("level", f"level {level!r} is not one of {', '.join(LEVELS)} or 1, 2, 3")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 1000:
        complain("weight", f"weight {weight!r} is not a number over 0")
    if not isinstance(notes, str) or not notes.strip(" ;\n"):
        complain("notes", 'notes are missing; write e.g. notes = "1 4 bass 90; 2 4 all 70"')
    try:
        meter = meter_of(str(entry.get("meter")))
    except ValueError as error:
        complain("meter", str(error))
    if len(problems) > before:
        return None
    try:
        events = events_of(str(notes), meter, str(track))
    except ValueError as error:
        complain("notes", str(error))
        return None
    return Pattern(str(track), str(meter), int(level or 1), section, float(weight), events)


def _settings(template: Template, parent: Style | None, problems: list[str]) -> Style:
    """A style without patterns: the template's settings, else the parent's."""
    base, data = parent or Style(template.name, "", ()), template.data
    register, vary = data.get("register", base.register), data.get("vary", base.vary)
    if isinstance(register, bool) or not isinstance(register, int) or not 36 <= register <= 72:
        problems.append(f"line {template.line_of('register')}: register {register!r} is not a MIDI pitch 36 to 72")
    if not isinstance(vary, list | tuple) or any(t not in TRACKS for t in vary):
        problems.append(f"line {template.line_of('vary')}: vary is not a list of {', '.join(TRACKS)}")
        vary = ()
    switches = {"tie": data.get("tie", base.tie), "left_hand": data.get("left_hand", base.left_hand)}
    for key, value in switches.items():
        if not isinstance(value, bool):
            problems.append(f"line {template.line_of(key)}: {key} {value!r} is not true or false")
    return Style(template.name, "", (), (), register, bool(switches["tie"]), tuple(vary), bool(switches["left_hand"]))


def _meter_problems(template: Template, meters: Any) -> list[str]:
    line = template.line_of("meters")
    if not isinstance(meters, list | tuple) or not meters:
        return [f'line {line}: meters are missing; write e.g. meters = ["4/4", "3/4"]']
    problems = []
    for text in meters:
        try:
            if str(meter_of(str(text))) != text:
                raise ValueError(f"write {text!r} as {meter_of(str(text))}")
        except ValueError as error:
            problems.append(f"line {line}: {error}")
    return problems


def _unknown_keys(template: Template, table: dict[str, Any], known: set[str], head: str, index: int = 0) -> list[str]:
    return [
        f"line {template.line_of(key, head, index)}: {key!r} is not a key here; use {', '.join(sorted(known))}"
        for key in table
        if key not in known
    ]


def _halved(pattern: Pattern) -> Pattern:
    """The first half of a 4/4 bar as a bar of 2/4."""
    half = WHOLE_TICKS // 2
    events = tuple(
        Event(e.offset, min(e.duration, half - e.offset), e.tones, e.velocity)
        for e in pattern.events
        if e.offset < half
    )
    return Pattern(pattern.track, "2/4", pattern.level, pattern.section, pattern.weight, events)
