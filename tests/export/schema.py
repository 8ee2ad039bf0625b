"""The rules of DAWproject 1.0 for the elements that are written: what may stand in what, in which order, with which
attributes. Written down from the published schema of the format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

_NAMED = {"name": "text", "color": "colour", "comment": "text"}
_KNOWN = {**_NAMED, "id": "id"}
_TIMELINE = {**_KNOWN, "timeUnit": "timeUnit", "track": "Track"}
_CONTENT = frozenset({"Lanes", "Notes", "Clips", "ClipSlot", "Warps", "Audio", "Video", "Points"})
_POINTS = frozenset({"RealPoint", "EnumPoint", "BoolPoint", "IntegerPoint", "TimeSignaturePoint"})
MANY = 10**9
KINDS = {
    "text": r"(?s).*", "id": r"[A-Za-z_][\w.-]*", "int": r"-?\d+", "number": r"-?\d+(\.\d+)?([eE][-+]?\d+)?",
    "boolean": r"true|false", "colour": r"#[0-9a-f]{6}", "timeUnit": r"beats|seconds",
    "unit": r"linear|normalized|percent|decibel|hertz|semitones|seconds|beats|bpm",
    "role": r"regular|master|effect|submix|vca", "interpolation": r"hold|linear",
    "content": r"(audio|automation|notes|video|markers|tracks)( (audio|automation|notes|video|markers|tracks))*",
    "expression": r"gain|pan|transpose|timbre|formant|pressure|channelController|channelPressure|polyPressure|pitchBend"
    r"|programChange",
}  # fmt: skip
# Kinds that are references: the elements that they may point at.
REFERENCES = {
    "Track": {"Track"},
    "Channel": {"Channel"},
    "Parameter": {"Tempo", "TimeSignature", "Volume", "Pan", "Mute"},
}


@dataclass(frozen=True, slots=True)
class Shape:
    """``children``: (names, at least, at most) in the order in which they must come."""

    children: tuple[tuple[frozenset[str], int, int], ...] = ()
    needs: frozenset[str] = frozenset()
    attributes: dict[str, str] | None = None


def _one(*names: str) -> tuple[tuple[frozenset[str], int, int], ...]:
    """Each at most once, in this order."""
    return tuple((frozenset({name}), 0, 1) for name in names)


_REAL = {**_KNOWN, "unit": "unit", "value": "number", "min": "number", "max": "number", "parameterID": "int"}
_CLIP_NUMBERS = ("time", "duration", "playStart", "playStop", "loopStart", "loopEnd", "fadeInTime", "fadeOutTime")
SHAPES = {
    "Project": Shape(
        ((frozenset({"Application"}), 1, 1), *_one("Transport", "Structure", "Arrangement", "Scenes")),
        frozenset({"version"}), {"version": "text"},
    ),
    "Application": Shape((), frozenset({"name", "version"}), {"name": "text", "version": "text"}),
    "Transport": Shape(_one("Tempo", "TimeSignature")),
    "Tempo": Shape((), frozenset({"unit"}), _REAL),
    "Pan": Shape((), frozenset({"unit"}), _REAL),
    "Volume": Shape((), frozenset({"unit"}), _REAL),
    "Mute": Shape((), frozenset(), {**_KNOWN, "value": "boolean"}),
    "TimeSignature": Shape(
        (), frozenset({"numerator", "denominator"}), {**_KNOWN, "numerator": "int", "denominator": "int"}
    ),
    "Structure": Shape(((frozenset({"Track", "Channel"}), 0, MANY),)),
    "Track": Shape(
        (*_one("Channel"), (frozenset({"Track"}), 0, MANY)), frozenset(),
        {**_KNOWN, "contentType": "content", "loaded": "boolean"},
    ),
    "Channel": Shape(
        _one("Devices", "Mute", "Pan", "Sends", "Volume"), frozenset(),
        {**_KNOWN, "audioChannels": "int", "destination": "Channel", "role": "role", "solo": "boolean"},
    ),
    "Arrangement": Shape(_one("Lanes", "Markers", "TempoAutomation", "TimeSignatureAutomation"), frozenset(), _KNOWN),
    "Lanes": Shape(((_CONTENT, 0, MANY),), frozenset(), _TIMELINE),
    "Clips": Shape(((frozenset({"Clip"}), 0, MANY),), frozenset(), _TIMELINE),
    "Clip": Shape(
        ((_CONTENT, 0, 1),), frozenset({"time"}),
        {**_NAMED, **dict.fromkeys(_CLIP_NUMBERS, "number"), "contentTimeUnit": "timeUnit", "enable": "boolean"},
    ),
    "Notes": Shape(((frozenset({"Note"}), 0, MANY),), frozenset(), _TIMELINE),
    "Note": Shape(
        ((_CONTENT, 0, 1),), frozenset({"time", "duration", "channel", "key"}),
        {"time": "number", "duration": "number", "channel": "int", "key": "int", "vel": "number", "rel": "number"},
    ),
    "Audio": Shape(
        ((frozenset({"File"}), 1, 1),), frozenset({"duration", "channels", "sampleRate"}),
        {**_TIMELINE, "duration": "number", "channels": "int", "sampleRate": "int", "algorithm": "text"},
    ),
    "File": Shape((), frozenset({"path"}), {"path": "text", "external": "boolean"}),
    "Markers": Shape(((frozenset({"Marker"}), 1, MANY),), frozenset(), _TIMELINE),
    "Marker": Shape((), frozenset({"time"}), {**_NAMED, "time": "number"}),
    **{
        name: Shape(
            ((frozenset({"Target"}), 1, 1), (_POINTS, 0, MANY)), frozenset(), {**_TIMELINE, "unit": "unit"}
        )
        for name in ("Points", "TempoAutomation", "TimeSignatureAutomation")
    },
    "Target": Shape(
        (), frozenset(),
        {"parameter": "Parameter", "expression": "expression", "channel": "int", "key": "int", "controller": "int"},
    ),
    "RealPoint": Shape(
        (), frozenset({"time", "value"}), {"time": "number", "value": "number", "interpolation": "interpolation"}
    ),
    "TimeSignaturePoint": Shape(
        (), frozenset({"time", "numerator", "denominator"}),
        {"time": "number", "numerator": "int", "denominator": "int"},
    ),
}  # fmt: skip
METADATA = (
    "Title", "Artist", "Album", "OriginalArtist", "Composer", "Songwriter", "Producer", "Arranger", "Year", "Genre",
    "Copyright", "Website", "Comment",
)  # fmt: skip


def faults(root: Element) -> list[str]:
    """What breaks the rules, in words; empty for a valid project."""
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    found = [f"id {name} given twice" for name in {name for name in ids if ids.count(name) > 1}]
    owners = {element.attrib["id"]: element.tag for element in root.iter() if "id" in element.attrib}
    for element in root.iter():
        shape = SHAPES.get(element.tag)
        if shape is None:
            found.append(f"unknown element {element.tag}")
        else:
            found += [f"{element.tag}: {fault}" for fault in _faults(element, shape, owners)]
    return found


def _faults(element: Element, shape: Shape, owners: dict[str, str]) -> Iterator[str]:
    yield from (f"no {name}" for name in shape.needs - set(element.attrib))
    for name, value in element.items():
        kind = (shape.attributes or {}).get(name)
        if kind is None:
            yield f"attribute {name} is not known"
        elif kind in REFERENCES:
            if owners.get(value) not in REFERENCES[kind]:
                yield f"{name}={value} points at {owners.get(value)}"
        elif not re.fullmatch(KINDS[kind], value):
            yield f"{name}={value!r} is no {kind}"
    tags = [child.tag for child in element]
    for names, least, most in shape.children:
        count = 0
        while tags and tags[0] in names and count < most:
            tags.pop(0)
            count += 1
        if count < least:
            yield f"less than {least} of {sorted(names)}"
    if tags:
        yield f"{tags[0]} is out of place"
