"""The form: sections from the picture's symmetry and its main colours, read from left to right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from composer.brief.curves import COLUMNS, Curve, PictureCurves
from composer.brief.features import Features
from composer.brief.mood import Mood, sigmoid
from composer.brief.palette import Swatch
from composer.brief.reasons import Choice, given
from composer.formats.brief.brief import Curves
from composer.formats.brief.form import SectionPlan
from composer.formats.forms import (
    SENTENCE,
    Contrast,
    Form,
    contrasted,
    form_of_letters,
    letter_of,
    load_form,
    sentence_phrases,
)
from composer.limits import BRIEF_BARS, BRIEF_TEMPO_MAX_BPM, BRIEF_TEMPO_MIN_BPM
from composer.music.time import TICKS_PER_BEAT, Meter

PHRASE = 4  # bars
_MAIN_SHARE = 0.15  # of the picture, from which a colour is a section of its own
_SYMMETRIC = 0.8
_HALF_SYMMETRIC = 0.5
_REPEATING = 0.6
_BARS_MIN, _BARS_MAX = 8, 48
_SECONDS_MIN, _SECONDS_MAX = 20.0, 90.0
_UNITS_MAX = 4  # phrases in one section before the whole form is repeated instead
# Tempi that a piece is fitted to a duration with, if any number of bars allows.
_FIT_SLOWEST, _FIT_FASTEST = 48.0, 184.0

# Letters of each pattern, simplest last: a piece too short for one takes the next.
_SHORTER = ("ABA", "AA", "A")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Letters in playing order; ``exact`` if returns are literal (a symmetric picture), else they are varied.

    ``form`` is the template that was asked for by name, None where the picture decides.
    """

    letters: str
    exact: bool
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class Length:
    """Bars and the tempo at which they last as long as was asked for."""

    bars: int
    tempo_bpm: float


def pattern_of(features: Features, palette: tuple[Swatch, ...]) -> Choice[Pattern]:
    """The order of the sections and why."""
    main = [swatch for swatch in palette if swatch.share >= _MAIN_SHARE][:4]
    count = max(1, len(main))
    symmetry = features.symmetry_lr
    colours = f"{_number(count)} main colour{'s' if count > 1 else ''}"
    clear = min(1.0, 0.4 + abs(symmetry - _SYMMETRIC))
    if symmetry >= _SYMMETRIC and count > 1:
        letters = {2: "ABA", 3: "ABCBA", 4: "ABCBA"}[count]
        why = f"The left half mirrors the right ({symmetry:.2f} of 1) and there are {colours}: a form that returns"
        return Choice(Pattern(letters, True), f"{why} the way it came.", _spaced("AABA"), clear)
    if features.repetition >= _REPEATING and count > 1:
        why = f"A pattern repeats along the width and there are {colours}: each section is played twice."
        return Choice(Pattern("AABB" if count == 2 else "AABBCC", False), why, _spaced("AABA"), 0.6)
    letters, why = _open_form(count, symmetry, palette[0].share, features)
    return Choice(Pattern(letters, False), f"{why}.", _spaced("ABA" if letters != "ABA" else "AABA"), min(0.8, clear))


def pattern_asked(name: str) -> Choice[Pattern]:
    """The form that a person asked for by name; raises BadInput when there is none of that name."""
    form = load_form(name)
    return given(Pattern("".join(form.letters), False, form), f"the form {name}")


def _open_form(count: int, symmetry: float, largest: float, features: Features) -> tuple[str, str]:
    if count == 1:
        if features.edge_density < 0.01:
            return "AA", "One colour fills the picture and nothing in it contrasts: one idea and its return"
        return "AABA", "One colour fills the picture, so one tune carries it; a short contrast keeps it alive"
    if count == 2:
        if symmetry >= _HALF_SYMMETRIC:
            return (
                "AABA",
                "Two main colours in a half symmetric layout: the song form, one contrast before the end",
            )
        return "ABAB", "Two main colours side by side with little symmetry: they take turns"
    if count == 3:
        if largest >= 0.45:
            return (
                "ABACA",
                "Three main colours, one covers nearly half of it and keeps returning: a rondo",
            )
        return "ABAC" if symmetry < 0.3 else "ABCA", "Three main colours from left to right, the first one returning"
    if largest >= 0.4:
        return "ABACADA", "Four main colours, of which one keeps returning: a rondo"
    return "ABCDA", "Four main colours from left to right, closed by the first"


