"""The context columns: hand-worked tunes, a pick-up, and the promise that unknown is zero."""

from __future__ import annotations

import numpy as np
import pytest

from composer.encoding.melody import (
    DENSITY_EDGES,
    DURATIONS,
    FEATURES,
    HIGHEST,
    LOWEST,
    PITCH_TOKENS,
    REST,
    UNKNOWN_BAR,
    ContextReader,
    Event,
    TuneFrame,
    bar_role,
    bucket,
    chord_class,
    controls_of,
    nearest_duration,
    pitch_token,
)
from composer.encoding.vocabulary import vocabulary_sha256
from composer.music.chord import Chord, chord_of
from composer.music.key import key_of
from composer.music.time import meter_of

FOUR, SIX = meter_of("4/4"), meter_of("6/8")
NAMES = list(FEATURES)


def frame(bars: int = 4, **changes: object) -> TuneFrame:
    fields: dict[str, object] = {
        "key": key_of("C", "major"), "meter": FOUR, "bars": bars, "phrase_ends": (bars * 1920,),
        "chords": (Chord(0), Chord(5), Chord(7), Chord(0))[:bars], "controls": (UNKNOWN_BAR,) * bars,
    }  # fmt: skip
    return TuneFrame(**(fields | changes))  # type: ignore[arg-type]


def seen(reader: ContextReader) -> dict[str, int]:
    return dict(zip(NAMES, reader.columns().tolist(), strict=True))


def test_every_category_is_within_its_column() -> None:
    generator = np.random.default_rng(2)
    reader = ContextReader(frame(style="dance", controls=tuple(controls_of([Event(0, 480, 4)], FOUR, 4, (7680,)))))
    for _ in range(60):
        assert (reader.columns() < np.array(list(FEATURES.values()))).all()
        pitch = None if generator.random() < 0.1 else int(generator.integers(-40, 60))
        reader.push(Event(reader.now, int(generator.choice(DURATIONS)), pitch))


def test_before_the_first_note_nothing_is_known_of_the_past() -> None:
    columns = seen(ContextReader(frame()))
    past = [n for n in NAMES if n.startswith(("previous", "before", "lookback"))]
    assert not any(columns[name] for name in past)
    assert not any(columns[name] for name in ("density", "register", "contour", "leap", "offbeat", "role", "style"))
    assert columns["position"] == 1 and columns["chord"] == 1 + 0


def test_the_last_two_notes_the_place_and_the_chords_are_seen() -> None:
    reader = ContextReader(frame())
    for start, duration, pitch in ((0, 480, 4), (480, 960, None), (1440, 480, 7), (1920, 240, 5)):
        reader.push(Event(start, duration, pitch))
    columns = seen(reader)
    assert columns["previous_pitch"] == 1 + pitch_token(5)
    assert columns["previous_duration"] == 1 + DURATIONS.index(240)
    assert columns["before_previous_pitch"] == 1 + pitch_token(7)
    assert columns["position"] == 1 + 240 // 60
    assert columns["chord"] == 1 + 5 * 4 and columns["next_chord"] == 1 + 7 * 4
    assert columns["bar_in_phrase"] == 2


def test_look_back_tells_a_note_that_began_from_one_that_sounded_on() -> None:
    reader = ContextReader(frame())
    reader.push(Event(0, 960, 4))
    reader.push(Event(960, 960, 7))
    assert seen(reader)["lookback_1"] == 1 + pitch_token(4)
    reader.push(Event(1920, 480, 4))
    columns = seen(reader)
    assert columns["lookback_1"] == 1 + PITCH_TOKENS + pitch_token(4)
    assert columns["repeating_1"] == 2 and columns["lookback_2"] == 0


def test_a_copy_goes_its_own_way() -> None:
    reader = ContextReader(frame())
    reader.push(Event(0, 480, 0))
    twin = reader.copy()
    twin.push(Event(480, 480, 7))
    assert reader.now == 480 and twin.now == 960
    assert seen(reader)["previous_pitch"] == 1 + pitch_token(0)


def test_a_phrase_that_ends_before_a_pickup_counts_bars_from_the_next_bar_line() -> None:
    reader = ContextReader(frame(bars=4, phrase_ends=(2 * 1920 - 480, 4 * 1920)))
    reader.push(Event(0, 2 * 1920 - 480, 0))
    assert seen(reader)["bar_in_phrase"] == 1  # the pick-up
    reader.push(Event(2 * 1920 - 480, 480, 7))
    assert seen(reader)["bar_in_phrase"] == 1
    reader.push(Event(2 * 1920, 1920, 7))
    assert seen(reader)["bar_in_phrase"] == 2


@pytest.mark.parametrize("ends", [(7680, 15360), (7680 - 240, 15360)])
def test_roles_follow_the_phrases_with_and_without_pickup(ends: tuple[int, ...]) -> None:
    roles = [bar_role(bar, 1920, ends) for bar in range(8)]
    assert roles == ["open", "continue", "pre-cadence", "cadence"] * 2


def test_pitches_beyond_the_vocabulary_are_folded_by_octaves() -> None:
    assert pitch_token(None) == REST
    assert pitch_token(LOWEST - 1) == LOWEST + 11 - LOWEST
    assert pitch_token(HIGHEST + 2) == HIGHEST - 10 - LOWEST
    assert [pitch_token(p) for p in (LOWEST, HIGHEST)] == [0, REST - 1]


def test_chords_are_classed_by_root_above_the_tonic_and_family() -> None:
    key = key_of("D", "major")
    assert [chord_class(chord_of(s), key) for s in ("D", "Dm", "Ddim", "D7", "Dmaj7", "A7", "Em7b5")] == [
        1, 2, 3, 4, 1, 1 + 7 * 4 + 3, 1 + 2 * 4 + 2,
    ]  # fmt: skip
    assert chord_class(None, key) == 0


def test_buckets_count_the_edges_passed() -> None:
    assert [bucket(v, DENSITY_EDGES) for v in (None, 0.1, 0.75, 2.0, 9.0)] == [0, 1, 2, 4, 7]


def test_durations_snap_to_the_nearest() -> None:
    assert [DURATIONS[nearest_duration(t)] for t in (480, 470, 61, 99999)] == [480, 480, 60, 3840]


def test_the_controls_of_a_bar_describe_it() -> None:
    events = [Event(0, 480, 0), Event(480, 240, 4), Event(720, 240, 7), Event(960, 960, None), Event(1920, 1920, 12)]
    first, second = controls_of(events, FOUR, 2, (3840,))
    assert (first.density, first.contour, first.leap) == (0.75, 1, 3.5)
    assert first.register == pytest.approx(11 / 3) and first.offbeat == pytest.approx(1 / 3)
    assert (second.density, second.leap, second.contour, second.role) == (0.25, None, None, "cadence")


def test_a_silent_bar_has_no_register() -> None:
    silent = controls_of([Event(0, 3840, None)], FOUR, 2, (3840,))[0]
    assert silent.density == 0 and silent.register is None and silent.offbeat is None


def test_the_fingerprint_of_the_tables_does_not_change_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    before = vocabulary_sha256()
    assert before == vocabulary_sha256() and len(before) == 64
    monkeypatch.setattr("composer.encoding.melody.DURATIONS", DURATIONS[:-1])
    assert vocabulary_sha256() != before
