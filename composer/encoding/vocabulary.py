"""The fingerprint of the token tables: weights trained on other tables must be refused, not run."""

from __future__ import annotations

import hashlib

from composer.encoding import melody


def vocabulary_sha256() -> str:
    """sha256, hexadecimal, of every table that gives a column or a logit its meaning."""
    tables = (
        melody.FEATURES,
        melody.DURATIONS,
        melody.PITCHES,
        melody.STYLES,
        melody.METERS,
        melody.MODES,
        melody.ROLES,
        melody.POSITION_TICKS,
        melody.LOOKBACK_BARS,
        melody.DENSITY_EDGES,
        melody.REGISTER_EDGES,
        melody.LEAP_EDGES,
        melody.OFFBEAT_EDGES,
        melody.TEMPO_EDGES,
    )
    return hashlib.sha256(repr(tables).encode()).hexdigest()
