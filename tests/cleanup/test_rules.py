from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from music21.note import Note as M21Note
from music21.voiceLeading import VoiceLeadingQuartet

from composer.cleanup.keys import key_finding
from composer.cleanup.report import RULES
from composer.cleanup.rules import COSTS, counts_of, doublings, faults_of
from composer.cleanup.score import score_of
from composer.music.key import key_of
from composer.music.notes import Piece
from composer.music.pitch import note_name
from composer.music.voice_leading import motion_faults
from tests.cleanup.music import piece


def found(music: Piece) -> Counter[str]:
    score = score_of(music, {}, 1.0)
    return counts_of(faults_of(score, doublings(score)))


def test_every_cost_has_a_documented_rule() -> None:
    assert set(COSTS) <= set(RULES)


def test_our_checker_agrees_with_music21_in_a_white_key_scale() -> None:
    rng = np.random.default_rng(4)
    white = np.array([p for p in range(48, 84) if p % 12 in (0, 2, 4, 5, 7, 9, 11)])
    for _ in range(300):
        l0, l1, u0, u1 = (int(p) for p in (*rng.choice(white[:12], 2), *rng.choice(white[9:], 2)))
        if u0 <= l0 or u1 <= l1 or u0 == u1 or l0 == l1 or 6 in ((u0 - l0) % 12, (u1 - l1) % 12):
            continue
        quartet = VoiceLeadingQuartet(*(M21Note(note_name(p)) for p in (u0, u1, l0, l1)))
        ours = motion_faults(*(np.array([p]) for p in (u0, u1, l0, l1)), outer=False)
        contrary = ours["AntiParallel"][0]  # music21 counts these as parallel too
        fifths, octaves = (
            quartet.parallelFifth(),
            quartet.parallelOctave() or quartet.parallelUnison() or quartet.parallelUnisonOrOctave(),
        )
        assert bool(ours["ParallelFifths"][0] or ours["ParallelOctaves"][0] or contrary) == (fifths or octaves)


@pytest.mark.parametrize(
    ("rule", "melody", "bass", "symbols"),
    [
        ("ParallelFifths", "G4:4 A4:4", "C3:4 D3:4", ()),
        ("ParallelOctaves", "C5:4 D5:4", "C3:4 D3:4", ()),
        ("AntiParallel", "C5:4 G5:4", "C3:4 G2:4", ()),
        ("DirectOuter", "C4:4 G4:4", "A2:4 C3:4", ()),
        ("CrossedVoices", "C5:4 C3:4", "E3:4 E3:4", ()),
        ("LeadingTone", "B4:4 G4:4", "G2:4 C3:4", ("G", "C")),
        ("SeventhResolution", "F4:4 G4:4", "G2:4 C3:4", ("G7", "C")),
        ("AugmentedLeap", "F4 B4 C5:2", "F2:4", ()),
        ("UnresolvedLeap", "C4 A4 B4:2", "C2:4", ()),
        ("DoubledLeadingTone", "B4:4", "B1:4", ("G",)),
        ("OutOfRange", "C5:4", "C7:4", ()),
    ],
)
def test_each_fault_is_found(rule: str, melody: str, bass: str, symbols: tuple[str, ...]) -> None:
    assert found(piece(melody, bass, symbols=symbols))[rule] == 1


def test_a_good_cadence_has_no_fault() -> None:
    assert not found(piece("D5:4 C5:4", "G2:4 C3:4", ["G3 B3", "G3 C4"], ["G", "C"]))


def test_a_line_doubled_throughout_is_no_fault() -> None:
    tune, low = "C4 D4 E4 F4 G4 A4 B4 G4 E4 D4 C4:2", "C3 D3 E3 F3 G3 A3 B3 G3 E3 D3 C3:2"
    assert found(piece(tune, low))["ParallelOctaves"] == 0


@pytest.mark.parametrize(
    ("tune", "key"),
    [
        ("C4 D4 E4 F4 G4 E4 C4 E4 G4 F4 E4 D4 C4:4", "C major"),
        ("A4 B4 C5 D5 E5 C5 A4 E5 D5 C5 B4 G#4 A4:4", "A minor"),
        ("Eb4 F4 G4 Ab4 Bb4 G4 Eb4 Bb4 Ab4 G4 F4 D4 Eb4:4", "Eb major"),
    ],
)
def test_keys_are_found(tune: str, key: str) -> None:
    finding = key_finding(piece(tune), None, "brief", None)
    assert (str(finding.key), finding.source) == (key, "found")
    assert 0 <= finding.confidence <= 1


def test_a_signature_is_believed_only_where_the_notes_agree() -> None:
    tune = piece("Eb4 F4 G4 Ab4 Bb4 G4 Eb4 Bb4 Ab4 G4 F4 D4 Eb4:4")
    assert key_finding(tune, None, "brief", key_of("E", "major")).source == "found"
    assert key_finding(tune, None, "brief", key_of("Eb", "major")).source == "signature"


def test_a_signature_of_a_minor_tune_written_as_major_is_read_as_minor() -> None:
    tune = piece("A4 B4 C5 D5 E5 C5 A4 E5 D5 C5 B4 G#4 A4:4")
    assert str(key_finding(tune, None, "brief", key_of("C", "major")).key) == "A minor"
