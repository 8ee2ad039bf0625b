"""A difference in one line, and how numbers are told."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from composer.compare.notes import ADDED, LENGTH, MOVED, PITCH, REMOVED, VELOCITY
from composer.compare.stage import Difference
from composer.music.bars import BarMap
from composer.music.time import TICKS_PER_BEAT

# Fractions that musicians write; others are shown as decimals.
_PLAIN_DENOMINATORS = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48}


def summary_of(difference: Difference) -> str:
    """One line: how many notes came, went, moved and changed, and what else."""
    if difference.is_same:
        return "no difference"
    counts = Counter(kind for edit in difference.note_edits for kind in edit.kinds)
    told = {
        ADDED: "added", REMOVED: "removed", MOVED: "moved", PITCH: "of another pitch", LENGTH: "of another length",
        VELOCITY: "of another velocity",
    }  # fmt: skip
    parts = [f"{count_text(counts[kind], 'note')} {words}" for kind, words in told.items() if counts[kind]]
    turns = sum(len(track.turns) for track in difference.tracks)
    others = len(difference.song) + turns + sum(len(t.edits) for t in difference.tracks) + bool(difference.end)
    if others:
        parts.append(f"{count_text(others, 'other difference')}")
    for sign, words in ((-1, "taken out"), (1, "put in")):
        if bars := sum(edit.step.bars for edit in difference.bar_edits if edit.step.bars * sign > 0):
            parts.insert(0, f"{count_text(abs(bars), 'bar')} {words}")
    if difference.shift:
        parts.insert(0, f"all music {shift_text(difference)}")
    return "; ".join(parts)


def rounding_hint(difference: Difference) -> str:
    """What to do when the new file counts in coarser ticks, so that its times had to be rounded; else ``""``."""
    before, after = difference.before.ticks_per_beat, difference.after.ticks_per_beat
    times = {MOVED, LENGTH}
    if after % before == 0 or not any(times & set(edit.kinds) for edit in difference.note_edits):
        return ""
    ticks = -(-TICKS_PER_BEAT // (2 * after))
    return (
        f"{difference.after.name} counts {after} ticks to the quarter, not {before}, so its times are rounded: "
        f"--tolerance {ticks} leaves that out"
    )


def shift_text(difference: Difference) -> str:
    """``"1 bar later"``, ``"2 quarters earlier"``: where all music of the new version went."""
    shift, quarters = difference.shift, number_text(difference.quarters(difference.shift))
    return later_in_bars(shift, difference.bars, BarMap(difference.came, difference.before.unit), quarters)


def later_in_bars(shift: int, old: BarMap, new: BarMap, quarters: str) -> str:
    """``"1 bar later"`` for music that is ``shift`` later in a file with the bars ``new``, ``quarters`` in words.

    The bars in front are those of the file that has them: a piece may begin with an upbeat, and they not.
    """
    place = (new if shift > 0 else old).place(abs(shift))
    if place.beat == 1:
        return f"{count_text(place.bar - 1, 'bar')} {'later' if shift > 0 else 'earlier'}"
    return later_text(quarters)


def later_text(quarters: str) -> str:
    """``"2 quarters earlier"`` for ``"-2"``."""
    size = quarters.removeprefix("-")
    return f"{size} quarter{'s' * (size != '1')} {'earlier' if quarters.startswith('-') else 'later'}"


def number_text(value: Fraction) -> str:
    """``"1 1/2"``, or a decimal where the fraction is no musical one."""
    if value < 0:
        return f"-{number_text(-value)}"
    whole, rest = divmod(value, 1)
    if rest.denominator not in _PLAIN_DENOMINATORS:
        return f"{float(value):.3f}"
    return f"{whole} {rest}".strip() if whole and rest else str(rest or whole)


def count_text(number: int, thing: str) -> str:
    """``"1 note"``, ``"2 notes"``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
