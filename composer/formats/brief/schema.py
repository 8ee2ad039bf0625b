"""The JSON Schema of the brief as a file, so that editors complete and check what a person writes.

``python -m composer.formats.brief.schema`` writes the shipped copy anew; a test compares it with the model.
"""

from __future__ import annotations

import json
from pathlib import Path

from composer.formats.brief.brief import SCHEMA_NAME, json_schema
from composer.formats.files import write_whole
from composer.resources import shipped

# Beside each brief lies a copy under this name; a relative reference is one that every editor follows.
SCHEMA_REFERENCE = "composer.brief.schema.json"


def schema_bytes() -> bytes:
    """The schema as UTF-8 JSON, the same bytes each time."""
    return (json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n").encode()


def shipped_schema() -> Path:
    """Where the copy that comes with the package lies."""
    return shipped("templates") / SCHEMA_NAME


if __name__ == "__main__":
    write_whole(shipped_schema(), schema_bytes())
