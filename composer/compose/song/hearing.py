"""A MIDI file as a whole song: which part is its tune, how many bars it has, and whether a brief can say what it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from composer.compose.beginning import shifted
from composer.compose.given import Reading, reading_of, song_bars
from composer.errors import BadInput, command
from composer.formats.brief.brief import METERS
from composer.formats.midi.piece import part_lines, piece_of
from composer.formats.midi.source import SourceMidi
from composer.formats.midi.tune import GivenTune, tune_of
from composer.music.notes import MELODY, Note, Part, Piece
from composer.music.time import meter_of

# Metres that no brief has, and the one whose bars and beats they share.
_READ_AS = {"2/2": "4/4"}


@dataclass(frozen=True, slots=True)
class Song:
    """A file with its parts and notes counted from the first bar line on.

    ``piece`` is the file as it stands, ``parts`` and its chords moved by ``tune.shift``. ``reading`` has all the bars
    of the song, ``bars`` of them.
    """

    piece: Piece
    parts: tuple[Part, ...]
    melody: int
    reading: Reading

    @property
    def tune(self) -> GivenTune:
        return self.reading.tune

    @property
    def bars(self) -> int:
        return self.reading.bars

    @property
    def bar_ticks(self) -> int:
        return self.tune.meter.bar_ticks

    def pitched_notes(self, start: int, end: int) -> list[Note]:
        """The notes of all parts but drums that begin between the ticks."""
        parts = (part for part in self.parts if not part.is_drums)
        return sorted(n for part in parts for n in part.notes if start <= n.start < end)

    def line(self, start: int, end: int) -> list[Note]:
        """The notes of the tune's written line that begin between the ticks."""
        return [n for n in self.tune.line if start <= n.start < end]


def song_of(source: SourceMidi) -> Song:
    """The song in a file; the tune is the part that every other step takes for the melody.

    Raises BadInput for a file without a melody, of several metres or of one that no brief has, and OverLimit for more
    bars than a brief may have.
    """
    piece = piece_of(source)
    melody = next((i for i, part in enumerate(piece.parts) if part.role == MELODY), None)
    if melody is None:
        what = "has no melody"
        if piece.parts:
            what += f": its tracks are {', '.join(dict.fromkeys(part.role for part in piece.parts))}"
        raise BadInput(source.name, what, 'call the track of the tune "Melody"')
    tune = _in_metre_of_a_brief(tune_of(source, None, part_lines(source)[melody]))
    chords = tuple(
        replace(span, start=span.start + tune.shift, end=span.end + tune.shift)
        for span in piece.chords
    )  # fmt: skip
    parts = tuple(shifted(part, tune.shift) for part in piece.parts)
    whole = replace(piece, meter=tune.meter, chords=chords)
    return Song(whole, parts, melody, reading_of(tune, song_bars(tune)))


def _in_metre_of_a_brief(tune: GivenTune) -> GivenTune:
    name = tune.source.name
    instead = f"`{command('generate', '--melody', name)}` takes it"
    if tune.later_metres:
        bar = tune.later_metres[0]
        raise BadInput(name, f"changes its metre in bar {bar}, and a brief has one for all its bars", instead)
    written = str(tune.meter)
    metre = _READ_AS.get(written, written)
    if metre not in METERS:
        raise BadInput(name, f"is in {written}, and a brief in one of {', '.join(METERS)}", instead)
    return replace(tune, meter=meter_of(metre))


def written_metre(song: Song) -> str:
    """The metre as the file writes it; empty where it writes none."""
    metres = song.tune.source.metres
    return f"{metres[-1][1]}/{metres[-1][2]}" if metres else ""