def bars_wanted(features: Features, colours: int, meter: Meter, tempo_bpm: float) -> int:
    """A multiple of four bars from 8 to 48: more for a detailed or a wide picture, 20 to 90 seconds."""
    detail = 0.5 * min(1.0, features.edge_density / 0.3) + 0.3 * features.texture + 0.2 * min(1.0, colours / 8)
    width = max(-1.0, min(1.0, math.log2(features.aspect)))
    seconds = 24 + 52 * detail + 12 * width
    bar_s = _bar_seconds(meter, tempo_bpm)
    units = round(seconds / bar_s / PHRASE)
    longest = PHRASE * math.floor(min(_BARS_MAX, _SECONDS_MAX / bar_s) / PHRASE)
    return max(least_bars(meter, tempo_bpm), min(longest, PHRASE * units))


def least_bars(meter: Meter, tempo_bpm: float) -> int:
    """The fewest bars, a multiple of four, of a piece whose length the picture decides: 8 bars and 20 seconds."""
    return PHRASE * math.ceil(max(_BARS_MIN, _SECONDS_MIN / _bar_seconds(meter, tempo_bpm)) / PHRASE)


def length_for(duration_s: float, meter: Meter, tempo_bpm: float, bars: int | None = None) -> Length | None:
    """The bars (a multiple of four, or two for a very short piece) and tempo nearest to ``tempo_bpm`` that last
    ``duration_s`` seconds; None where only an unplayable tempo would do."""
    quarters = meter.bar_ticks / TICKS_PER_BEAT
    counts = [bars] if bars else [2, *range(PHRASE, BRIEF_BARS + 1, PHRASE)]
    fits = [Length(count, round(count * quarters * 60 / duration_s, 2)) for count in counts]
    sane = [fit for fit in fits if _FIT_SLOWEST <= fit.tempo_bpm <= _FIT_FASTEST] or fits
    best = min(sane, key=lambda fit: (round(abs(math.log(fit.tempo_bpm / tempo_bpm)), 6), fit.bars))
    return best if BRIEF_TEMPO_MIN_BPM <= best.tempo_bpm <= BRIEF_TEMPO_MAX_BPM else None


