"""A Reaper project holds what the MIDI file holds: blocks that balance, ticks in events, seconds elsewhere."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from composer.export.reaper import reaper_bytes
from composer.export.recordings import recordings_in
from composer.export.session import session_of
from composer.formats.brief.text import read_brief
from composer.formats.midi.source import read_source
from tests.export.files import (
    CHORDS,
    Block,
    Note,
    block_of,
    brief_json,
    facts_of_midi,
    rich_midi,
    sung_midi,
    write_sound,
)


def _project(data: bytes, folder: Path = Path()) -> Block:
    session = session_of(read_source(data, "a.mid"), read_brief(brief_json(), "a.brief.json"))
    stems = recordings_in(folder / "a.stems", session)
    return block_of(reaper_bytes(session, stems, folder / "out").decode())


def _events(track: Block) -> tuple[int, list[tuple[int, bytes]]]:
    """Ticks to the quarter, and (tick, bytes) of a track's one source."""
    (item,) = track.all("ITEM")
    (source,) = item.all("SOURCE")
    assert source.one("HASDATA")[0::2] == ("1", "QN")
    now, found = 0, []
    for line in source.lines:
        if line[0] == "E":
            now += int(line[1])
            found.append((now, bytes.fromhex("".join(line[2:5]))))
    return int(source.one("HASDATA")[1]), found


@pytest.mark.parametrize("resolution", [480, 96, 960])
def test_notes_are_the_file_s_to_the_tick(resolution: int) -> None:
    data = rich_midi(resolution)
    notes: Counter[Note] = Counter()
    for track in _project(data).all("TRACK")[:2]:
        ticks, events = _events(track)
        assert ticks == resolution
        begun: dict[int, tuple[int, int]] = {}
        for tick, (status, pitch, velocity) in events:
            if status & 0xF0 == 0x90:
                begun[pitch] = (tick, velocity)
            elif status & 0xF0 == 0x80:
                start, strength = begun.pop(pitch)
                notes[start, tick, status & 0x0F, pitch, strength] += 1
    assert notes == facts_of_midi(data).notes


def test_controllers_are_there_and_the_item_lasts_to_the_last_bar_line() -> None:
    _, events = _events(_project(rich_midi()).all("TRACK")[0])
    assert [(t, e[1], e[2]) for t, e in events if e[0] == 0xB2 and e[1] != 123] == [
        (0, 10, 20), (7, 64, 127), (480, 10, 100), (2399, 64, 0),
    ]  # fmt: skip
    assert (11, bytes((0xE2, (8192 - 1234) & 127, (8192 - 1234) >> 7))) in events
    assert (0, bytes((0xC2, 73, 0))) in events
    assert events[-1] == (12 * 480, bytes((0xB2, 123, 0)))


def test_tempo_points_are_at_their_seconds_with_the_metres() -> None:
    project = _project(rich_midi())
    (envelope,) = project.all("TEMPOENVEX")
    points = [line[1:] for line in envelope.lines if line[0] == "PT"]
    at_change = 476_190 * (3 + 1 / 3) / 1e6
    assert [float(p[0]) for p in points] == pytest.approx([0, at_change, at_change + 512_821 * (6 - 3 - 1 / 3) / 1e6])
    assert [round(60e6 / float(p[1])) for p in points] == [476_190, 512_821, 512_821]
    assert [p[3:] for p in points] == [(str(4 * 65536 + 3),), (), (str(8 * 65536 + 6),)]
    assert project.one("TEMPO")[1:] == ("3", "4")


def test_markers_are_at_their_seconds_whatever_quotes_they_hold() -> None:
    markers = [line[1:4] for line in _project(rich_midi()).lines if line[0] == "MARKER"]
    assert [(m[0], m[2]) for m in markers] == [("1", "Intro & <go>"), ("2", 'the "B" part')]
    assert float(markers[1][1]) == pytest.approx(3 * 0.476190)


def test_tracks_have_names_colours_volume_and_pan() -> None:
    flute, drums, _ = _project(rich_midi()).all("TRACK")
    assert flute.one("NAME") == ("Flûte `1`",)
    assert int(flute.one("PEAKCOL")[0]) == 0x1000000 | 0x302010
    assert [float(v) for v in flute.one("VOLPAN")[:2]] == pytest.approx([(90 / 127) ** 2, 0])
    assert [float(v) for v in drums.one("VOLPAN")[:2]] == [1, 0]


def test_chord_symbols_are_items_with_a_text() -> None:
    chords = _project(rich_midi()).all("TRACK")[2].all("ITEM")
    assert [item.all("NOTES")[0].lines for item in chords] == [((f"|{name}",),) for *_, name in CHORDS]
    first = chords[1]
    assert float(first.one("POSITION")[0]) == pytest.approx(3 * 0.476190)
    assert float(first.one("LENGTH")[0]) == pytest.approx((0.476190 + 5 * 0.512821) / 3)


def test_stems_are_named_from_where_the_project_lies(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.stems" / "01_Flute.wav")
    track = _project(rich_midi(), tmp_path).all("TRACK")[-1]
    (item,) = track.all("ITEM")
    assert item.one("POSITION") == ("0",)
    assert float(item.one("LENGTH")[0]) == 0.25
    assert item.all("SOURCE")[0].one("FILE") == ("../a.stems/01_Flute.wav",)


def test_words_are_events_of_their_item_before_the_notes_under_which_they_stand() -> None:
    now, found = 0, []
    lines = [line.split() for line in reaper_bytes(session_of(read_source(sung_midi(), "a.mid"))).decode().splitlines()]
    for words, after in pairwise(lines[: lines.index(["NAME", '"Bass"'])]):
        if words[0] in ("E", "<X"):
            now += int(words[1])
            found.append((now, b64decode(after[0]) if words[0] == "<X" else bytes.fromhex("".join(words[2:5]))))
    assert [(tick, data[1], data[2:].decode()) for tick, data in found if data[0] == 0xFF] == [
        (0, 5, "Stil-"), (480, 5, "le"), (480, 1, "breathe"), (960, 5, "Nächte"), (960, 7, "lights"),
    ]  # fmt: skip
    assert [tick for tick, data in found if data[0] == 0x90] == [0, 480, 960, 1440]
    at = {tick: [data[0] for t, data in found if t == tick] for tick in (0, 480, 960)}
    assert all(events.index(0x90) == len(events) - 1 for events in at.values())
