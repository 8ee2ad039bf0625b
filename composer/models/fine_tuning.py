"""Learning a person's style: a trained model goes on with the person's own files, and what that changed is measured.

The corpus that the model came from is mixed in at a small share, so that it does not forget how to write a tune; the
person's held-out pieces stop the training early and, apart from those, tell before from after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from composer.corpus.duplicates import clusters_of
from composer.corpus.prepare import DEFAULT, Prepared, prepare, prepared_already
from composer.corpus.tune import Tune
from composer.encoding.melody import STYLES
from composer.errors import ComposerError, UsageProblem
from composer.models.base import Base, read_base
from composer.models.epochs import Progress
from composer.models.export import TrainingResult
from composer.models.recipe import Recipe
from composer.models.training import Before, train

OWN_STYLE = "song"  # what the reader of a person's files calls them
_KEPT_TUNES = 100  # of the corpus it came from, to see what was forgotten


def fine_tune(
    recipe: Recipe,
    *,
    base: str | Path,
    corpus: str | None,
    output: Path,
    progress: Progress | None = None,
    resume: bool = True,
) -> TrainingResult:
    """Train the model ``base`` on with ``corpus`` and write the model folder ``output``.

    The sizes of the network are the base's, whatever the recipe says. Raises UsageProblem without a corpus or for a
    start that is the output, else as ``train``.
    """
    if corpus is None:
        raise UsageProblem("--from", "needs the music to learn from", "name it with --corpus (a corpus or a folder)")
    start = read_base(base)
    if start.folder.resolve() == output.resolve():
        raise UsageProblem("--output", "is the model that --from names", "name another folder")
    corpus = _new_to(start, corpus)
    recipe = replace(
        recipe,
        title=f"{start.name}, trained on with {corpus}",
        corpus=corpus,
        units=start.units,
        embedding=start.embedding,
        pitch_hidden=start.pitch_hidden,
        chorale_copies=1,
    )
    own = _in_any_style(prepare(corpus, with_essen=recipe.with_essen), recipe.seed)
    known = _known(start, own)
    mixed = _mixed(recipe, own, known)
    kept = _some(recipe, [t for t in known if t.split == "test"], _KEPT_TUNES)
    return train(
        recipe, own, output, progress=progress, resume=resume,
        before=Before(start, tuple(mixed), tuple(kept), _identity(mixed)),
    )  # fmt: skip


def _new_to(base: Base, corpus: str) -> str:
    """The parts of ``corpus`` that the model does not know; of ``default+mine`` only ``mine`` is new.

    What it knows is prepared, to be mixed in. Where all is known, it is the whole corpus.
    """
    parts = corpus.split("+")
    known = [part for part in parts if part in (DEFAULT, *base.corpora)]
    if not known or len(known) == len(parts):
        return corpus
    prepare("+".join(known))
    return "+".join(part for part in parts if part not in known)


def _in_any_style(own: Prepared, seed: int) -> Prepared:
    """``own`` with a style drawn for each tune to learn from, and none for those held out.

    A piece that is composed asks for the style that suits its picture, never for "the user's": so the person's way of
    writing has to be learned whatever style is asked for. Corpora that know their style keep it.
    """
    generator = np.random.default_rng([seed, 29])
    drawn = [STYLES[i] for i in generator.integers(0, len(STYLES), len(own.tunes)).tolist()]
    tunes = (
        tune if tune.style != OWN_STYLE else replace(tune, style=style if tune.split == "train" else "")
        for tune, style in zip(own.tunes, drawn, strict=True)
    )
    return replace(own, tunes=tuple(tunes))


def _known(base: Base, own: Prepared) -> list[Tune]:
    """The tunes that the model came from, where they are prepared; none of the corpora that are trained on now."""
    names = [name for name in base.corpora if name not in own.report.corpora]
    for wanted in (names, [name for name in names if name != "lieder"]):
        try:
            found = prepared_already("+".join(wanted)) if wanted else None
        except ComposerError:  # a corpus that this computer does not have
            continue
        if found is not None:
            return list(found.tunes)
    return []


def _mixed(recipe: Recipe, own: Prepared, known: Sequence[Tune]) -> list[Tune]:
    """So many known tunes that they are the recipe's share of all; none that resembles a held-out piece."""
    count = round(recipe.mix / (1 - recipe.mix) * len(own.split("train")))
    chosen = _some(recipe, [t for t in known if t.split == "train"], count)
    held_out = [*own.split("valid"), *own.split("test")]
    clusters = clusters_of([*held_out, *chosen])
    taken = set(clusters[: len(held_out)])
    return [tune for tune, cluster in zip(chosen, clusters[len(held_out) :], strict=True) if cluster not in taken]


def _some(recipe: Recipe, tunes: Sequence[Tune], count: int) -> list[Tune]:
    """``count`` of ``tunes``, drawn by the recipe's seed, in their order."""
    order = np.random.default_rng([recipe.seed, 23]).permutation(len(tunes))[:count]
    return [tunes[i] for i in sorted(order.tolist())]


def _identity(tunes: Sequence[Tune]) -> str:
    return hashlib.sha256("\n".join(tune.id for tune in tunes).encode()).hexdigest()[:16]
