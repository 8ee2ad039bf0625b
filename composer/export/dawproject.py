"""A session as ``.dawproject`` 1.0, the open exchange format that Bitwig, Cubase, Studio One and others read.

A zip of ``project.xml``, ``metadata.xml`` and the sounds. Times are in quarter notes; tracks hold one clip over the
whole piece with the notes and, beside them, a line of points for each controller.

Reference: Bitwig GmbH, DAWproject 1.0 (XML reference and schemas).
"""

from __future__ import annotations

import shutil
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from composer import __version__
from composer.export.clock import decimal_text
from composer.export.recordings import Recording
from composer.export.session import Session, Track
from composer.formats.files import Announce, unannounced, whole
from composer.formats.midi.scan import CONTROL, PRESSURE, PROGRAM, RawEvent
from composer.formats.midi.writer import CHORD_TRACK
from composer.music.instruments import instrument_of_program

FORMAT_VERSION = "1.0"
POLY_PRESSURE, BEND = 0xA0, 0xE0
BEND_MAX = 16383
LOUDEST, SLOWEST_BPM, FASTEST_BPM = "2", "3", "1000"
# Zips know no time before this; a fixed one makes equal bytes of equal pieces.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def project_xml(session: Session, recordings: Sequence[Recording] = ()) -> bytes:
    """``project.xml``: the whole session."""
    return _Project(session, recordings).xml()


def metadata_xml(session: Session) -> bytes:
    """``metadata.xml``: the title, and what the format has no place for."""
    root = Element("MetaData")
    SubElement(root, "Title").text = session.title
    SubElement(root, "Comment").text = f"In {session.key}. Made with composer."
    return _bytes(root)


def write_dawproject(
    path: Path, session: Session, recordings: Sequence[Recording] = (), announce: Announce = unannounced
) -> None:
    """Write the zip, whole or not at all; the sounds are copied in as they are. Raises CannotWrite."""
    texts = {"project.xml": project_xml(session, recordings), "metadata.xml": metadata_xml(session)}
    with whole(path, announce) as part, zipfile.ZipFile(part, "w") as archive:
        for name, content in texts.items():
            archive.writestr(_entry(name, zipfile.ZIP_DEFLATED), content)
        for recording in recordings:
            with recording.path.open("rb") as sound:
                entry = _entry(_inside(recording), zipfile.ZIP_STORED)
                with archive.open(entry, "w", force_zip64=True) as copy:
                    shutil.copyfileobj(sound, copy, 1 << 20)


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ZIP_TIME)
    entry.compress_type = compression
    entry.external_attr = 0o644 << 16
    return entry


def _inside(recording: Recording) -> str:
    return f"audio/{recording.path.name}"


def _bytes(root: Element) -> bytes:
    indent(root)
    text: str = tostring(root, encoding="unicode")
    return _HEAD + text.encode() + b"\n"


