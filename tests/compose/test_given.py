from __future__ import annotations

import io
from typing import Any

import mido
import numpy as np
import pytest

from composer.compose.draft import Draft
from composer.compose.given import accompanied, added_to, reading_of
from composer.errors import BadInput
from composer.formats.brief.brief import Brief
from composer.formats.midi.given import Kept, given_midi_bytes
from composer.formats.midi.source import read_source
from composer.formats.midi.tune import GivenTune, tune_of
from composer.music.notes import CHORDS
from tests.compose.fakes import Models
from tests.compose.fakes import brief as brief_of
from tests.compose.tunes import heard, low_chords, midi, song


def read(data: bytes, **options: Any) -> GivenTune:
    return tune_of(read_source(data, "tune.mid"), **options)


def drafted(tune: GivenTune, seed: int = 1, brief: Brief | None = None, style: str | None = "block") -> Draft:
    return accompanied(tune, brief, Models(), seed, None, style)


def written(draft: Draft, tune: GivenTune) -> bytes:
    kept = [Kept(0, tune.track, tune.channel)]
    return given_midi_bytes(added_to(draft.piece, tune), tune.source, kept, shift=tune.shift)


def symbols(draft: Draft) -> list[str]:
    return [span.chord.symbol(draft.piece.key.spellings) for span in draft.piece.chords]


@pytest.mark.parametrize("ppq", [480, 960, 96, 120, 240, 192, 384, 1024, 100])
@pytest.mark.parametrize("off_by", [0, 7])
def test_the_tune_is_kept_to_the_tick_at_every_resolution(ppq: int, off_by: int) -> None:
    data = midi({"Melody": song()}, ppq=ppq, off_by=off_by)
    tune = read(data)
    assert heard(written(drafted(tune), tune), 1) == heard(data)


def test_a_resolution_that_480_does_not_divide_is_kept_only_where_it_has_to_be() -> None:
    grid, free = midi({"": song()}, ppq=960), midi({"": song()}, ppq=960, off_by=7)
    for data, ppq in ((grid, 480), (free, 960)):
        tune = read(data)
        assert mido.MidiFile(file=io.BytesIO(written(drafted(tune), tune))).ticks_per_beat == ppq


def test_a_plain_song_gets_its_plain_chords() -> None:
    bars = ["60 64 67 64", "65 69 72 69", "67 71 74 71", "60:4", "60 64 67 64", "65 69 72 69", "67 71 74 65", "60:4"]
    draft = drafted(read(midi({"": song(bars)})))
    assert str(draft.piece.key) == "C major"
    assert symbols(draft)[:3] == ["C", "F", "G"]
    assert symbols(draft)[-2:] in (["G", "C"], ["G7", "C"])


def test_the_tune_ends_on_the_tonic_chord_after_a_dominant() -> None:
    draft = drafted(read(midi({"": song()})))
    assert symbols(draft)[-1] == "C"
    assert symbols(draft)[-2] in ("G", "G7")


def test_a_named_track_wins_over_a_higher_one() -> None:
    high = [(float(i), 1.0, 90) for i in range(64)]
    tune = read(midi({"Bells": high, "Vocals": song(), "": low_chords()}))
    assert (tune.track, tune.name) == (1, "Vocals")
    draft = drafted(tune)
    assert draft.piece.parts[0].name == "Vocals"
    assert any("left out: Bells" in note for note in draft.notes)


def test_without_names_the_highest_busy_voice_is_the_tune() -> None:
    cymbal = [(0.0, 1.0, 100), (60.0, 1.0, 100)]
    assert read(midi({"": low_chords(), " ": song(), "  ": cymbal})).track == 1


def test_a_file_of_one_track_and_channel_keeps_all_its_notes() -> None:
    data = midi({"": [*song(), *low_chords()]}, kind=0)
    tune = read(data)
    assert heard(written(drafted(tune), tune), 1) == heard(data)


def test_tempo_changes_markers_bends_and_pedal_of_the_file_stay() -> None:
    extra = [
        mido.MetaMessage("set_tempo", tempo=400_000, time=960),
        mido.MetaMessage("marker", text="Verse", time=1920),
        mido.Message("pitchwheel", channel=0, pitch=700, time=481),
        mido.Message("control_change", channel=0, control=64, value=127, time=500),
        mido.MetaMessage("lyrics", text="la", time=480),
    ]
    tune = read(midi({"Melody": song()}, extra=extra))
    file = mido.MidiFile(file=io.BytesIO(written(drafted(tune), tune)))
    found = {(at, m.type) for track in file.tracks for at, m in _timed(track)}
    assert {(960, "set_tempo"), (1920, "marker"), (481, "pitchwheel"), (480, "lyrics")} <= found
    assert [m.text for _, m in _timed(file.tracks[0]) if m.type == "marker"] == ["Verse"]


def test_a_file_that_says_nothing_gets_the_usual_metre_and_tempo() -> None:
    tune = read(midi({"": song()}, meter=None, tempo_bpm=None))
    file = mido.MidiFile(file=io.BytesIO(written(drafted(tune), tune)))
    assert str(tune.meter) == "4/4"
    assert {m.type for at, m in _timed(file.tracks[0]) if at == 0} >= {"set_tempo", "time_signature", "key_signature"}


def test_all_tracks_end_at_one_bar_line() -> None:
    for ppq in (480, 100):
        tune = read(midi({"": song()}, ppq=ppq, off_by=3))
        file = mido.MidiFile(file=io.BytesIO(written(drafted(tune), tune)))
        ends = {sum(m.time for m in track) for track in file.tracks}
        assert ends == {16 * 4 * file.ticks_per_beat}


