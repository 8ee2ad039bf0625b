"""What the stages of a piece are: what each reads and writes, what was asked for, and how it runs.

`make` runs those of ``MADE``, `watch` those of ``WATCHED``, `status` tells which one of ``TOLD`` is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from composer import __version__
from composer.formats.record import StepRecord
from composer.steps import briefing, cleaning, cleanup_choice, names
from composer.steps.cleanup_choice import CleanupChoice
from composer.steps.composing import trained
from composer.steps.done import Done
from composer.steps.due.asked import BRIEF_FLAGS, Asked, brief_options, brief_words
from composer.steps.due.needs import Stage
from composer.steps.humanizing import WITHOUT_BRIEF, Wished, run_humanize
from composer.steps.rendering import (
    remembered_mix,
    remembered_options,
    render_inputs,
    render_recorded,
    render_words,
    run_render,
    sounds_as_today,
)
from composer.workspace import AUDIO, BRIEF, PieceFiles, PieceState, State

# Modes of ``generate`` that are given music of a person; the option in the record is its file's name.
GIVEN = ("melody", "continue")

_SOUNDS = {"--soundfont": "soundfont", "--stems": "stems"}  # flag -> field of ``Asked``

Find = Callable[[PieceState, Asked], Stage | None]


def stages_of(state: PieceState, asked: Asked, finds: Sequence[Find]) -> Iterator[tuple[Stage, PieceState]]:
    """The stages of a piece in order, each with the piece as it is after the one before it ran."""
    files, signature = state.files, _signature(state.files)
    for find in finds:
        if _signature(files) != signature:
            state, signature = PieceState(files), _signature(files)
        stage = find(state, asked)
        if stage is not None:
            yield stage, state


def picture_of(state: PieceState) -> Path | None:
    """The picture that the brief was made of, if the record knows one."""
    done = state.step_of(state.files.brief)
    inputs = state.inputs_of(done) if done is not None else ()
    return inputs[0] if len(inputs) == 1 else None


def brief_stage(state: PieceState, asked: Asked) -> Stage | None:
    """None without a picture."""
    files, image = state.files, asked.picture or picture_of(state)
    if image is None or not image.is_file():
        return None
    done = state.step_of(files.brief)
    options = brief_options(done, asked.brief)

    def run() -> Done:
        from composer.brief.analyse import BriefOptions

        return briefing.run_brief(image, files.brief, BriefOptions(**options), False, asked.force)

    return Stage(
        names.BRIEF,
        (files.brief,),
        (image,),
        run,
        (names.BRIEF, image, *brief_words(options)),
        options=options,
        typed=tuple(flag for name, flag in BRIEF_FLAGS.items() if name in asked.brief),
        is_of_today=lambda: _is_of_this_version(done),
    )


def card_stage(state: PieceState, asked: Asked) -> Stage | None:
    """The card of the brief as it is, where the person asks for one or there was one."""
    files, image, done = state.files, asked.picture or picture_of(state), state.step_of(state.files.card)
    is_wanted = done is not None if asked.card is None else asked.card
    if not is_wanted or image is None or not image.is_file() or not files.brief.is_file():
        return None
    brief = state.step_of(files.brief)
    return Stage(
        names.CARD,
        (files.card,),
        (image, files.brief),
        lambda: briefing.run_card(image, files.brief, asked.force),
        (names.BRIEF, image, *brief_words(brief.options if brief is not None else {}), "--card"),
        typed=("--card",) if asked.card else (),
        is_of_today=lambda: _is_of_this_version(done),
    )


def generate_stage(state: PieceState, asked: Asked) -> Stage | None:
    """None without a brief, and for a song of a person whose brief only tells of it. A draft around music of theirs
    is never composed from here."""
    files = state.files
    done = state.step_of(files.draft)
    around = _music_around(state, done) if done is not None and files.draft.is_file() else None
    if done is not None and around is not None:
        return _given_stage(state, done, around)
    if not files.brief.is_file() or _is_song(state, asked):
        return None
    model = asked.model or (_text(done.options.get("model")) if done is not None else None)

    def run() -> Done:
        from composer.steps.composing.generation import run_generate

        return run_generate(files.brief, files.draft, _draft_seed(files, done, asked), model, asked.force)

    return Stage(
        names.GENERATE,
        (files.draft,),
        (files.brief,),
        run,
        (names.GENERATE, files.brief, *(("--model", model) if model else ())),
        options=trained.generate_recorded(model),
        seed=asked.seed,
        typed=_typed_anew(done, asked),
        keeps=(files.draft,),
        is_of_today=lambda: done is None or trained.is_of_today(done),
    )


def cleanup_stage(state: PieceState, asked: Asked) -> Stage | None:
    """The cleanup of the draft, or of a song of the person that was cleaned before."""
    source, target = _cleaned(state)
    if not source.is_file():
        return None
    choice, done = replace(_choice(state, target), goes_on=asked.goes_on), state.step_of(target)
    return Stage(
        names.CLEANUP,
        (target, state.files.musicxml, state.files.report),
        _cleanup_inputs(state, source, choice),
        lambda: cleaning.run_cleanup(source, target, choice, asked.force),
        (names.CLEANUP, source, *choice.words),
        keeps=(state.files.report,),
        is_of_today=lambda: _is_of_this_version(done),
    )


def choices_stage(state: PieceState, asked: Asked) -> Stage | None:
    """The changes that the person accepts or refuses in a report that they edited after its cleanup."""
    files, (source, target) = state.files, _cleaned(state)
    read = _cleanup_inputs(state, source, _choice(state, target))
    if state.state_of(files.report) is not State.EDITED or not state.is_current([files.report], read):
        return None

    def run() -> Done:
        from composer.steps.cleaning import apply_report

        return apply_report(files.report, None, None, CleanupChoice(), asked.force)

    # No step has read the report, so that this one is always due.
    inputs = (*read, files.report)
    return Stage(names.CLEANUP, (target, files.musicxml), inputs, run, (names.CLEANUP, "--apply", files.report))


def humanize_stage(state: PieceState, asked: Asked) -> Stage | None:
    """The performance, where the person asks for one or there is one already; it keeps its seed."""
    files, midi = state.files, state.played_midi
    done = state.step_of(files.human) if files.human.is_file() else None
    known = done.options.get("strength") if done is not None else None
    strength = known if asked.strength is None else asked.strength
    if midi is None or not isinstance(strength, (int, float)):
        return None
    seed = asked.seed if asked.seed is not None else done.seed if done is not None else None
    keep_dynamics = done is not None and bool(done.options.get("keep_dynamics"))
    wished = Wished(float(strength), seed, keep_dynamics, asked.force, asked.goes_on)
    return Stage(
        names.HUMANIZE,
        (files.human, files.grid),
        (midi,),
        lambda: run_humanize(midi, files.human, wished),
        (names.HUMANIZE, midi, "--strength", f"{strength:g}", *(("--keep-dynamics",) if keep_dynamics else ())),
        options={"strength": strength, WITHOUT_BRIEF: None},
        seed=seed,
        typed=("--humanize",) if asked.strength not in (None, known) else (),
        is_of_today=lambda: _is_of_this_version(done),
    )


def render_stage(state: PieceState, asked: Asked) -> Stage | None:
    """The audio that `make` promises."""
    return _sound(state, asked, state.files.wav, names.RENDER)


def audio_stage(state: PieceState, asked: Asked) -> Stage | None:
    """The audio of the piece, in whichever format it is there."""
    there = (path for suffix in AUDIO if (path := state.files.file(suffix)).exists())
    return _sound(state, asked, next(there, state.files.wav), names.RENDER)


def preview_stage(state: PieceState, asked: Asked) -> Stage | None:
    """What a watch plays."""
    return _sound(state, asked, state.files.preview, names.PREVIEW)


UP_TO_SCORE: tuple[Find, ...] = (brief_stage, card_stage, generate_stage, cleanup_stage)
MADE: tuple[Find, ...] = (*UP_TO_SCORE, humanize_stage, render_stage)
TOLD: tuple[Find, ...] = (*UP_TO_SCORE, humanize_stage, audio_stage)
UNHEARD: tuple[Find, ...] = (*UP_TO_SCORE, choices_stage, humanize_stage)
WATCHED: tuple[Find, ...] = (*UNHEARD, preview_stage)


def _signature(files: PieceFiles) -> tuple[int, int, int] | None:
    """What is another after a step was recorded."""
    try:
        found = files.record.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _draft_seed(files: PieceFiles, done: StepRecord | None, asked: Asked) -> int | None:
    """The seed that is typed, the brief's, else that of the draft before it, so that a changed brief changes only what
    it says."""
    if asked.seed is not None:
        return asked.seed
    seed = briefing.brief_in(files.brief).seed
    return seed if seed is not None or done is None else done.seed


def _typed_anew(done: StepRecord | None, asked: Asked) -> tuple[str, ...]:
    """The flags of a draft that were typed with something else than the draft that is there was composed with."""
    seed, model = (done.seed, done.options.get("model")) if done is not None else (None, None)
    news = {"--seed": (asked.seed, seed), "--model": (asked.model, model)}
    return tuple(flag for flag, (typed, known) in news.items() if typed not in (None, known))


def _music_around(state: PieceState, done: StepRecord) -> Path | None:
    """The file of a person that a draft was composed around; None for one that a brief alone describes."""
    name = next((str(done.options[mode]) for mode in GIVEN if mode in done.options), None)
    if name is None:
        return None
    return next((path for path in state.inputs_of(done) if path.name == name), state.files.folder / name)


def _is_song(state: PieceState, asked: Asked) -> bool:
    """Whether NAME.mid came from no draft, and its brief from no picture: then nothing is to be composed."""
    files, step = state.files, state.step_of(state.files.midi)
    if asked.picture is not None or picture_of(state) is not None or files.draft.is_file() or not files.midi.is_file():
        return False
    return step is None or state.key_of(files.draft) not in step.inputs


def _given_stage(state: PieceState, done: StepRecord, music: Path) -> Stage:
    """A draft around ``music`` as it is; with the command that composes it again."""
    mode = next(mode for mode in GIVEN if mode in done.options)
    options = {name: done.options.get(name) for name in ("bars", "ensemble", "style", "model")}
    words: list[str | Path] = [names.GENERATE, *(p for p in state.inputs_of(done) if p.name.endswith(BRIEF))]
    words += [f"--{mode}", music]
    words += [str(word) for name, value in options.items() if value is not None for word in (f"--{name}", value)]
    words += ["--seed", str(done.seed)] if done.seed is not None else []
    draft = state.files.draft
    words += ["--force"] if state.state_of(draft) is State.EDITED else []

    def refuse() -> Done:
        raise AssertionError(f"{draft} is kept")

    return Stage(names.GENERATE, (draft,), state.inputs_of(done), refuse, tuple(words), around=music)


def _cleaned(state: PieceState) -> tuple[Path, Path]:
    """What a cleanup reads and writes: the draft, or a song of the person that was cleaned before."""
    files = state.files
    is_song = not files.draft.is_file() and state.step_of(files.clean) is not None
    if is_song:
        return files.midi, files.clean
    return files.draft, cleanup_choice.cleanup_target(files.draft, None, state)


def _choice(state: PieceState, target: Path) -> CleanupChoice:
    """What the person asked for when ``target`` was cleaned; the first time a tune of theirs is left alone."""
    done, draft = state.step_of(target), state.step_of(state.files.draft)
    if done is not None:
        return CleanupChoice.remembered(done.options, state.inputs_of(done))
    return CleanupChoice(keep_melody=draft is not None and "melody" in draft.options)


def _cleanup_inputs(state: PieceState, source: Path, choice: CleanupChoice) -> tuple[Path, ...]:
    return source, choice.brief or state.files.brief


def _sound(state: PieceState, asked: Asked, output: Path, step: str) -> Stage | None:
    """The audio ``output`` of the furthest MIDI file; None without any."""
    midi, done = state.best_midi, state.step_of(output)
    if midi is None:
        return None
    options, choice = remembered_options(done, asked.soundfont, asked.stems), remembered_mix(state, done)
    stems = (state.files.stems,) if options.stems and step == names.RENDER else ()
    named = ("-o", output) if output != state.files.wav else ()
    return Stage(
        step,
        (output, *stems),
        render_inputs(midi, choice),
        lambda: run_render(midi, output, options, asked.force, step=step, choice=choice),
        ("render", midi, *render_words(options, choice), *named),
        options=render_recorded(options, choice),
        typed=tuple(flag for flag, value in _SOUNDS.items() if getattr(asked, value)),
        is_of_today=lambda: done is None or sounds_as_today(done, options, midi, choice),
    )


def _is_of_this_version(done: StepRecord | None) -> bool:
    return done is None or done.versions.get("composer") == __version__


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
