"""What people read counts as people do: "1 bar", "2 bars", never "1 bars" or "bar(s)"."""

from __future__ import annotations

import re
from pathlib import Path

import composer
from composer.errors import counted


def test_one_and_many() -> None:
    assert (counted(1, "bar"), counted(2, "bar"), counted(0, "bar")) == ("1 bar", "2 bars", "0 bars")
    assert (counted(1, "note is", "notes are"), counted(3, "note is", "notes are")) == ("1 note is", "3 notes are")


def test_no_message_leaves_the_plural_to_the_reader() -> None:
    sources = Path(composer.__file__).parent.rglob("*.py")
    found = [str(path) for path in sources if re.search(r"\} \w+\(s\)", path.read_text(encoding="utf-8"))]
    assert found == []