def section_bars(
    pattern: Pattern, bars: int, palette: tuple[Swatch, ...], least: int | None
) -> tuple[tuple[str, int], ...]:
    """Letter and bars of each section, multiples of four.

    With ``least`` the bars may become a few less or more, not below it, so that equal letters last equally long;
    without it they sum to ``bars``, and what is left over lengthens the last section.
    """
    letters = _fitted(pattern.letters, bars // PHRASE)
    lengths = _lengths(letters, bars, _shares(letters, palette, pattern.form), least is None)
    if least is not None and sum(lengths) < least:
        return section_bars(pattern, bars + PHRASE, palette, least)
    return tuple(zip(letters, lengths, strict=True))


def sections_of(
    pattern: Pattern,
    parts: tuple[tuple[str, int], ...],
    curves: PictureCurves,
    mood: Mood,
    features: Features,
) -> tuple[SectionPlan, ...]:
    """The sections with the levels that the picture has where they lie, read from left to right."""
    bars = sum(length for _, length in parts)
    levels = brief_curves(curves, mood, features)
    plans, at, seen = [], 0, {letter: 0 for letter, _ in parts}
    for letter, length in parts:
        primes = 0 if pattern.exact else seen[letter]
        plans.append(
            SectionPlan(
                name=letter + "'" * min(primes, 3),
                bars=length,
                energy=_level(levels.energy, at, length, bars),
                density=_level(levels.density, at, length, bars),
                register=_level(levels.register_, at, length, bars),
            )
        )
        seen[letter] += 1
        at += length
    form = pattern.form or form_of_letters("".join(letter for letter, _ in parts))
    sections = contrasted(plans, form.contrasts, all_free=True)
    return sections if pattern.form is None else tuple(_as_asked(s, form, sections) for s in sections)


def _as_asked(section: SectionPlan, form: Form, sections: Sequence[SectionPlan]) -> SectionPlan:
    """The section with the tension, the close and the phrases that its form gives it."""
    letter = letter_of(section.name).upper()
    contrast = form.contrasts.get(letter, Contrast())
    changes: dict[str, object] = {"tension": round(min(1.0, max(0.0, section.energy + contrast.tension)), 2)}
    is_last = section is sections[-1]
    if contrast.cadence is not None and not is_last:
        changes["cadence"] = contrast.cadence
    first = next(s for s in sections if letter_of(s.name).upper() == letter)
    if contrast.shape == SENTENCE and section is first:
        changes["phrases"] = sentence_phrases(section.bars, letter, "PAC")
    return section.model_copy(update=changes)


def contrast_words(sections: Sequence[SectionPlan], parts: tuple[tuple[str, int], ...], curves: Curves) -> str:
    """Which letters were set apart from the first one though the picture has them alike; "" for none."""
    bars = sum(length for _, length in parts)
    at, set_apart = 0, []
    for section, (letter, length) in zip(sections, parts, strict=True):
        seen = _level(curves.register_, at, length, bars), _level(curves.density, at, length, bars)
        if (section.register_, section.density) != seen and letter not in set_apart:
            set_apart.append(letter)
        at += length
    if not set_apart:
        return ""
    verbs = "lies and moves" if len(set_apart) == 1 else "lie and move"
    return f" {' and '.join(set_apart)} {verbs} otherwise than {parts[0][0]}, so that one hears the change."


def brief_curves(curves: PictureCurves, mood: Mood, features: Features) -> Curves:
    """The picture's curves on the brief's scales: the mood sets the level, the picture the rise and fall."""
    energy = _around(curves.tension, 0.22 + 0.5 * mood.energy, 0.5)
    density_level = 0.2 + 0.5 * sigmoid((features.edge_density - 0.12) / 0.06)
    density = _around(curves.density, density_level, 0.4)
    register = _around(curves.height, 0.5 * float(curves.height.mean()), 0.9, -1.0)
    return Curves(
        energy=[round(v, 3) for v in energy],
        density=[round(v, 3) for v in density],
        register=[round(v, 3) + 0.0 for v in register],
    )


def climax_bar(curves: PictureCurves, bars: int) -> int:
    """The bar, from 1, where the picture is most tense."""
    return min(bars, 1 + int((curves.climax + 0.5) / COLUMNS * bars))


def _around(values: Curve, level: float, span: float, lowest: float = 0.0) -> list[float]:
    """``values`` shifted to ``level`` and, where they vary enough to matter, stretched to about ``span``."""
    reach = max(float(values.max() - values.min()), 0.2)
    middle = float(values.mean())
    return [max(lowest, min(1.0, level + (float(v) - middle) / reach * span)) for v in values]


def _fitted(letters: str, units: int) -> str:
    """Letters for a piece of so many phrases: a shorter form for a short piece, the form again for a long one."""
    if units < len(letters):
        return next(shorter for shorter in _SHORTER if len(shorter) <= max(1, units))
    times = max(1, round(units / (len(letters) * _UNITS_MAX) + 0.49))
    return letters * min(times, units // len(letters))


def _lengths(letters: str, bars: int, weights: dict[str, float], exact: bool) -> list[int]:
    """Bars of each section: equal letters get equal lengths, heavier ones longer ones."""
    units, rest = divmod(bars, PHRASE)
    if units == 0:
        return [bars]
    per_letter = dict.fromkeys(letters, 1)
    left = units - len(letters)
    while left > 0:
        fitting = [letter for letter in per_letter if letters.count(letter) <= left]
        # No section is more than twice as long as another, as long as that can be had.
        even = [letter for letter in fitting if per_letter[letter] < 2 * min(per_letter.values())]
        if not fitting:
            break
        chosen = max(even or fitting, key=lambda name: (round(weights[name] / per_letter[name], 4), -ord(name)))
        per_letter[chosen] += 1
        left -= letters.count(chosen)
    lengths = [PHRASE * per_letter[letter] for letter in letters]
    if exact:
        lengths[-1] += PHRASE * left + rest
    return lengths


def _shares(letters: str, palette: tuple[Swatch, ...], form: Form | None) -> dict[str, float]:
    """How much of the piece each letter gets: by the form that was asked for, else by the colours."""
    if form is None:
        return _weights(letters, palette)
    return {letter: form.contrasts[letter].share if letter in form.contrasts else 1.0 for letter in letters}


def _weights(letters: str, palette: tuple[Swatch, ...]) -> dict[str, float]:
    """Share of the colour behind each letter; the colours stand from left to right."""
    names = sorted(set(letters))
    main = [swatch for swatch in palette if swatch.share >= _MAIN_SHARE][: len(names)]
    if len(main) < len(names):
        return dict.fromkeys(names, 1.0)
    return {name: math.sqrt(s.share) for name, s in zip(names, sorted(main, key=lambda s: (s.x, s.hex)), strict=True)}


def _bar_seconds(meter: Meter, tempo_bpm: float) -> float:
    return meter.bar_ticks / TICKS_PER_BEAT * 60.0 / tempo_bpm


def _level(values: list[float], first: int, bars: int, total: int) -> float:
    """The mean of a curve of ``COLUMNS`` values over ``bars`` bars of ``total``, from bar ``first`` on."""
    start = min(COLUMNS - 1, first * COLUMNS // total)
    part = values[start : max(start + 1, round((first + bars) * COLUMNS / total))]
    return round(sum(part) / len(part), 2) + 0.0


def _number(count: int) -> str:
    return ("no", "one", "two", "three", "four")[count]


def _spaced(letters: str) -> str:
    return " ".join(letters)
