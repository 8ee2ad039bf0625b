"""The finished notes judged once more by music21's own checker, which knows nothing of ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import music21
from music21 import key as m21key
from music21 import note, pitch, stream
from music21.voiceLeading import VoiceLeadingQuartet

from composer.cleanup.report import Certificate
from composer.cleanup.score import Score
from composer.music.pitch import note_name
from composer.music.time import TICKS_PER_BEAT
from composer.music.voice_leading import Moment, Pair, joint_moves, voices_of

# About 1 ms each; the outer voices come first, so that a long piece is cut where it matters least.
MAX_QUARTETS = 600


def certificate_of(score: Score, meant: frozenset[Pair]) -> Certificate:
    """Counts over pairs of voices that both move, spelled in the key (music21 compares names, not semitones)."""
    voices = voices_of(score.sounding())
    counts: Counter[str] = Counter()
    seen: dict[tuple[str, ...], tuple[str, ...]] = {}
    moves = [*joint_moves(voices.outer), *joint_moves(voices.chords)]
    for names in dict.fromkeys(_quartets(moves, score, meant)):
        if names[1:] not in seen:
            if len(seen) >= MAX_QUARTETS:
                break
            seen[names[1:]] = _verdict(names[1:])
        counts["quartets"] += 1
        counts.update(seen[names[1:]])
    return Certificate(
        checker=f"music21 {music21.__version__} VoiceLeadingQuartet", quartets=counts["quartets"],
        parallel_fifths=counts["parallelFifth"], parallel_octaves=counts["parallelOctave"] + counts["parallelUnison"],
        hidden_fifths=counts["hiddenFifth"], hidden_octaves=counts["hiddenOctave"],
        voice_crossings=counts["voiceCrossing"], key=_key_name(score),
    )  # fmt: skip


def _quartets(
    moves: Iterable[tuple[Moment, Moment, int, int]], score: Score, meant: frozenset[Pair]
) -> Iterator[tuple[str, ...]]:
    """The tick, then the names of the upper voice before and after and of the lower one, where both move."""
    for before, after, low, high in moves:
        pitches = before.pitches[high], after.pitches[high], before.pitches[low], after.pitches[low]
        both_move = pitches[0] != pitches[1] and pitches[2] != pitches[3]
        if both_move and (len(after.pitches), low, high) not in meant:
            spelled = score.key_at(after.tick).spellings
            yield (str(after.tick), *(note_name(p, spelled) for p in pitches))


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
