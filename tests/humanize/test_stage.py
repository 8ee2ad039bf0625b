"""What the layer does to music on the grid, read by mido alone."""

from __future__ import annotations

import io
import statistics
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import mido
import numpy as np
import pytest

from composer.contract.stage import checked
from composer.errors import BadInput
from composer.formats.midi.source import ChangeNote, edited, read_source
from composer.formats.midi.writer import midi_bytes
from composer.humanize.layer import Layer
from composer.humanize.outline import outline_of
from composer.humanize.stage import Humanized, humanized
from composer.music.notes import Marker, Note, Tempo
from composer.music.time import Meter
from tests.humanize.pieces import bytes_of, piece, with_events
from tests.humanize.reader import Heard, heard, others, overlaps, pedals, tempos

BAR = 1920
MELODY, PIANO, BASS, DRUMS = 1, 2, 3, 4
# Cells to the quarter in each bar of the tune: of quarters and 8ths a DAW makes 16ths, drums in 8ths make a triplet
# bar one of 16th triplets.
CELLS = (4, 4, 4, 6, 8)


def layer(data: bytes, strength: float = 0.5, seed: int = 7, **changes: object) -> Layer:
    return replace(Layer(strength, seed, outline_of(read_source(data, "x.mid"))), **changes)  # type: ignore[arg-type]


def played(data: bytes, strength: float = 0.5, seed: int = 7, **changes: object) -> Humanized:
    return humanized(data, "x.mid", layer(data, strength, seed, **changes))


def late_ms(before: list[Heard], after: list[Heard], tempo_bpm: float = 96.0) -> list[float]:
    return [(b.start - a.start) / a.quarter * 60_000 / tempo_bpm for a, b in zip(before, after, strict=True)]


@pytest.mark.parametrize("meter", [Meter(4, 4), Meter(3, 4), Meter(6, 8)], ids=str)
@pytest.mark.parametrize("ticks_per_beat", [96, 480, 960])
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_rounding_to_the_grid_gives_the_grid_back(meter: Meter, ticks_per_beat: int, strength: float) -> None:
    data = bytes_of(meter, ticks_per_beat, tempo_bpm=150.0)
    before, after = heard(data), heard(played(data, strength).midi)
    bar = Fraction(meter.bar_ticks * ticks_per_beat, 480)
    moved = 0
    for old, new in zip(before, after, strict=True):
        cell = Fraction(ticks_per_beat, CELLS[int(old.start / bar) % 5] if old.start < 15 * bar else 4)
        assert round((new.start - 1e-6) / cell) * cell == old.start
        assert 0 <= new.start - old.start < cell / 2 and new.start // bar == old.start // bar
        moved += new.start != old.start
    assert moved > 0.8 * len(before)


@pytest.mark.parametrize("meter", [Meter(4, 4), Meter(3, 4), Meter(6, 8)], ids=str)
def test_only_notes_pedal_and_tempo_change(meter: Meter) -> None:
    data = bytes_of(meter)
    midi = played(data, 1.0).midi
    before, after = heard(data), heard(midi)
    assert others(midi) == others(data)
    assert [(n.track, n.channel, n.pitch) for n in after] == [(n.track, n.channel, n.pitch) for n in before]
    assert overlaps(before) == overlaps(after) == 0
    assert all(1 <= n.velocity <= 127 and n.start < n.end for n in after)
    assert [(b.rule.name, b.hits[0]) for b in checked(midi, "x.mid").breaches] == []


def test_nothing_happens_at_strength_0() -> None:
    data = bytes_of()
    assert played(data, 0.0).midi == data


def test_the_same_seed_gives_the_same_bytes_and_another_one_others() -> None:
    data = bytes_of()
    assert played(data, seed=3).midi == played(data, seed=3).midi
    assert played(data, seed=3).midi != played(data, seed=4).midi


@pytest.mark.parametrize(("strength", "least", "most"), [(0.5, 2.0, 9.0), (1.0, 4.0, 18.0)])
def test_timing_and_loudness_spread_as_players_do(strength: float, least: float, most: float) -> None:
    data = bytes_of()
    before, after = heard(data), heard(played(data, strength).midi)
    tune = [(a, b) for a, b in zip(before, after, strict=True) if a.track == MELODY]
    late = late_ms(*map(list, zip(*tune, strict=True)))
    louder = [b.velocity - a.velocity for a, b in tune]
    assert least <= statistics.pstdev(late) <= most and max(late) < 80.0
    assert least <= statistics.pstdev(louder) <= 1.5 * most and abs(statistics.fmean(louder)) < 2.0


