from __future__ import annotations

import json

import jsonschema

from composer.brief.analyse import BriefOptions, brief_of_picture
from composer.formats.brief.brief import json_schema
from composer.formats.brief.schema import SCHEMA_REFERENCE, schema_bytes, shipped_schema
from tests.brief.painting import file_of, sunset


def test_the_shipped_schema_is_the_models() -> None:
    assert json.loads(schema_bytes()) == json_schema()
    assert shipped_schema().read_bytes() == schema_bytes(), "run: python -m composer.formats.brief.schema"


def test_a_brief_of_a_picture_names_the_schema_and_keeps_to_it() -> None:
    brief = brief_of_picture(file_of(sunset()), "sunset.png", BriefOptions(seed=1)).brief
    written = json.loads(brief.model_dump_json(by_alias=True, exclude_unset=True))
    assert written["$schema"] == SCHEMA_REFERENCE
    jsonschema.validate(written, json_schema())


def test_a_brief_by_hand_keeps_to_the_schema() -> None:
    by_hand = {
        "key": {"tonic": "D", "mode": "minor"},
        "tempo_bpm": 90.0,
        "meter": "3/4",
        "form": [{"name": "A", "bars": 8}],
    }
    jsonschema.validate(by_hand, json_schema())
