"""A song as other programs write it, read as a brief: each value, and the reason that is told for it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import mido
import pytest

from composer.compose.given import in_form_of, reading_of
from composer.compose.song.stage import SongBrief, SongWishes, brief_of_song
from composer.errors import BadInput
from composer.formats.brief.text import brief_bytes, read_brief
from composer.formats.midi.source import read_source
from composer.formats.midi.tune import tune_of
from tests.compose.tunes import Sung, low_chords, midi, song

BAR = 4 * 480
BASS = [(bar * 4.0, 4.0, pitch - 12) for bar, pitch in enumerate((48, 53, 55, 48) * 4)]
IN_D_MINOR = ["62 65 69 65", "70:2 69 67", "69 65 64 61", "62:4"] * 4


def read(data: bytes, wishes: SongWishes | None = None) -> SongBrief:
    return brief_of_song(read_source(data, "song.mid"), wishes or SongWishes())


def markers(*places: tuple[int, str]) -> list[mido.MetaMessage]:
    return [mido.MetaMessage("marker", text=text, time=bar * BAR) for bar, text in places]


def sections(found: SongBrief) -> list[tuple[str, int]]:
    return [(section.name, section.bars) for section in found.brief.form]


def band(**options: object) -> bytes:
    tracks: dict[str, Sequence[Sung]] = {"Vocals": song(), "Piano": low_chords(), "Bass": BASS}
    return midi(tracks, channels=(0, 1, 2), **options)  # type: ignore[arg-type]


def test_key_tempo_metre_and_bars_are_the_file_s() -> None:
    found = read(midi({"": song(IN_D_MINOR)}, tempo_bpm=96.0))
    brief = found.brief
    assert (str(brief.key.key), brief.tempo_bpm, brief.meter, brief.bars) == ("D minor", 96.0, "4/4", 16)
    assert brief.because["tempo_bpm"].evidence == "96 quarter notes a minute: the file's tempo."
    assert brief.because["key"].evidence.startswith("D minor: found from the notes")
    assert brief.because["meter"].evidence == "4/4: the file's metre."


def test_what_the_file_does_not_say_is_told_as_a_guess() -> None:
    brief = read(midi({"": song()}, tempo_bpm=None, meter=None)).brief
    assert (brief.tempo_bpm, brief.meter) == (120.0, "4/4")
    assert "says no tempo" in brief.because["tempo_bpm"].evidence
    assert "says no metre" in brief.because["meter"].evidence
    assert brief.because["tempo_bpm"].confidence < 0.5


def test_a_signature_is_believed_where_the_notes_agree_and_named_where_they_do_not() -> None:
    def sign(key: str) -> list[mido.MetaMessage]:
        return [mido.MetaMessage("key_signature", key=key, time=0)]

    believed = read(midi({"": song(IN_D_MINOR)}, extra=sign("Dm"))).brief
    doubted = read(midi({"": song(IN_D_MINOR)}, extra=sign("E"))).brief
    assert believed.because["key"].evidence.startswith("D minor: the file's key signature")
    assert str(doubted.key.key) == "D minor"
    assert "The file says E major" in doubted.because["key"].evidence


def test_markers_that_name_sections_are_the_form_and_others_are_not() -> None:
    found = read(band(extra=markers((4, "Verse"), (8, "slower here"), (12, "Chorus"))))
    assert sections(found) == [("Intro", 4), ("Verse", 8), ("Chorus", 4)]
    assert "The file's markers: Intro 1-4, Verse 5-12, Chorus 13-16." in found.brief.because["form"].evidence


def test_a_marker_beside_its_bar_line_belongs_to_it() -> None:
    early = [mido.MetaMessage("marker", text="Verse", time=0), mido.MetaMessage("marker", text="B", time=8 * BAR - 30)]
    assert sections(read(band(extra=early))) == [("Verse", 8), ("B", 8)]


def test_without_markers_phrases_are_gathered_and_what_returns_has_its_letter_again() -> None:
    found = read(band())
    assert sections(found) == [("A", 8), ("B", 8)]
    again = read(midi({"": song() + [(at + 64, length, pitch) for at, length, pitch in song()]}))
    assert [name for name, _ in sections(again)] == ["A", "B", "A'", "B'"]
    assert "begins like an earlier one" in again.brief.because["form"].evidence


def test_a_section_has_the_key_that_the_signature_changes_to() -> None:
    up = [(at + 32, length, pitch + 2) for at, length, pitch in song() if at < 32]
    tune = [n for n in song() if n[0] < 32] + up
    signs = [
        mido.MetaMessage("key_signature", key="C", time=0),
        mido.MetaMessage("key_signature", key="D", time=8 * BAR),
    ]
    found = read(midi({"": tune}, extra=[*signs, *markers((0, "A"), (8, "B"))])).brief
    assert str(found.key.key) == "C major"
    assert [section.key and str(section.key.key) for section in found.form] == [None, "D major"]
    assert "B 9-16 in D major" in found.because["key"].evidence


def test_players_are_told_by_role_with_their_instruments() -> None:
    programs = [
        mido.Message("program_change", channel=channel, program=program, time=0)
        for channel, program in ((0, 73), (1, 24), (2, 32))
    ]
    drums = [(float(beat), 0.5, 36) for beat in range(64)]
    tracks: dict[str, Sequence[Sung]] = {"Vocals": song(), "Comp": low_chords(), "Bass": BASS, "Kit": drums}
    brief = read(midi(tracks, channels=(0, 1, 2, 9), extra=programs)).brief
    assert (brief.melody.instrument, brief.melody.low, brief.melody.high) == ("flute", 59, 72)
    assert brief.accompaniment.instrument == "guitar"
    assert brief.bass is not None and brief.bass.instrument == "acoustic bass"
    assert brief.drums is not None
    assert '"Vocals"' in brief.because["melody"].evidence


@pytest.mark.parametrize(("down", "instrument"), [(0, "voice"), (12, "choir"), (24, "piano")])
def test_a_tune_that_its_instrument_cannot_reach_gets_a_relative(down: int, instrument: str) -> None:
    low = [(at, length, pitch - down) for at, length, pitch in song()]
    voice = [mido.Message("program_change", channel=0, program=53, time=0)]
    melody = read(midi({"": low}, extra=voice)).brief.melody
    assert (melody.instrument, melody.low) == (instrument, 59 - down)


def test_a_narrow_tune_gets_the_room_that_a_brief_must_have() -> None:
    melody = read(midi({"": song(["60 62 60 62"] * 8)})).brief.melody
    assert melody.low is not None and melody.high is not None
    assert melody.low <= 60 and melody.high >= 62 and melody.high - melody.low >= 7


def test_chords_are_heard_in_an_accompaniment_and_left_open_for_a_tune_alone() -> None:
    heard, alone = read(band()).brief, read(midi({"": song()})).brief
    assert heard.form[0].chords is not None
    bars = [bar.split()[0] for bar in heard.form[0].chords.split(" | ")]
    assert [bar.removesuffix("7") for bar in bars] == ["C", "F", "G", "C"] * 2
    assert heard.because["form.chords"].evidence.startswith("Heard in the notes")
    assert [section.chords for section in alone.form] == [None, None]
    assert "left open" in alone.because["form.chords"].evidence


def test_chord_symbols_of_the_file_are_taken_as_they_are() -> None:
    data = band()
    file = mido.MidiFile(file=io.BytesIO(data))
    symbols = ("Am", "Dm7", "G7", "C") * 4
    chords = mido.MidiTrack([mido.MetaMessage("track_name", name="Chords")])
    chords += [mido.MetaMessage("text", text=one, time=BAR if place else 0) for place, one in enumerate(symbols)]
    file.tracks.append(chords)
    file.save(file=(out := io.BytesIO()))
    brief = read(out.getvalue()).brief
    assert [section.chords for section in brief.form] == ["Am | Dm7 | G7 | C | Am | Dm7 | G7 | C"] * 2
    assert brief.because["form.chords"].evidence == "The file's chord symbols."


def test_levels_tell_busy_high_and_loud_sections_apart() -> None:
    calm = [(float(bar * 4), 4.0, 60) for bar in range(8)]
    busy = [(32 + beat / 2, 0.5, 72 + beat % 3) for beat in range(64)]
    file = mido.MidiFile(file=io.BytesIO(midi({"": calm + busy})))
    for track in file.tracks:
        for index, message in enumerate(track):
            if message.type == "note_on" and message.velocity and message.note >= 72:
                track[index] = message.copy(velocity=110)
    file.save(file=(out := io.BytesIO()))
    found = read(out.getvalue()).brief
    first, last = found.form[0], found.form[-1]
    assert first.density < 0.1 and last.density > 0.5
    assert first.register_ < 0 < last.register_
    assert first.energy < 0.7 < last.energy
    assert found.dynamics > 0.1


def test_one_velocity_throughout_says_nothing_of_loud_and_soft() -> None:
    brief = read(band()).brief
    assert {section.energy for section in brief.form} == {0.5}
    assert "says nothing of soft and loud" in brief.because["dynamics"].evidence


def test_the_bars_go_to_the_last_note_of_all_tracks() -> None:
    after = [*low_chords(), (64.0, 4.0, 48), (68.0, 4.0, 48)]
    assert read(midi({"Melody": song(), "": after}, channels=(0, 1))).brief.bars == 18


def test_bars_of_2_2_are_read_as_4_4() -> None:
    brief = read(midi({"": song()}, meter=(2, 2))).brief
    assert brief.meter == "4/4"
    assert "the file's 2/2" in brief.because["meter"].evidence


def test_a_marked_pickup_counts_as_the_first_bar() -> None:
    signs = [
        mido.MetaMessage("time_signature", numerator=1, denominator=4, time=0),
        mido.MetaMessage("time_signature", numerator=4, denominator=4, time=480),
    ]
    tune = [(0.0, 1.0, 67), *((at + 1, length, pitch) for at, length, pitch in song())]
    found = read(midi({"": tune}, meter=None, extra=signs)).brief
    assert (found.meter, found.bars) == ("4/4", 17)
    assert "pick-up, which counts as bar 1" in found.because["meter"].evidence


def test_it_is_said_where_generate_takes_another_track_for_the_tune() -> None:
    high = [(at, length, pitch + 12) for at, length, pitch in song()]
    found = read(midi({"Soprano": song(), "Violin": high}, channels=(0, 1)))
    assert found.brief.melody.low == 71
    assert any("--melody and --continue would take Soprano for the tune" in note for note in found.notes)
    assert not any("would take" in note for note in read(band()).notes)


def test_a_tune_before_a_postlude_keeps_the_sections_that_it_has() -> None:
    after = [*low_chords(), (64.0, 4.0, 48), (68.0, 4.0, 48)]
    data = midi({"Melody": song(), "": after}, channels=(0, 1), extra=markers((0, "A"), (8, "B"), (15, "Coda")))
    brief = read(data).brief
    assert [(section.name, section.bars) for section in brief.form] == [("A", 8), ("B", 7), ("Coda", 3)]
    reading = in_form_of(reading_of(tune_of(read_source(data, "song.mid"))), brief)
    assert [(section.name, section.bars) for section in reading.form] == [("A", 8), ("B", 7), ("Coda", 1)]
    assert reading.sections == (("A", 0), ("B", 8), ("Coda", 15))


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (midi({"Kit": [(0.0, 1.0, 36)]}, channels=(9,)), "has no melody: its tracks are drums"),
        (midi({"Bass": BASS}), "has no melody: its tracks are bass"),
        (midi({"": song(beats=4)}, meter=(9, 8)), "is in 9/8, and a brief in one of 2/4, 3/4, 4/4, 6/8"),
        (
            midi({"": song()}, extra=[mido.MetaMessage("time_signature", numerator=3, denominator=4, time=8 * BAR)]),
            "changes its metre in bar 9, and a brief has one for all its bars",
        ),
    ],
)
def test_what_no_brief_can_say_is_refused_in_one_line(data: bytes, line: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(data)
    assert line in str(caught.value)


def test_what_a_person_asks_for_wins_over_the_file() -> None:
    styled = read(band(), SongWishes(style="block", seed=4)).brief
    assert (styled.accompaniment.style, styled.accompaniment.instrument, styled.seed) == ("block", "piano", 4)
    assert styled.because["accompaniment"].evidence == "You asked for the style block."
    played = read(band(), SongWishes(ensemble="string-quartet")).brief
    assert played.ensemble == "string-quartet"
    assert "instrument" not in played.melody.model_fields_set
    assert played.melody.low == 59


def test_the_same_file_gives_the_same_brief_and_it_is_one_that_can_be_read() -> None:
    one, other = (brief_bytes(read(band()).brief) for _ in range(2))
    assert one == other
    assert read_brief(one, "song.brief.json", to_compose=True).bars == 16
