"""Bars composed anew between bars that stand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from composer.compose.accompaniment.ensembles import ensemble_names
from composer.compose.accompaniment.styles import style_names
from composer.compose.draft import Draft, draft_of
from composer.compose.redo.stage import judged, redone
from composer.compose.takes import ranked
from composer.compose.tune.rules import BANNED_INTERVALS, OCTAVE
from composer.errors import BadInput
from composer.formats.brief.brief import Brief
from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import midi_bytes
from composer.music.chord import chord_of
from composer.music.notes import CHORDS, MELODY, ChordSpan, Note, Part, Piece
from tests.compose.fakes import Models
from tests.compose.fakes import brief as long_brief

CHORD_TRACK = "Chords"
FORM_SEED = 1
FORM = [
    {"name": "A", "bars": 8},
    {"name": "B", "bars": 4, "density": 0.8, "register": 0.5, "energy": 0.8},
    {"name": "A'", "bars": 4},
]


def brief(**changes: Any) -> Brief:
    return long_brief(**{"form": FORM, **changes})


@cache
def _drafted(text: str) -> Draft:
    return draft_of(Brief.model_validate_json(text), Models(), FORM_SEED)


def standing(wanted: Brief) -> Piece:
    """The draft of ``wanted`` as it is read back from its file."""
    data = midi_bytes(_drafted(wanted.model_dump_json(by_alias=True, exclude_unset=True)).piece)
    return piece_of(read_source(data, "draft.mid"), wanted)


def tracks(piece: Piece) -> list[str]:
    return [*(part.name for part in piece.parts), CHORD_TRACK]


def cells(names: list[str], first: int, last: int) -> frozenset[tuple[str, int]]:
    """Bars from 1."""
    return frozenset((name, bar) for name in names for bar in range(first, last + 1))


def again(wanted: Brief, piece: Piece, asked: frozenset[tuple[str, int]], seed: int = 7) -> Draft:
    return redone(wanted, piece, asked, Models(), FORM_SEED, seed)


def tune(piece: Piece) -> Part:
    part = piece.part(MELODY)
    assert part is not None
    return part


def kept(part: Part, piece: Piece, asked: frozenset[tuple[str, int]]) -> list[Note]:
    return [n for n in part.notes if (part.name, n.start // piece.meter.bar_ticks + 1) not in asked]


def new(part: Part, piece: Piece, asked: frozenset[tuple[str, int]]) -> list[Note]:
    return [n for n in part.notes if (part.name, n.start // piece.meter.bar_ticks + 1) in asked]


def assert_stands(before: Piece, after: Piece, asked: frozenset[tuple[str, int]]) -> None:
    """Every note outside the cells is there, and no other."""
    after_by_name = {part.name: part for part in after.parts}
    for part in before.parts:
        assert kept(after_by_name[part.name], after, asked) == kept(part, before, asked)


def with_tune(piece: Piece, notes: list[Note]) -> Piece:
    return piece.with_part(replace(tune(piece), notes=tuple(sorted(notes))))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mode": "minor", "meter": "3/4"},
        {"meter": "6/8", "accompaniment": {"style": "chorale"}},
        {"ensemble": "string-quartet"},
        {"accompaniment": {"style": "walking"}, "bass": {}, "drums": {}},
    ],
)
def test_all_of_a_piece_redone_with_its_own_seed_is_its_draft(changes: dict[str, Any]) -> None:
    wanted = brief(**changes)
    piece = standing(wanted)
    whole = again(wanted, piece, cells(tracks(piece), 1, piece.bars), FORM_SEED)
    assert midi_bytes(whole.piece) == midi_bytes(draft_of(wanted, Models(), FORM_SEED).piece)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_version() -> None:
    wanted = brief()
    piece = standing(wanted)
    asked = cells(tracks(piece), 5, 8)
    versions = [midi_bytes(again(wanted, piece, asked, seed).piece) for seed in (7, 7, 8)]
    assert versions[0] == versions[1] != versions[2]


@pytest.mark.parametrize("meter", ["2/4", "3/4", "4/4", "6/8"])
@pytest.mark.parametrize("asked_for", ["tune", "accompaniment", "all"])
def test_what_is_not_asked_for_stands(meter: str, asked_for: str) -> None:
    wanted = brief(meter=meter, bass={}, accompaniment={"style": "broken", "instrument": "piano"})
    piece = standing(wanted)
    names = {"tune": tracks(piece)[:1], "accompaniment": tracks(piece)[1:-1], "all": tracks(piece)}[asked_for]
    asked = cells(names, 6, 10)
    made = again(wanted, piece, asked).piece
    assert_stands(piece, made, asked)
    for before, after in zip(piece.parts, made.parts, strict=True):
        was, now = new(before, piece, asked), new(after, made, asked)
        assert (was != now) == (before.name in names)
        assert [c for c in after.controls if (before.name, c.tick // piece.meter.bar_ticks + 1) not in asked] == [
            c for c in before.controls if (before.name, c.tick // piece.meter.bar_ticks + 1) not in asked
        ]


@pytest.mark.parametrize("style", sorted(set(style_names()) - {"none", "learned"}))
def test_every_style_goes_on_as_it_was(style: str) -> None:
    wanted = brief(accompaniment={"style": style, "instrument": "piano"})
    piece = standing(wanted)
    asked = cells(tracks(piece), 3, 5)
    made = again(wanted, piece, asked).piece
    assert_stands(piece, made, asked)
    played = made.part(CHORDS)
    assert played is not None
    assert new(played, made, asked)


@pytest.mark.parametrize("ensemble", sorted(ensemble_names()))
def test_every_ensemble_keeps_its_other_bars(ensemble: str) -> None:
    wanted = brief(ensemble=ensemble, meter="3/4", mode="minor")
    piece = standing(wanted)
    asked = cells(tracks(piece), 11, 14)
    made = again(wanted, piece, asked).piece
    assert_stands(piece, made, asked)
    assert [part.name for part in made.parts] == [part.name for part in piece.parts]


@pytest.mark.parametrize("meter", ["3/4", "4/4", "6/8"])
def test_a_single_bar_of_the_tune_leads_from_and_to_what_stands(meter: str) -> None:
    wanted = brief(meter=meter)
    piece = standing(wanted)
    changed = 0
    bars = range(1, piece.bars + 1, 2 if meter == "3/4" else 6)
    for bar in bars:
        asked = cells(tracks(piece)[:1], bar, bar)
        made = again(wanted, piece, asked).piece
        assert_stands(piece, made, asked)
        line = list(tune(made).notes)
        fresh = new(tune(made), made, asked)
        changed += [(n.start, n.pitch) for n in fresh] != [(n.start, n.pitch) for n in new(tune(piece), piece, asked)]
        for a, b in pairwise(line):
            if (a in fresh) != (b in fresh):
                assert a.end <= b.start
                assert abs(a.pitch - b.pitch) <= OCTAVE
                assert abs(a.pitch - b.pitch) not in BANNED_INTERVALS
    # The last bar may be one note, the tonic, and nothing else.
    assert changed >= len(bars) - 1


def test_the_chords_that_a_person_wrote_stand_and_the_music_follows_them() -> None:
    wanted = brief()
    piece = standing(wanted)
    bar = piece.meter.bar_ticks
    theirs = ChordSpan(6 * bar, 7 * bar, chord_of("Bbmaj7"))
    own = replace(piece, chords=tuple(sorted([*(s for s in piece.chords if s.start // bar != 6), theirs], key=_start)))
    names = tracks(piece)
    made = again(wanted, own, cells([n for n in names if n != CHORD_TRACK], 6, 8)).piece
    assert made.chords == own.chords
    played = made.part(CHORDS)
    assert played is not None
    assert {n.pitch % 12 for n in played.notes if 6 * bar <= n.start < 7 * bar} <= set(theirs.chord.classes)
    around = again(wanted, own, cells(names, 6, 6) | cells(names, 8, 8)).piece
    assert [s for s in around.chords if s.start // bar not in (5, 7)] == [
        s for s in own.chords if s.start // bar not in (5, 7)
    ]


def _start(span: ChordSpan) -> int:
    return span.start


def test_new_chords_under_a_tune_that_stands_fit_it() -> None:
    wanted = brief()
    piece = standing(wanted)
    names = tracks(piece)[1:]
    made = again(wanted, piece, cells(names, 9, 12))
    bar = piece.meter.bar_ticks
    assert tune(made.piece).notes == tune(piece).notes
    downbeats = [n for n in tune(piece).notes if 8 <= n.start // bar < 12 and n.start % bar == 0]
    inside = [n.pitch % 12 in (made.piece.chord_at(n.start) or chord_of("C")).classes for n in downbeats]
    assert sum(inside) >= len(inside) - 1


def test_a_reprise_that_is_redone_brings_a_persons_edit_back() -> None:
    form = [
        {"name": "A", "bars": 4, "phrases": [{"bars": 4, "label": "a", "cadence": "PAC"}]},
        {"name": "B", "bars": 4, "phrases": [{"bars": 4, "label": "b"}]},
        {"name": "A", "bars": 4, "phrases": [{"bars": 4, "derive_from": "a", "op": "copy", "cadence": "PAC"}]},
    ]
    wanted = brief(form=form)
    piece = standing(wanted)
    bar = piece.meter.bar_ticks
    rest = [n for n in tune(piece).notes if n.start >= bar]
    tonic = tune(piece).notes[-1].pitch
    figure = [Note(i * 240, tonic + step, 230) for i, step in enumerate((0, 2, 4, 2, 0, 2, 4, 7))]
    edited = with_tune(piece, [*figure, *rest])
    asked = cells(tracks(piece), 9, 12)
    returned = again(wanted, edited, asked, FORM_SEED).piece
    first = [(n.start - 8 * bar, n.pitch) for n in tune(returned).notes if n.start // bar == 8]
    assert first == [(n.start, n.pitch) for n in figure]
    other = again(wanted, edited, asked, 9).piece
    assert [(n.start, n.pitch) for n in new(tune(other), other, asked)] != [
        (n.start, n.pitch) for n in new(tune(returned), returned, asked)
    ]


def test_new_notes_wait_for_a_note_that_still_sounds() -> None:
    wanted = brief()
    piece = standing(wanted)
    bar = piece.meter.bar_ticks
    notes = [n for n in tune(piece).notes if n.start // bar != 3]
    held = Note(3 * bar + bar // 2, notes[0].pitch, bar)
    own = with_tune(piece, [*notes, held])
    asked = cells(tracks(piece)[:1], 5, 6)
    fresh = new(tune(again(wanted, own, asked).piece), piece, asked)
    assert min(n.start for n in fresh) >= held.end


def test_a_tune_in_chords_and_off_the_grid_is_heard_by_its_top_line() -> None:
    wanted = brief()
    piece = standing(wanted)
    rng = np.random.default_rng(4)
    notes = []
    for note in tune(piece).notes:
        moved = replace(note, start=max(0, note.start + int(rng.integers(-20, 21))), duration=note.duration + 90)
        notes += [moved, replace(moved, pitch=moved.pitch - 5)]
    own = with_tune(piece, notes)
    asked = cells(tracks(piece), 7, 9)
    made = again(wanted, own, asked).piece
    assert_stands(own, made, asked)


def test_new_bars_are_as_loud_as_their_neighbours() -> None:
    wanted = brief()
    piece = standing(wanted)
    loud = with_tune(piece, [replace(n, velocity=min(120, n.velocity + 20)) for n in tune(piece).notes])
    asked = cells(tracks(piece)[:1], 6, 6)

    def level(of: Piece) -> float:
        return float(np.mean([n.velocity for n in new(tune(again(wanted, of, asked).piece), piece, asked)]))

    assert 12 <= level(loud) - level(piece) <= 28


def test_a_brief_that_became_longer_or_shorter_keeps_what_stands() -> None:
    short, long = brief(), brief(form=[{"name": "A", "bars": 12}, {"name": "B", "bars": 12}])
    piece = standing(short)
    names = tracks(piece)
    asked = cells(names, 1, 24) - cells(names, 3, 4)
    longer = again(long, piece, asked, FORM_SEED).piece
    assert longer.bars == 24
    assert_stands(piece, longer, asked)
    shorter = again(short, longer, cells(names, 1, 24) - cells(names, 21, 22), FORM_SEED).piece
    assert shorter.bars == 22
    assert_stands(longer, shorter, cells(names, 1, 24) - cells(names, 21, 22))


def test_edited_bars_stand_in_another_key() -> None:
    piece = standing(brief())
    names = tracks(piece)
    asked = cells(names, 1, 16) - cells(names[:1], 5, 5)
    made = again(brief(mode="minor", tonic="F"), piece, asked, FORM_SEED).piece
    assert_stands(piece, made, asked)
    assert str(made.key).startswith("F")


def test_a_track_that_composer_does_not_write_stays() -> None:
    wanted = brief()
    piece = standing(wanted)
    extra = Part("Kazoo", CHORDS, 75, (Note(960, 60, 480),))
    more = replace(piece, parts=(*piece.parts, extra))
    made = again(wanted, more, cells(tracks(more), 1, 8)).piece
    assert made.parts[-1] == extra


def test_a_piece_in_another_metre_is_refused() -> None:
    piece = standing(brief(meter="3/4"))
    with pytest.raises(BadInput, match="is in 3/4, and the brief in 4/4"):
        again(brief(), piece, cells(tracks(piece), 1, 4))


def test_takes_of_some_bars_are_judged_by_them_and_their_seams() -> None:
    wanted = brief()
    piece = standing(wanted)
    asked = cells(tracks(piece)[:1], 5, 6)
    wish = judged(wanted, piece, asked)
    assert wish.bars == frozenset({4, 5})
    takes = ranked(lambda seed: again(wanted, piece, asked, seed), (3, 4, 5), wish)
    assert [t.score.total for t in takes] == sorted((t.score.total for t in takes), reverse=True)
    assert all(take.score.why.startswith("leads into bar 7 by a") for take in takes)
    assert "seams" in dict(takes[0].score.parts)
    under = judged(wanted, piece, cells(tracks(piece)[1:], 5, 6))
    assert under.is_tune_given
    assert under.bars == frozenset({4, 5})


@pytest.mark.parametrize("seed", range(7, 11))
def test_rests_of_a_person_are_no_source_of_what_follows(seed: int) -> None:
    wanted = long_brief()
    piece = standing(wanted)
    bar = piece.meter.bar_ticks
    later = [n for n in tune(piece).notes if n.start >= 4 * bar]
    asked = cells(tracks(piece), 5, piece.bars)
    notes = new(tune(again(wanted, with_tune(piece, later), asked, seed).piece), piece, asked)
    assert max(n.duration for n in notes) <= bar and len(notes) > 0.7 * len(later)


def test_what_is_replaced_does_not_matter_to_what_comes_with_the_draft_s_own_seed() -> None:
    wanted = brief()
    piece = standing(wanted)
    asked = cells(tracks(piece), 5, piece.bars)
    # What goes is written in plain values in one and played freely in the other; what stays is short in both.
    stays = [replace(n, duration=240 if n.duration > 240 else 120) for n in kept(tune(piece), piece, asked)]
    plain, short = ([replace(n, duration=d) for n in new(tune(piece), piece, asked)] for d in (240, 97))
    one, other = (again(wanted, with_tune(piece, [*stays, *goes]), asked, FORM_SEED).piece for goes in (plain, short))
    assert midi_bytes(one) == midi_bytes(other)
