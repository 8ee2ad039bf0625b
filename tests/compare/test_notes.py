"""Which notes were added, removed, moved and changed: exactly the edits that were made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from composer.compare.notes import ADDED, LENGTH, MOVED, PITCH, REMOVED, VELOCITY, NoteEdits, Scale, note_edits
from composer.compare.view import Tone

QUARTER = 480
SCALE = Scale(QUARTER)
TONES = st.builds(
    lambda start, pitch, length, velocity: Tone(start * 120, pitch, start * 120 + length * 60, velocity),
    st.integers(0, 64), st.integers(48, 72), st.integers(1, 16), st.sampled_from([60, 80, 100]),
)  # fmt: skip
PIECES = st.lists(TONES, max_size=24)


@dataclass(frozen=True)
class Edit:
    """What a person does to one note."""

    kind: str
    amount: int


EDITS = st.one_of(
    st.just(Edit(REMOVED, 0)),
    st.builds(Edit, st.just(MOVED), st.sampled_from([-960, -480, -7, 1, 240, 480, 1920])),
    st.builds(Edit, st.just(PITCH), st.sampled_from([-12, -2, -1, 1, 7, 24])),
    st.builds(Edit, st.just(LENGTH), st.sampled_from([1, 60, 480])),
    st.builds(Edit, st.just(VELOCITY), st.sampled_from([-5, 1, 20])),
)


def edited(tone: Tone, edit: Edit) -> Tone | None:
    """``tone`` after the edit; None when it is gone."""
    if edit.kind == REMOVED:
        return None
    if edit.kind == MOVED:
        return replace(tone, start=tone.start + edit.amount, end=tone.end + edit.amount)
    if edit.kind == PITCH:
        return replace(tone, pitch=tone.pitch + edit.amount)
    if edit.kind == LENGTH:
        return replace(tone, end=tone.end + edit.amount)
    return replace(tone, velocity=tone.velocity + edit.amount)


def rebuilt(before: list[Tone], found: NoteEdits) -> Counter[Tone]:
    """``before`` with the edits applied."""
    tones = Counter(before)
    tones.subtract(Counter(e.before for e in found.edits if e.before is not None))
    assert min(tones.values(), default=0) >= 0
    return +tones + Counter(e.after for e in found.edits if e.after is not None)


@given(PIECES, PIECES)
def test_the_edits_make_one_version_of_the_other(before: list[Tone], after: list[Tone]) -> None:
    found = note_edits(before, after, SCALE)
    assert rebuilt(before, found) == Counter(after)
    assert len(found.same) == len(before) - sum(e.before is not None for e in found.edits)


@given(PIECES, st.data())
def test_there_are_never_more_edits_than_were_made(before: list[Tone], data: st.DataObject) -> None:
    chosen = data.draw(st.dictionaries(st.integers(0, max(0, len(before) - 1)), EDITS, max_size=6))
    added = data.draw(st.lists(TONES, max_size=3))
    kept = [t for i, tone in enumerate(before) if (t := edited(tone, chosen[i]) if i in chosen else tone)]
    made = sum(i in chosen for i in range(len(before))) + len(added)
    found = note_edits(before, [*kept, *added], SCALE)
    assert len(found.edits) <= made
    assert rebuilt(before, found) == Counter([*kept, *added])


@given(st.lists(st.one_of(st.none(), EDITS), max_size=12), st.data())
def test_exactly_the_edits_that_were_made_are_found(edits: list[Edit | None], data: st.DataObject) -> None:
    """Notes so far apart that nobody could take one for another; each is edited, left alone, or new."""
    apart = 12 * QUARTER
    pitches = data.draw(st.lists(st.integers(40, 80), min_size=len(edits), max_size=len(edits)))
    before = [Tone((i + 1) * apart, p, (i + 1) * apart + QUARTER, 80) for i, p in enumerate(pitches)]
    after, wanted = [], Counter[tuple[tuple[str, ...], Tone | None, Tone | None]]()
    for tone, edit in zip(before, edits, strict=True):
        new = edited(tone, edit) if edit else tone
        after += [new] if new else []
        if edit:
            wanted[(edit.kind,), tone, new] += 1
    for number in data.draw(st.sets(st.integers(0, 20), max_size=4)):
        fresh = Tone(number * apart + 6 * QUARTER, 60, number * apart + 7 * QUARTER, 70)
        after.append(fresh)
        wanted[(ADDED,), None, fresh] += 1
    found = note_edits(before, data.draw(st.permutations(after)), SCALE)
    assert Counter((e.kinds, e.before, e.after) for e in found.edits) == wanted


@given(PIECES)
def test_nothing_differs_from_itself(piece: list[Tone]) -> None:
    found = note_edits(piece, piece[::-1], SCALE)
    assert found.edits == () and len(found.same) == len(piece)


def test_a_run_of_repeated_notes_that_moved_keeps_its_order() -> None:
    before = [Tone(i * 240, 60, i * 240 + 200, 80) for i in range(4)]
    after = [replace(t, start=t.start + 1300, end=t.end + 1300) for t in before]
    found = note_edits(before, after, SCALE)
    assert [(e.kinds, e.after.start - e.before.start) for e in found.edits if e.before and e.after] == [
        ((MOVED,), 1300)
    ] * 4


def test_several_changes_of_one_note_are_one_edit() -> None:
    old, new = Tone(0, 60, 480, 80), Tone(0, 62, 960, 100)
    [edit] = note_edits([old], [new], SCALE).edits
    assert edit.kinds == (PITCH, LENGTH, VELOCITY)


def test_a_far_note_of_another_pitch_is_another_note() -> None:
    found = note_edits([Tone(0, 60, 480, 80)], [Tone(1920, 65, 2400, 80)], SCALE)
    assert [e.kinds for e in found.edits] == [(REMOVED,), (ADDED,)]


def test_times_within_the_tolerance_are_equal() -> None:
    old, new = Tone(480, 60, 960, 80), Tone(477, 60, 962, 80)
    assert note_edits([old], [new], Scale(QUARTER, 3)).edits == ()
    assert [e.kinds for e in note_edits([old], [new], Scale(QUARTER, 2)).edits] == [(MOVED, LENGTH)]


def test_thousands_of_notes_at_one_tick_do_not_hang() -> None:
    before = [Tone(0, 60 + i % 12, 480, 1 + i % 127) for i in range(800)]
    after = [Tone(1, 60 + i % 12, 480, 1 + i % 127) for i in range(800)]
    assert rebuilt(before, note_edits(before, after, SCALE)) == Counter(after)


def test_notes_that_never_end_have_no_lengths_to_differ_in() -> None:
    old, new = (Tone(0, 60, end, 80, is_open=True) for end in (480, 9600))
    assert note_edits([old], [new], Scale(480)).edits == ()
    assert note_edits([old], [Tone(0, 60, 9600, 80)], Scale(480)).edits[0].kinds == (LENGTH,)
