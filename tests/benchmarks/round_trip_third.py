"""Somebody else's file through the whole tool: cleanup, diff, check, render, and each kind of export."""

from __future__ import annotations

import json
import math
import zipfile
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.benchmarks.round_trip_reader import (
    END,
    KEY,
    MARKER,
    METRE,
    PROGRAM,
    TEMPO,
    Event,
    Played,
    Song,
    other_events,
    read_song,
)
from tests.benchmarks.round_trip_run import Ledger, run
from tests.export.files import block_of
from tests.export.schema import faults as schema_faults

DEFAULT_TEMPO_US = 500_000
NAMES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def third_party(path: Path, ledger: Ledger, *, refused: bool = False, render: bool = False, score: bool = True) -> None:
    """Everything that a person may do with a file that composer never saw; ``path`` is a copy in its own folder."""
    name, data = path.name, path.read_bytes()
    with ledger.doing("third party: cleanup"):
        cleaned = run("cleanup", path)
    if refused or cleaned.code:
        wanted = (3,) if refused else (6,)
        ledger.check(
            "third party: cleanup", name, [] if cleaned.code in wanted else [f"exit {cleaned.code}: {cleaned.told}"]
        )
        return
    clean = path.with_suffix(".clean.mid")
    before, after = read_song(data), read_song(clean.read_bytes())
    report = json.loads(path.with_suffix(".cleanup.json").read_text("utf-8"))
    ledger.check("third party: cleanup", name, cleanup_faults(before, after, report))
    if path.read_bytes() != data:
        ledger.check("third party: cleanup", name, ["the input changed"])
    with ledger.doing("third party: diff"):
        found = run("diff", path, clean)
    ledger.check("third party: diff", name, diff_faults(before, after, found.result))
    with ledger.doing("third party: check"):
        codes = [run("check", clean, "--for", program).code for program in ("live", "musescore")]
    ledger.check("third party: check", name, [f"exit {code}" for code in codes if code not in (0, 3)])
    for file in (path, clean):
        exports(file, ledger)
    if score:
        with ledger.doing("third party: score"):
            faults = list(score_faults(after, path.with_suffix(".musicxml")))
        ledger.check("third party: score", name, faults)
    if render:
        with ledger.doing("third party: render"):
            sounded = run("render", clean)
        sound = clean.with_suffix(".wav") if clean.with_suffix(".wav").exists() else path.with_suffix(".wav")
        ledger.check("third party: render", name, [] if sounded.code == 0 and sound.exists() else [sounded.told])


def closed(before: Song) -> list[Played]:
    """The notes with those that never end ended where their key is struck again, else with their track."""
    return [n if n.end >= 0 else n._replace(end=-1 - n.end) for n in before.notes]


def cleanup_faults(before: Song, after: Song, report: dict[str, Any]) -> Iterator[str]:
    """Only pitches may change, and only those that the report lists."""
    if (before.kind, before.resolution, len(before.tracks)) != (after.kind, after.resolution, len(after.tracks)):
        yield "another type, resolution or number of tracks"
        return
    for number in range(len(before.tracks)):
        if other_events(before, number) != other_events(after, number):
            yield f"track {number + 1}: events besides notes changed"
        if [e for e in before.tracks[number] if _is_rest(e)] != [e for e in after.tracks[number] if _is_rest(e)]:
            yield f"track {number + 1}: the order of its other events changed"
    olds, news = (Counter(n._replace(pitch=0) for n in notes) for notes in (closed(before), after.notes))
    if olds != news:
        yield f"notes are not as they were in time and force: {list((olds - news).elements())[:2]}"
    listed = [
        c for c in report.get("changes", report.get("suggestions", [])) if c.get("applied", c.get("accept", True))
    ]
    changed = sum((Counter(closed(before)) - Counter(after.notes)).values())
    if changed != len(listed):
        yield f"{changed} notes changed and the report lists {len(listed)}"
    gone = Counter(n.pitch for n in (Counter(closed(before)) - Counter(after.notes)).elements())
    if gone != Counter(pitch_of(c["from"]) for c in listed):
        yield f"the pitches that changed are not those of the report: {gone}"


