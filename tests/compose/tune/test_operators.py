from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from composer.compose.form.phrase import (
    AUGMENT,
    COPY,
    FIT_CHORD,
    FRAGMENT,
    INVERT,
    NEW,
    NEW_END,
    OCTAVE,
    OPERATORS,
    ORNAMENT,
    SAME_RHYTHM,
    SEQUENCE,
    SIMPLIFY,
)
from composer.compose.tune.operators import Kept, Setting, kept_of, rhythm_of, singable
from composer.encoding.melody import DURATIONS, Event
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.time import meter_of

BAR = 1920
SHIFT = 4 * BAR


def _tune() -> list[Event]:
    """Four bars of 4/4; the final note is on the fourth downbeat."""
    durations = [480, 240, 240, 960, 480, 480, 480, 480, 480, 240, 240, 480, 480, BAR]
    pitches = [4, 5, 7, 4, 5, 7, 9, 5, 4, 2, 4, 5, 7, 0]
    starts = itertools.accumulate(durations, initial=0)
    return [Event(s, d, p) for s, d, p in zip(starts, durations, pitches, strict=False)]


TUNE = _tune()


def setting(**changes: object) -> Setting:
    base = Setting(
        key=key_of("C", "major"),
        meter=meter_of("4/4"),
        chords=[chord_of("C"), chord_of("F"), chord_of("G"), chord_of("C")],
        chord_starts=[SHIFT + i * BAR for i in range(4)],
        start=SHIFT,
        bars=4,
        onset=SHIFT + 3 * BAR,
        end=SHIFT + 4 * BAR,
        shift=SHIFT,
        source_bars=4,
        same_cadence=True,
        low=-12,
        high=24,
        register=4.6,
        density_npq=1.1,
        rng=np.random.default_rng(1),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def _pitches(kept: Kept) -> list[int | None]:
    return [e.pitch for e in kept.events]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8"])
def test_what_is_kept_is_a_readable_prefix_before_the_final_note(operator: str, same: bool, meter: str) -> None:
    bar = meter_of(meter).bar_ticks
    unit = bar // meter_of(meter).beats
    source = [Event(i * unit, unit, p) for i, p in enumerate([0, 4, 2, 5, 4, 7][: 3 * bar // unit])]
    source = [*source, Event(3 * bar, bar, 0)] if source[-1].end == 3 * bar else source
    kept = kept_of(
        operator,
        source,
        setting(
            meter=meter_of(meter), same_cadence=same, start=4 * bar, shift=4 * bar, onset=7 * bar, end=8 * bar,
            chord_starts=[(4 + i) * bar for i in range(4)],
        ),
    )  # fmt: skip
    assert not (kept.events and kept.rhythm)
    ticks = [kept.begins, *(e.end for e in kept.events)]
    assert [e.start for e in kept.events] == ticks[:-1]
    assert all(e.duration in DURATIONS for e in kept.events)
    if operator != COPY or not same:
        assert ticks[-1] <= 7 * bar and kept.begins + sum(kept.rhythm) <= 7 * bar


def test_a_new_phrase_keeps_nothing() -> None:
    assert kept_of(NEW, TUNE, setting(pickup=240)) == Kept(begins=SHIFT - 240)


def test_a_copy_to_the_same_cadence_is_whole_and_ends_where_the_phrase_ends() -> None:
    kept = kept_of(COPY, TUNE, setting(end=SHIFT + 4 * BAR - 480))
    assert _pitches(kept) == [e.pitch for e in TUNE]
    assert kept.events[-1].end == SHIFT + 4 * BAR - 480


def test_a_copy_to_another_cadence_leaves_the_last_bar_to_it() -> None:
    kept = kept_of(COPY, TUNE, setting(same_cadence=False))
    assert _pitches(kept) == [e.pitch for e in TUNE[:-1]]


def test_a_new_end_keeps_two_or_three_bars_of_four() -> None:
    ends = {kept_of(NEW_END, TUNE, setting(rng=np.random.default_rng(s))).events[-1].end for s in range(12)}
    assert ends == {SHIFT + 2 * BAR, SHIFT + 3 * BAR}


def test_the_same_rhythm_keeps_durations_only() -> None:
    kept = kept_of(SAME_RHYTHM, TUNE, setting())
    assert kept.rhythm == tuple(e.duration for e in TUNE[:-1])
    assert kept == rhythm_of(TUNE, setting())


@pytest.mark.parametrize(("register", "rises"), [(9.0, True), (0.0, False)])
def test_a_sequence_moves_toward_the_register(register: float, rises: bool) -> None:
    kept = kept_of(SEQUENCE, TUNE, setting(register=register))
    before = float(np.mean([e.pitch for e in TUNE[:-1] if e.pitch is not None]))
    after = float(np.mean([p for p in _pitches(kept) if p is not None]))
    assert (after > before + 1.5) if rises else (after < before - 1.5)
    assert [e.duration for e in kept.events] == [e.duration for e in TUNE[:-1]]


def test_fitting_changes_only_what_the_chords_forbid() -> None:
    kept = kept_of(FIT_CHORD, TUNE, setting(chords=[chord_of("Dm"), chord_of("F"), chord_of("G"), chord_of("C")]))
    assert kept.events[0].pitch in (2, 5)
    assert [e.start for e in kept.events] == [e.start + SHIFT for e in TUNE[:-1]]


def test_ornaments_leave_the_first_bar_alone_and_add_notes_after_it() -> None:
    kept = kept_of(ORNAMENT, TUNE, setting())
    assert _pitches(kept)[:4] == [e.pitch for e in TUNE[:4]]
    assert len(kept.events) > len(TUNE) - 1


def test_simplifying_reaches_the_wanted_density_and_keeps_downbeats() -> None:
    kept = kept_of(SIMPLIFY, TUNE, setting(density_npq=0.6))
    assert len(kept.events) <= 9
    downbeats = {e.start % BAR: e.pitch for e in kept.events if e.start == SHIFT}
    assert downbeats == {0: 4}


def test_an_inversion_turns_the_shape_over() -> None:
    source = [Event(i * 480, 480, p) for i, p in enumerate([0, 2, 4, 5, 7, 5, 4, 2])]
    kept = kept_of(INVERT, source, setting(chords=[chord_of("Am")] * 4))
    pitches = [p for p in _pitches(kept) if p is not None]
    assert pitches[4] < pitches[0]
    high = kept_of(INVERT, source, setting(chords=[chord_of("Am")] * 4, register=14.0))
    assert float(np.mean([p for p in _pitches(high) if p is not None])) > float(np.mean(pitches)) + 4


def test_an_octave_goes_to_the_register_if_the_range_allows() -> None:
    assert _pitches(kept_of(OCTAVE, TUNE, setting(register=16.0)))[:3] == [16, 17, 19]
    assert _pitches(kept_of(OCTAVE, TUNE, setting(register=16.0, high=18)))[:3] == [4, 5, 7]


def test_a_fragment_repeats_the_first_bar_each_time_further() -> None:
    kept = kept_of(FRAGMENT, TUNE[:8], setting(source_bars=2, register=9.0))
    durations = [e.duration for e in kept.events]
    assert durations == [480, 240, 240, 960] * 2
    assert kept.events[-1].end == SHIFT + 2 * BAR


def test_augmentation_doubles_durations_within_the_bars() -> None:
    kept = kept_of(AUGMENT, TUNE, setting())
    assert [e.duration for e in kept.events] == [960, 480, 480, 1920, 960, 960]


def test_a_pickup_that_the_source_lacks_is_left_to_the_writer() -> None:
    assert kept_of(COPY, TUNE, setting(pickup=480)).begins == SHIFT
    led = [Event(-480, 480, 7), *TUNE]
    assert kept_of(COPY, led, setting(pickup=480)).begins == SHIFT - 480
    assert kept_of(COPY, led, setting()).begins == SHIFT


def test_denser_targets_divide_notes_and_sparser_ones_join_them() -> None:
    same = len(kept_of(FIT_CHORD, TUNE, setting()).events)
    assert len(kept_of(FIT_CHORD, TUNE, setting(density_npq=2.2)).events) > same
    assert len(kept_of(FIT_CHORD, TUNE, setting(density_npq=0.6)).events) < same


def test_a_note_that_cannot_be_reached_is_mended_and_the_rest_stays() -> None:
    kept = kept_of(COPY, TUNE, setting())
    mended = singable(kept, 15, setting())  # a major seventh above the first note
    assert [e.start for e in mended.events] == [e.start for e in kept.events]
    assert mended.events[0].pitch == 7 and _pitches(mended)[1:] == _pitches(kept)[1:]
    assert singable(kept, 7, setting()) == kept
