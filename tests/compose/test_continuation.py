from __future__ import annotations

import io
from typing import Any

import mido
import numpy as np
import pytest

from composer.compose.beginning import beginning_of
from composer.compose.continuation import added_after, continued
from composer.compose.draft import Draft
from composer.compose.tune.melody import MelodyWriter
from composer.encoding.melody import FEATURES, Event
from composer.errors import OverLimit
from composer.formats.midi.given import Kept, given_midi_bytes
from composer.formats.midi.piece import part_lines
from composer.formats.midi.source import read_source
from composer.formats.midi.tune import GivenTune, tune_of
from composer.music.notes import CHORDS, DRUMS, MELODY
from tests.compose.fakes import FlatModel, Models
from tests.compose.tunes import heard, low_chords, midi, song


def read(data: bytes) -> GivenTune:
    return tune_of(read_source(data, "tune.mid"))


def drafted(tune: GivenTune, bars: int = 8, seed: int = 1, style: str | None = None) -> Draft:
    return continued(beginning_of(tune), bars, None, Models(), seed, None, style)


def written(draft: Draft, tune: GivenTune) -> bytes:
    kept = [Kept(part, *line) for part, line in enumerate(part_lines(tune.source))]
    return given_midi_bytes(added_after(draft.piece, beginning_of(tune)), tune.source, kept, shift=tune.shift)


BAND = {"Lead": song(), "Piano": low_chords()}


@pytest.mark.parametrize("ppq", [480, 960, 96, 192, 384])
def test_what_was_played_is_kept_to_the_tick_in_every_track(ppq: int) -> None:
    data = midi(BAND, ppq=ppq, off_by=5)
    tune = read(data)
    result = written(drafted(tune), tune)
    for track in (0, 1):
        given = heard(data, track)
        # The file has a conductor's track in front.
        assert heard(result, track + 1)[: len(given)] == given
        assert len(heard(result, track + 1)) > len(given)


