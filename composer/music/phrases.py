"""How long a phrase is unless somebody says otherwise, and the names of its cadences."""

from __future__ import annotations

PHRASE_BARS = 4
HALF, IMPERFECT, PERFECT, DECEPTIVE, PLAGAL = "HC", "IAC", "PAC", "DC", "PC"
CADENCES = (HALF, IMPERFECT, PERFECT, DECEPTIVE, PLAGAL)
