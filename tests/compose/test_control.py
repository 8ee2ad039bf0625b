"""Editing one field of a brief moves what it names and leaves the rest: an ablation, field by field.

What is measured here is measured by hand, from the notes and chords of the finished piece.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from itertools import pairwise
from json import dumps, loads
from typing import Any

import mido
import numpy as np
import pytest

from composer.compose.draft import Draft, draft_of
from composer.encoding.harmony import chord_tension
from composer.formats.brief.brief import Brief
from composer.formats.midi.writer import midi_bytes
from composer.models.registry import load_melody_model
from composer.music.notes import MELODY, Note
from composer.steps.composing.trained import load_harmony
from tests.compose.fakes import Models

SECTIONS = (("A", 0.4, -0.1, 0.4, 0.4), ("B", 0.6, 0.3, 0.6, 0.6))
BRIEF: dict[str, Any] = {
    "key": {"tonic": "D", "mode": "minor"},
    "tempo_bpm": 96.0,
    "meter": "4/4",
    "dynamics": 0.6,
    "articulation": 0.3,
    "melody": {"instrument": "violin"},
    "form": [
        {"name": n, "bars": 8, "density": d, "register": r, "energy": e, "tension": t} for n, d, r, e, t in SECTIONS
    ],
}
SEEDS = (1, 2)


@cache
def _made(change: str, seed: int) -> Draft:
    brief = Brief.model_validate({**BRIEF, **loads(change)})
    return draft_of(brief, Models(load_melody_model(), load_harmony()), seed)


def made(seed: int, **change: object) -> Draft:
    return _made(dumps(change, sort_keys=True), seed)


def all_sections(name: str, by: float) -> dict[str, object]:
    return {"form": [{**section, name: round(section[name] + by, 3)} for section in BRIEF["form"]]}


def tune(draft: Draft) -> tuple[Note, ...]:
    return next(part.notes for part in draft.piece.parts if part.role == MELODY)


def places(draft: Draft) -> list[tuple[int, int]]:
    return [(n.start, n.pitch) for n in tune(draft)]


def bar_means(draft: Draft) -> list[float]:
    bar = draft.piece.meter.bar_ticks
    return [
        float(np.mean([n.velocity for p in draft.piece.parts for n in p.notes if n.start // bar == i]))
        for i in range(draft.piece.bars)
    ]


def statistics(drafts: list[Draft]) -> dict[str, float]:
    """Means over the drafts: notes to the quarter, pitch, velocity, its range, and raw tension of the chords."""
    rows = []
    for draft in drafts:
        notes, piece = tune(draft), draft.piece
        strain = [(s.end - s.start) * chord_tension(s.chord, piece.key) for s in piece.chords]
        rows.append(
            (
                len(notes) * 480 / piece.length,
                float(np.mean([n.pitch for n in notes])),
                float(np.mean(bar_means(draft))),
                float(np.ptp(bar_means(draft))),
                sum(strain) / piece.length,
            )
        )
    return dict(zip(("density", "register", "dynamics", "range", "tension"), np.mean(rows, axis=0), strict=True))


def moved(change: dict[str, object]) -> dict[str, float]:
    """How much each statistic changes."""
    before = statistics([made(seed) for seed in SEEDS])
    after = statistics([made(seed, **change) for seed in SEEDS])
    return {name: after[name] - before[name] for name in before}


# What may move beside the field that is named: notes to the quarter, semitones, velocities, raw tension.
STILL = {"density": 0.25, "register": 1.5, "dynamics": 2.5, "range": 2.0, "tension": 0.06}


@pytest.mark.parametrize(
    ("field", "by", "least"),
    [
        ("density", 0.35, 0.3),
        ("density", -0.35, -0.3),
        ("register", 0.5, 2.0),
        ("register", -0.5, -2.0),
        ("energy", 0.35, 10.0),
        ("tension", 0.35, 0.05),
        ("tension", -0.35, -0.08),
    ],
)
def test_one_level_moves_its_own_statistic_and_no_other(field: str, by: float, least: float) -> None:
    change = moved(all_sections(field, by))
    named = "dynamics" if field == "energy" else field
    assert change[named] / least >= 1.0
    assert {n: v for n, v in change.items() if n != named and abs(v) > STILL[n]} == {}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "change",
    [
        {"tempo_bpm": 132.0},
        {"tempo_bpm": 60.0},
        {"dynamics": 1.0},
        {"articulation": 0.9},
        {"melody": {"instrument": "fiddle"}},
        {"accompaniment": {"style": "alberti"}},
        all_sections("energy", 0.3),
    ],
    ids=str,
)
def test_what_is_only_played_otherwise_keeps_tune_and_chords(seed: int, change: dict[str, object]) -> None:
    before, after = made(seed), made(seed, **change)
    assert places(before) == places(after)
    assert before.piece.chords == after.piece.chords


def test_dynamics_spread_soft_and_loud_and_articulation_shortens() -> None:
    spread = moved({"dynamics": 1.0})
    assert spread["range"] > 3 and abs(spread["dynamics"]) < 1.5
    lengths = [np.mean([n.duration for n in tune(made(1, **c))]) for c in ({}, {"articulation": 0.9})]
    assert lengths[1] < 0.85 * lengths[0]


def test_tempo_and_metre_are_those_of_the_brief() -> None:
    assert made(1, tempo_bpm=132.0).piece.tempi[0].bpm == 132.0
    assert str(made(1, meter="3/4").piece.meter) == "3/4" and made(1, meter="3/4").piece.bars == 16
    change = moved({"meter": "3/4"})
    assert abs(change["density"]) < 0.5 and abs(change["register"]) < 1.5


def test_another_tonic_moves_the_music_and_keeps_its_manner() -> None:
    change = moved({"key": {"tonic": "E", "mode": "minor"}})
    assert abs(change["density"]) < 0.25 and abs(change["register"]) < 2.5 and abs(change["tension"]) < 0.06
    sizes = [
        np.mean([abs(b.pitch - a.pitch) for seed in SEEDS for a, b in pairwise(tune(made(seed, key=key)))])
        for key in ({"tonic": "D", "mode": "minor"}, {"tonic": "E", "mode": "minor"})
    ]
    assert abs(sizes[1] - sizes[0]) < 0.5


def test_another_mode_changes_the_scale_and_leaves_the_levels() -> None:
    major = made(1, key={"tonic": "D", "mode": "major"})
    scale = set(major.piece.key.scale)
    assert np.mean([n.pitch % 12 in scale for n in tune(major)]) > 0.9
    change = moved({"key": {"tonic": "D", "mode": "major"}})
    assert abs(change["density"]) < 0.25 and abs(change["register"]) < 1.5 and abs(change["dynamics"]) < 2.5


# -- sections with their own key


@pytest.mark.parametrize(
    ("home", "away"),
    [(("C", "major"), ("G", "major")), (("A", "minor"), ("C", "major"))],
    ids=["dominant", "relative major"],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_section_in_another_key_is_in_that_key(home: tuple[str, str], away: tuple[str, str], seed: int) -> None:
    own, other = ({"tonic": tonic, "mode": mode} for tonic, mode in (home, away))
    form = [
        {"name": "A", "bars": 8, "energy": 0.4},
        {"name": "B", "bars": 8, "energy": 0.6, "key": other},
        {"name": "A'", "bars": 8, "energy": 0.4},
    ]
    draft = made(seed, key=own, form=form)
    bar, key = draft.piece.meter.bar_ticks, draft.sketch.plan.keys[1]
    # Its chords begin and close on its tonic, and the tune has its scale.
    inside = [s.chord for s in draft.piece.chords if 8 * bar <= s.start < 16 * bar]
    assert inside[0].root == key.tonic_class == inside[-1].root
    assert any(chord.root == (key.tonic_class + 7) % 12 for chord in inside[-3:-1])
    notes = [n.pitch % 12 for n in tune(draft) if 8 * bar <= n.start < 16 * bar]
    assert np.mean([c in key.scale for c in notes]) > 0.9
    assert notes[-1] == key.tonic_class
    # And a program that reads the MIDI file finds the signatures where the sections begin.
    file = mido.MidiFile(file=BytesIO(midi_bytes(draft.piece)))
    signatures = []
    for track in file.tracks[:1]:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "key_signature":
                signatures.append((tick // bar, message.key))
    names = [tonic + ("m" if mode == "minor" else "") for tonic, mode in (home, away, home)]
    assert signatures == list(zip((0, 8, 16), names, strict=True))
