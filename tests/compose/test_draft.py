from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from composer.compose.draft import Draft, draft_of
from composer.errors import BadInput
from composer.formats.midi.writer import midi_bytes
from composer.music.key import key_of
from composer.music.notes import BASS, CHORDS, MELODY, Piece
from tests.compose.fakes import Models, brief


def drafted(seed: int = 1, **changes: Any) -> Draft:
    return draft_of(brief(**changes), Models(), seed)


def melody(draft: Draft) -> list[tuple[int, int]]:
    part = draft.piece.part(MELODY)
    assert part is not None
    return [(n.start, n.pitch) for n in part.notes]


def test_the_same_brief_and_seed_give_the_same_bytes() -> None:
    assert midi_bytes(drafted().piece) == midi_bytes(drafted().piece)
    assert midi_bytes(drafted(seed=2).piece) != midi_bytes(drafted(seed=1).piece)


@pytest.mark.parametrize("meter", ["2/4", "3/4", "4/4", "6/8"])
@pytest.mark.parametrize("style", ["block", "pad", "alberti", "broken", "arpeggio", "waltz", "walking", "ostinato"])
def test_every_style_plays_in_every_metre(style: str, meter: str) -> None:
    draft = drafted(meter=meter, accompaniment={"style": style, "instrument": "piano"})
    assert {p.role for p in draft.piece.parts} == {MELODY, CHORDS}
    assert all(n.start >= 0 and n.end <= draft.piece.length for p in draft.piece.parts for n in p.notes)
    assert draft.piece.length == 24 * draft.piece.meter.bar_ticks


def test_a_style_without_the_metre_is_played_as_block_and_says_so() -> None:
    draft = drafted(meter="4/4", accompaniment={"style": "waltz"})
    assert any("waltz" in note and "4/4" in note for note in draft.notes)


def test_style_none_leaves_the_melody_alone() -> None:
    draft = drafted(accompaniment={"style": "none"})
    assert [p.role for p in draft.piece.parts] == [MELODY]


def test_another_accompaniment_keeps_the_tune() -> None:
    plain = drafted(accompaniment={"style": "block"})
    assert melody(plain) == melody(drafted(accompaniment={"style": "arpeggio", "instrument": "guitar"}))


def test_energy_moves_loudness_and_not_the_tune() -> None:
    soft = [{"name": "A", "bars": 8, "energy": 0.45}]  # less would be sung like a song
    loud = [{"name": "A", "bars": 8, "energy": 0.9}]
    quiet, strong = drafted(form=soft), drafted(form=loud)
    assert melody(quiet) == melody(strong)

    def mean(draft: Draft) -> float:
        return float(np.mean([n.velocity for p in draft.piece.parts for n in p.notes]))

    assert mean(strong) > mean(quiet) + 12


def test_tempo_metre_key_and_markers_are_the_brief_s() -> None:
    piece = drafted(tempo_bpm=90.0, meter="3/4", tonic="Eb", mode="minor").piece
    assert (piece.tempi[0].bpm, str(piece.meter), str(piece.key)) == (90.0, "3/4", "Eb minor")
    assert [(m.tick, m.text) for m in piece.markers] == [(0, "A"), (8 * 1440, "B"), (16 * 1440, "A'")]


def test_the_quartet_gives_each_player_one_line() -> None:
    piece = drafted(ensemble="string-quartet").piece
    assert len(piece.parts) == 4
    for part in piece.parts:
        ends = [n.end for n in part.notes]
        assert all(end <= following.start for end, following in zip(ends, part.notes[1:], strict=False))


def test_the_brief_s_own_instrument_wins_over_the_ensemble_and_says_so() -> None:
    draft = drafted(ensemble="string-quartet", melody={"instrument": "flute"})
    assert draft.piece.parts[0].program == 73
    assert any("flute" in note for note in draft.notes)


def test_the_band_has_a_bass_and_drums() -> None:
    roles = [p.role for p in drafted(ensemble="small-band").piece.parts]
    assert roles == ["melody", "accompaniment", "bass", "drums"]


def test_an_unknown_style_is_refused_by_name() -> None:
    with pytest.raises(BadInput):
        drafted(accompaniment={"style": "blok"})


@pytest.mark.parametrize("bars", [1, 2, 3, 5, 7])
def test_very_short_pieces_work(bars: int) -> None:
    draft = drafted(form=[{"name": "A", "bars": bars}])
    assert draft.piece.bars == bars
    assert melody(draft)[-1][1] % 12 == draft.piece.key.tonic_class


def test_a_section_in_another_key_has_its_signature_and_the_piece_comes_back() -> None:
    form = [
        {"name": "A", "bars": 4},
        {"name": "B", "bars": 4, "key": {"tonic": "A", "mode": "major"}},
        {"name": "A", "bars": 4},
    ]
    piece = drafted(form=form).piece
    bar = piece.meter.bar_ticks
    assert [(tick // bar, str(key)) for tick, key in piece.keys] == [(4, "A major"), (8, "D major")]
    scale = {(9 + step) % 12 for step in (0, 2, 4, 5, 7, 9, 11)}
    roots = {span.chord.root for span in piece.chords if 4 * bar <= span.start < 8 * bar}
    assert roots <= {*scale, *((c + 2) % 12 for c in scale)}  # applied chords stand a step beside the scale


def test_a_walking_bass_steps_through_the_key_of_its_section() -> None:
    form = [{"name": "A", "bars": 4}, {"name": "B", "bars": 8, "key": {"tonic": "E", "mode": "major"}}]
    asked = {"form": form, "accompaniment": {"style": "walking"}, "bass": {"instrument": "double bass"}}
    piece = drafted(tonic="C", **asked).piece
    line = next(part for part in piece.parts if part.role == BASS).notes
    inside = [n for n in line if n.start >= 4 * 1920]
    chords = [piece.chord_at(n.start) for n in inside]
    assert len(inside) >= 24
    scale = key_of("E", "major").scale
    assert all(n.pitch % 12 in scale or (c and n.pitch % 12 in c.classes) for n, c in zip(inside, chords, strict=True))


def test_a_section_with_a_style_of_its_own_is_the_only_one_that_changes() -> None:
    form = [{"name": "A", "bars": 4}, {"name": "B", "bars": 4}]
    plain = drafted(form=form).piece
    mixed = drafted(form=[form[0], {**form[1], "style": "arpeggio"}]).piece
    bar = plain.meter.bar_ticks

    def onsets(piece: Piece, first: int, last: int) -> list[int]:
        part = piece.part(CHORDS)
        assert part is not None
        return sorted(n.start for n in part.notes if first * bar <= n.start < last * bar)

    assert onsets(mixed, 0, 4) == onsets(plain, 0, 4)
    assert onsets(mixed, 4, 8) != onsets(plain, 4, 8)


@pytest.mark.parametrize("seed", range(1, 5))
def test_written_chords_stand_on_their_root_or_on_what_the_slash_says(seed: int) -> None:
    form = [{"name": "A", "bars": 8, "chords": "D | G | Em | A7 | D | C/E | G A7 | D"}, {"name": "B", "bars": 4}]
    piece = drafted(seed, form=form, bass={}, accompaniment={"style": "block", "instrument": "piano"}).piece
    bass = piece.part(BASS)
    assert bass is not None
    spans = [span for span in piece.chords if span.start < 8 * piece.meter.bar_ticks]
    lowest = [next(n.pitch % 12 for n in bass.notes if n.start >= span.start) for span in spans]
    assert lowest == [span.chord.bass_class for span in spans] and 4 in lowest
