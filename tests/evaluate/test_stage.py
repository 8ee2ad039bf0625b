"""The evaluate stage on MIDI bytes, and the shipped anchors."""

from __future__ import annotations

import json

import pytest

from composer.errors import BadInput
from composer.evaluate.anchors import FORMAT, STYLES, anchors_of, load_anchors
from composer.evaluate.measures import MEASURES
from composer.evaluate.stage import evaluated
from composer.formats.brief.brief import Brief
from composer.formats.midi.writer import midi_bytes
from tests.evaluate.pieces import tune


@pytest.fixture(scope="module")
def data() -> bytes:
    return midi_bytes(tune())


def test_the_table_has_every_measure_with_real_percentiles(data: bytes) -> None:
    evaluation = evaluated(data, "tune.mid")
    rows = evaluation.rows()
    assert [row.measure.name for row in rows] == list(MEASURES)
    assert all(len(row.cells()) == 8 for row in rows)
    step = next(row for row in rows if row.measure.name == "step")
    assert step.anchor is not None and step.anchor.p10 < step.anchor.p50 < step.anchor.p90
    assert evaluation.passed and evaluation.bars == 8 and evaluation.notes == 26


def test_the_json_is_plain_and_names_the_anchors(data: bytes) -> None:
    content = json.loads(json.dumps(evaluated(data, "tune.mid").as_json(), allow_nan=False))
    assert content["measures"]["bar_repeats"]["value"] == pytest.approx(2 / 7, abs=1e-6)
    assert content["measures"]["parallels_outer"]["value"] is None
    assert content["anchors"]["style"] in STYLES
    assert [gate["passed"] for gate in content["gates"]] == [True] * len(content["gates"])


def test_the_brief_says_key_and_range(data: bytes) -> None:
    fields = {
        "key": {"tonic": "Eb", "mode": "major"},
        "tempo_bpm": 100.0,
        "meter": "4/4",
        "form": [{"name": "A", "bars": 8}],
        "melody": {"low": 61, "high": 72},
    }
    evaluation = evaluated(data, "tune.mid", Brief.model_validate(fields))
    failed = {gate.name for gate in evaluation.gates if not gate.passed}
    assert {"OutOfRange", "OutOfScale", "WeakEnding"} <= failed
    assert not evaluation.passed


def test_what_is_no_midi_is_refused() -> None:
    with pytest.raises(BadInput):
        evaluated(b"no music", "tune.mid")


@pytest.mark.parametrize("style", STYLES)
def test_shipped_anchors_are_of_known_measures_and_in_order(style: str) -> None:
    anchors = load_anchors(style)
    assert anchors.tunes >= 50
    assert set(anchors.measures) <= set(MEASURES)
    assert all(a.p10 <= a.p50 <= a.p90 for a in anchors.measures.values())


def test_anchors_of_another_format_are_refused() -> None:
    with pytest.raises(ValueError, match=FORMAT):
        anchors_of({"format": "composer.anchors/9"}, "dance")


def test_a_file_that_does_not_say_its_key_gets_the_one_that_its_notes_suggest(data: bytes) -> None:
    import io

    import mido

    # As many DAWs export it: three semitones higher, without a key signature and without texts.
    file = mido.MidiFile(file=io.BytesIO(data))
    for track in file.tracks:
        track[:] = [m for m in track if m.type not in ("key_signature", "text")]
        track[:] = [m.copy(note=m.note + 3) if m.type in ("note_on", "note_off") else m for m in track]
    stream = io.BytesIO()
    file.save(file=stream)
    evaluation = evaluated(stream.getvalue(), "daw.mid")
    assert str(evaluation.line.key) == "Eb major"
    assert evaluation.measures["ends_on_tonic"] == 1
