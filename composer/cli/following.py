"""The steps of a piece that is there, as the record says that they were asked for: what `composer watch` runs again.

A new version of the program or of its weights alone changes nothing here; `composer make` is there for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer.cli import steps
from composer.cli.needs import Stage
from composer.cli.rendering import has_other_mix, render_inputs, render_recorded, run_render
from composer.cli.steps import CleanupChoice, Done
from composer.formats.record import path_of_key, read_record
from composer.workspace import PieceFiles, State, state_of, step_of
from composer.workspace.states import changed_inputs, is_made_from, key_of

if TYPE_CHECKING:
    from composer.brief.analyse import BriefOptions
    from composer.formats.record import StepRecord
    from composer.render.stage import RenderOptions

# Drafts around music of the person: their inputs are named on the command line, so they are not made again from here.
GIVEN = {"melody", "continue"}
HUMANIZE = "humanize"


@dataclass(frozen=True, slots=True)
class Following:
    """What is asked of a watch: how to render the preview (None: not at all), and a picture named by the person."""

    preview: RenderOptions | None
    picture: Path | None = None


def stages_of(files: PieceFiles, following: Following) -> Iterator[Stage]:
    """The stages of a piece in order; each is looked for when it is asked for, after the one before it ran."""
    for find in (_brief, _generate, _cleanup, _choices, _humanize, _preview):
        stage = find(files, following)
        if stage is not None:
            yield stage


def picture_of(files: PieceFiles) -> Path | None:
    """The picture that the brief was made of, if the record knows one."""
    done = read_record(files.record).step(steps.BRIEF)
    keys = list(done.inputs) if done is not None else []
    return path_of_key(files.folder, keys[0]) if len(keys) == 1 else None


def is_as_recorded(files: PieceFiles, step: str, inputs: Sequence[Path], outputs: Sequence[Path]) -> bool:
    """Whether ``step`` read these inputs as they are now (and others that it read are unchanged), and its ``outputs``
    are there."""
    done = read_record(files.record).step(step)
    return (
        done is not None
        and all(path.exists() and key_of(files, path) in done.outputs for path in outputs)
        and all(key_of(files, path) in done.inputs for path in inputs)
        and not changed_inputs(files, done)
    )


def _brief(files: PieceFiles, following: Following) -> Stage | None:
    image = following.picture or picture_of(files)
    if image is None or not image.is_file():
        return None
    done = read_record(files.record).step(steps.BRIEF)
    has_card = done is not None and key_of(files, files.card) in done.outputs
    outputs = (files.brief, *((files.card,) if has_card else ()))
    return Stage(
        steps.BRIEF,
        outputs,
        lambda: is_as_recorded(files, steps.BRIEF, [image], outputs),
        lambda: steps.run_brief(image, files.brief, brief_options(done), has_card, force=False),
        ("brief", str(image)),
    )


def brief_options(done: StepRecord | None) -> BriefOptions:
    """What a person asked for when the brief was made; the usual where that is not known."""
    from composer.brief.analyse import BriefOptions

    known = {field.name for field in fields(BriefOptions)}
    return BriefOptions(**{name: value for name, value in (done.options if done else {}).items() if name in known})


def _generate(files: PieceFiles, following: Following) -> Stage | None:
    done = read_record(files.record).step(steps.GENERATE)
    if not files.brief.is_file() or (done is not None and GIVEN & {*done.options}):
        return None
    model = done.options.get("model") if done is not None else None

    def run() -> Done:
        from composer.cli.generation import run_generate

        seed = draft_seed(files, done)
        return run_generate(files.brief, files.draft, seed, model if isinstance(model, str) else None, force=False)

    return Stage(
        steps.GENERATE,
        (files.draft,),
        lambda: is_as_recorded(files, steps.GENERATE, [files.brief], [files.draft]),
        run,
        ("generate", str(files.brief)),
        keeps=(files.draft,),
    )


def draft_seed(files: PieceFiles, done: StepRecord | None) -> int | None:
    """The brief's seed, else that of the draft before it, so that a changed brief changes only what it says."""
    seed = steps.brief_in(files.brief).seed
    return seed if seed is not None else done.seed if done is not None else None


def _cleanup(files: PieceFiles, following: Following) -> Stage | None:
    done = read_record(files.record).step(steps.CLEANUP)
    source, target = _cleaned(files)
    if not source.is_file():
        return None
    choice = CleanupChoice.remembered(done.options) if done else CleanupChoice()
    if done is not None and not files.brief.is_file() and isinstance(key := done.options.get("key"), str):
        choice = replace(choice, key=key)  # no brief has one
    outputs = target, files.musicxml, files.report
    return Stage(
        steps.CLEANUP,
        outputs,
        lambda: is_as_recorded(files, steps.CLEANUP, [source], outputs),
        lambda: steps.run_cleanup(source, target, choice, force=False),
        ("cleanup", str(source)),
        keeps=(files.report,),
        source=source,
    )


def _choices(files: PieceFiles, following: Following) -> Stage | None:
    """The changes that the person accepts or refuses in a report that they edited after its cleanup."""
    source, target = _cleaned(files)
    if state_of(files.report, files) is not State.EDITED or not is_as_recorded(files, steps.CLEANUP, [source], []):
        return None

    def run() -> Done:
        from composer.cli.cleaning import apply_report

        return apply_report(files.report, None, None, CleanupChoice(), force=False)

    again = ("cleanup", "--apply", str(files.report))
    return Stage(steps.CLEANUP, (target, files.musicxml), lambda: False, run, again)


def _cleaned(files: PieceFiles) -> tuple[Path, Path]:
    """What a cleanup reads and writes: the draft, or a song of the person that was cleaned before."""
    done = read_record(files.record).step(steps.CLEANUP)
    is_song = done is not None and key_of(files, files.clean) in done.outputs and not files.draft.is_file()
    return (files.midi, files.clean) if is_song else (files.draft, files.midi)


def _humanize(files: PieceFiles, following: Following) -> Stage | None:
    """The performance that is there, of the music as it is now, with its own seed."""
    done, written = step_of(files, files.human), files.written_midi
    if done is None or written is None or not files.human.is_file() or "strength" not in done.options:
        return None

    def run() -> Done:
        from composer.cli.humanizing import Wished, run_humanize

        wished = Wished(float(done.options["strength"]), done.seed, bool(done.options.get("keep_dynamics")))
        return run_humanize(written, files.human, wished)

    return Stage(
        HUMANIZE,
        (files.human, files.grid),
        lambda: all(is_made_from(files, path, written) for path in (files.human, files.grid)),
        run,
        ("humanize", str(written)),
        source=written,
    )


def _preview(files: PieceFiles, following: Following) -> Stage | None:
    options, midi = following.preview, files.best_midi
    if options is None or midi is None:
        return None

    def is_current() -> bool:
        done = read_record(files.record).step(steps.PREVIEW)
        is_same = done is not None and dict(done.options) == render_recorded(options) and not has_other_mix(files, done)
        return is_same and is_as_recorded(files, steps.PREVIEW, render_inputs(midi), [files.preview])

    return Stage(
        steps.PREVIEW,
        (files.preview,),
        is_current,
        lambda: run_render(midi, files.preview, options, force=False, step=steps.PREVIEW),
        ("render", str(midi), "-o", str(files.preview)),
        source=midi,
    )
