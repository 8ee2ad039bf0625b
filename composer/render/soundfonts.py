"""Which soundfont plays: the one asked for, a good General MIDI font of the system, or the one pretty_midi ships."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path

from composer.errors import ComposerError, MissingTool
from composer.formats.files import write_whole
from composer.limits import MEGABYTE, SOUNDFONT_BYTES
from composer.resources import cache_folder

VARIABLE = "COMPOSER_SOUNDFONT"
# Best first.
GOOD_FONTS = (
    "FluidR3_GM.sf2",
    "MuseScore_General.sf2",
    "MuseScore_General.sf3",
    "MuseScore_General_Lite.sf3",
    "GeneralUser GS.sf2",
    "GeneralUser-GS.sf2",
    "GeneralUser.sf2",
)
FOLDERS = (
    "~/.local/share/soundfonts",
    "~/.local/share/sounds/sf2",
    "/usr/share/sounds/sf2",
    "/usr/share/sounds/sf3",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/usr/local/share/sounds/sf2",
    "/opt/homebrew/share/soundfonts",
    "/opt/homebrew/share/fluid-synth/sf2",
)
SHIPPED_FONT = "TimGM6mb.sf2"
SUFFIXES = (".sf2", ".sf3")
HEADER_BYTES = 12
HASHES = "soundfonts.json"
HINT = "name a whole .sf2 or .sf3 file with --soundfont"


@dataclass(frozen=True, slots=True)
class Soundfont:
    """A file whose header and length are right; ``because`` says why it was chosen."""

    path: Path
    because: str

    @property
    def name(self) -> str:
        return self.path.name

    def sha256(self) -> str:
        """The hash of the file; remembered by path, size and time, as a large font takes half a second."""
        status = self.path.stat()
        key = f"{self.path}:{status.st_size}:{status.st_mtime_ns}"
        cache = cache_folder("render") / HASHES
        known = _known_hashes(cache)
        if key not in known:
            with open(self.path, "rb") as stream:
                known = {**known, key: hashlib.file_digest(stream, "sha256").hexdigest()}
            try:
                cache.parent.mkdir(parents=True, exist_ok=True)
                write_whole(cache, json.dumps(known, indent=1, sort_keys=True).encode())
            except (OSError, ComposerError):
                pass  # a cache that cannot be written costs time only
        return known[key]


def soundfont_of(asked: Path | None = None) -> Soundfont:
    """The font to play with; raises MissingTool when the one asked for is absent or broken (never another one)."""
    if asked is not None:
        return _checked(asked, "asked for")
    named = os.environ.get(VARIABLE)
    if named:
        return _checked(Path(named), f"named by ${VARIABLE}")
    for name in GOOD_FONTS:
        for folder in FOLDERS:
            path = Path(folder).expanduser() / name
            if path.is_file():
                try:
                    return _checked(path, "the best font of this system")
                except MissingTool:
                    continue  # nobody asked for this one
    return _checked(shipped_font(), "no other font was found")


def soundfont_named(name: str, mix: Path, line: int) -> Soundfont:
    """The font that line ``line`` of the file ``mix`` names: a path from its folder, or a name in the font folders.

    Raises MissingTool.
    """
    because = f"named by {mix.name}"
    beside = mix.parent / Path(name).expanduser()
    if beside.is_file() or len(Path(name).parts) > 1:
        return _of_mix(beside, because, mix, line)
    names = [name] if Path(name).suffix.lower() in SUFFIXES else [name + suffix for suffix in SUFFIXES]
    found = [path for folder in FOLDERS for one in names if (path := Path(folder).expanduser() / one).is_file()]
    if not found and SHIPPED_FONT in names:
        found = [shipped_font()]
    if not found:
        near = difflib.get_close_matches(name, sorted(_installed()), n=1, cutoff=0.5)
        advice = f'did you mean "{near[0]}"?' if near else "give a path, or the name of a font that is installed"
        raise MissingTool(mix, f'line {line}: soundfont: no "{name[:60]}" here; {advice}')
    return _of_mix(found[0], because, mix, line)


def _installed() -> set[str]:
    """The names of all fonts in the font folders, and the shipped one's."""
    found = {SHIPPED_FONT}
    for folder in FOLDERS:
        with contextlib.suppress(OSError):
            found |= {n for n in os.listdir(Path(folder).expanduser()) if Path(n).suffix.lower() in SUFFIXES}
    return found


def _of_mix(path: Path, because: str, mix: Path, line: int) -> Soundfont:
    try:
        return _checked(path, because)
    except MissingTool as error:
        name = os.path.basename(error.subject)
        raise MissingTool(
            mix, f'line {line}: soundfont: "{name}": {error.reason}', "name a whole .sf2 or .sf3"
        ) from None


def shipped_font() -> Path:
    """The small font inside pretty_midi, found without importing it."""
    found = importlib.util.find_spec("pretty_midi")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / SHIPPED_FONT
        if path.is_file():
            return path
    raise MissingTool(SHIPPED_FONT, "is not in this installation", HINT)


def _checked(path: Path, because: str) -> Soundfont:
    path = Path(os.path.abspath(path.expanduser()))
    if not path.is_file():
        raise MissingTool(path, "no such soundfont", HINT)
    try:
        with open(path, "rb") as stream:
            header = stream.read(HEADER_BYTES)
            size = os.fstat(stream.fileno()).st_size
    except OSError as error:
        raise MissingTool(path, f"the soundfont cannot be read ({error.strerror})", HINT) from None
    if not size:
        raise MissingTool(path, "the soundfont is empty", HINT)
    if header[:4] != b"RIFF" or header[8:12] != b"sfbk":
        raise MissingTool(path, "is no soundfont", HINT)
    if int.from_bytes(header[4:8], "little") + 8 > size + 1:
        raise MissingTool(path, "the soundfont is cut off", HINT)
    if size > SOUNDFONT_BYTES:
        raise MissingTool(path, f"is over {SOUNDFONT_BYTES // MEGABYTE} MB, the limit for a soundfont", HINT)
    return Soundfont(path, because)


def _known_hashes(cache: Path) -> dict[str, str]:
    try:
        known = json.loads(cache.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) and all(isinstance(v, str) for v in known.values()) else {}
