from __future__ import annotations

from composer.formats.brief.brief import Brief
from composer.formats.brief.text import brief_bytes, read_brief


def test_an_ensemble_keeps_its_players_through_the_file() -> None:
    fields = {
        "key": {"tonic": "D", "mode": "minor"},
        "tempo_bpm": 90.0,
        "meter": "4/4",
        "form": [{"name": "A", "bars": 8}],
    }
    asked = Brief.model_validate({**fields, "ensemble": "string-quartet", "accompaniment": {"style": "pad"}})
    again = read_brief(brief_bytes(asked), "x.brief.json")
    assert "melody" not in again.model_fields_set
    assert again.accompaniment.model_fields_set == {"style"}
    assert brief_bytes(again) == brief_bytes(asked)
