"""What the fields of a brief are made of."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from composer.limits import BRIEF_TEXT_CHARS


def is_plain(text: str) -> str:
    # Cc are control characters, Cs halves of characters that no file can hold.
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        raise ValueError("holds a control character; write plain text")
    return text


Text = Annotated[str, Field(max_length=BRIEF_TEXT_CHARS), AfterValidator(is_plain)]
Unit = Annotated[float, Field(ge=0.0, le=1.0)]


class Strict(BaseModel):
    """No unknown keys, no silent conversions, no NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)
