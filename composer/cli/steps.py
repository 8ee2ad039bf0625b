"""One step of a piece with its files: read the input, run the stage, write the outputs and the record.

`composer make` strings the same steps together that the single commands run.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from composer import __version__
from composer.cli.naming import output_of
from composer.errors import BadInput, ComposerError, MissingTool, UsageProblem, printable
from composer.formats.files import read_bytes, write_whole
from composer.limits import IMAGE_BYTES, JSON_BYTES, SEED_MAX
from composer.workspace import PieceFiles, PieceState, cleanup_output, save

if TYPE_CHECKING:
    from composer.brief.analyse import BriefOptions
    from composer.cleanup.setting import CleanupOptions
    from composer.compose.chords.harmony import Harmony
    from composer.compose.tune.melody import Ear
    from composer.formats.brief import Brief
    from composer.formats.record import StepRecord

BRIEF, GENERATE, TAKES, CLEANUP, RENDER = "brief", "generate", "takes", "cleanup", "render"
PREVIEW = "preview"  # what `composer watch` renders
# Random seeds are drawn below this: short enough to type again.
DRAWN_SEED_MAX = 10**6
# Dances repeat and close the most clearly of the corpora: what returns is what a listener holds on to.
EAR_STYLE = "dance"
# What composes with the melody model: folders of shipped weights and tables.
BESIDE_THE_MELODY = ("harmony/lstm", "voices", "accompaniment", "profile", "originality")


@dataclass(frozen=True, slots=True)
class Done:
    """A step that ran: the files it wrote, main one first, what to tell the person, and figures for ``--json``."""

    step: str
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"step": self.step, "files": [str(f) for f in self.files], "notes": list(self.notes), **self.facts}


@dataclass(frozen=True, slots=True)
class CleanupChoice:
    """What the person asked cleanup for."""

    key: str | None = None
    brief: Path | None = None
    dry_run: bool = False
    keep_melody: bool = False
    locked: tuple[str, ...] = ()
    correct_key: bool = True
    voice_leading: bool = True
    is_again: bool = False  # as an earlier run was asked; a locked track may be gone since
    goes_on: bool = False  # without the brief beside the file where that cannot be read

    def recorded(self) -> dict[str, object]:
        """The options as the record keeps them; of those that only a person sets, the ones that were set."""
        chosen = {
            "keep_melody": self.keep_melody,
            "lock": sorted(self.locked),
            "no_key": not self.correct_key,
            "no_voice_leading": not self.voice_leading,
        }
        return {
            "key": self.key,
            "brief": str(self.brief) if self.brief else None,
            **{name: value for name, value in chosen.items() if value},
        }

    @classmethod
    def remembered(cls, options: Mapping[str, object], inputs: Sequence[Path] = ()) -> CleanupChoice:
        """What a recorded cleanup was asked for, for the step that is run again; the brief is one of its ``inputs``."""
        again = cls.reported(options)
        brief = None if again.brief is None else next((p for p in inputs if p.name == again.brief.name), None)
        return replace(again, brief=brief)

    @classmethod
    def reported(cls, options: Mapping[str, object]) -> CleanupChoice:
        """The options that a report was made with."""
        lock, key, brief = (options.get(name) for name in ("lock", "key", "brief"))
        return cls(
            key=key if isinstance(key, str) else None,
            brief=Path(brief) if isinstance(brief, str) else None,
            keep_melody=options.get("keep_melody") is True,
            locked=tuple(str(track) for track in lock) if isinstance(lock, list) else (),
            correct_key=options.get("no_key") is not True,
            voice_leading=options.get("no_voice_leading") is not True,
            is_again=True,
        )

    @property
    def words(self) -> tuple[str | Path, ...]:
        """The options as they are typed."""
        words: list[str | Path] = ["--key", self.key] if self.key is not None else []
        words += ["--brief", self.brief] if self.brief is not None else []
        words += ["--keep-melody"] if self.keep_melody else []
        words += [word for track in self.locked for word in ("--lock", track)]
        words += [] if self.correct_key else ["--no-key"]
        return tuple(words if self.voice_leading else [*words, "--no-voice-leading"])

    def options(self, edited: frozenset[tuple[str, int]], change_edited: bool = False) -> CleanupOptions:
        """For the stage; ``edited`` are the (track, bar from 1) that a person changed."""
        from composer.cleanup.setting import CleanupOptions

        return CleanupOptions(
            self.key, self.correct_key, self.voice_leading, self.keep_melody, self.locked, edited, change_edited
        )


def run_brief(image: Path, output: Path, options: BriefOptions, card: bool, force: bool) -> Done:
    """Read the picture and write its brief (and the card)."""
    from composer.brief.analyse import brief_of_picture
    from composer.formats.brief_text import brief_bytes

    picture = read_bytes(image, IMAGE_BYTES, "picture")
    result = brief_of_picture(picture, printable(image.name), options)
    files = PieceFiles.of(output)
    outputs = {output: brief_bytes(result.brief)}
    if card:
        from composer.brief.card import card_png

        outputs[files.card] = card_png(result)
    save(
        files,
        BRIEF,
        outputs,
        inputs={image: picture},
        options=brief_recorded(options),
        versions={"composer": __version__},
        force=force,
    )
    write_schema(files.folder)
    brief = result.brief
    facts = {"key": f"{brief.key.tonic} {brief.key.mode}", "tempo_bpm": brief.tempo_bpm, "meter": brief.meter}
    return Done(BRIEF, tuple(outputs), result.notes, {**facts, "bars": brief.bars})


def brief_recorded(options: BriefOptions) -> dict[str, object]:
    """The options of a brief as the record keeps them; a card beside it changes nothing in the brief."""
    return asdict(options)


def generate_recorded(model: str | None) -> dict[str, object]:
    return {"model": model}


def generate_versions(model: str | None) -> dict[str, str]:
    """The program, the weights and the tables of real tunes that a draft depends on, by their hashes."""
    from composer.models.registry import DEFAULT, show

    chosen = str(show(model or DEFAULT).get("weights_sha256", ""))
    return {"composer": __version__, "model": chosen, **{name: _fingerprint(name) for name in BESIDE_THE_MELODY}}


def is_of_today(draft: StepRecord) -> bool:
    """Whether the program, weights and tables that a recorded draft depends on are the present ones.

    A draft of a model that is not here any more cannot be made again, so it counts as of today; so does a file of
    which composer wrote some bars only.
    """
    if not draft.versions:
        return True
    model = draft.options.get("model")
    try:
        return dict(draft.versions) == generate_versions(model if isinstance(model, str) else None)
    except ComposerError:
        return True


def _fingerprint(name: str) -> str:
    """What tells shipped weights or tables from others; empty where there are none, as drafts do without some."""
    from composer.resources import shipped

    try:
        path = shipped("weights").joinpath(name, "card.json")
        card = json.loads(read_bytes(path, JSON_BYTES, "model card"))
    except (ComposerError, ValueError):
        return ""
    return next((str(card[key]) for key in ("weights_sha256", "tables_sha256", "corpus_sha256") if key in card), "")


def run_cleanup(midi: Path, output: Path, choice: CleanupChoice, force: bool) -> Done:
    """Clean a MIDI file and write it, its score and the report; with ``dry_run`` nothing is written."""
    from composer.cli.cleaning import clean_file

    return clean_file(midi, output, choice, force)


def brief_in(path: Path, *, to_compose: bool = False) -> Brief:
    """The brief in the file ``path``; with ``to_compose`` the templates that it names must be there."""
    from composer.formats.brief_text import read_brief

    return read_brief(read_bytes(path, JSON_BYTES, "brief"), path.name, to_compose=to_compose)


def load_ear() -> Ear:
    """What real tunes are like, and which ones are known."""
    from composer.compose.tune.melody import Ear
    from composer.encoding.originality import known_runs
    from composer.encoding.profile import typical_tunes

    return Ear(typical_tunes()[EAR_STYLE], known_runs())


def load_harmony(with_network: bool = True) -> Harmony:
    """The shipped harmony network, or the chord tables: without the network's files, or where it is not wanted."""
    from composer.compose.chords.harmony import harmony_of, harmony_with
    from composer.models.harmony_runtime import FOLDER, read_harmony_model
    from composer.resources import shipped

    if with_network and FOLDER.is_dir():
        return harmony_with(read_harmony_model())
    path = shipped("weights") / "harmony" / "tables.json"
    try:
        return harmony_of(json.loads(read_bytes(path, JSON_BYTES, "table of chords")))
    except (BadInput, ValueError, KeyError, TypeError) as error:
        raise MissingTool(path, f"cannot be read ({error})", "install composer again") from None


def checked_seed(seed: int | None) -> int:
    """``seed``, or a random one; raises UsageProblem for a number outside the limits."""
    if seed is None:
        return secrets.randbelow(DRAWN_SEED_MAX)
    if not 0 <= seed <= SEED_MAX:
        raise UsageProblem("--seed", f"{seed} is outside 0 to {SEED_MAX}", "choose one in between")
    return seed


def cleanup_target(midi: Path, asked: Path | None, state: PieceState | None = None) -> Path:
    """Where the cleaned ``midi`` goes: where it was ``asked`` to, else beside it.

    A draft that was composed around the NAME.mid of a person becomes NAME.clean.mid.
    """
    files, default = PieceFiles.of(midi), cleanup_output(midi)
    state = state or PieceState(files)
    return output_of(asked, files.clean if midi == files.draft and state.is_before_draft(default) else default)


def write_schema(folder: Path) -> None:
    """Put the brief's schema beside it, for editors; a folder that takes no more files still has its brief."""
    from composer.formats.schema import SCHEMA_REFERENCE, schema_bytes

    path, content = folder / SCHEMA_REFERENCE, schema_bytes()
    try:
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)
    except (OSError, ComposerError):
        return
