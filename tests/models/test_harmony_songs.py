"""Songs with piano as lines of chords."""

from __future__ import annotations

from dataclasses import replace

from composer.corpus.lieder import Song
from composer.encoding.harmony import COLUMNS, TOKENS
from composer.models.harmony_corpus import song_splits
from composer.models.harmony_dataset import passage_of
from composer.models.harmony_songs import lines_of_song, slot_chords
from composer.music.chord import Chord, chord_of
from composer.music.key import Key, key_of
from composer.music.time import Meter, meter_of
from tests.corpus.conftest import made_tune

HALF = 960


def song(halves: str, key: Key | None = None, meter: Meter | None = None) -> Song:
    """Two chords a bar in 4/4: the root low in the left hand, the tones above it, the third in the voice."""
    chords = [chord_of(symbol) for symbol in halves.split()]
    melody, piano = [], []
    for index, chord in enumerate(chords):
        start = index * HALF
        melody.append((start, start + HALF, 72 + chord.third))
        piano.append((start, start + HALF, 36 + chord.root))
        piano += [(start, start + HALF, 60 + tone) for tone in chord.classes]
    return Song(
        "lc1", "Nobody", "Made", meter or meter_of("4/4"), 90.0, key or key_of("C", "major"), len(chords) // 2,
        tuple(melody), tuple(sorted(piano, key=lambda n: (n[0], n[2]))),
    )  # fmt: skip


TEXT = "C C Am Dm7 G7 G7 C F D7 G C C Fmaj7 Bm7b5 E7 Am Dm G7 C C"


def test_chords_are_heard_with_their_sevenths() -> None:
    made = song(TEXT)
    found = slot_chords(made, HALF, made.bars * 2)
    assert found == [chord_of(symbol) for symbol in TEXT.split()]


def test_a_silent_slot_goes_on_with_the_chord_beside_it() -> None:
    made = song("C C G7 G7 C C")
    quiet = replace(
        made,
        melody=tuple(n for n in made.melody if not 3 * HALF <= n[0] < 4 * HALF),
        accompaniment=tuple(n for n in made.accompaniment if not 3 * HALF <= n[0] < 4 * HALF),
    )
    assert slot_chords(quiet, HALF, 6)[3] in (Chord(7, "7"), Chord(0))


def test_a_song_gives_its_bars_and_its_own_rhythm() -> None:
    bars, own = lines_of_song(song(TEXT), "valid")
    assert (bars.corpus, own.corpus, own.split) == ("lied bars", "lied", "valid")
    assert [TOKENS[token] for _, token in bars.slots[:3]] == [(0, ""), (9, "m"), (7, "7")]
    assert [start for start, _ in own.slots[:4]] == [0, 2 * HALF, 3 * HALF, 4 * HALF]
    assert passage_of(own).columns[:4, COLUMNS["rate"]].tolist() == [1, 2, 2, 1]


def test_a_song_with_a_chord_a_bar_gives_one_line_and_a_modal_one_none() -> None:
    assert len(lines_of_song(song("C C F F G G C C"))) == 1
    assert lines_of_song(song(TEXT, key_of("D", "dorian"))) == []


def test_a_song_is_held_out_when_any_of_its_tunes_is() -> None:
    tunes = [
        replace(made_tune(1, split=split), id=f"lieder/{name}")
        for name, split in (("lc1#0", "train"), ("lc1#1", "test"), ("lc2#0", "valid"), ("lc3", "train"))
    ]
    assert song_splits(tunes) == {"lc1": "test", "lc2": "valid", "lc3": "train"}