def test_nobody_accompanies_the_pick_up_bar() -> None:
    tune = read(midi({"": [(3.0, 1.0, 67), *[(s + 4, d, p) for s, d, p in song()]]}))
    chords = drafted(tune).piece.part(CHORDS)
    assert chords is not None
    assert min(n.start for n in chords.notes) == 1920


def test_a_short_first_bar_is_a_pick_up_and_bars_count_from_the_next_line() -> None:
    pickup = [(0.0, 1.0, 67), *[(s + 1, d, p) for s, d, p in song()]]
    later = [mido.MetaMessage("time_signature", numerator=4, denominator=4, time=480)]
    data = midi({"": pickup}, meter=(1, 4), extra=later)
    tune = read(data)
    assert (str(tune.meter), tune.shift, tune.bars) == ("4/4", 1440, 17)
    draft = drafted(tune)
    assert heard(written(draft, tune), 1) == heard(data)
    onsets = {start for start, *_ in heard(written(draft, tune), 2)}
    assert 1.0 in onsets
    assert min(onsets) >= 1.0


@pytest.mark.parametrize("meter", [(2, 4), (3, 4), (6, 8), (2, 2), (5, 4), (9, 8), (3, 8), (12, 8)])
def test_every_metre_is_accompanied(meter: tuple[int, int]) -> None:
    quarters = 4 * meter[0] / meter[1]
    notes = [(i * 0.5, 0.5, 60 + (0, 4, 7, 5, 2)[i % 5]) for i in range(round(quarters * 2 * 8))]
    tune = read(midi({"": notes}, meter=meter))
    draft = drafted(tune)
    assert tune.bars == 8
    assert draft.piece.length == 8 * tune.meter.bar_ticks
    assert draft.piece.part(CHORDS) is not None


def test_triplets_and_swing_are_harmonised_as_they_are() -> None:
    swung = [note for i in range(32) for note in ((float(i), 2 / 3, 60 + i % 5), (i + 2 / 3, 1 / 3, 64))]
    data = midi({"": swung}, ppq=96)
    tune = read(data)
    assert heard(written(drafted(tune), tune), 1) == heard(data)


def test_a_tune_in_the_bass_is_accompanied_from_above() -> None:
    low = [(s, d, p - 24) for s, d, p in song()]
    draft = drafted(read(midi({"": low})))
    chords = draft.piece.part(CHORDS)
    assert chords is not None
    assert np.mean([n.pitch for n in chords.notes]) > np.mean([p for _, _, p in low])


def test_the_brief_s_written_chords_win() -> None:
    form = [{"name": "A", "bars": 8, "chords": "C | Am | F | G"}, {"name": "B", "bars": 8}]
    draft = drafted(read(midi({"": song()})), brief=brief_of("major", "4/4", "C", form=form))
    names = draft.piece.key.spellings
    at = [draft.piece.chord_at(bar * 1920) for bar in range(8)]
    assert [c.symbol(names) for c in at if c] == ["C", "Am", "F", "G"] * 2


def test_the_brief_supplies_players_and_key_and_the_file_the_rest() -> None:
    brief = brief_of("minor", "3/4", "A", ensemble="string-quartet", tempo_bpm=70.0)
    draft = accompanied(read(midi({"": song()}), key=brief.key.key), brief, Models(), 1, None, None)
    assert len(draft.piece.parts) == 4
    assert (str(draft.piece.key), str(draft.piece.meter)) == ("A minor", "4/4")
    assert draft.piece.tempi[0].bpm == 100.0
    assert any("24 bars and the tune 16" in note for note in draft.notes)


def test_the_same_seed_gives_the_same_bytes_and_another_may_choose_other_chords() -> None:
    tune = read(midi({"": song()}))
    assert written(drafted(tune, 1), tune) == written(drafted(tune, 1), tune)
    assert len({tuple(symbols(drafted(tune, seed))) for seed in range(6)}) > 1


def test_phrases_end_where_the_tune_breathes() -> None:
    reading = reading_of(read(midi({"": song()})))
    assert [(p.first, p.bars) for p in reading.phrases] == [(0, 4), (4, 4), (8, 4), (12, 4)]


def test_sections_that_begin_alike_have_one_letter() -> None:
    bars = [
        "60 62 64 65",
        "67 67 69 67",
        "65 64 62 64",
        "62:2 67:2",
        "60 62 64 65",
        "67 67 69 67",
        "65 64 62 59",
        "60:4",
    ]
    other = ["72 71 69 67", "69 67 65 64", "65 64 62 60", "62:4", "72 71 69 67", "69 67 65 64", "65 64 62 59", "60:4"]
    reading = reading_of(read(midi({"": song([*bars, *other, *bars])})))
    assert reading.sections == (("A", 0), ("B", 8), ("A'", 16))


def test_a_file_of_drums_alone_is_refused() -> None:
    with pytest.raises(BadInput, match="no notes but drums"):
        read(midi({"": song()}, channels=[9]))


def test_chords_alone_can_be_asked_for() -> None:
    data = midi({"": song()})
    tune = read(data)
    result = written(drafted(tune, style="none"), tune)
    assert heard(result) == heard(data)
    assert mido.MidiFile(file=io.BytesIO(result)).tracks[-1].name == "Chords"


def test_a_single_note_is_a_tune() -> None:
    tune = read(midi({"": [(0.0, 4.0, 60)]}))
    assert drafted(tune).piece.bars == 1


def _timed(track: mido.MidiTrack) -> list[tuple[int, Any]]:
    now, found = 0, []
    for message in track:
        now += message.time
        found.append((now, message))
    return found
