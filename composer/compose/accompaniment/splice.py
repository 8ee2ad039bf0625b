"""One texture for some sections, another for the rest: styles change only where sections begin."""

from __future__ import annotations

from collections.abc import Sequence

from composer.compose.accompaniment.texture import Texture
from composer.compose.form.plan import Plan
from composer.music.notes import Note


def spliced(texture: Texture, other: Texture, sections: frozenset[int], plan: Plan) -> Texture:
    """``texture`` with the sections of those indices as ``other`` plays them."""

    def is_theirs(note: Note) -> bool:
        return plan.section_at(note.start // plan.meter.bar_ticks) in sections

    def line(own: Sequence[Note], new: Sequence[Note]) -> tuple[Note, ...]:
        return tuple(sorted([*(n for n in own if not is_theirs(n)), *(n for n in new if is_theirs(n))]))

    return Texture(
        line(texture.accompaniment, other.accompaniment),
        line(texture.bass, other.bass),
        line(texture.drums, other.drums),
        line(texture.left_hand, other.left_hand),
    )
