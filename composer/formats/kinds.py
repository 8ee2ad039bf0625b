"""What a file is by its first bytes, and what to do with it where a command wanted another kind."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

from composer.errors import BadInput, command, typed

BRIEF, MIDI, PICTURE = "brief", "MIDI file", "picture"
RECORDING, SCORE, RECORD, REPORT = "recording", "score", "record of a piece", "report of a cleanup"
HEAD_BYTES = 4096
# Of each kind the names that a piece gives its files, those first that a command would rather read.
SUFFIXES = {
    BRIEF: (".brief.json",),
    MIDI: (".clean.mid", ".mid", ".draft.mid", ".midi"),
    PICTURE: (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif"),
}
_STARTS = (
    (b"MThd", MIDI), (b"\x89PNG", PICTURE), (b"\xff\xd8\xff", PICTURE), (b"GIF8", PICTURE), (b"BM", PICTURE),
    (b"II*\0", PICTURE), (b"MM\0*", PICTURE), (b"fLaC", RECORDING), (b"OggS", RECORDING), (b"ID3", RECORDING),
)  # fmt: skip
_FORMATS = {"brief": BRIEF, "record": RECORD, "cleanup": REPORT}
# What a file of a piece ends with -> the commands that make it, and what they read.
_MADE_FROM = {
    ".human.mid": (("humanize", (".clean.mid", ".mid", ".draft.mid")),),
    ".draft.mid": (("generate", (".brief.json",)),),
    ".clean.mid": (("cleanup", (".mid",)),),
    ".cleanup.json": (("cleanup", (".draft.mid", ".mid")),),
    ".brief.json": (("brief", SUFFIXES[PICTURE]),),
    ".mid": (("cleanup", (".draft.mid",)), ("generate", (".brief.json",)), ("make", SUFFIXES[PICTURE])),
}  # fmt: skip
# (wanted, found) -> what to do instead; {name} is the file as it is typed, {stem} the name of its piece.
_ADVICE = {
    (BRIEF, PICTURE): "run `composer brief {name}` first",
    (BRIEF, MIDI): (
        "name a brief, such as {stem}.brief.json (`composer brief {name}` writes it), or use --melody or --continue"
    ),
    (MIDI, PICTURE): "run `composer make {name}` to get music from it",
    (MIDI, BRIEF): "run `composer generate {name}` first, or name the MIDI file of the piece",
    (MIDI, RECORDING): "name the MIDI file that it was made from",
    (MIDI, SCORE): "open it in a notation program and export MIDI",
    (PICTURE, BRIEF): "it goes to `composer generate {name}`",
    (PICTURE, MIDI): "it goes to `composer brief {name}` or `composer cleanup {name}`",
}


def kind_of(head: bytes) -> str:
    """The kind by the first bytes of a file; empty where they do not tell."""
    if head[:4] == b"RIFF":
        return {b"WAVE": RECORDING, b"WEBP": PICTURE}.get(head[8:12], "")
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return PICTURE
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    text = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        stated = re.search(r'"format"\s*:\s*"composer\.(\w+)/', text)
        return _FORMATS.get(stated[1], "") if stated else BRIEF if '"tempo_bpm"' in text else ""
    return SCORE if text.startswith("<") and "<score-" in text else ""


def check_kind(path: Path, head: bytes, wanted: str) -> None:
    """Raise BadInput where a file is surely of another kind than ``wanted``, with what to do about it."""
    found = kind_of(head) if wanted in SUFFIXES else ""
    if found and found != wanted:
        advice = _ADVICE.get((wanted, found), f"name a {wanted}")
        stem = path.name.partition(".")[0]
        brief = path.with_name(f"{stem}.brief.json")
        if wanted == BRIEF and brief.is_file():
            advice = f"its brief is {brief.name}: name that"
        raise BadInput(path, f"is a {found}, not a {wanted}", advice.format(name=typed(path), stem=stem))


def missing(path: Path, wanted: str) -> BadInput:
    """The failure for a file that is not there, with the step that makes it or the files that were perhaps meant."""
    there = _names_in(path.parent)
    meant = [path.name + suffix for suffix in SUFFIXES.get(wanted, ()) if path.name + suffix in there]
    if not meant and (way := way_to(path, wanted)):
        return BadInput(path, "no such file", way)
    alike = [name for name in there if name.lower().endswith(SUFFIXES.get(wanted, ()))]
    meant = meant or difflib.get_close_matches(path.name, alike, n=1, cutoff=0.7)
    hint = f"did you mean {' or '.join(meant)}?" if meant else "check the name and the folder"
    return BadInput(path, "no such file", hint)


def way_to(path: Path, wanted: str) -> str:
    """The command that makes the file ``path``, or a ``wanted`` file of the piece ``path``, of what is there; else
    empty."""
    there, name = _names_in(path.parent), path.name
    made = next((ending for ending in _MADE_FROM if name.lower().endswith(ending)), "")
    kind = made or {BRIEF: ".brief.json", MIDI: ".mid"}.get(wanted, "")
    stem = name[: len(name) - len(made)]
    ways = ((stem + ending, step) for step, endings in _MADE_FROM.get(kind, ()) for ending in endings)
    found = next(((step, path.with_name(source)) for source, step in ways if source in there), None)
    return f"run `{command(*found)}` first" if found else ""


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []
