"""Cleanup of drafts in every style: it counts what evaluation counts, and makes nothing worse."""

from __future__ import annotations

from collections import Counter

import pytest

from composer.cleanup.stage import cleaned
from composer.compose.draft import draft_of
from composer.evaluate.gates import gates_of
from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import read_source
from composer.formats.midi.writer import midi_bytes
from composer.music.notes import Piece
from composer.music.voice_leading import PARALLELS, RULES, offences
from tests.compose.fakes import Models, brief

STYLES = ("alberti", "arpeggio", "block", "broken", "ostinato", "pad", "walking", "waltz")
MAX_CHANGED_SHARE = 0.03


def counts(music: Piece) -> Counter[str]:
    return Counter(o.rule for o in offences(music))


@pytest.mark.parametrize("meter", ["4/4", "3/4"])
@pytest.mark.parametrize("style", STYLES)
def test_a_draft_has_no_more_of_any_fault_and_no_parallels(style: str, meter: str) -> None:
    asked = brief("minor" if meter == "3/4" else "major", meter, accompaniment={"style": style})
    data = midi_bytes(draft_of(asked, Models(), 2).piece)
    result = cleaned(data, "x.mid", asked)
    before, after = (piece_of(read_source(d, "x.mid"), asked) for d in (data, result.midi))
    report = result.report
    assert all(report.after[rule] <= n for rule, n in report.before.items())
    assert {r: report.before[r] for r in RULES} == {r: counts(before)[r] for r in RULES}
    assert {r: report.after[r] for r in RULES} == {r: counts(after)[r] for r in RULES}
    assert all(counts(after)[r] == 0 or any(n.startswith(f"{r} left") for n in report.notes) for r in PARALLELS)
    gate = next(g for g in gates_of(after) if g.name == "ParallelPerfects")
    assert gate.passed == (not any(report.after[r] for r in PARALLELS))
    assert len(report.changes) <= MAX_CHANGED_SHARE * sum(len(p.notes) for p in after.parts if not p.is_drums)
    assert cleaned(result.midi, "x.mid", asked).midi == result.midi