def test_drums_are_tighter_and_the_melody_leads() -> None:
    data = bytes_of()
    late: dict[int, list[float]] = {}
    for seed in range(4):
        before, after = heard(data), heard(played(data, 1.0, seed).midi)
        for note, ms in zip(before, late_ms(before, after), strict=True):
            late.setdefault(note.track, []).append(ms)
    spread = {track: statistics.pstdev(found) for track, found in late.items()}
    mean = {track: statistics.fmean(found) for track, found in late.items()}
    assert spread[DRUMS] < 0.7 * min(spread[MELODY], spread[PIANO])
    assert mean[MELODY] + 3.0 < min(mean[PIANO], mean[BASS])


def test_fluctuations_last_and_are_no_white_noise() -> None:
    whole = piece(Meter(4, 4), bars=64)
    beats = tuple(Note(n * 480, 36, 60, 90) for n in range(256))
    data = midi_bytes(replace(whole, parts=(replace(whole.parts[3], notes=beats),)))
    found = []
    for seed in range(8):
        late = np.array(late_ms(heard(data), heard(played(data, 1.0, seed).midi)))
        found.append(float(np.corrcoef(late[:-1], late[1:])[0, 1]))
    assert 0.25 < statistics.fmean(found) < 0.95


def test_an_edit_in_one_bar_leaves_the_performance_of_the_others() -> None:
    data = bytes_of()
    source = read_source(data, "x.mid")
    note = next(n for n in source.notes if n.track == MELODY and n.start == 9 * BAR)
    changed = edited(source, [ChangeNote(note, pitch=note.pitch + 1)])
    outline = outline_of(source)
    one, two = (heard(humanized(d, "x.mid", Layer(0.5, 7, outline)).midi) for d in (data, changed))
    different = {a.start // BAR for a, b in zip(one, two, strict=True) if a != b}
    assert different and different <= {8, 9, 10, 11}  # its phrase


def test_velocities_stay_with_keep_dynamics() -> None:
    data = bytes_of()
    after = heard(played(data, 1.0, keep_dynamics=True).midi)
    assert [n.velocity for n in after] == [n.velocity for n in heard(data)]
    assert [n.start for n in after] != [n.start for n in heard(data)]


def test_kept_cells_stay_to_the_tick() -> None:
    data = bytes_of()
    kept = frozenset({("Melody", 3), ("Piano", 5), ("Piano", 6)})
    result = played(data, 1.0, kept=kept)
    before, after = heard(data), heard(result.midi)
    names = {MELODY: "Melody", PIANO: "Piano"}
    inside = [i for i, n in enumerate(before) if (names.get(n.track), n.start // BAR + 1) in kept]
    assert inside and all(before[i] == after[i] for i in inside)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == len(before) - len(inside)
    assert not any(4 * BAR <= tick < 6 * BAR for tick, _ in pedals(result.midi, PIANO))


def test_what_was_played_freely_stays() -> None:
    data = bytes_of()
    source = read_source(data, "x.mid")
    rng = np.random.default_rng(2)
    free = [n for n in source.notes if n.track == MELODY and n.start // BAR == 2]
    data = edited(source, [ChangeNote(n, start=n.start + int(rng.integers(7, 20))) for n in free])
    result = played(data, 1.0)
    before, after = heard(data), heard(result.midi)
    same = {i for i, n in enumerate(before) if n == after[i]}
    assert {i for i, n in enumerate(before) if n.track == MELODY and n.start // BAR == 2} == same
    assert result.figures.free == len(free)


def test_a_line_of_which_most_is_free_is_left_alone() -> None:
    data = bytes_of()
    source = read_source(data, "x.mid")
    rng = np.random.default_rng(5)
    tune = [n for n in source.notes if n.track == MELODY and n.start // BAR != 15]
    data = edited(source, [ChangeNote(n, start=n.start + 1 + int(rng.integers(0, 9))) for n in tune])
    before, after = heard(data), heard(played(data, 1.0).midi)
    assert [n for n in before if n.track == MELODY] == [n for n in after if n.track == MELODY]
    assert [n for n in before if n.track == BASS] != [n for n in after if n.track == BASS]


def test_a_file_without_notes_is_refused() -> None:
    stream = io.BytesIO()
    mido.MidiFile(type=1, tracks=[mido.MidiTrack()]).save(file=stream)
    with pytest.raises(BadInput, match="no notes"):
        humanized(stream.getvalue(), "x.mid", Layer(0.5, 1))


def test_a_note_that_sounds_twice_at_once_is_left_alone() -> None:
    data = bytes_of()
    source = read_source(data, "x.mid")
    first, second = [n for n in source.notes if n.track == BASS][:2]
    data = edited(source, [ChangeNote(second, pitch=first.pitch), ChangeNote(first, end=second.end + 60)])
    before, after = heard(data), heard(played(data, 1.0).midi)
    bass = [(a, b) for a, b in zip(before, after, strict=True) if a.track == BASS]
    assert all(a == b for a, b in bass[:2]) and all(a != b for a, b in bass[2:4])


def test_repeated_notes_are_set_off_and_steps_are_bound() -> None:
    whole = piece()
    tune = tuple(Note(n * 480, p, 480, 80) for n, p in enumerate((62, 62, 64, 65, 74, 62, 64, 65) * 8))
    data = midi_bytes(replace(whole, parts=(replace(whole.parts[0], notes=tune), *whole.parts[1:])))
    notes = [n for n in heard(played(data, 1.0).midi) if n.track == MELODY]
    gaps: dict[int, list[int]] = {}
    for one, following in pairwise(notes):
        if following.start // (4 * BAR) == one.start // (4 * BAR):
            gaps.setdefault(min(abs(following.pitch - one.pitch), 3), []).append(following.start - one.end)
    assert statistics.fmean(gaps[0]) > 30 and statistics.fmean(gaps[2]) < 0 < statistics.fmean(gaps[3])


def test_the_pedal_changes_with_the_chords_and_is_up_at_the_end() -> None:
    data = bytes_of()
    found = pedals(played(data, 0.5).midi, PIANO)
    assert [value > 0 for _, value in found] == [True, False] * 16
    for (down, _), (up, _), bar in zip(found[::2], found[1::2], range(16), strict=True):
        assert bar * BAR < down < bar * BAR + 240 and (bar + 1) * BAR - 2 <= up < (bar + 1) * BAR + 60
    assert found[-1][0] < 16 * BAR
    assert all(not pedals(played(data, 0.5).midi, track) for track in (MELODY, BASS, DRUMS))


def test_a_pedal_of_a_person_is_the_only_one() -> None:
    message = mido.Message("control_change", channel=1, control=64, value=127)
    data = with_events(bytes_of(), PIANO, (BAR, message), (2 * BAR, message.copy(value=0)))
    assert pedals(played(data, 1.0).midi, PIANO) == [(BAR, 127), (2 * BAR, 0)]


def test_the_tempo_falls_at_the_ends_of_sections_and_of_the_piece() -> None:
    data = bytes_of()
    found = tempos(played(data, 1.0).midi)
    plain = tempos(data)[0][1]
    assert found[0] == (0, plain) and (8 * BAR, plain) in found
    within = [us for tick, us in found if 7 * BAR < tick < 8 * BAR]
    last = [us for tick, us in found if tick > 8 * BAR]
    assert within == sorted(within) and plain < within[0] < within[-1] < 1.12 * plain
    assert last == sorted(last) and 1.3 * plain < last[-1] < 1.6 * plain


def test_a_remark_of_a_person_is_no_section() -> None:
    data = bytes_of()
    remark = with_events(data, 0, (3 * BAR, mido.MetaMessage("marker", text="louder here")))
    assert outline_of(read_source(remark, "x.mid")) == outline_of(read_source(data, "x.mid"))


@pytest.mark.parametrize("bar", [12, 13, 14, 15])
def test_a_section_that_ends_in_the_last_ritardando_has_none_of_its_own(bar: int) -> None:
    data = midi_bytes(replace(piece(), markers=(Marker(0, "A"), Marker(bar * BAR, "B"))))
    found = tempos(played(data, 1.0).midi)
    assert len({tick for tick, _ in found}) == len(found)
    slowing = [us for tick, us in found if tick > bar * BAR]
    assert slowing == sorted(slowing) and slowing[-1] > 1.3 * found[0][1]


def test_a_ritardando_of_a_person_is_not_fought() -> None:
    slower = [(15 * BAR + n * 480, mido.MetaMessage("set_tempo", tempo=650_000 + n * 40_000)) for n in range(3)]
    data = with_events(bytes_of(), 0, *slower)
    midi = played(data, 1.0).midi
    assert {*tempos(data)} < {*tempos(midi)}
    assert [t for t in tempos(midi) if t[0] >= 14 * BAR] == [t for t in tempos(data) if t[0] >= 14 * BAR]


def test_a_slowing_in_the_last_bar_is_joined() -> None:
    data = midi_bytes(replace(piece(), tempi=(Tempo(0, 96.0), Tempo(15 * BAR, 86.0))))
    found = tempos(played(data, 1.0).midi)
    ours = dict(tempos(data))
    assert ours.items() <= dict(found).items() and len({tick for tick, _ in found}) == len(found)
    last = [us for tick, us in found if tick >= 13 * BAR]
    assert last == sorted(last)
