"""The names that the record knows the steps by."""

from __future__ import annotations

BRIEF, GENERATE, TAKES, CLEANUP, HUMANIZE, RENDER = "brief", "generate", "takes", "cleanup", "humanize", "render"
CARD = "card"
UNDO = "undo"
PREVIEW = "preview"  # what `composer watch` renders
