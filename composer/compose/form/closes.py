"""Which phrases rest on the tonic and which stop on the dominant, where the plan's tension has a say.

The form decides first: sections close, a question stays open. But a calm bar that stops on the dominant is not calm,
and a tense one that rests on the tonic is not tense. So inside a section a question in calm music comes to a soft rest
(an imperfect close), and an answer in tense music stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.compose.form.phrase import HALF, IMPERFECT, PERFECT, Phrase
from composer.formats.brief.brief import Brief
from composer.formats.brief.curves import bar_targets, filled, writes_tension
from composer.formats.forms import letter_of

CALM, TENSE = -0.08, 0.08  # beside what is usual in the piece: below, a phrase rests; above, it stays open
VERY_TENSE = 0.15  # above it a section that contrasts stops on the dominant too
USUAL = (0.35, 0.65)  # a piece that is calmer or tenser than this as a whole is not usual
APART = 0.2  # a return closes as its first statement unless its tension differs by so much


def closed_by_tension(phrases: Sequence[Phrase], brief: Brief) -> tuple[Phrase, ...]:
    """The phrases with cadences that suit the tension of their last bars; what the brief writes stays."""
    strain = strain_of(brief)
    letters = [letter_of(section.name) for section in brief.form]
    first: dict[tuple[str, int], tuple[float, str]] = {}
    found: list[Phrase] = []
    for index, phrase in enumerate(phrases):
        section = brief.form[phrase.section]
        is_end = index + 1 == len(phrases)
        closes = is_end or phrases[index + 1].section != phrase.section
        place = sum(p.section == phrase.section for p in phrases[:index])
        is_written = section.phrases is not None and section.phrases[place].cadence is not None
        if is_end or is_written or (closes and section.cadence is not None):
            found.append(phrase)
            continue
        tension = float(strain[phrase.last])
        is_contrast = letters[phrase.section] != letters[0]
        if closes and section.key is not None and section.key.key != brief.key.key:
            # Only a close of its own tells what key a section was in.
            found.append(replace(phrase, cadence=PERFECT if phrase.cadence == HALF else phrase.cadence))
            continue
        cadence = _of_section(phrase.cadence, tension, is_contrast) if closes else _inside(phrase.cadence, tension)
        known, earlier = first.setdefault((f"{letters[phrase.section]} {closes}", place), (tension, cadence))
        returns = earlier in (HALF, IMPERFECT, PERFECT) and abs(tension - known) < APART and not closes
        found.append(replace(phrase, cadence=earlier if returns else cadence))
    return tuple(found)


def strain_of(brief: Brief) -> NDArray[np.float64]:
    """(bars,) how much more tension the brief asks of each bar than is usual in the piece."""
    asked = np.array([target.tension for target in bar_targets(brief)])
    usual = float(asked.mean())
    return asked - (np.clip(usual, *USUAL) if writes_tension(brief, filled(brief)).any() else usual)


def _inside(cadence: str, tension: float) -> str:
    if cadence == HALF and tension < CALM:
        return IMPERFECT
    return HALF if cadence == IMPERFECT and tension > TENSE else cadence


def _of_section(cadence: str, tension: float, is_contrast: bool) -> str:
    if cadence == HALF and tension < CALM:
        return IMPERFECT
    return HALF if is_contrast and tension > VERY_TENSE else cadence
