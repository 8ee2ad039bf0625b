from __future__ import annotations

from dataclasses import replace

import pytest

from composer.compose.accompaniment.passing import with_passing_notes
from composer.compose.accompaniment.texture import Texture, VoicedChord
from composer.music.chord import chord_of
from composer.music.notes import Note
from composer.music.time import Meter

FOUR = Meter(4, 4)
SCALE = (0, 2, 4, 5, 7, 9, 11)
# The tenor goes down by a third, from e to c; the alto stays, the bass leaps down.
CHORDS = [
    VoicedChord(0, 1920, chord_of("C"), (64, 67), 48, "A", 0.4),
    VoicedChord(1920, 3840, chord_of("Am"), (60, 69), 45, "A", 0.4),
]
TUNE = [Note(0, 72, 1920), Note(1920, 76, 1920)]


def texture(chords: list[VoicedChord] = CHORDS) -> Texture:
    inner = [Note(c.start, p, c.end - c.start, 60) for c in chords for p in c.voices]
    return Texture(tuple(sorted(inner)), tuple(Note(c.start, c.bass, c.end - c.start, 70) for c in chords))


def filled(chords: list[VoicedChord] = CHORDS, tune: list[Note] = TUNE, rests: tuple[int, ...] = ()) -> Texture:
    return with_passing_notes(texture(chords), chords, tune, [SCALE] * len(chords), FOUR, rests)


def test_a_third_is_filled_on_the_last_beat_before_the_change() -> None:
    # The bass cannot pass through b (a semitone against the tune's c), so the tenor passes through d.
    found = filled()
    assert Note(0, 64, 1440, 60) in found.accompaniment and Note(1440, 62, 480, 54) in found.accompaniment
    assert found.bass == texture().bass
    assert list(found.accompaniment) == sorted(found.accompaniment)


def test_the_bass_passes_where_the_tune_allows_it() -> None:
    found = filled(tune=[Note(0, 67, 1920), Note(1920, 72, 1920)])
    assert [n.pitch for n in found.bass] == [48, 47, 45]


@pytest.mark.parametrize(
    "chords", [[replace(c, intensity=0.9) for c in CHORDS], [CHORDS[0], replace(CHORDS[1], start=2000)]]
)
def test_no_passing_notes_where_it_is_loud_or_the_chords_do_not_meet(chords: list[VoicedChord]) -> None:
    assert filled(chords) == texture(chords)


def test_a_phrase_rests_before_the_next_begins() -> None:
    assert filled(rests=(1920,)) == texture()


def test_a_passing_note_that_would_run_in_fifths_is_not_written() -> None:
    # Tenor e-d-c under a tune b-a-g over it: fifths all the way.
    tune = [Note(0, 71, 1440), Note(1440, 69, 480), Note(1920, 67, 1920)]
    chords = [CHORDS[0], replace(CHORDS[1], voices=(60, 64))]
    found = filled([replace(chords[0], bass=45), replace(chords[1], bass=45)], tune)
    assert not any(n.pitch == 62 for n in found.accompaniment)


def test_a_tune_that_begins_after_the_change_is_no_trouble() -> None:
    late = [Note(3000, 72, 480)]
    assert len(filled(tune=late).accompaniment) >= len(texture().accompaniment)
