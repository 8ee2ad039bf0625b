"""Songs with piano -> chords with sevenths: what voice and piano sound in each half bar, by Viterbi over all chords.

The chords are inferred, so figures on songs measure agreement with this labelling, not with a person's analysis.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from composer.corpus.duplicates import split_of
from composer.corpus.lieder import Song
from composer.corpus.phrases import phrase_ends
from composer.encoding.harmony import FOREIGN, token_of
from composer.models.harmony_dataset import ChordLine
from composer.music.chord import QUALITIES, Chord
from composer.music.time import Meter

Floats = NDArray[np.float64]
# Log-weight of each quality: a fourth tone always explains a little more, so it has to earn its place.
_QUALITIES = {"": 0.0, "m": 0.0, "7": -0.25, "m7": -0.5, "maj7": -0.6, "dim": -0.5, "m7b5": -0.6, "dim7": -0.35}
_CHORDS = tuple(Chord(root, quality) for root in range(12) for quality in _QUALITIES)
_SOUNDING, _ALIEN, _MISSING = 4.0, -4.0, -0.5
_BASS_ROOT, _BASS_THIRD, _MELODY_SHARE = 0.7, 0.25, 0.6
_STAY = 0.6
_EMPTY_SHARE = 0.02  # of the slot: less than this of a chord member counts as missing


def lines_of_song(song: Song, split: str | None = None) -> list[ChordLine]:
    """A chord for each bar, and one or two a bar as the song has them. None for a song in a modal key.

    ``split`` is the song's, by its name if None.
    """
    if song.key.mode not in ("major", "minor"):
        return []
    step = song.meter.bar_ticks // (2 if _is_even(song.meter) else 1)
    count = song.bars * song.meter.bar_ticks // step
    chords = slot_chords(song, step, count)
    tokens = [FOREIGN if (token := token_of(chord, song.key)) is None else token for chord in chords]
    ends = phrase_ends(song.melody, song.meter, song.bars * song.meter.bar_ticks)
    sung = tuple((end, (pitch - song.key.tonic_class) % 12) for _, end, pitch in song.melody)
    side = split or split_of(f"lieder/{song.name.partition('#')[0]}")

    def line(corpus: str, slots: Sequence[tuple[int, int]]) -> ChordLine:
        return ChordLine(
            f"lieder/{song.name}", corpus, side, song.key, song.meter, song.bars, "lied",
            tuple(slots), ends, sung,
        )  # fmt: skip

    per_bar = song.meter.bar_ticks // step
    halves = [(i * step, token) for i, token in enumerate(tokens) if i % per_bar == 0 or token != tokens[i - 1]]
    bars = [(i * step, token) for i, token in enumerate(tokens) if i % per_bar == 0]
    return [line("lied bars", bars), *([line("lied", halves)] if len(halves) > len(bars) else [])]


def _is_even(meter: Meter) -> bool:
    return meter.beats % 2 == 0


def slot_chords(song: Song, step: int, count: int) -> list[Chord]:
    """The likeliest chord of each of ``count`` slots of ``step`` ticks."""
    weights, bass = _sounding(song, step, count)
    emission = _emission(weights, bass)
    best = emission[0]
    back = np.zeros(emission.shape, np.int64)
    everyone = np.arange(len(_CHORDS))
    for slot in range(1, count):
        top = int(best.argmax())
        stays = best + _STAY >= best[top]
        back[slot] = np.where(stays, everyone, top)
        best = np.where(stays, best + _STAY, best[top]) + emission[slot]
    path = [int(best.argmax())]
    for slot in range(count - 1, 0, -1):
        path.append(int(back[slot, path[-1]]))
    return [_CHORDS[index] for index in reversed(path)]


def _sounding(song: Song, step: int, count: int) -> tuple[Floats, NDArray[np.int64]]:
    """(count, 12) sounding ticks of each pitch class, the voice counting less, and the lowest class played or -1."""
    weights = np.zeros((count, 12))
    lowest = np.full(count, 128)
    for notes, share, is_piano in ((song.accompaniment, 1.0, True), (song.melody, _MELODY_SHARE, False)):
        for start, end, pitch in notes:
            slot = start // step
            while slot < count and slot * step < end:
                weights[slot, pitch % 12] += share * (min(end, (slot + 1) * step) - max(start, slot * step))
                if is_piano and pitch < lowest[slot]:
                    lowest[slot] = pitch
                slot += 1
    return weights, np.where(lowest < 128, lowest % 12, -1)


def _emission(weights: Floats, bass: NDArray[np.int64]) -> Floats:
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
    tones = np.full((len(_CHORDS), 12), _ALIEN)
    members = np.zeros((len(_CHORDS), 12))
    roots = np.array([chord.root for chord in _CHORDS])
    thirds = np.array([chord.third for chord in _CHORDS])
    for index, chord in enumerate(_CHORDS):
        tones[index, list(chord.classes)] = _SOUNDING
        members[index, [chord.root, *chord.classes[1 : len(QUALITIES[chord.quality])]]] = 1.0
    prior = np.array([_QUALITIES[chord.quality] for chord in _CHORDS])
    emission = shares @ tones.T + prior + _MISSING * ((shares < _EMPTY_SHARE).astype(float) @ members.T)
    emission += _BASS_ROOT * (bass[:, None] == roots) + _BASS_THIRD * (bass[:, None] == thirds)
    return np.where(weights.sum(axis=1, keepdims=True) > 0, emission, 0.0)
