"""The exchange format holds what the MIDI file holds, and keeps the published rules."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import pytest

from composer.export.dawproject import metadata_xml, project_xml, write_dawproject
from composer.export.recordings import recordings_in
from composer.export.session import PLAIN_COLOURS, Session, session_of
from composer.formats.brief.text import read_brief
from composer.formats.midi.source import read_source
from tests.export.files import (
    CHORDS,
    PALETTE,
    TITLE,
    brief_json,
    facts_of_midi,
    facts_of_project,
    rich_midi,
    write_sound,
)
from tests.export.schema import METADATA, faults


def _session(ticks_per_beat: int = 480) -> Session:
    return session_of(read_source(rich_midi(ticks_per_beat), "a.mid"), read_brief(brief_json(), "a.brief.json"))


def _root() -> Element:
    return ElementTree.fromstring(project_xml(_session()))


@pytest.mark.parametrize("resolution", [480, 96, 960, 32767])
def test_notes_tempi_metres_and_markers_are_the_file_s_to_the_tick(resolution: int) -> None:
    data = rich_midi(resolution)
    found = project_xml(session_of(read_source(data, "a.mid")))
    assert facts_of_project(found, resolution) == facts_of_midi(data)


def test_the_project_keeps_the_schema(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.stems" / "01_Flute.wav")
    session = _session()
    assert faults(ElementTree.fromstring(project_xml(session, recordings_in(tmp_path / "a.stems", session)))) == []


def test_the_schema_s_rules_find_faults() -> None:
    root = _root()
    SubElement(root.find("Arrangement") or root, "Lanes")  # out of order
    for channel in root.iter("Channel"):
        channel.set("destination", "id0")  # a tempo
    first = next(root.iter("Note"))
    del first.attrib["key"]
    first.set("vel", "loud")
    found = " ".join(faults(root))
    assert "Lanes is out of place" in found
    assert "destination=id0 points at Tempo" in found
    assert "Note: no key" in found
    assert "vel='loud' is no number" in found


def test_metadata_is_in_the_order_of_the_schema() -> None:
    root = ElementTree.fromstring(metadata_xml(_session()))
    tags = [child.tag for child in root]
    assert root.tag == "MetaData"
    assert tags == [name for name in METADATA if name in tags]
    assert root.findtext("Title") == TITLE


def test_tracks_have_names_instruments_and_the_colours_of_the_picture() -> None:
    tracks = [t for t in _root().iter("Track") if "comment" in t.attrib]
    assert [(t.attrib["name"], t.attrib["color"], t.attrib["comment"]) for t in tracks] == [
        ("Flûte `1`", PALETTE[0], "General MIDI 74: flute"),
        ("Drums", PALETTE[1], "Drums, General MIDI key map"),
    ]


def test_without_a_picture_tracks_have_plain_colours() -> None:
    session = session_of(read_source(rich_midi(), "a.mid"))
    assert [track.colour for track in session.tracks] == list(PLAIN_COLOURS[:2])


def test_a_volume_that_stays_is_the_fader_s_and_a_pan_that_moves_stays_a_curve() -> None:
    root = _root()
    channels = list(root.iter("Channel"))
    volume, pan = channels[0].find("Volume"), channels[0].find("Pan")
    assert volume is not None and pan is not None
    assert float(volume.attrib["value"]) == pytest.approx((90 / 127) ** 2)
    assert pan.attrib["value"] == "0.5"
    assert "7" not in _curves(root)
    assert _curves(root)["10"] == [(0, 20), (480, 100)]


def test_pedal_bend_pressure_and_program_are_curves_to_the_tick() -> None:
    root = _root()
    assert _curves(root)["64"] == [(7, 127), (2399, 0)]
    assert _curves(root)["channelPressure"] == [(17, 33)]
    assert _curves(root)["polyPressure 60"] == [(19, 44)]
    assert _curves(root)["programChange"] == [(0, 73)]
    assert _curves(root, 16383)["pitchBend"] == [(11, 8192 - 1234), (13, 8192)]


def _curves(root: Element, most: int = 127) -> dict[str, list[tuple[int, int]]]:
    """Controller number (else expression and key) -> (tick, value) of its points."""
    found = {}
    for points in root.iter("Points"):
        target = points[0].attrib
        name = target.get("controller") or " ".join(target[k] for k in ("expression", "key") if k in target)
        found[name] = [
            (round(float(p.attrib["time"]) * 480), round(float(p.attrib["value"]) * most)) for p in points[1:]
        ]
    return found


def test_chord_symbols_are_clips_of_a_track_that_plays_nothing() -> None:
    root = _root()
    (track,) = [t for t in root.iter("Track") if t.attrib["name"] == "Chords"]
    (lane,) = [lane for lane in root.iter("Lanes") if lane.get("track") == track.attrib["id"]]
    spans = [(float(c.attrib["time"]), float(c.attrib["duration"]), c.attrib["name"]) for c in lane.iter("Clip")]
    assert [(start, start + length, name) for start, length, name in spans] == list(CHORDS)
    assert list(lane.iter("Note")) == []


def test_release_velocities_are_kept() -> None:
    releases = [round(float(note.attrib["rel"]) * 127) for note in _root().iter("Note")][:5]
    assert releases == [0, 20, 40, 60, 80]


def test_stems_are_embedded_as_they_are_and_lie_at_bar_1(tmp_path: Path) -> None:
    for name in ("01_Flute.wav", "02_Drums.wav"):
        write_sound(tmp_path / "a.stems" / name, seconds=3.0)
    session = _session()
    write_dawproject(tmp_path / "a.dawproject", session, recordings_in(tmp_path / "a.stems", session))
    with zipfile.ZipFile(tmp_path / "a.dawproject") as archive:
        assert archive.testzip() is None
        root = ElementTree.fromstring(archive.read("project.xml"))
        for audio in root.iter("Audio"):
            (file,) = audio
            assert (
                archive.read(file.attrib["path"])
                == (tmp_path / "a.stems" / Path(file.attrib["path"]).name).read_bytes()
            )
            assert float(audio.attrib["duration"]) == 3.0
    clips = [clip for clip in root.iter("Clip") if clip.find("Audio") is not None]
    assert [clip.attrib["time"] for clip in clips] == ["0", "0"]
    # 3 s: 3 1/3 quarters of 476190 us, the rest at 512821 us.
    quarters = 10 / 3 + (3e6 - 10 / 3 * 476_190) / 512_821
    assert float(clips[0].attrib["duration"]) == pytest.approx(quarters)
    assert [t.attrib["name"] for t in root.iter("Track")][3:5] == ["Flûte `1` (audio)", "Drums (audio)"]


def test_the_same_piece_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_dawproject(tmp_path / f"{name}.dawproject", _session())
    assert (tmp_path / "a.dawproject").read_bytes() == (tmp_path / "b.dawproject").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.dawproject", "b.dawproject"]
