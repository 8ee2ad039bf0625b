"""Each track as a MIDI file of its own: its notes and controllers, the conductor's events, nothing to complain of."""

from __future__ import annotations

from collections import Counter

import pytest

from composer.contract.stage import checked
from composer.export.midi_stems import midi_stems
from composer.export.session import session_of
from composer.formats.midi.source import CUE, LYRIC, TEXT, read_source
from composer.formats.midi.writer import midi_bytes
from composer.music.key import key_of
from composer.music.notes import BASS, DRUMS, MELODY, Control, Marker, Note, Part, Piece, Tempo
from composer.music.time import Meter
from tests.export.files import facts_of_midi, rich_midi, sung_midi


def _stems(data: bytes) -> dict[str, bytes]:
    source = read_source(data, "a.mid")
    return midi_stems(source, session_of(source))


def _piece() -> bytes:
    parts = (
        Part("Melody", MELODY, 73, (Note(0, 72, 400), Note(480, 74, 900)), (Control(0, 64, 127), Control(1900, 64, 0))),
        Part("Bass", BASS, 32, (Note(0, 40, 1920),), gain=80, pan=30),
        Part("Drums", DRUMS, 0, (Note(0, 36, 100), Note(960, 38, 100))),
    )
    return midi_bytes(
        Piece("Élan", Meter(4, 4), key_of("D", "dorian"), (Tempo(0, 90.0), Tempo(960, 80.0)), parts, 1920,
              markers=(Marker(0, "A"),))
    )  # fmt: skip


def test_stems_of_our_own_files_are_clean() -> None:
    stems = _stems(_piece())
    assert list(stems) == ["01_Melody.mid", "02_Bass.mid", "03_Drums.mid"]
    for name, data in stems.items():
        assert [(b.rule.name, b.hits[0]) for b in checked(data, name).breaches] == []


def test_together_they_hold_every_note_and_each_the_whole_conductor() -> None:
    data = _piece()
    whole = facts_of_midi(data)
    found = [facts_of_midi(stem) for stem in _stems(data).values()]
    assert sum((f.notes for f in found), Counter()) == whole.notes
    assert all((f.tempi, f.metres, f.markers) == (whole.tempi, whole.metres, whole.markers) for f in found)


@pytest.mark.parametrize(("resolution", "written"), [(96, 480), (480, 480), (32767, 32767)])
def test_a_file_of_another_resolution_is_put_at_480_only_where_nothing_moves(resolution: int, written: int) -> None:
    data = rich_midi(resolution)
    found = _stems(data)
    assert list(found) == ["01_Flute_`1`.mid", "02_Drums.mid"]
    assert {read_source(stem, "a.mid").ticks_per_beat for stem in found.values()} == {written}
    together = sum((facts_of_midi(stem).notes for stem in found.values()), Counter())
    scaled = {
        (s * written // resolution, e * written // resolution, *rest) for s, e, *rest in facts_of_midi(data).notes
    }
    assert set(together) == scaled


def test_what_a_stem_lacks_at_its_start_is_set() -> None:
    """A type 0 file on channel 1 with no tempo, name, program, volume or pan, and note-ons of velocity 0."""
    track = bytes.fromhex("0090 3c40 60 90 3c00 00 ff2f00".replace(" ", ""))
    data = b"MThd" + bytes.fromhex("00000006 0000 0001 0060") + b"MTrk" + len(track).to_bytes(4) + track
    (stem,) = _stems(data).values()
    found = checked(stem, "a.mid")
    assert [(b.rule.name, b.hits[0]) for b in found.violations] == []
    assert facts_of_midi(stem).notes == Counter({(0, 480, 0, 60, 64): 1})


def test_words_go_with_the_track_that_has_them() -> None:
    voice, bass = (read_source(data, name) for name, data in _stems(sung_midi()).items())
    assert [(w.track, w.tick, w.text) for w in voice.texts(LYRIC)] == [
        (1, 0, "Stil-"), (1, 480, "le"), (1, 960, "Nächte"),
    ]  # fmt: skip
    assert [(w.track, w.tick, w.text) for w in voice.texts(TEXT)] == [(1, 480, "breathe")]
    assert [(w.track, w.tick, w.text) for w in voice.texts(CUE)] == [(0, 0, "doors"), (1, 960, "lights")]
    assert bass.texts(LYRIC) == bass.texts(TEXT) == ()
    assert [w.text for w in bass.texts(CUE)] == ["doors"]
