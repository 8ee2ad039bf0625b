"""What the program writes keeps its own contract, whatever the brief."""

from __future__ import annotations

import pytest

from composer.cleanup.stage import CleanupOptions, cleaned
from composer.compose.draft import draft_of
from composer.contract.stage import checked
from composer.formats.brief.brief import Brief
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import midi_bytes
from composer.humanize.layer import Layer
from composer.humanize.outline import outline_of
from composer.humanize.stage import humanized
from composer.models.registry import load_melody_model
from composer.steps.composing.trained import load_harmony
from tests.compose.fakes import Models

BASE = {"key": {"tonic": "D", "mode": "minor"}, "tempo_bpm": 96.0, "meter": "4/4", "form": [{"name": "A", "bars": 4}]}
BRIEFS: dict[str, dict[str, object]] = {
    "plain": {},
    "waltz": {"meter": "3/4", "accompaniment": {"style": "waltz"}, "bass": {}},
    "jig": {"meter": "6/8", "key": {"tonic": "G", "mode": "mixolydian"}},
    "drums": {"drums": {}, "bass": {}, "form": [{"name": "Größe", "bars": 2}, {"name": "B", "bars": 3}]},
    "accents": {"title": "Élégie für Übung さくら", "tempo_bpm": 61.7, "key": {"tonic": "Eb", "mode": "dorian"}},
}


@pytest.mark.parametrize("name", BRIEFS)
def test_drafts_cleaned_files_and_performances_are_clean(name: str) -> None:
    brief = Brief.model_validate({**BASE, **BRIEFS[name]})
    draft = midi_bytes(draft_of(brief, Models(load_melody_model(), load_harmony()), 7).piece)
    clean = cleaned(draft, "a.draft.mid", brief, CleanupOptions()).midi
    layer = Layer(1.0, 7, outline_of(read_source(clean, "a.mid"), brief))
    for data in (draft, clean, humanized(clean, "a.mid", layer).midi):
        found = checked(data, "a.mid")
        assert [(b.rule.name, b.hits[0]) for b in found.breaches] == []
