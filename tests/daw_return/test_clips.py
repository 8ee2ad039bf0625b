"""Where a clip of some bars goes, in a piece where the same music stands more than once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from composer.daw_return.clips import Asked
from composer.daw_return.stage import Known, Returned, returned
from composer.errors import UsageProblem
from composer.formats.midi.source import read_source
from composer.music.notes import Marker, Note
from tests.compare.pieces import BAR, bytes_of, piece
from tests.daw_return.damage import file_of, tracks_in
from tests.daw_return.hands import heard
from tests.daw_return.test_stage import only


def long_piece(*velocities: int) -> bytes:
    """The same four bars, each time with another velocity; markers A, B, A, B ..."""
    four = [n for n in piece().parts[0].notes if n.start < 4 * BAR]
    tune = tuple(replace(n, start=n.start + i * 4 * BAR, velocity=v) for i, v in enumerate(velocities) for n in four)
    bass = tuple(Note(bar * BAR, 40 - bar % 3, 900, 80) for bar in range(4 * len(velocities)))
    parts = (replace(piece().parts[0], notes=tune), replace(piece().parts[2], notes=bass))
    markers = tuple(Marker(i * 4 * BAR, "AB"[i % 2]) for i in range(len(velocities)))
    return bytes_of(replace(piece(), parts=parts, markers=markers, chords=(), tempi=piece().tempi[:1],
                            length=4 * BAR * len(velocities)))  # fmt: skip


def put_back(come: bytes, original: bytes, bars: str | None = None, tracks: tuple[str, ...] | None = None) -> Returned:
    return returned(come, "back.mid", Known(original, "art.draft.mid"), asked=Asked(bars, tracks))


def where(result: Returned) -> list[str]:
    return [one.text for one in result.report.rebuilt if one.what == "clip"]


@pytest.mark.parametrize("time", range(4))
def test_repeated_music_goes_where_its_velocities_are(time: int) -> None:
    original = long_piece(60, 70, 80, 90)
    clip = only(original, 1, 4 * BAR * time, 4 * BAR * (time + 1) - 1)
    result = put_back(clip, original)
    assert result.midi == original
    assert where(result) == [f"put into bars {4 * time + 1}-{4 * time + 4} of Melody"]


def test_what_cannot_be_decided_is_told_and_can_be_said() -> None:
    original = long_piece(70, 60, 70, 70)
    clip = only(original, 1, 8 * BAR, 12 * BAR - 1)
    told = "much the same music stands in bars 1-4, 9-12 and 13-16; put into bars 1-4 of Melody; --bars says where"
    assert where(put_back(clip, original)) == [told]
    louder = only(long_piece(70, 60, 99, 70), 1, 8 * BAR, 12 * BAR - 1)
    for bars in ("9-12", "A#2"):
        result = put_back(louder, original, bars)
        assert heard(result.midi) == heard(long_piece(70, 60, 99, 70))
        assert where(result) == ["put into bars 9-12 of Melody"]


def test_a_clip_that_lies_in_its_own_file_where_it_did_leaves_the_bars_before_it() -> None:
    original = long_piece(70, 70, 70, 70)
    whole = [e for e in tracks_in(only(original, 1))[0] if e.tick >= 12 * BAR]
    result = put_back(file_of([whole], original, 0), original)
    assert result.midi == original and where(result)[0].endswith("put into bars 13-16 of Melody; --bars says where")


def test_a_clip_goes_to_the_track_that_is_said_whatever_it_plays() -> None:
    original = long_piece(70, 60, 70, 70)
    clip = only(original, 1, 0, 4 * BAR - 1)
    result = put_back(clip, original, "5-8", ("bass",))
    source = read_source(result.midi, "x.mid")
    assert source.track_names == read_source(original, "x.mid").track_names
    bass = [n for n in source.notes if source.track_names[n.track] == "Bass"]
    assert [n.pitch for n in bass if 4 * BAR <= n.start < 8 * BAR] == [62, 65, 69, 67, 65, 64, 62, 57]
    assert len(bass) == 12 + 8


@pytest.mark.parametrize(
    ("bars", "tracks", "told"),
    [
        ("5-6", None, "--bars has room for 2 bars"),
        ("A", None, "not in a row"),
        ("17-20", None, "after the last bar, 16"),
        ("C", None, "the sections are A, B"),
        (None, ("Melodie",), 'did you mean "Melody"'),
    ],
)
def test_a_place_that_is_none_is_refused(bars: str | None, tracks: tuple[str, ...] | None, told: str) -> None:
    original = long_piece(70, 60, 70, 70)
    with pytest.raises(UsageProblem, match=told):
        put_back(only(original, 1, 0, 4 * BAR - 1), original, bars, tracks)
