"""A file that went through a DAW comes back with the person's edits and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from composer.compare.stage import Difference, compared
from composer.contract.stage import checked
from composer.daw_return.stage import Known, Returned, returned
from composer.music.notes import Note, Piece
from tests.compare.pieces import BAR, bytes_of, piece
from tests.daw_return import damage
from tests.daw_return.damage import Damage, chain
from tests.daw_return.hands import Heard, edited_by_hand, heard

TRIO, BAND = "three lines that cross", "four lines with drums"
# Every damage alone, with the most that it may leave of a note that a person moved, in ticks.
DAMAGES: dict[str, tuple[Damage, int]] = {
    "none": (lambda data: data, 0),
    "type 0": (damage.type_0, 0),
    "one clip": (damage.one_clip, 0),
    "all on channel 1": (damage.all_on_channel_1, 0),
    "no names": (damage.no_names, 0),
    "no tempo": (damage.no_tempo, 0),
    "no metre": (damage.no_metre, 0),
    "no key": (damage.no_key, 0),
    "no markers": (damage.no_markers, 0),
    "no texts": (damage.no_texts, 0),
    "no programs": (damage.no_programs, 0),
    "no controllers": (damage.no_controllers, 0),
    "no conductor": (damage.no_conductor, 0),
    "numbered names": (damage.numbered_names, 0),
    "velocity 0": (damage.silent_note_offs, 0),
    "told nothing": (damage.told_nothing, 0),
    "volumes of its own": (damage.volumes_of_its_own, 0),
    "nothing but volumes": (chain(damage.no_names, damage.no_programs, damage.volumes_of_its_own), 0),
    "other order": (damage.reversed_tracks, 0),
    "a bar in front": (damage.bars_in_front(BAR), 0),
    "two beats in front": (damage.bars_in_front(960), 0),
    "96 ticks": (damage.of_resolution(96), 3),
    "384 ticks": (damage.of_resolution(384), 1),
    "960 ticks": (damage.of_resolution(960), 0),
    "early": (damage.early(6), 6),
    "very early": (damage.early(12), 12),
    "all as early": (damage.constantly_early(4), 4),
    "the worst clip": (
        chain(damage.early(4), damage.bars_in_front(BAR), damage.of_resolution(96), damage.silent_note_offs,
              damage.one_clip), 8,
    ),
    "bare tracks": (
        chain(damage.no_conductor, damage.no_names, damage.no_programs, damage.no_controllers,
              damage.all_on_channel_1, damage.bars_in_front(BAR), damage.of_resolution(96)), 3,
    ),
    "type 0 on channel 1": (
        chain(damage.type_0, damage.all_on_channel_1, damage.bars_in_front(2 * BAR), damage.of_resolution(96)), 3,
    ),
    "numbered type 1, early": (
        chain(damage.numbered_names, damage.no_tempo, damage.no_metre, damage.reversed_tracks, damage.early(5)), 5,
    ),
}  # fmt: skip


def long_piece(seed: int) -> Piece:
    """The small piece four times over, its lines varied; melody, chords and bass share many pitches."""
    rng = np.random.default_rng(seed)
    whole = piece()

    def repeated(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        return tuple(
            replace(
                n, start=n.start + times * 8 * BAR, velocity=int(rng.integers(50, 100)), duration=n.duration - times
            )
            for times in range(4)
            for n in notes
        )

    parts = tuple(replace(part, notes=repeated(part.notes)) for part in whole.parts)
    tune = tuple(replace(n, pitch=n.pitch + int(rng.integers(-3, 8))) for n in parts[0].notes)
    parts = (replace(parts[0], notes=tune), *parts[1:])
    return replace(whole, parts=parts, length=32 * BAR)


FILES = {BAND: bytes_of(long_piece(1)), TRIO: bytes_of(replace(long_piece(2), parts=long_piece(2).parts[:3]))}


def back(original: bytes, come: bytes) -> Returned:
    return returned(come, "back.mid", Known(original, "art.draft.mid"))


def difference(before: bytes, after: bytes) -> Difference:
    return compared(before, "before.mid", after, "after.mid")


def other_than_notes(found: Difference) -> list[object]:
    return [*found.song, found.end, found.shift, *(e for t in found.tracks for e in (*t.edits, *t.turns))]


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_what_was_not_edited_comes_back_to_the_byte(file: str, name: str) -> None:
    original = FILES[file]
    result = back(original, DAMAGES[name][0](original))
    assert result.midi == original
    assert result.share == 1.0 and result.edits == 0


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_the_edits_are_the_only_difference(file: str, name: str) -> None:
    original = FILES[file]
    hand = edited_by_hand(original, seed=len(name))
    change, tolerance = DAMAGES[name]
    result = back(original, change(hand.midi))
    before, after = heard(original), heard(result.midi)
    assert before - after == hand.gone
    assert unlike(after - before, hand.come, tolerance) == []
    assert not any(other_than_notes(difference(original, result.midi)))
    assert checked(result.midi, "x.mid").is_clean
    assert result.edits == len(difference(original, result.midi).note_edits)


def unlike(some: Counter[Heard], others: Counter[Heard], tolerance: int) -> list[Heard]:
    """The notes of ``some`` that have no partner of their own in ``others``, a few ticks more or less."""
    waiting, left = list(others.elements()), []
    for note in some.elements():
        found = next((other for other in waiting if is_like(note, other, tolerance)), None)
        if found is None:
            left.append(note)
        else:
            waiting.remove(found)
    return [*left, *waiting]


def is_like(one: Heard, other: Heard, tolerance: int) -> bool:
    times = zip(one[1:3], other[1:3], strict=True)
    return (one[0], one[3:]) == (other[0], other[3:]) and all(abs(a - b) <= tolerance for a, b in times)


@pytest.mark.parametrize("change", [damage.hanging, chain(damage.hanging, damage.type_0, damage.bars_in_front(BAR))])
@pytest.mark.parametrize("file", FILES)
def test_a_note_that_the_file_never_ends_is_as_long_as_it_was(file: str, change: Damage) -> None:
    original = FILES[file]
    result = back(original, change(original))
    assert result.midi == original and result.edits == 0
    assert any(rebuilt.what == "hanging notes" for rebuilt in result.report.rebuilt)


@pytest.mark.parametrize("name", ["one clip", "early", "the worst clip", "bare tracks"])
def test_what_comes_back_twice_is_as_it_came_once(name: str) -> None:
    original = FILES[BAND]
    once = back(original, DAMAGES[name][0](edited_by_hand(original, seed=3).midi)).midi
    assert back(once, DAMAGES[name][0](once)).midi == once
