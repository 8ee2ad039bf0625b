"""Measures of tiny melodies worked out by hand, and what every family does with odd pieces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from composer.encoding.soft_ranges import SOFT_RANGES
from composer.evaluate import harmony, pitch, rhythm, structure
from composer.evaluate.anchors import is_inside
from composer.evaluate.line import Line, line_of, phrase_ends_of
from composer.evaluate.measures import FAMILIES, MEASURES, measures_of
from composer.music.key import key_of
from composer.music.notes import DRUMS, MELODY, Marker, Note, Part, Piece
from tests.evaluate.pieces import BAR, BEAT, line, piece, random_in_key, tune

ODD = {
    "nothing": piece(None),
    "empty melody": piece([]),
    "one note": piece(line([60], 4.0), "C"),
    "two notes": piece(line([60, 62], 2.0), "C"),
    "drums only": replace(piece(None), parts=(Part("Drums", DRUMS, 0, line([36, 38])),), length=BAR),
    "no chords": piece(line([60, 62, 64, 60])),
}


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_every_family_measures_odd_pieces(family: object, odd: Piece) -> None:
    values = family.evaluate(odd, line_of(odd))  # type: ignore[attr-defined]
    assert list(values) == [m.name for m in family.MEASURES]  # type: ignore[attr-defined]
    assert all(v is None or np.isfinite(v) for v in values.values())


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
def test_every_family_refuses_overlapping_notes(family: object) -> None:
    notes = (Note(0, 60, 2 * BEAT), Note(BEAT, 62, BEAT))
    whole = piece(notes)
    broken = Line(notes, whole.meter, whole.key, BAR, (BAR,))
    with pytest.raises(ValueError, match="overlap"):
        family.evaluate(whole, broken)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["nothing", "empty melody", "drums only"])
def test_no_melody_has_no_measures(name: str) -> None:
    values = {m: v for m, v in measures_of(ODD[name]).values.items() if m != "notes_per_quarter"}
    assert all(v is None for v in values.values())


def test_one_note_has_range_and_entropy_zero_but_no_intervals() -> None:
    found = measures_of(ODD["one note"])
    assert (found["range"], found["pitch_class_entropy"], found["duration_entropy"]) == (0, 0, 0)
    assert (found["scale_consistency"], found["last_note_ratio"], found["chord_tones"]) == (1, 1, 1)
    assert found["step"] is None and found["bar_repeats"] is None


def test_intervals_fall_into_their_bins() -> None:
    # 0, +2, +3, +7, -12, +1: one repeated note, two steps, one third, one fifth, one octave.
    found = line_of(piece(line([60, 60, 62, 65, 72, 60, 61])))
    shares = [pitch.interval_share(found, *b) for b in ((0, 0), (1, 2), (3, 4), (5, 7), (8, 127))]
    assert shares == pytest.approx([1 / 6, 2 / 6, 1 / 6, 1 / 6, 1 / 6])
    assert pitch.mean_interval(found) == pytest.approx(25 / 6)


def test_a_leap_recovers_only_by_a_small_turn() -> None:
    assert pitch.leap_recovery(line_of(piece(line([60, 67, 65])))) == 1.0
    assert pitch.leap_recovery(line_of(piece(line([60, 67, 69])))) == 0.0
    assert pitch.leap_recovery(line_of(piece(line([60, 67, 62])))) == 0.0
    assert pitch.leap_recovery(line_of(piece(line([60, 62, 64])))) is None


def test_direction_changes_ignore_repeated_notes() -> None:
    assert pitch.direction_changes(line_of(piece(line([60, 62, 62, 60, 59])))) == pytest.approx(1 / 2)


def test_four_equally_frequent_classes_have_two_bits() -> None:
    assert pitch.pitch_class_entropy(line_of(piece(line([60, 62, 64, 65])))) == pytest.approx(2.0)


def test_a_foreign_note_lowers_scale_consistency() -> None:
    notes = line([60, 62, 64, 65, 67, 69, 71, 72, 61, 63])
    assert pitch.scale_consistency(line_of(piece(notes))) == pytest.approx(8 / 10)


def test_equal_bars_have_groove_and_onset_f1_one() -> None:
    found = line_of(piece(line([60, 62, 64, 65, 67, 65, 64, 62])))
    assert rhythm.groove(found) == 1.0
    assert rhythm.onset_f1(found) == 1.0


def test_onset_f1_of_four_quarters_and_two_halves() -> None:
    found = line_of(piece(line([60, 62, 64, 65, 67, 60], [1, 1, 1, 1, 2, 2])))
    assert rhythm.onset_f1(found) == pytest.approx(2 * 2 / 6)
    assert rhythm.groove(found) == pytest.approx(1 - 2 / 48)
    assert rhythm.last_note_ratio(found) == pytest.approx(2 / (8 / 6))


def test_phrase_ends_follow_markers_and_fours() -> None:
    plain = piece(line([60] * 14, 4.0))
    assert phrase_ends_of(plain) == (4 * BAR, 8 * BAR, 12 * BAR, 14 * BAR)
    marked = replace(plain, markers=(Marker(0, "A"), Marker(5 * BAR, "B")))
    assert phrase_ends_of(marked) == (5 * BAR, 9 * BAR, 14 * BAR)
    remark = Marker(2 * BAR, "louder here", is_section=False)
    assert phrase_ends_of(replace(marked, markers=(*marked.markers, remark))) == phrase_ends_of(marked)


def test_repeats_of_bars_count_rhythm_and_contour() -> None:
    bars = [[60, 62, 64, 62], [65, 67, 69, 67], [60, 62, 64, 62], [67, 65, 64, 60]]
    found = measures_of(piece(line([p for bar in bars for p in bar])))
    assert found["bar_repeats"] == pytest.approx(1 / 3)
    assert found["bar_rhythm_repeats"] == 1.0
    assert found["bar_contour_repeats"] == pytest.approx(2 / 3)
    assert found["self_similarity"] == pytest.approx((0 + 1 + 1 / 4) / 3)


def test_repeated_grams_are_found_in_any_key() -> None:
    motif = [60, 62, 64, 62, 60]
    found = line_of(piece(line([*motif, *(p + 5 for p in motif)])))
    # Nine moves, six 4-grams: the last one equals the first.
    assert structure.repeated_grams(found) == pytest.approx(1 / 5)


def test_harmony_of_a_chord_tone_and_a_passing_note() -> None:
    found = line_of(piece(line([60, 62, 64, 66]), "C"))
    sung = harmony.harmonised(found)
    assert harmony.chord_tone_share(sung) == pytest.approx(2 / 4)
    # D passes on to E; F# is the last note and resolves nowhere.
    assert harmony.chord_or_resolved(found) == pytest.approx(3 / 4)


def test_pitch_consonance_of_the_root() -> None:
    # C over C E G: unison +1, below E a minor sixth +1, below G a fourth 0 -> C above: 0, 8, 5.
    found = line_of(piece(line([60], 4.0), "C"))
    assert harmony.pitch_consonance(harmony.harmonised(found)) == pytest.approx(2.0)


def test_tonal_distance_grows_off_the_chord() -> None:
    inside = line_of(piece(line([67], 4.0), "C"))
    outside = line_of(piece(line([66], 4.0), "C"))
    near, far = (harmony.tonal_distance(harmony.harmonised(x)) for x in (inside, outside))
    assert near is not None and far is not None and near < far


def test_parallel_fifths_between_outer_voices_are_found() -> None:
    found = measures_of(piece(line([67, 69], 2.0), bass=line([48, 50], 2.0)))
    assert found["parallels_outer"] == 100.0
    assert measures_of(piece(line([67, 69], 2.0), bass=line([48, 47], 2.0)))["parallels_outer"] == 0.0


def test_structural_parallels_cross_crossing_and_spacing() -> None:
    def block(*chords: tuple[int, ...]) -> list[Note]:
        return [Note(i * BAR, p, BAR) for i, chord in enumerate(chords) for p in chord]

    parallel = measures_of(piece([], "C | D", inner=block((48, 52, 55), (50, 54, 57))))
    assert parallel["parallels_structural"] == 100.0
    led = measures_of(piece([], "C | F", inner=block((48, 52, 55), (48, 53, 57))))
    assert (led["parallels_structural"], led["crossing"], led["spacing"]) == (0, 0, 0)
    crossed = measures_of(piece(line([50, 53], 4.0), "C | F", inner=block((48, 52, 55), (48, 53, 57))))
    assert crossed["crossing"] == 200.0
    wide = measures_of(piece(line([84, 84], 4.0), "C | F", inner=block((36, 48, 64), (36, 53, 57))))
    assert wide["spacing"] == 100.0


def test_performed_times_measure_as_written() -> None:
    written_piece = tune()
    melody = written_piece.part(MELODY)
    assert melody is not None
    rng = np.random.default_rng(1)
    played = tuple(
        replace(n, start=n.start + int(rng.integers(0, 12)), duration=round(n.duration * 0.9)) for n in melody.notes
    )
    performed = written_piece.with_part(replace(melody, notes=played))
    assert line_of(performed).notes == tuple(replace(n) for n in line_of(written_piece).notes)
    assert measures_of(performed).values == measures_of(written_piece).values


def test_chords_in_the_melody_part_give_its_top_line() -> None:
    low = tuple(replace(n, pitch=n.pitch - 5) for n in line([60, 62, 64, 65]))
    assert line_of(piece((*line([60, 62, 64, 65]), *low))).pitches == (60, 62, 64, 65)


def test_transposition_changes_no_measure() -> None:
    original = tune()
    melody = original.part(MELODY)
    assert melody is not None
    higher = replace(melody, notes=tuple(replace(n, pitch=n.pitch + 5) for n in melody.notes))
    moved = replace(original.with_part(higher), chords=(), key=key_of("F", "major"))
    plain = replace(original, chords=())
    before, after = measures_of(plain).values, measures_of(moved).values
    assert {k: v for k, v in before.items() if v is not None} == pytest.approx(
        {k: v for k, v in after.items() if v is not None}
    )


def test_random_notes_in_key_are_worse_than_a_tune_where_it_matters() -> None:
    real = measures_of(tune())
    for seed in range(5):
        noise = measures_of(random_in_key(np.random.default_rng(seed)))
        for name in ("bar_repeats", "bar_rhythm_repeats", "self_similarity", "repeated_4grams", "step"):
            assert noise[name] < real[name], name  # type: ignore[operator]
        assert noise["mean_interval"] > real["mean_interval"]  # type: ignore[operator]


def test_soft_ranges_are_of_known_measures_and_hold_both_ends() -> None:
    assert set(SOFT_RANGES) <= set(MEASURES)
    assert is_inside("step", 0.35) and is_inside("step", 0.67)
    assert is_inside("step", 0.68) is False
    assert is_inside("step", None) is None and is_inside("range", 12) is None
    assert str(SOFT_RANGES["large_leap"]) == "≤ 0.08"


def test_different_pitches_and_the_entropy_of_bars() -> None:
    found = measures_of(piece(line([60, 72, 60, 72, 60, 62, 64, 65])))
    assert found["pitches"] == 5
    assert found["bar_entropy"] == pytest.approx((0 + 2) / 2)


def test_time_between_onsets_counts_rests() -> None:
    notes = (*line([60, 62], 1.0), *line([64], 1.0, 4.0))
    assert rhythm.inter_onset(line_of(piece(notes))) == pytest.approx(2.0)


def test_groove_of_all_pairs_is_that_of_every_pair() -> None:
    found = line_of(piece(line([60, 62, 64, 65, 67, 60, 60, 60, 64], [1, 1, 1, 1, 2, 2, 2, 1, 1])))
    grids = rhythm.bar_onsets(found)
    pairs = [(a, b) for i, a in enumerate(grids) for b in grids[i + 1 :]]
    assert rhythm.groove_all(found) == pytest.approx(sum(1 - len(a ^ b) / 48 for a, b in pairs) / len(pairs))


def test_the_phrase_that_returns_is_found_and_a_held_pause_is_no_return() -> None:
    phrase = [60, 62, 64, 65, 67, 65, 64, 62, 60, 64, 67, 64, 62, 60, 59, 60]
    other = [p + 1 + i % 3 for i, p in enumerate(phrase)]
    assert structure.returning_phrase(line_of(piece(line([*phrase, *other, *phrase])))) == 1.0
    assert structure.returning_phrase(line_of(piece(line([*phrase, *other])))) == pytest.approx(0.0, abs=0.2)
    assert structure.returning_phrase(line_of(piece(line(phrase)))) is None
    assert structure.returning_phrase(line_of(piece(line([60, 62]), bars=16))) == 0.0


def test_a_loop_of_chords_has_little_variety() -> None:
    notes = line([60] * 12, 4.0)
    loop = line_of(piece(notes, " | ".join(["C", "F", "G"] * 4)))
    assert harmony.chord_variety(loop) == pytest.approx(3 / 10)
    held = line_of(piece(notes, " | ".join(["C", "C", "C", "F", "F", "F", "G", "G", "G", "Am", "Am", "Am"])))
    assert harmony.chord_variety(held) == 1.0


def test_polyphony_counts_pitches_at_once() -> None:
    melody = line([72, 74], 2.0)
    assert measures_of(piece(melody))["polyphony"] == 1.0
    inner = (*line([60], 4.0), *line([64], 4.0), *line([72], 2.0))
    assert measures_of(piece(melody, inner=sorted(inner)))["polyphony"] == 3.0


def test_beats_in_which_nothing_sounds() -> None:
    notes = (*line([60], 1.0), *line([62], 1.0, 2.0))
    assert measures_of(piece(notes))["empty_beats"] == pytest.approx(2 / 4)


def test_a_pick_up_does_not_hide_the_end_of_a_phrase() -> None:
    phrase = [*([60] * 13), 62]
    lengths = [*([1.0] * 12), 3.0, 1.0]
    found = line_of(piece(line([*phrase, *phrase], [*lengths, *lengths])))
    assert rhythm.close_ratio(found) == pytest.approx(3 / (32 / 28))
    assert rhythm.phrase_end_ratio(found) == pytest.approx(1 / (32 / 28))


def test_phrases_begin_after_a_pick_up() -> None:
    upbeat = piece(line([60] * 33, 1.0, 3.0), bars=9)
    assert line_of(upbeat).phrase_ends == (5 * BAR, 9 * BAR)
    late = piece(line([60] * 31, 1.0, 1.0), bars=8)
    assert line_of(late).phrase_ends == (4 * BAR, 8 * BAR)


def test_rest_on_degrees_and_end_on_the_tonic() -> None:
    # D major; the phrases rest on F#, a third, and on G, a fourth; downbeats D A D A E A D G.
    first = line([62, 64, 66, 67, 69, 67, 66, 64, 62, 64, 66, 67], 1.0)
    mine = (*first, *line([69, 66], [1.0, 3.0], 12.0))
    again = (*line([64, 66, 67, 69, 69, 67, 66, 64, 62, 64, 66, 62], 1.0, 16.0), *line([67, 62], [3.0, 1.0], 28.0))
    found = measures_of(piece((*mine, *again), key="D"))
    assert found["stable_closes"] == pytest.approx(1 / 2)
    assert found["tonic_downbeats"] == pytest.approx(6 / 8)
    assert found["ends_on_tonic"] == 1
