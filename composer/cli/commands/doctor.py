"""``composer doctor``: what is installed, what is missing, and the command that mends it."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from composer.cli.terminal.show import Show

MISSING = 4
VERSION_TIMEOUT_S = 10
# Module -> the name it is installed by.
PACKAGES = {
    "cv2": "opencv-python",
    "mido": "mido",
    "music21": "music21",
    "numpy": "numpy",
    "PIL": "pillow",
    "pretty_midi": "pretty_midi",
    "pydantic": "pydantic",
    "pyloudnorm": "pyloudnorm",
    "scipy": "scipy",
    "soundfile": "soundfile",
}
MUSESCORE = ("mscore", "musescore", "mscore4portable", "musescore4", "musescore3", "mscore3")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that ``composer`` can use; ``mend`` is the command that brings it when it is missing."""

    what: str
    is_there: bool
    found: str
    mend: str = ""
    is_optional: bool = False


def doctor(show: Show) -> int:
    """Check this machine: what is installed, what is missing, and the command that mends it."""
    findings = list(_findings())
    marks = {True: "ok", False: "MISSING"}
    rows = [
        (one.what, "optional" if one.is_optional and not one.is_there else marks[one.is_there], one.found, one.mend)
        for one in findings
    ]
    show.table(("what", "state", "found", "to mend it"), rows)
    is_whole = all(one.is_there or one.is_optional for one in findings)
    show.result({"ok": is_whole, "findings": [asdict(one) for one in findings]})
    return 0 if is_whole else MISSING


def _findings() -> Iterator[Finding]:
    yield Finding("Python", True, platform.python_version())
    yield from (_package(module, name) for module, name in PACKAGES.items())
    yield _fluidsynth()
    yield _soundfont()
    yield _model()
    yield _training()
    yield _engraving()
    yield _musescore()


def _package(module: str, name: str) -> Finding:
    from importlib import metadata

    if importlib.util.find_spec(module) is None:
        return Finding(name, False, "not installed", f"pip install {name}")
    return Finding(name, True, metadata.version(name))


def _fluidsynth() -> Finding:
    program = shutil.which("fluidsynth")
    mend = _install("fluidsynth", brew="fluid-synth")
    if program is None:
        if importlib.util.find_spec("tinysoundfont") is not None:
            return Finding("FluidSynth", False, "tinysoundfont plays instead, without reverb", mend, True)
        return Finding("FluidSynth", False, "not installed", mend)
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return Finding("FluidSynth", False, f"{program} does not run", mend)
    version = re.search(r"\d+(\.\d+)+", said)
    return Finding("FluidSynth", True, f"{version[0] if version else 'some version'} ({program})")


def _soundfont() -> Finding:
    from composer.errors import MissingTool
    from composer.render.soundfonts import SHIPPED_FONT, soundfont_of

    good = _install("fluid-soundfont-gm", pacman="soundfont-fluid", brew="")
    try:
        font = soundfont_of()
    except MissingTool as error:
        return Finding("soundfont", False, str(error).removeprefix("composer: "), good)
    is_small = font.name == SHIPPED_FONT
    return Finding("soundfont", True, f"{font.path} ({font.because})", f"better: {good}" if is_small and good else "")


def _model() -> Finding:
    from composer.errors import ComposerError
    from composer.models.registry import load_melody_model, model_folder

    try:
        model = load_melody_model()
    except ComposerError as error:
        return Finding("melody model", False, error.reason, "pip install --force-reinstall composer")
    return Finding("melody model", True, f"{model.name} ({model_folder()}), whole")


def _training() -> Finding:
    mend = "pip install 'composer[train]'"
    if importlib.util.find_spec("tensorflow") is None or importlib.util.find_spec("keras") is None:
        return Finding("TensorFlow", False, "not installed; only `composer train` needs it", mend, True)
    from importlib import metadata

    names = {name for name in ("tensorflow", "tensorflow-cpu") if _is_distribution(name)}
    version = metadata.version(sorted(names)[-1]) if names else "installed"
    return Finding("TensorFlow", True, f"{version}, for `composer train`", "", True)


def _engraving() -> Finding:
    mend = "pip install 'composer[engrave]'"
    if importlib.util.find_spec("verovio") is None:
        return Finding("Verovio", False, "not installed; only `composer export --to svg` and `pdf` need it", mend, True)
    from importlib import metadata

    return Finding("Verovio", True, f"{metadata.version('verovio')}, for printed pages", "", True)


def _is_distribution(name: str) -> bool:
    from importlib import metadata

    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _musescore() -> Finding:
    program = next((path for name in MUSESCORE if (path := shutil.which(name))), None)
    if program is None:
        return Finding("MuseScore", False, "not found; any notation program opens the MusicXML", "", True)
    return Finding("MuseScore", True, program, "", True)


def _install(name: str, pacman: str | None = None, brew: str | None = None) -> str:
    """The command that installs the package ``name`` on this system; empty where there is no such package."""
    if shutil.which("apt-get"):
        return f"sudo apt-get install {name}"
    if shutil.which("dnf"):
        return f"sudo dnf install {name}"
    if shutil.which("pacman"):
        return f"sudo pacman -S {pacman or name}"
    if shutil.which("brew") and brew != "":
        return f"brew install {brew or name}"
    return ""
