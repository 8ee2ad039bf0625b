"""The passages that the harmony model learns from and is measured on, with where they come from."""

from __future__ import annotations

from collections.abc import Sequence

from composer.corpus import catalog
from composer.corpus.lieder import songs_in
from composer.corpus.prepare import prepare
from composer.corpus.tune import Tune
from composer.models.folder import sources_of
from composer.models.harmony_dataset import Passage, lines_of_tune, passage_of
from composer.models.harmony_export import Sources
from composer.models.harmony_songs import lines_of_song

_TEST, _VALID, _TRAIN = "test", "valid", "train"


def harmony_passages(corpus: str) -> tuple[list[Passage], Sources]:
    """The passages of the corpora that ``corpus`` names, and what a card says of them.

    Songs with piano are read whole, from the files that the user brought. Raises what ``prepare`` raises.
    """
    prepared = prepare(corpus)
    brought = {c.name: c for c in catalog.list_corpora() if c.is_brought and c.name in prepared.report.corpora}
    lines = [line for tune in prepared.tunes if tune.source not in brought for line in lines_of_tune(tune)]
    for name in brought:
        sides = song_splits([t for t in prepared.tunes if t.source == name])
        for song in songs_in(catalog.brought_path(name)):
            lines += lines_of_song(song, sides.get(_stem(song.name)))
    return [passage_of(line) for line in lines], Sources(
        prepared.report.source_sha256, tuple(sources_of(prepared.report))
    )


def song_splits(tunes: Sequence[Tune]) -> dict[str, str]:
    """The split of every song by its file's name, from the clusters of its tunes; held out if any of them is."""
    sides: dict[str, set[str]] = {}
    for tune in tunes:
        sides.setdefault(_stem(tune.id.partition("/")[2]), set()).add(tune.split)
    return {stem: _TEST if _TEST in found else _VALID if _VALID in found else _TRAIN for stem, found in sides.items()}


def _stem(name: str) -> str:
    """The file of a stretch or tune: what stands before its number."""
    return name.partition("#")[0]