def test_new_bars_are_counted_from_the_last_bar_with_notes() -> None:
    tune = read(midi(BAND))
    draft = drafted(tune, bars=6)
    assert draft.piece.bars == 16 + 6
    assert {n.start // 1920 for n in draft.piece.parts[0].notes if n.start >= 16 * 1920} == set(range(16, 22))
    file = mido.MidiFile(file=io.BytesIO(written(draft, tune)))
    assert {sum(m.time for m in track) for track in file.tracks} == {22 * 1920}


def test_what_was_continued_once_can_be_continued_again() -> None:
    once = read(midi(BAND))
    twice = read(written(drafted(once, bars=4), once))
    again = drafted(twice, bars=4)
    assert [m.tick for m in added_after(again.piece, beginning_of(twice)).markers] == [20 * 1920]
    file = mido.MidiFile(file=io.BytesIO(written(again, twice)))
    at, marks = 0, []
    for message in file.tracks[0]:
        at += message.time
        marks += [at] if message.type == "marker" else []
    assert marks == [16 * 1920, 20 * 1920]


def test_the_new_bars_close_on_the_tonic_over_its_chord() -> None:
    for seed in range(2):
        piece = drafted(read(midi(BAND)), seed=seed).piece
        assert piece.parts[0].notes[-1].pitch % 12 == 0
        chord = piece.chord_at(piece.length - 1)
        assert chord is not None
        assert chord.root == 0


def test_key_metre_and_range_are_those_of_the_tune() -> None:
    notes = [(s * 3 / 4, d * 3 / 4, p + 2) for s, d, p in song()]
    draft = drafted(read(midi({"": notes}, meter=(3, 4))))
    assert (str(draft.piece.key), str(draft.piece.meter)) == ("D major", "3/4")
    new = [n for n in draft.piece.parts[0].notes if n.start >= 16 * 1440]
    pitches = [p for _, _, p in notes]
    assert min(pitches) - 1 <= min(n.pitch for n in new)
    assert max(n.pitch for n in new) <= max(pitches) + 1


def test_an_unfinished_bar_is_finished_first() -> None:
    tune = read(midi({"": [n for n in song() if n[0] < 13.5]}))
    begun = beginning_of(tune)
    assert (begun.bars, begun.reading.bars, begun.end) == (4, 3, 3 * 1920 + 960)
    draft = drafted(tune, bars=4)
    assert draft.piece.bars == 8
    assert any(begun.end <= n.start < 4 * 1920 for n in draft.piece.parts[0].notes)
    assert any("bar 4 is finished first" in note for note in draft.notes)


def test_phrases_of_the_tune_return() -> None:
    """Of several takes most have a bar of the tune in their new bars."""
    tune = read(midi(BAND))
    returns = 0
    for seed in range(4):
        notes = drafted(tune, seed=seed).piece.parts[0].notes
        bars = [frozenset((n.start % 1920, n.pitch) for n in notes if n.start // 1920 == bar) for bar in range(24)]
        returns += any(bar in bars[:16] for bar in bars[16:])
    assert returns >= 2


def test_the_accompaniment_goes_on_in_its_figures_over_the_new_chords() -> None:
    piece = drafted(read(midi(BAND))).piece
    chords = piece.part(CHORDS)
    assert chords is not None
    new = [n for n in chords.notes if 16 * 1920 <= n.start < 23 * 1920]
    assert {n.start % 1920 for n in new} == {0, 960}
    inside = [n.pitch % 12 in piece.chord_at(n.start).classes for n in new if piece.chord_at(n.start)]  # type: ignore[union-attr]
    assert np.mean(inside) > 0.9


def test_drums_go_on_as_they_were() -> None:
    beat = [(float(i), 0.25, 36 + 2 * (i % 2)) for i in range(64)]
    data = midi({**BAND, "Kit": beat, "Cymbals": [(i * 4.0, 1.0, 49) for i in range(16)]}, channels=[0, 1, 9, 9])
    tune = read(data)
    draft = drafted(tune)
    drums = [p for p in draft.piece.parts if p.role == DRUMS]
    assert len(drums) == 2
    assert {n.pitch for n in drums[0].notes if n.start >= 16 * 1920} == {36, 38}
    file = mido.MidiFile(file=io.BytesIO(written(draft, tune)))
    assert {m.channel for track in file.tracks[3:5] for m in track if m.type == "note_on"} == {9}


def test_a_tune_alone_goes_on_alone_unless_a_style_is_asked_for() -> None:
    tune = read(midi({"": song()}))
    assert [p.role for p in drafted(tune).piece.parts] == [MELODY]
    piece = drafted(tune, style="broken").piece
    assert [p.role for p in piece.parts] == [MELODY, CHORDS]
    assert min(n.start for n in piece.parts[1].notes) >= 16 * 1920


def test_a_style_replaces_the_figures_in_the_new_bars() -> None:
    tune = read(midi(BAND))
    asked = drafted(tune, style="arpeggio").piece
    assert [p.name for p in asked.parts] == ["Lead", "Piano"]
    onsets = {n.start % 1920 for n in asked.parts[1].notes if n.start >= 16 * 1920}
    assert len(onsets) > 2


def test_new_notes_are_as_loud_as_those_that_were_played() -> None:
    notes = drafted(read(midi(BAND, velocity=50))).piece.parts[0].notes
    new = [n.velocity for n in notes if n.start >= 16 * 1920]
    assert abs(np.mean(new) - 50) < 3


def test_a_pedal_that_is_down_is_lifted_before_the_new_bars() -> None:
    down = mido.Message("control_change", channel=0, control=64, value=127, time=500)
    piece = drafted(read(midi(BAND, extra=[down]))).piece
    assert [(c.tick, c.value) for c in piece.parts[0].controls if c.number == 64] == [(500, 127), (16 * 1920, 0)]


def test_a_slowing_down_at_the_end_of_what_was_played_does_not_go_on() -> None:
    slower = mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(80), time=15 * 1920)
    tempi = drafted(read(midi(BAND, extra=[slower])), bars=4).piece.tempi
    assert [(t.tick // 1920, round(t.bpm)) for t in tempi[:3]] == [(0, 100), (15, 80), (16, 100)]
    assert tempi[3].tick == 19 * 1920
    early = mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(80), time=4 * 1920)
    tempi = drafted(read(midi(BAND, extra=[early])), bars=4).piece.tempi
    assert [round(t.bpm) for t in tempi[:2]] == [100, 80]
    assert 70 < tempi[2].bpm < 80


def test_the_network_hears_what_was_played() -> None:
    class Listening(FlatModel):
        heard = 0

        def step(self, state: Any, columns: Any) -> Any:
            assert columns.shape[1] == len(FEATURES)
            self.heard += len(columns) == 1
            return super().step(state, columns)

    model = Listening()
    tune = read(midi({"": song()}))
    draft = continued(beginning_of(tune), 4, None, Models(model), 1, None, None)
    assert model.heard >= len(song())
    given = list(beginning_of(tune).events)
    assert list(draft.sketch.melody.events[: len(given)]) == given


def test_a_given_beginning_is_kept_by_the_melody_writer() -> None:
    sketch = drafted(read(midi({"": song()}))).sketch
    given = [Event(i * 480, 480, i % 5) for i in range(16)]
    rng = np.random.default_rng(1)
    melody = MelodyWriter(sketch.plan, sketch.chords, FlatModel(), rng, given=given).write()
    assert list(melody.events[:16]) == given
    assert melody.events[-1].end == len(sketch.plan.bars) * 1920


@pytest.mark.parametrize("bars", [1, 2, 5, 7])
def test_any_number_of_bars_can_be_asked_for(bars: int) -> None:
    assert drafted(read(midi(BAND)), bars=bars).piece.bars == 16 + bars


def test_less_than_a_bar_can_be_continued() -> None:
    draft = drafted(read(midi({"": [(0.0, 1.0, 60), (1.0, 1.0, 64)]})), bars=4)
    assert draft.piece.bars == 5


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    tune = read(midi(BAND))
    first = written(drafted(tune), tune)
    assert written(drafted(tune), tune) == first
    assert written(drafted(tune, seed=2), tune) != first


def test_a_piece_beyond_the_limit_is_refused() -> None:
    long = [(i * 4.0, 4.0, 60 + i % 5) for i in range(998)]
    with pytest.raises(OverLimit, match="998 bars"):
        drafted(read(midi({"": long})), bars=8)


def test_more_voices_than_channels_are_refused_by_the_name_of_the_file() -> None:
    crowd = {f"v{n}": [(0.0, 4.0, 60 + n % 12)] for n in range(17)}
    tune = read(midi(crowd, channels=[n % 9 for n in range(17)]))
    with pytest.raises(OverLimit, match="17 tracks and channels play") as refused:
        beginning_of(tune)
    assert refused.value.subject == "tune.mid"
