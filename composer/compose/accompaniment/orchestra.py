"""Who plays: the brief's own instruments, filled up by the ensemble that it names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from composer.compose.accompaniment.ensembles import AUTO, CENTRE, Ensemble, Player, load_ensemble
from composer.formats.brief.brief import Brief

# How loud (CC7) and where (CC10) the players of a brief without an ensemble are.
MELODY_PLAYER = Player("Melody", "piano", 104, 58)
ACCOMPANIMENT_PLAYER = Player("Accompaniment", "piano", 88, 72)
BASS_PLAYER = Player("Bass", "acoustic bass", 96, CENTRE)
DRUMS_PLAYER = Player("Drums", "drums", 92, CENTRE)


@dataclass(frozen=True, slots=True)
class Orchestra:
    """The players of a piece. Several accompaniment players share the chord's voices, highest first."""

    melody: Player
    accompaniment: tuple[Player, ...]
    bass: Player | None
    drums: Player | None
    style: str
    drum_style: str | None
    notes: tuple[str, ...] = ()


def orchestra_of(brief: Brief) -> Orchestra:
    """The players that ``brief`` asks for: what it writes itself wins over its ensemble.

    Raises BadInput for an ensemble that does not exist.
    """
    if brief.ensemble is None:
        return Orchestra(
            melody=replace(MELODY_PLAYER, instrument=brief.melody.instrument),
            accompaniment=(replace(ACCOMPANIMENT_PLAYER, instrument=brief.accompaniment.instrument),),
            bass=None if brief.bass is None else replace(BASS_PLAYER, instrument=brief.bass.instrument),
            drums=None if brief.drums is None else DRUMS_PLAYER,
            style=brief.accompaniment.style,
            drum_style=_drum_style(brief, AUTO),
        )
    ensemble = load_ensemble(brief.ensemble)
    notes: list[str] = []
    melody = _own(brief.melody.instrument if _writes(brief, "melody") else None, ensemble.melody, notes)
    players = ensemble.split or ((ensemble.accompaniment,) if ensemble.accompaniment else (ACCOMPANIMENT_PLAYER,))
    if _writes(brief, "accompaniment") and brief.accompaniment.instrument not in {p.instrument for p in players}:
        players = (_own(brief.accompaniment.instrument, replace(ACCOMPANIMENT_PLAYER, instrument=""), notes),)
    bass = ensemble.bass
    if brief.bass is not None:
        bass = _own(brief.bass.instrument, ensemble.bass or BASS_PLAYER, notes)
    return Orchestra(
        melody=melody,
        accompaniment=players,
        bass=bass,
        drums=ensemble.drums or (DRUMS_PLAYER if brief.drums else None),
        style=_style(brief, ensemble),
        drum_style=_drum_style(brief, ensemble.drum_style),
        notes=tuple(notes),
    )


def _writes(brief: Brief, part: str) -> bool:
    """Whether the brief itself names the instrument of ``part``."""
    return part in brief.model_fields_set and "instrument" in getattr(brief, part).model_fields_set


def _own(instrument: str | None, player: Player, notes: list[str]) -> Player:
    """The ensemble's player with the brief's instrument; says so where they differ."""
    if instrument is None or instrument == player.instrument:
        return player
    if player.instrument:
        notes.append(f"{player.name}: the brief's {instrument} plays instead of the ensemble's {player.instrument}")
    return replace(player, instrument=instrument)


def _style(brief: Brief, ensemble: Ensemble) -> str:
    writes = "accompaniment" in brief.model_fields_set and "style" in brief.accompaniment.model_fields_set
    return brief.accompaniment.style if writes else ensemble.style


def _drum_style(brief: Brief, default: str) -> str | None:
    style = brief.drums.style if brief.drums is not None else default
    return None if style == AUTO else style