def _is_rest(event: Event) -> bool:
    return not event.is_note and not event.is_meta(END)


def pitch_of(name: str) -> int:
    """60 for ``"C4"``, 58 for ``"Bb3"``."""
    letter = name[0]
    shift = name.count("#") - name[1:].count("b")
    return NAMES[letter] + shift + 12 * (int(name[1:].strip("#b")) + 1)


def diff_faults(before: Song, after: Song, found: dict[str, Any]) -> Iterator[str]:
    """The edits that ``diff`` tells are the pitches that differ, and nothing else."""
    unit = before.resolution
    gone = Counter(closed(before)) - Counter(after.notes)
    come = Counter(after.notes) - Counter(closed(before))
    key = lambda n: (Fraction(n.start, unit), Fraction(n.end - n.start, unit), n.pitch, n.velocity)  # noqa: E731
    told_gone, told_come = told_notes(found)
    if told_gone != Counter(key(n) for n in gone.elements()) or told_come != Counter(key(n) for n in come.elements()):
        yield f"tells {sum(told_gone.values())} notes, {sum(gone.values())} changed"
    kinds = {kind for t in found["tracks"] for e in t["notes"] for kind in e["kinds"]} - {"pitch"}
    others = [t["changes"] or t["controls"] for t in found["tracks"] if t["changes"] or t["controls"]]
    if kinds or others or found["song"] or found["shift_quarters"] != "0":
        yield f"tells more than pitches: {kinds} {others[:1]} {found['song'][:2]}"
    if found["same"] != (not gone):
        yield "says same, and it is not"


def told_notes(found: dict[str, Any]) -> tuple[Counter[tuple[Any, ...]], Counter[tuple[Any, ...]]]:
    """The notes that went and came by ``diff``: start and length in quarters, pitch, velocity; a change is both."""
    sides: tuple[Counter[tuple[Any, ...]], Counter[tuple[Any, ...]]] = Counter(), Counter()
    for track in found["tracks"]:
        for edit in track["notes"]:
            for side, count in zip(("before", "after"), sides, strict=True):
                if (note := edit[side]) is not None:
                    count[Fraction(note["start"]), Fraction(note["length"]), note["pitch"], note["velocity"]] += 1
    return sides


def exports(path: Path, ledger: Ledger) -> None:
    """Each kind of session read back and held against the file."""
    song = read_song(path.read_bytes())
    for to, faults in (("dawproject", project_faults), ("rpp", reaper_faults), ("midi-stems", stems_faults)):
        target = path.with_suffix({"dawproject": ".dawproject", "rpp": ".rpp", "midi-stems": ".midi-stems"}[to])
        with ledger.doing(f"export: {to}"):
            done = (
                run("export", path, "--to", to, "-o", target, "--no-audio", "--force")
                if to != "midi-stems"
                else run("export", path, "--to", to, "-o", target, "--force")
            )
            wrong = list(faults(song, target)) if done.code == 0 else [f"exit {done.code}: {done.told}"]
        ledger.check(f"export: {to}", path.name, wrong)


def sounding(song: Song) -> Counter[tuple[int, int, int, int, int]]:
    """Start, end, channel, pitch and velocity of all notes."""
    return Counter((n.start, n.end, n.channel, n.pitch, n.velocity) for n in closed(song))


def tempi(song: Song) -> list[tuple[int, int]]:
    found = {e.tick: int.from_bytes(e.content) for e in song.metas(TEMPO)}
    return sorted({0: DEFAULT_TEMPO_US, **found}.items())


def metres(song: Song) -> list[tuple[int, int, int]]:
    found = {e.tick: (e.content[0], 2 ** e.content[1]) for e in song.metas(METRE)}
    return [(tick, *value) for tick, value in sorted({0: (4, 4), **found}.items())]


def markers(song: Song) -> list[tuple[int, str]]:
    return [(e.tick, e.content.decode("utf-8", "replace")) for e in song.metas(MARKER)]