class _Project:
    """Builds ``project.xml``; ids count up in the order of the elements."""

    def __init__(self, session: Session, recordings: Sequence[Recording]) -> None:
        self.session, self.recordings = session, recordings
        self.text = session.clock.quarter_text
        self.end = self.text(session.end_tick)
        self.ids = (f"id{number}" for number in count())
        self.root = Element("Project", version=FORMAT_VERSION)
        SubElement(self.root, "Application", name="composer", version=__version__)
        self.tempo, self.metre = self.transport()
        structure = SubElement(self.root, "Structure")
        master = next(self.ids)
        self.tracks = [self.track(structure, track, master) for track in session.tracks]
        self.chords = self.chord_track(structure, master) if session.chords else None
        self.sounds = [self.sound_track(structure, recording, master) for recording in recordings]
        self.master(structure, master)
        self.arrangement()

    def xml(self) -> bytes:
        return _bytes(self.root)

    def transport(self) -> tuple[str, str]:
        """The ids of the tempo and of the metre, which their changes refer to."""
        transport = SubElement(self.root, "Transport")
        tempo, metre = next(self.ids), next(self.ids)
        start, first = self.session.clock.tempi[0], self.session.metres[0]
        SubElement(
            transport, "Tempo", id=tempo, name="Tempo", unit="bpm", value=repr(start.bpm),
            min=SLOWEST_BPM, max=FASTEST_BPM,
        )  # fmt: skip
        SubElement(
            transport, "TimeSignature", id=metre, numerator=str(first.upper), denominator=str(first.lower)
        )  # fmt: skip
        return tempo, metre

    def track(self, parent: Element, track: Track, master: str) -> str:
        """The id of a new track for notes."""
        made = SubElement(
            parent, "Track", id=next(self.ids), name=track.name, color=track.colour, comment=_instrument(track),
            contentType="notes", loaded="true",
        )  # fmt: skip
        self.channel(made, master, track.gain, track.side)
        return made.attrib["id"]

    def chord_track(self, parent: Element, master: str) -> str:
        """The id of a track that plays nothing: its clips are called like the chords."""
        made = SubElement(
            parent, "Track", id=next(self.ids), name=CHORD_TRACK, contentType="notes", loaded="true"
        )  # fmt: skip
        self.channel(made, master, 1.0, 0.0)
        return made.attrib["id"]

    def sound_track(self, parent: Element, recording: Recording, master: str) -> str:
        made = SubElement(
            parent, "Track", id=next(self.ids), name=f"{recording.name} (audio)", color=recording.colour,
            contentType="audio", loaded="true",
        )  # fmt: skip
        self.channel(made, master, 1.0, 0.0)
        return made.attrib["id"]

    def channel(self, parent: Element, destination: str, gain: float, side: float) -> None:
        channel = SubElement(
            parent, "Channel", id=next(self.ids), role="regular", audioChannels="2", solo="false",
            destination=destination,
        )  # fmt: skip
        self.fader(channel, gain, side)

    def fader(self, channel: Element, gain: float, side: float) -> None:
        SubElement(channel, "Mute", id=next(self.ids), name="Mute", value="false")
        SubElement(
            channel, "Pan", id=next(self.ids), name="Pan", unit="normalized", min="0", max="1",
            value=decimal_text((side + 1) / 2),
        )  # fmt: skip
        SubElement(
            channel, "Volume", id=next(self.ids), name="Volume", unit="linear", min="0", max=LOUDEST,
            value=decimal_text(gain),
        )  # fmt: skip

    def master(self, parent: Element, channel_id: str) -> None:
        made = SubElement(
            parent, "Track", id=next(self.ids), name="Master", contentType="audio notes", loaded="true"
        )  # fmt: skip
        channel = SubElement(made, "Channel", id=channel_id, role="master", audioChannels="2", solo="false")
        self.fader(channel, 1.0, 0.0)

    def arrangement(self) -> None:
        arrangement = SubElement(self.root, "Arrangement", id=next(self.ids))
        lanes = SubElement(arrangement, "Lanes", id=next(self.ids), timeUnit="beats")
        for track_id, track in zip(self.tracks, self.session.tracks, strict=True):
            self.notes_lane(lanes, track_id, track)
        if self.chords is not None:
            self.chords_lane(lanes, self.chords)
        for track_id, recording in zip(self.sounds, self.recordings, strict=True):
            self.sound_lane(lanes, track_id, recording)
        self.markers(arrangement)
        points = self.changes(arrangement, "TempoAutomation", self.tempo)
        points.set("unit", "bpm")
        for tempo in self.session.clock.tempi:
            at = self.text(tempo.tick)
            SubElement(points, "RealPoint", time=at, value=repr(tempo.bpm), interpolation="hold")
        points = self.changes(arrangement, "TimeSignatureAutomation", self.metre)
        for metre in self.session.metres:
            at, upper, lower = self.text(metre.tick), str(metre.upper), str(metre.lower)
            SubElement(points, "TimeSignaturePoint", time=at, numerator=upper, denominator=lower)

    def changes(self, arrangement: Element, name: str, parameter: str) -> Element:
        points = SubElement(arrangement, name, id=next(self.ids), timeUnit="beats")
        SubElement(points, "Target", parameter=parameter)
        return points

    def markers(self, arrangement: Element) -> None:
        if self.session.markers:  # the schema wants one at least
            markers = SubElement(arrangement, "Markers", id=next(self.ids), timeUnit="beats")
            for marker in self.session.markers:
                SubElement(markers, "Marker", time=self.text(marker.tick), name=marker.text)

    def notes_lane(self, parent: Element, track_id: str, track: Track) -> None:
        lane = SubElement(parent, "Lanes", id=next(self.ids), track=track_id)
        clips = SubElement(lane, "Clips", id=next(self.ids))
        clip = SubElement(clips, "Clip", time="0", duration=self.end, playStart="0", name=track.name)
        content = SubElement(clip, "Lanes", id=next(self.ids))
        notes = SubElement(content, "Notes", id=next(self.ids))
        for note in track.notes:
            made = SubElement(
                notes, "Note", time=self.text(note.start), duration=self.text(note.end - note.start),
                channel=str(track.channel), key=str(note.pitch), vel=decimal_text(note.velocity / 127),
            )  # fmt: skip
            if note.release is not None:
                made.set("rel", decimal_text(note.release / 127))
        for target, events in _curves(track.events).items():
            points = SubElement(content, "Points", id=next(self.ids), unit="normalized")
            SubElement(points, "Target", {"channel": str(track.channel), **dict(target)})
            for event in events:
                value = decimal_text(_share(event))
                SubElement(points, "RealPoint", time=self.text(event.tick), value=value, interpolation="hold")

    def chords_lane(self, parent: Element, track_id: str) -> None:
        lane = SubElement(parent, "Lanes", id=next(self.ids), track=track_id)
        clips = SubElement(lane, "Clips", id=next(self.ids))
        for chord in self.session.chords:
            at, length = self.text(chord.start), self.text(chord.end - chord.start)
            clip = SubElement(clips, "Clip", time=at, duration=length, playStart="0", name=chord.text)
            SubElement(clip, "Notes", id=next(self.ids))

    def sound_lane(self, parent: Element, track_id: str, recording: Recording) -> None:
        lane = SubElement(parent, "Lanes", id=next(self.ids), track=track_id)
        clips = SubElement(lane, "Clips", id=next(self.ids))
        length = decimal_text(self.session.clock.quarters(recording.seconds))
        clip = SubElement(
            clips, "Clip", time="0", duration=length, contentTimeUnit="seconds", playStart="0", name=recording.name
        )  # fmt: skip
        audio = SubElement(
            clip, "Audio", id=next(self.ids), channels=str(recording.channels),
            sampleRate=str(recording.sample_rate_hz), duration=decimal_text(recording.seconds),
        )  # fmt: skip
        SubElement(audio, "File", path=_inside(recording), external="false")


def _instrument(track: Track) -> str:
    """What a musician must load: the format has no General MIDI instruments."""
    if track.is_drums:
        return "Drums, General MIDI key map"
    number = track.program or 0
    return f"General MIDI {number + 1}: {instrument_of_program(number).name}"


def _curves(events: Sequence[RawEvent]) -> dict[tuple[tuple[str, str], ...], list[RawEvent]]:
    """Attributes of a target -> its events."""
    found: dict[tuple[tuple[str, str], ...], list[RawEvent]] = defaultdict(list)
    for event in events:
        kind = event.status & 0xF0
        target: tuple[tuple[str, str], ...]
        if kind == CONTROL:
            target = (("expression", "channelController"), ("controller", str(event.data[0])))
        elif kind == POLY_PRESSURE:
            target = (("expression", "polyPressure"), ("key", str(event.data[0])))
        else:
            target = (("expression", {PROGRAM: "programChange", PRESSURE: "channelPressure", BEND: "pitchBend"}[kind]),)
        found[target].append(event)
    return found


def _share(event: RawEvent) -> float:
    """The value of an event from 0 to 1."""
    if event.status & 0xF0 == BEND:
        return (event.data[0] | event.data[1] << 7) / BEND_MAX
    return event.data[-1] / 127
