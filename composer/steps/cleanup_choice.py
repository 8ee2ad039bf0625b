"""What a person asks cleanup for, and where the cleaned file goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from composer.errors import printable
from composer.steps.naming import output_of
from composer.workspace import PieceFiles, PieceState, cleanup_output

if TYPE_CHECKING:
    from composer.cleanup.setting import CleanupOptions


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

    def options(
        self, edited: frozenset[tuple[str, int]], change_edited: bool = False, brief: Path | None = None
    ) -> CleanupOptions:
        """For the stage; ``edited`` are the (track, bar from 1) that a person changed, ``brief`` is its file."""
        from composer.cleanup.setting import CleanupOptions

        options = CleanupOptions(
            self.key, self.correct_key, self.voice_leading, self.keep_melody, self.locked, edited, change_edited
        )
        return options if brief is None else replace(options, brief_name=printable(brief.name))


def cleanup_target(midi: Path, asked: Path | None, state: PieceState | None = None) -> Path:
    """Where the cleaned ``midi`` goes: where it was ``asked`` to, else beside it.

    A draft that was composed around the NAME.mid of a person becomes NAME.clean.mid.
    """
    files, default = PieceFiles.of(midi), cleanup_output(midi)
    state = state or PieceState(files)
    return output_of(asked, files.clean if midi == files.draft and state.is_before_draft(default) else default)