def shown(found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Without control characters, as no program shows them."""
    return [(tick, "".join(c if c.isprintable() else " " for c in text).strip()) for tick, text in found]


def project_faults(song: Song, target: Path) -> Iterator[str]:
    with zipfile.ZipFile(target) as archive:
        if archive.testzip() is not None:
            yield "the zip is damaged"
        root = ElementTree.fromstring(archive.read("project.xml"))
        ElementTree.fromstring(archive.read("metadata.xml"))
    yield from schema_faults(root)[:3]

    def ticks(text: str) -> int:
        exact = float(text) * song.resolution
        return round(exact) if abs(exact - round(exact)) < 1e-4 else -1

    notes: Counter[tuple[int, int, int, int, int]] = Counter()
    for note in root.iter("Note"):
        start = ticks(note.attrib["time"])
        place = int(note.attrib["channel"]), int(note.attrib["key"]), round(float(note.attrib["vel"]) * 127)
        notes[start, start + ticks(note.attrib["duration"]), *place] += 1
    if notes != sounding(song):
        yield f"dawproject: {sum((sounding(song) - notes).values())} notes are missing or different"
    points = [
        (ticks(p.attrib["time"]), round(60e6 / float(p.attrib["value"])))
        for p in root.findall(".//TempoAutomation/RealPoint")
    ]
    if points != tempi(song):
        yield f"dawproject: tempi {points[:3]} for {tempi(song)[:3]}"
    signatures = [
        (ticks(p.attrib["time"]), int(p.attrib["numerator"]), int(p.attrib["denominator"]))
        for p in root.iter("TimeSignaturePoint")
    ]
    if signatures != metres(song):
        yield f"dawproject: metres {signatures[:3]} for {metres(song)[:3]}"
    found = sorted((ticks(m.attrib["time"]), m.attrib["name"]) for m in root.iter("Marker"))
    if [t for t, _ in found] != [t for t, _ in markers(song)] or not _alike(found, shown(markers(song))):
        yield f"dawproject: markers {found[:4]} for {markers(song)[:4]}"


def _alike(found: list[tuple[int, str]], wanted: list[tuple[int, str]]) -> bool:
    """Whether the texts are the same, but for those that are not in UTF-8."""
    return all("\ufffd" in text or (tick, text) in found for tick, text in wanted)


def reaper_faults(song: Song, target: Path) -> Iterator[str]:
    block = block_of(target.read_text("utf-8"))
    notes: Counter[tuple[int, int, int, int, int]] = Counter()
    for track in block.all("TRACK"):
        for item in track.all("ITEM"):
            for source in item.all("SOURCE"):
                if source.head[1:2] == ("MIDI",):
                    if source.one("HASDATA") != ("1", str(song.resolution), "QN"):
                        yield "rpp: another resolution"
                    notes += _reaper_notes(source.lines)
    if notes != sounding(song):
        yield f"rpp: {sum((sounding(song) - notes).values())} notes are missing or different"
    found = sorted((float(m[2]), m[3] if len(m) > 3 else "") for m in block.lines if m[0] == "MARKER")
    wanted = [(seconds(song, tick), text) for tick, text in shown(markers(song))]
    if len(found) != len(wanted) or any(abs(a[0] - b[0]) > 1e-6 for a, b in zip(found, sorted(wanted), strict=True)):
        yield f"rpp: markers {found[:3]} for {wanted[:3]}"
    (envelope,) = block.all("TEMPOENVEX")
    points = [(float(p[1]), float(p[2])) for p in envelope.lines if p[0] == "PT"]
    for tick, us in tempi(song):
        if not any(abs(at - seconds(song, tick)) < 1e-6 and round(60e6 / bpm) == us for at, bpm in points):
            yield f"rpp: no tempo of {us} us at tick {tick}"
            break


def _reaper_notes(lines: tuple[tuple[str, ...], ...]) -> Counter[tuple[int, int, int, int, int]]:
    notes: Counter[tuple[int, int, int, int, int]] = Counter()
    waiting: dict[tuple[int, int], list[tuple[int, int]]] = {}
    now = 0
    for line in lines:
        if line[0] not in ("E", "<X"):
            continue
        now += int(line[1])
        if line[0] == "<X":  # a lyric or a text
            continue
        status, pitch, velocity = (int(byte, 16) for byte in line[2:5])
        key = status & 0x0F, pitch
        if status & 0xF0 == 0x90 and velocity:
            waiting.setdefault(key, []).append((now, velocity))
        elif status & 0xF0 in (0x80, 0x90) and waiting.get(key):
            start, loud = waiting[key].pop(0)
            notes[start, now, *key, loud] += 1
    return notes


def seconds(song: Song, tick: int) -> float:
    total, at, us = Fraction(0), 0, DEFAULT_TEMPO_US
    for change, following in tempi(song):
        if change >= tick:
            break
        total, at, us = total + Fraction((change - at) * us, song.resolution), change, following
    return float(total + Fraction((tick - at) * us, song.resolution)) / 1e6


def stems_faults(song: Song, target: Path) -> Iterator[str]:
    """The stems together play what the file plays, and each stands on its own."""
    together: Counter[tuple[Fraction, Fraction, int, int, int]] = Counter()
    controls: Counter[tuple[Fraction, bytes]] = Counter()
    for path in sorted(target.glob("*.mid")):
        stem = read_song(path.read_bytes())
        scale = Fraction(1, stem.resolution)
        for start, end, channel, pitch, velocity in sounding(stem).elements():
            together[start * scale, end * scale, channel, pitch, velocity] += 1
        if [(t * scale, us) for t, us in tempi(stem)] != [(Fraction(t, song.resolution), us) for t, us in tempi(song)]:
            yield f"{path.name}: another tempo"
        if [t * scale for t, _ in markers(stem)] != [Fraction(t, song.resolution) for t, _ in markers(song)]:
            yield f"{path.name}: other markers"
        if not any(e.status == PROGRAM for e in stem.tracks[1]):
            yield f"{path.name}: no program"
        if song.metas(KEY) and not stem.metas(KEY):
            yield f"{path.name}: no key"
        controls += Counter((e.tick * scale, e.body) for e in stem.tracks[1] if e.body[0] < 0xF0 and not e.is_note)
    wanted = Counter(
        (Fraction(s, song.resolution), Fraction(e, song.resolution), c, p, v)
        for s, e, c, p, v in sounding(song).elements()
    )
    if together != wanted:
        yield f"stems: {sum((wanted - together).values())} notes are missing or different"
    played = {n.channel for n in song.notes}
    first = min((n.start for n in song.notes), default=0)
    lost = [
        e for track in song.tracks for e in track
        if e.body[0] < 0xF0 and not e.is_note and e.channel in played and e.tick > first
        and not controls[Fraction(e.tick, song.resolution), e.body]
    ]  # fmt: skip
    if lost:
        yield f"stems: {len(lost)} controllers are missing, the first is {lost[0]}"


def score_faults(song: Song, path: Path) -> Iterator[str]:
    """music21 reads the score, and finds as many beginnings of each pitch as the file has; drums have none."""
    from music21 import converter

    try:
        score = converter.parse(str(path), forceSource=True)
    except Exception as error:  # whatever another program may say to it
        yield f"music21 cannot read the score: {error!r}"
        return
    pitches: Counter[int] = Counter()
    for element in score.recurse().notes:
        if element.isChord and type(element).__name__ == "ChordSymbol":
            continue
        for note in element.notes if hasattr(element, "notes") and element.isChord else [element]:
            if (note.tie is None or note.tie.type == "start") and hasattr(note, "pitch"):
                pitches[note.pitch.midi] += 1
    wanted = Counter(n.pitch for n in closed(song) if n.channel != 9)
    share = sum((wanted & pitches).values()) / max(1, sum(wanted.values()))
    if not math.isclose(share, 1.0):
        yield f"the score has {share:.3f} of the notes"
