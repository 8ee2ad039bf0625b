"""The finished notes judged once more by music21's own checker, which knows nothing of ours."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

import music21
from music21 import key as m21key
from music21 import note, pitch, stream
from music21.voiceLeading import VoiceLeadingQuartet

from composer.cleanup.report import Certificate
from composer.cleanup.score import Score
from composer.cleanup.texture import Line, texture_of
from composer.music.pitch import note_name
from composer.music.time import TICKS_PER_BEAT

# About 1 ms each; the outer voices come first, so that a long piece is cut where it matters least.
MAX_QUARTETS = 600


def certificate_of(score: Score, meant: frozenset[tuple[str, str]]) -> Certificate:
    """Counts over pairs of voices that both move, spelled in the key (music21 compares names, not semitones)."""
    lines = texture_of(score).lines
    pairs = [
        p for p in combinations(lines, 2) if (p[0].name, p[1].name) not in meant and (p[1].name, p[0].name) not in meant
    ]
    pairs.sort(key=lambda p: (p[0].kind != "melody") + (p[1].kind != "bass"))
    counts: Counter[str] = Counter()
    seen: dict[tuple[str, ...], tuple[str, ...]] = {}
    for upper, lower in pairs:
        for names in _quartets(upper, lower, score):
            if names not in seen:
                if len(seen) >= MAX_QUARTETS:
                    break
                seen[names] = _verdict(names)
            counts["quartets"] += 1
            counts.update(seen[names])
    return Certificate(
        checker=f"music21 {music21.__version__} VoiceLeadingQuartet", quartets=counts["quartets"],
        parallel_fifths=counts["parallelFifth"], parallel_octaves=counts["parallelOctave"] + counts["parallelUnison"],
        hidden_fifths=counts["hiddenFifth"], hidden_octaves=counts["hiddenOctave"],
        voice_crossings=counts["voiceCrossing"], key=_key_name(score),
    )  # fmt: skip


def _quartets(upper: Line, lower: Line, score: Score) -> list[tuple[str, ...]]:
    arrivals = {b.start: (a, b) for a, b in zip(lower.steps, lower.steps[1:], strict=False)}
    found = []
    for a, b in zip(upper.steps, upper.steps[1:], strict=False):
        if b.start in arrivals and b.start - min(a.end, arrivals[b.start][0].end) < TICKS_PER_BEAT:
            c, d = arrivals[b.start]
            if a.pitch != b.pitch and c.pitch != d.pitch:
                spelled = score.key_at(b.start).spellings
                found.append(tuple(note_name(s.pitch, spelled) for s in (a, b, c, d)))
    return found


def _verdict(names: tuple[str, ...]) -> tuple[str, ...]:
    quartet = VoiceLeadingQuartet(*(_note(name) for name in names))
    checks = ("parallelFifth", "parallelOctave", "parallelUnison", "hiddenFifth", "hiddenOctave", "voiceCrossing")
    return tuple(check for check in checks if getattr(quartet, check)())


def _note(name: str) -> note.Note:
    letter, accidental, octave = re.fullmatch(r"([A-G])([#b]*)(-?\d+)", name).groups()  # type: ignore[union-attr]
    made = pitch.Pitch(step=letter, octave=int(octave))
    if accidental:
        made.accidental = pitch.Accidental(accidental.replace("b", "-"))
    return note.Note(made)


def _key_name(score: Score) -> str | None:
    """The key that music21 hears, by Krumhansl's profiles."""
    flat = stream.Stream()
    for tone in score.tones:
        flat.append(note.Note(tone.pitch, quarterLength=max(tone.end - tone.start, 30) / TICKS_PER_BEAT))
    if len({t.pitch % 12 for t in score.tones}) < 3:
        return None
    heard = flat.analyze("key")
    return f"{heard.tonic.name.replace('-', 'b')} {heard.mode}" if isinstance(heard, m21key.Key) else None
