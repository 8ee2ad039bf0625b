"""Bars that were put in or taken out are one edit each, and all the rest is told by the bars as they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import mido
import numpy as np
import pytest

from composer.compare.report import as_json
from composer.compare.stage import Difference, compared
from composer.compare.summary import summary_of
from composer.compare.words import rows_of
from composer.music.notes import Note, Piece
from tests.compare.pieces import BAR, Event, bytes_of, file_of, piece, tracks_of, with_notes

SETS = ("track_name", "set_tempo", "time_signature", "key_signature", "program_change", "control_change")
BARS = 8


def lively() -> Piece:
    """The piece with no two bars alike."""
    return with_notes(piece(), "Melody", lambda ns: [*ns, *(Note(b * BAR + 1440, 74 + b, 240, 64) for b in range(8))])


def is_set_up(tick: int, message: mido.Message | mido.MetaMessage) -> bool:
    return tick == 0 and message.type in SETS


def put_in(data: bytes, after: int, count: int = 1, bars: int = BARS) -> bytes:
    """Empty bars behind bar ``after``, as a DAW inserts time: what sounds there is stretched."""

    def late(tick: int, message: mido.Message | mido.MetaMessage) -> bool:
        return tick > after * BAR or (tick == after * BAR and message.type != "note_off")

    tracks = [
        [(t + count * BAR if late(t, m) and not is_set_up(t, m) else t, m) for t, m in track]
        for track in tracks_of(data)
    ]
    return file_of(tracks, end=(bars + count) * BAR)


def taken_out(data: bytes, bar: int) -> bytes:
    """Without that bar and all in it."""
    start, end = (bar - 1) * BAR, bar * BAR
    tracks = []
    for track in tracks_of(data):
        kept: list[Event] = []
        for tick, message in track:
            if is_set_up(tick, message) or tick < start or (tick == start and message.type == "note_off"):
                kept.append((tick, message))
            elif tick > end or (tick == end and message.type != "note_off"):
                kept.append((tick - BAR, message))
        tracks.append(kept)
    return file_of(tracks, end=(BARS - 1) * BAR)


def difference(before: bytes, after: bytes) -> Difference:
    return compared(before, "a.mid", after, "b.mid")


def told(found: Difference) -> list[tuple[str, str, str]]:
    return [row.cells for row in rows_of(found) if row.track != "(voices)"]


@pytest.mark.parametrize("after", range(1, BARS))
def test_a_bar_put_in_is_one_edit_wherever_it_is(after: int) -> None:
    found = difference(bytes_of(lively()), put_in(bytes_of(lively()), after))
    assert told(found) == [("", "(song)", f"1 bar put in after bar {after}, empty; bars below are the old ones")]
    assert summary_of(found) == "1 bar put in" and not found.is_same
    [bars] = as_json(found)["bars"]
    assert (bars["after"], bars["by"], bars["first"], bars["quarters"], bars["length"], bars["tracks"]) == (
        after, 1, after + 1, str(4 * after), "4", [],
    )  # fmt: skip


@pytest.mark.parametrize("bar", range(1, BARS + 1))
def test_a_bar_taken_out_is_one_edit_wherever_it_is(bar: int) -> None:
    whole = bytes_of(lively())
    found = difference(whole, taken_out(whole, bar))
    notes = sum(bar == note.start // BAR + 1 for part in lively().parts for note in part.notes)
    assert told(found) == [("", "(song)", f"bar {bar} taken out, with {notes} notes")]
    assert summary_of(found) == "1 bar taken out"
    [bars] = as_json(found)["bars"]
    assert (bars["after"], bars["by"], bars["first"]) == (bar - 1, -1, bar)
    assert sum(len(track["notes"]) for track in bars["tracks"]) == notes
    files = [as_json(found)[side] for side in ("before", "after")]
    everything = sum(len(part.notes) for part in lively().parts)
    assert [(f["bars"], f["notes"]) for f in files] == [(BARS, everything), (BARS - 1, everything - notes)]


def test_all_music_moved_only_where_nothing_stayed() -> None:
    whole = bytes_of(lively())
    assert difference(whole, put_in(whole, 0, 2)).shift == 2 * BAR
    assert [difference(whole, put_in(whole, 1)).shift, difference(whole, taken_out(whole, 1)).shift] == [0, 0]


def test_edits_behind_a_bar_put_in_are_told_by_their_old_bars() -> None:
    def change(notes: list[Note]) -> list[Note]:
        return [replace(n, pitch=50, velocity=9) if n.start == 6 * BAR else n for n in notes]

    edited = with_notes(lively(), "Melody", change)
    found = difference(bytes_of(lively()), put_in(bytes_of(edited), 2, 3))
    assert [row[::2] for row in told(found)][:2] == [
        ("", "3 bars put in after bar 2, empty; bars below are the old ones"),
        ("7", "E4 -> D3, velocity 82 -> 9"),
    ]
    [edit] = [note for track in as_json(found)["tracks"] for note in track["notes"]]
    assert (edit["bar"], edit["before"]["start"], edit["after"]["start"]) == (7, "24", "24")


def test_bars_at_two_places_and_both_ways_are_told() -> None:
    whole = bytes_of(lively())
    found = difference(whole, put_in(taken_out(whole, 2), 5, bars=BARS - 1))
    assert [(edit.step.after, edit.step.bars) for edit in found.bar_edits] == [(1, -1), (6, 1)]
    assert len(told(found)) == 2 and summary_of(found) == "1 bar put in; 1 bar taken out"


def test_the_notes_of_bars_put_in_are_listed_with_them_at_their_own_times() -> None:
    def copied(notes: list[Note]) -> list[Note]:
        early = [n for n in notes if n.start < 5 * BAR]
        return [*early, *(replace(n, start=n.start + BAR) for n in notes if n.start >= 4 * BAR)]

    longer = lively()
    for part in longer.parts:
        longer = with_notes(longer, part.name, copied)
    longer = replace(longer, length=9 * BAR)
    chords = tuple(replace(c, start=c.start + BAR, end=c.end + BAR) for c in lively().chords if c.start >= 4 * BAR)
    longer = replace(longer, chords=(*(c for c in lively().chords if c.start < 5 * BAR), *chords))
    found = difference(bytes_of(lively()), bytes_of(longer))
    [edit] = found.bar_edits
    notes = Counter((tone.start, tone.pitch) for tone in edit.content.tones)
    same = Counter((n.start + BAR, n.pitch) for part in lively().parts for n in part.notes if 4 <= n.start // BAR < 5)
    assert (edit.step.after, edit.step.bars, notes) == (5, 1, same) and not found.note_edits
    assert told(found)[0][2].startswith("1 bar put in after bar 5, with 11 notes")
    assert as_json(found)["bars"][0]["song"] == [{"what": "chord symbol", "quarters": "20", "text": "Dm"}]


def test_a_note_held_over_a_bar_put_in_is_not_another_note() -> None:
    held = with_notes(
        lively(), "Bass", lambda ns: [replace(n, duration=3840) if i == 2 else n for i, n in enumerate(ns)]
    )
    held = with_notes(held, "Bass", lambda ns: [n for i, n in enumerate(ns) if i != 3])
    assert len(told(difference(bytes_of(held), put_in(bytes_of(held), 3)))) == 1


def test_a_marker_that_stayed_in_front_of_a_bar_put_in_is_not_told() -> None:
    whole = bytes_of(lively())
    late = tracks_of(put_in(whole, 4))
    late[0] = [(t - BAR if m.type == "marker" and t else t, m) for t, m in late[0]]
    assert len(told(difference(whole, file_of(late, end=9 * BAR)))) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda ns: [replace(n, pitch=n.pitch + 5) for n in ns],
        lambda ns: [n for n in ns if not 2 <= n.start // BAR < 4],
        lambda ns: [replace(n, start=n.start + BAR * (n.start == 3 * BAR)) for n in ns],
    ],
)
def test_edits_of_one_part_put_no_bar_in(change: Callable[[list[Note]], list[Note]]) -> None:
    found = difference(bytes_of(lively()), bytes_of(with_notes(lively(), "Melody", change)))
    assert not found.bar_edits and not found.shift and found.note_edits


@pytest.mark.parametrize("seed", [15, 24, 31, 55])
def test_two_drafts_with_bars_that_are_alike_here_and_there_put_no_bar_in(seed: int) -> None:
    """Every part draws its bars from four of its own; so does the other draft."""
    rng = np.random.default_rng(seed)

    def shuffled(notes: list[Note]) -> list[Note]:
        drawn = [(bar, int(rng.integers(4))) for bar in range(8)]
        return [replace(n, start=n.start + (b - a) * BAR) for b, a in drawn for n in notes if n.start // BAR == a]

    drafts = []
    for _ in range(2):
        draft = replace(piece(), chords=())
        for part in draft.parts:
            draft = with_notes(draft, part.name, shuffled)
        drafts.append(bytes_of(draft))
    found = difference(*drafts)
    assert found.note_edits and not found.bar_edits and not found.shift
