from __future__ import annotations

from itertools import pairwise

from composer.compose.accompaniment.outer import mended_bass
from composer.music.chord import chord_of
from composer.music.notes import ChordSpan, Note

SPANS = [ChordSpan(0, 1920, chord_of("C")), ChordSpan(1920, 3840, chord_of("F"))]
TUNE = [Note(0, 72, 960), Note(960, 74, 960), Note(1920, 76, 960), Note(2880, 77, 960)]


def test_a_line_without_faults_stays_as_the_pattern_wrote_it() -> None:
    bass = [Note(0, 48, 960), Note(960, 43, 960), Note(1920, 41, 960), Note(2880, 48, 960)]
    assert mended_bass(bass, TUNE, SPANS, 36, 55) == tuple(bass)


def test_octaves_with_the_tune_become_another_tone_of_the_chord() -> None:
    tune = [Note(0, 72, 960), Note(960, 76, 960)]
    bass = [Note(0, 48, 960), Note(960, 52, 960)]
    first, second = mended_bass(bass, tune, SPANS[:1], 36, 55)
    assert first == bass[0]
    assert second.pitch % 12 in SPANS[0].chord.classes and second.pitch != 52
    assert (second.start, second.duration, second.velocity) == (960, 960, bass[1].velocity)


def test_the_first_note_of_a_chord_changes_at_most_its_octave() -> None:
    tune = [Note(0, 67, 1920), Note(1920, 72, 1920)]
    bass = [Note(0, 43, 1920), Note(1920, 48, 1920)]
    spans = [ChordSpan(0, 1920, chord_of("G")), ChordSpan(1920, 3840, chord_of("C"))]
    mended = mended_bass(bass, tune, spans, 36, 55)
    assert [n.pitch % 12 for n in mended] == [7, 0]
    moves = [
        (b.pitch - a.pitch) * (d.pitch - c.pitch)
        for (a, b), (c, d) in zip(pairwise(mended), pairwise(tune), strict=True)
    ]
    assert moves[0] < 0


def test_what_lies_outside_every_chord_and_an_empty_tune_are_left_alone() -> None:
    bass = [Note(9000, 48, 480)]
    assert mended_bass(bass, TUNE, SPANS, 36, 55) == tuple(bass)
    assert mended_bass([], TUNE, SPANS, 36, 55) == ()
    assert mended_bass(bass, [], SPANS, 36, 55) == tuple(bass)


def test_the_line_stays_in_its_range_and_under_the_tune() -> None:
    tune = [Note(i * 480, p, 480) for i, p in enumerate((64, 65, 67, 69, 67, 65, 64, 60))]
    bass = [Note(i * 480, p, 480) for i, p in enumerate((48, 55, 52, 48, 41, 48, 45, 41))]
    mended = mended_bass(bass, tune, SPANS, 36, 55)
    assert all(36 <= n.pitch <= 55 for n in mended)
    assert all(n.pitch < t.pitch for n, t in zip(mended, tune, strict=True))
