"""A song in, a brief out: what the file says and what is heard in it, each value with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from composer.compose.accompaniment.orchestra import orchestra_of
from composer.compose.beginning import articulation_of
from composer.compose.form.plan import melody_range
from composer.compose.song.chords import chords_of
from composer.compose.song.found import Found
from composer.compose.song.hearing import Song, song_of, written_metre
from composer.compose.song.levels import Levels, dynamics_of, levels_of
from composer.compose.song.players import Players, players_of
from composer.compose.song.sections import SongSection, keys_of, sections_of
from composer.errors import counted
from composer.formats.brief.brief import Because, Brief
from composer.formats.midi.scan import SET_TEMPO
from composer.formats.midi.source import SourceMidi
from composer.formats.midi.tune import tune_of
from composer.limits import BRIEF_TEMPO_MAX_BPM, BRIEF_TEMPO_MIN_BPM, BRIEF_TEXT_CHARS
from composer.music.key import Key


@dataclass(frozen=True, slots=True)
class SongWishes:
    """What a person asked for beside what the file says."""

    style: str | None = None
    ensemble: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class SongBrief:
    """The brief of a song, and what a person should know about how the file was read."""

    brief: Brief
    notes: tuple[str, ...]


def brief_of_song(source: SourceMidi, wishes: SongWishes) -> SongBrief:
    """The brief for the song in ``source``; the same file and wishes always give the same.

    Raises BadInput for a file without a melody, of several metres or of one that no brief has, and OverLimit for more
    bars than a brief may have.
    """
    song = song_of(source)
    sections = sections_of(song)
    home, keys = keys_of(song, sections.value)
    chords = chords_of(song, sections.value, keys)
    players = players_of(song)
    title, tempo, metre = _title(song), _tempo(song), _metre(song)
    dynamics, articulation = dynamics_of(song), _articulation(song)
    facts: dict[str, object] = {
        "title": title.value,
        "key": _key(home.value),
        "tempo_bpm": tempo.value,
        "meter": metre.value,
        "form": [_section(one, None, None, None) for one in sections.value],
        "dynamics": dynamics.value,
        "articulation": articulation.value,
        **_players(players, wishes),
    }
    plain = Brief.model_validate(facts)
    low, high = melody_range(plain, orchestra_of(plain).melody.instrument)
    levels = levels_of(song, sections.value, low, high)
    reasons: dict[str, Found[Any]] = {
        "title": title, "key": home, "tempo_bpm": tempo, "meter": metre, "form": sections, "form.chords": chords,
        "form.levels": _level_words(sections.value, levels), "dynamics": dynamics, "articulation": articulation,
    }  # fmt: skip
    facts["form"] = [
        _section(one, key if key != home.value else None, text, level)
        for one, key, text, level in zip(sections.value, keys, chords.value, levels, strict=True)
    ]
    facts["because"] = {**_because(reasons), **_player_reasons(players, wishes)}
    if wishes.seed is not None:
        facts["seed"] = wishes.seed
    return SongBrief(Brief.model_validate(facts), tuple(_notes(song, (home, tempo, metre, sections, chords))))


def _section(section: SongSection, key: Key | None, chords: str | None, levels: Levels | None) -> dict[str, object]:
    """The section as a brief writes it, without what is not known."""
    fields: dict[str, object | None] = {"name": section.name, "bars": section.bars, "chords": chords}
    if levels is not None:
        fields |= {"energy": levels.energy, "density": levels.density, "register": levels.register}
    if key is not None:
        fields["key"] = _key(key)
    return {name: value for name, value in fields.items() if value is not None}


def _key(key: Key) -> dict[str, str]:
    return {"tonic": key.tonic, "mode": key.mode}


def _title(song: Song) -> Found[str]:
    name, title = song.tune.source.name, song.piece.title
    if title.strip() and title != name:
        return Found(title.strip()[:BRIEF_TEXT_CHARS], f"The name in {name} itself.")
    stem = PurePath(name).name.partition(".")[0].replace("_", " ").strip() or "Untitled"
    return Found(stem[:1].upper() + stem[1:BRIEF_TEXT_CHARS], f"The name of the file, {name}.", 0.5)


def _tempo(song: Song) -> Found[float]:
    tempi = song.piece.tempi
    bpm = min(BRIEF_TEMPO_MAX_BPM, max(BRIEF_TEMPO_MIN_BPM, tempi[0].bpm))
    if not song.tune.source.metas(SET_TEMPO):
        return Found(
            bpm, f"{bpm:g} quarter notes a minute: the file says no tempo, and this is what MIDI means then.", 0.3
        )
    why = f"{bpm:g} quarter notes a minute: the file's tempo."
    if bpm != tempi[0].bpm:
        why = f"{bpm:g} quarter notes a minute: the file's {tempi[0].bpm:g} is beyond what a brief may have."
    changes = [t.bpm for t in tempi[1:] if t.bpm != tempi[0].bpm]
    if changes:
        low, high = min(changes), max(changes)
        later = f"{low:g}" if low == high else f"values from {low:g} to {high:g}"
        why += f" Later it changes to {later}: that stays in the file, a brief has one tempo."
    return Found(bpm, why)


def _metre(song: Song) -> Found[str]:
    metre, written = str(song.tune.meter), written_metre(song)
    if not written:
        return Found(metre, f"{metre}: the file says no metre, and this is what MIDI means then.", 0.3)
    if written != metre and song.tune.shift == 0:
        return Found(metre, f"{metre}: the file's {written}, whose bars are as long.")
    pickup = " It begins with a pick-up, which counts as bar 1." if song.tune.shift else ""
    return Found(metre, f"{metre}: the file's metre.{pickup}")


def _articulation(song: Song) -> Found[float]:
    value = round(articulation_of(song.tune.notes), 2)
    return Found(value, "How much of the time to the next note the notes of the melody sound.", 0.8)


def _level_words(sections: Sequence[SongSection], levels: Sequence[Levels]) -> Found[tuple[Levels, ...]]:
    why = "Measured in each section: notes of the melody to the quarter, how high they lie, how loud they are."
    silent = [one.text for one, level in zip(sections, levels, strict=True) if level.density is None]
    if silent:
        why += f" The melody rests in {', '.join(silent)}."
    return Found(tuple(levels), why, 0.8)


def _players(players: Players, wishes: SongWishes) -> dict[str, object]:
    """The players of the file; an ensemble that was asked for brings its own, and the range of the tune stays."""
    melody, accompaniment = players.melody.value, players.accompaniment.value
    if wishes.style is not None:
        accompaniment = accompaniment.model_copy(update={"style": wishes.style})
    if wishes.ensemble is not None:
        style = {"style": wishes.style} if wishes.style is not None else {}
        return {
            "ensemble": wishes.ensemble,
            "melody": {"low": melody.low, "high": melody.high},
            **({"accompaniment": style} if style else {}),
        }
    fields: dict[str, object] = {"melody": melody, "accompaniment": accompaniment}
    if players.bass is not None:
        fields["bass"] = players.bass.value
    if players.drums is not None:
        fields["drums"] = players.drums.value
    return fields


def _player_reasons(players: Players, wishes: SongWishes) -> dict[str, Because]:
    if wishes.ensemble is not None:
        asked = Because(evidence=f"You asked for the ensemble {wishes.ensemble}.", confidence=1.0)
        return {"ensemble": asked, "melody": players.melody.because}
    found: dict[str, Found[Any] | None] = {
        "melody": players.melody,
        "accompaniment": players.accompaniment,
        "bass": players.bass,
        "drums": players.drums,
    }
    reasons = _because({name: one for name, one in found.items() if one is not None})
    if wishes.style is not None:
        told = f"You asked for the style {wishes.style}."
        reasons["accompaniment"] = reasons["accompaniment"].model_copy(update={"evidence": told, "confidence": 1.0})
    return reasons


def _because(reasons: Mapping[str, Found[Any]]) -> dict[str, Because]:
    return {name: one.because for name, one in reasons.items()}


def _notes(song: Song, reasons: Sequence[Found[Any]]) -> list[str]:
    tune = song.tune
    name = f'"{tune.name}"' if tune.name else f"track {tune.track + 1}"
    usual = tune_of(tune.source)
    elsewhere = [] if (usual.track, usual.channel) == (tune.track, tune.channel) else [
        f"--melody and --continue would take {usual.name or f'track {usual.track + 1}'} for the tune: "
        'call the track that it is "Melody"'
    ]  # fmt: skip
    others = ", ".join(f"{part.name} ({part.role})" for i, part in enumerate(song.parts) if i != song.melody)
    return [
        f"the melody: {name}, {counted(song.bars, 'bar')}",
        *([f"beside it: {others}"] if others else []),
        *elsewhere,
        *(one.evidence for one in reasons),
    ]
