"""The pages on ``check`` and ``diff`` are those of the program."""

from __future__ import annotations

import re

from composer.compare.notes import ASLANT_QUARTERS, ASLANT_SEMITONES, MOVE_QUARTERS, TRANSPOSE_SEMITONES
from composer.compare.report import as_json
from composer.compare.stage import compared
from composer.contract.programs import load_program, program_names
from composer.contract.rules import RULES
from composer.contract.stage import checked
from tests.compare.pieces import bytes_of
from tests.docs.pages import ROOT, table_names

CHECK, DIFF = (ROOT / "docs" / "reference" / f"{name}.md" for name in ("check", "diff"))


def test_every_rule_is_described_as_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (violation|advice) \| (.+) \|$", CHECK.read_text("utf-8"), re.MULTILINE)
    assert rows == [(rule.name, rule.severity, rule.wanted) for rule in RULES]


def test_the_programs_and_their_statements_are_counted() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\w .]+) \| (\d+) \| (\d+) \|$", CHECK.read_text("utf-8"), re.MULTILINE)
    profiles = [load_program(name) for name in program_names()]
    assert rows == [
        (p.name, p.title, str(len(p.facts)), str(sum(fact.is_verified for fact in p.facts))) for p in profiles
    ]


def test_every_key_of_the_json_is_described() -> None:
    found = as_json(compared(bytes_of(), "a.mid", bytes_of(), "b.mid"))
    assert table_names(DIFF, "## Keys") == [*found, "png"]
    assert table_names(DIFF, "## `tracks`") == list(found["tracks"][0])
    assert table_names(CHECK, "## The output of `check --json`") == list(checked(bytes_of(), "a.mid").as_json())


def test_the_distances_are_the_program_s() -> None:
    text = " ".join(DIFF.read_text("utf-8").split())
    assert f"at most {TRANSPOSE_SEMITONES} semitones" in text and f"at most {MOVE_QUARTERS} quarters" in text
    assert f"at most {ASLANT_QUARTERS} quarter and {ASLANT_SEMITONES} semitones" in text
