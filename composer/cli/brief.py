"""``composer brief``: a picture -> what the music shall be."""

from __future__ import annotations

from pathlib import Path

from composer.cli.options import (
    Bars,
    Card,
    Duration,
    Ensemble,
    Force,
    Form,
    Images,
    Output,
    Preset,
    Scheme,
    Seed,
    Style,
)
from composer.cli.show import Show


def brief(
    show: Show,
    images: Images,
    preset: Preset = "emotion",
    scheme: Scheme = None,
    duration: Duration = None,
    bars: Bars = None,
    ensemble: Ensemble = None,
    style: Style = None,
    form: Form = None,
    seed: Seed = None,
    card: Card = False,
    output: Output = None,
    force: Force = False,
) -> int:
    """Read pictures and write briefs: key, tempo, form and colours of the music, each with its reason."""
    from composer.brief.analyse import BriefOptions
    from composer.cli.batch import each
    from composer.cli.naming import output_of
    from composer.cli.steps import Done, run_brief
    from composer.errors import UsageProblem
    from composer.workspace import PieceFiles

    options = BriefOptions(preset, scheme, seed, duration, ensemble, style, bars, form)
    if output is not None and len(images) > 1 and not output.is_dir():
        raise UsageProblem("--output", f"{output} is one file for {len(images)} pictures", "name a folder")

    def one(image: Path) -> Done:
        return run_brief(image, output_of(output, PieceFiles.of(image).brief), options, card, force)

    return each(show, images, one)
