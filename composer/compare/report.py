"""A difference as plain JSON values; the format is described in docs/reference/diff.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from composer.compare.notes import ADDED, LENGTH, MOVED, PITCH, REMOVED, VELOCITY, NoteEdit
from composer.compare.song import SongEdit, TurnEdit
from composer.compare.stage import BarEdit, Difference, Track
from composer.compare.view import Tone, View
from composer.compare.voices import Fault
from composer.music.pitch import note_name

FORMAT = "composer.diff/1"
KINDS = (ADDED, REMOVED, MOVED, PITCH, LENGTH, VELOCITY)


def as_json(difference: Difference) -> dict[str, Any]:
    """Every edit; times are exact fractions of a quarter from the start, as text, and bars and beats of the old
    version. What stands in bars that were put in or taken out is told with those."""
    counts = Counter(kind for edit in difference.note_edits for kind in edit.kinds)
    found = difference.voice_leading
    return {
        "format": FORMAT,
        "before": _file(difference.before, [e for e in difference.bar_edits if e.step.bars < 0], 0),
        "after": _file(
            difference.after,
            [e for e in difference.bar_edits if e.step.bars > 0],
            sum(e.step.bars for e in difference.bar_edits),
        ),
        "same": difference.is_same,
        "shift_quarters": str(difference.quarters(difference.shift)),
        "bars": [_bars(edit, difference) for edit in difference.bar_edits],
        "end_quarters": [str(difference.quarters(end)) for end in difference.end] if difference.end else None,
        "notes": {"same": sum(len(t.notes.same) for t in difference.tracks), **{kind: counts[kind] for kind in KINDS}},
        "song": [_song(edit, difference) for edit in difference.song],
        "tracks": [_track(track, difference) for track in difference.tracks],
        "voice_leading": {
            "gone": [_fault(fault, difference) for fault in found.gone],
            "new": [_fault(fault, difference) for fault in found.new],
            "stayed": found.stayed,
        },
    }


def _file(view: View, more: Sequence[BarEdit], more_bars: int) -> dict[str, Any]:
    """A file with the bars that only it has."""
    return {
        "file": view.name,
        "type": view.kind,
        "ticks_per_quarter": view.ticks_per_beat,
        "bars": view.bars.bars_until(view.end) + more_bars,
        "tracks": len(view.lines),
        "notes": len(view.tones) + sum(len(edit.content.tones) for edit in more),
    }


def _bars(edit: BarEdit, difference: Difference) -> dict[str, Any]:
    """Bars put in or taken out; the times are those of the version that has them."""
    first = (edit.step.new_after if edit.step.bars > 0 else edit.step.after) + 1
    return {
        "after": edit.step.after,
        "by": edit.step.bars,
        "first": first,
        "quarters": str(difference.quarters(edit.span.start)),
        "length": str(difference.quarters(len(edit.span))),
        "tracks": [
            {
                "name": line.label,
                "notes": [_tone(tone, difference) for tone in line.tones],
                "controls": [
                    {"what": t.what, "quarters": str(difference.quarters(t.time)), "value": t.value} for t in line.turns
                ],
            }
            for line in edit.content.lines
            if line.tones or line.turns
        ],
        "song": [
            {"what": e.what, "quarters": str(difference.quarters(e.time)), "text": e.text} for e in edit.content.song
        ],
    }


def _track(track: Track, difference: Difference) -> dict[str, Any]:
    return {
        "before": [line.label for line in track.group.before],
        "after": [line.label for line in track.group.after],
        "matched_by": track.group.matched_by or None,
        "changes": [{"what": e.what, "before": e.before, "after": e.after} for e in track.edits],
        "range": {
            name: [note_name(p) for p in pitches] if pitches else None
            for name, pitches in (("before", track.range_before), ("after", track.range_after))
        },
        "same_notes": len(track.notes.same),
        "notes": [_note(edit, difference) for edit in track.notes.edits],
        "controls": [_turn(edit, difference) for edit in track.turns],
    }


def _note(edit: NoteEdit, difference: Difference) -> dict[str, Any]:
    return {
        "kinds": list(edit.kinds),
        **_place(edit.tone.start, difference),
        "before": _tone(edit.before, difference),
        "after": _tone(edit.after, difference),
    }


def _tone(tone: Tone | None, difference: Difference) -> dict[str, Any] | None:
    if tone is None:
        return None
    return {
        "start": str(difference.quarters(tone.start)),
        "length": str(difference.quarters(tone.length)),
        "pitch": tone.pitch,
        "name": note_name(tone.pitch),
        "velocity": tone.velocity,
    }


def _turn(edit: TurnEdit, difference: Difference) -> dict[str, Any]:
    return {
        "what": edit.what,
        **_place(edit.time, difference),
        "before": edit.before.value if edit.before else None,
        "after": edit.after.value if edit.after else None,
    }


def _song(edit: SongEdit, difference: Difference) -> dict[str, Any]:
    return {
        "what": edit.what,
        **_place(edit.time, difference),
        "before": edit.before.text if edit.before else None,
        "after": edit.after.text if edit.after else None,
        "moved_to": str(difference.quarters(edit.after.time)) if edit.after and edit.after.time != edit.time else None,
    }


def _fault(fault: Fault, difference: Difference) -> dict[str, Any]:
    return {"rule": fault.rule, **_place(fault.time, difference), "outer": fault.is_outer, "voices": list(fault.voices)}


def _place(time: int, difference: Difference) -> dict[str, Any]:
    place = difference.bars.place(time)
    return {"quarters": str(difference.quarters(time)), "bar": place.bar, "beat": place.beat_text}
