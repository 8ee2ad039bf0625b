"""`composer brief` of a MIDI file, and what a person does with it: redo a part, lock, go on, accompany anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from composer.formats.midi.piece import piece_of
from composer.formats.midi.source import SourceMidi, SourceNote, read_source
from tests.cli.conftest import Program, paint
from tests.compose.tunes import low_chords, midi, song

BARS = 16
BASS = [(bar * 4.0, 4.0, pitch - 12) for bar, pitch in enumerate((48, 53, 55, 48) * 4)]
Note = tuple[int, int, int, int, int]


def band(meter: tuple[int, int] = (4, 4)) -> bytes:
    marks = [mido.MetaMessage("marker", text=text, time=bar * 1920) for bar, text in ((0, "Verse"), (8, "Chorus"))]
    tracks = {"Vocals": song(), "Piano": low_chords(), "Bass": BASS}
    return midi(tracks, channels=(0, 1, 2), extra=marks, meter=meter)


@pytest.fixture
def tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A song alone in its folder, which is the working one."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "song.mid"
    path.write_bytes(band())
    return path


def source(path: str | Path) -> SourceMidi:
    return read_source(Path(path).read_bytes(), "song.mid")


def notes(path: str | Path, where: Callable[[SourceNote], bool] = lambda note: True) -> set[Note]:
    found = (n for n in source(path).notes if where(n))
    return {(n.track, n.start, n.end, n.pitch, n.velocity) for n in found}


def outside(first: int, last: int, track: int = 0) -> Callable[[SourceNote], bool]:
    """Notes that are not in these bars of the track."""
    return lambda n: n.track != track or not (first - 1) * 1920 <= n.start < last * 1920


def test_the_brief_is_written_beside_the_song_with_what_to_do_next(tune: Path, composer: Program) -> None:
    result = composer("brief", "song.mid")
    assert result.code == 0
    brief = json.loads(Path("song.brief.json").read_text())
    assert [(s["name"], s["bars"]) for s in brief["form"]] == [("Verse", 8), ("Chorus", 8)]
    assert "100 quarter notes a minute: the file's tempo." in result.err
    line = (
        "next, to redo a part of it: composer generate song.brief.json --bars 9-16 --tracks melody -o song.mid --force"
    )
    assert line in result.err
    assert Path("composer.brief.schema.json").is_file() or Path("brief.schema.json").is_file()


def test_what_the_last_line_says_redoes_the_part_and_nothing_else(tune: Path, composer: Program) -> None:
    before = tune.read_bytes()
    line = next(line for line in composer("brief", "song.mid").err.splitlines() if "next, to redo" in line)
    words = line.partition("composer ")[2].split()
    result = composer(*words, "--seed", "1")
    assert result.code == 0, result.err
    assert Path("song.1.mid").read_bytes() == before
    assert notes("song.mid", outside(9, 16)) == notes("song.1.mid", outside(9, 16))
    assert notes("song.mid") != notes("song.1.mid")
    assert "what was there is kept as song.1.mid" in result.err


def test_without_force_the_message_says_whose_the_bars_are(tune: Path, composer: Program) -> None:
    before = tune.read_bytes()
    composer("brief", "song.mid")
    missing = composer("generate", "song.brief.json", "--bars", "9-16", "--tracks", "melody")
    assert missing.code == 2
    assert "song.draft.mid: is not there" in missing.err and "add -o song.mid" in missing.err
    theirs = composer("generate", "song.brief.json", "--bars", "9-16", "--tracks", "melody", "-o", "song.mid")
    assert theirs.code == 5
    assert "song.mid: is not composer's own, so every bar is yours; --force redoes these" in theirs.err
    assert tune.read_bytes() == before


def test_bars_that_were_redone_once_need_no_force_again_and_all_others_do(tune: Path, composer: Program) -> None:
    composer("brief", "song.mid")
    words = ("generate", "song.brief.json", "--tracks", "melody", "-o", "song.mid", "--seed")
    assert composer(*words, "1", "--bars", "9-12", "--force").code == 0
    assert composer(*words, "2", "--bars", "9-12").code == 0
    other = composer(*words, "3", "--bars", "1-4")
    assert other.code == 5 and "edited by hand" in other.err


def test_locked_bars_stay_with_force_too(tune: Path, composer: Program) -> None:
    composer("brief", "song.mid")
    brief = json.loads(Path("song.brief.json").read_text())
    Path("song.brief.json").write_text(json.dumps({**brief, "locked": [{"bars": "Verse"}]}))
    words = ("generate", "song.brief.json", "--tracks", "melody", "-o", "song.mid", "--force", "--seed", "1")
    refused = composer(*words, "--bars", "Verse")
    assert refused.code == 5 and "locked in the brief" in refused.err
    assert composer(*words).code == 0
    assert notes("song.mid", outside(9, 16)) == notes("song.1.mid", outside(9, 16))


def test_an_imported_song_is_redone_in_its_draft(tune: Path, composer: Program) -> None:
    assert composer("import", "song.mid", "--into", "dusk").code == 0
    result = composer("brief", "dusk.draft.mid")
    assert "composer generate dusk.brief.json --bars 9-16 --tracks melody --force" in result.err
    words = ("generate", "dusk.brief.json", "--bars", "9-16", "--tracks", "melody")
    assert composer(*words).code == 5
    assert composer(*words, "--force", "--seed", "1").code == 0
    assert notes("dusk.draft.mid", outside(9, 16)) == notes("song.mid", outside(9, 16))
    assert tune.read_bytes() == band()


def test_a_song_in_2_2_is_redone_too(tune: Path, composer: Program) -> None:
    tune.write_bytes(band((2, 2)))
    composer("brief", "song.mid")
    words = ("generate", "song.brief.json", "--bars", "9-12", "--tracks", "melody", "-o", "song.mid", "--force")
    assert composer(*words, "--seed", "1").code == 0
    assert notes("song.mid", outside(9, 12)) == notes("song.1.mid", outside(9, 12))
    assert source("song.mid").metres == ((0, 2, 2),)


def test_an_accompaniment_above_the_hands_does_not_stop_a_redo(tune: Path, composer: Program) -> None:
    high = [(at, length, pitch + 36) for at, length, pitch in low_chords()]
    tune.write_bytes(midi({"Melody": song(), "Piano": high}, channels=(0, 1)))
    composer("brief", "song.mid")
    words = ("generate", "song.brief.json", "--bars", "9-12", "--tracks", "melody", "-o", "song.mid", "--force")
    result = composer(*words, "--seed", "1")
    assert result.code == 0, result.err


def test_an_accompaniment_follows_the_sections_and_chords_of_the_brief(tune: Path, composer: Program) -> None:
    composer("brief", "song.mid")
    brief = json.loads(Path("song.brief.json").read_text())
    brief["form"][1] |= {"chords": "Am | Dm | G | C", "name": "Refrain"}
    Path("song.brief.json").write_text(json.dumps(brief))
    words = ("generate", "--melody", "song.mid", "song.brief.json", "-o", "new.mid", "--seed", "1")
    result = composer(*words)
    assert result.code == 0, result.err
    assert "the tune's form holds" not in result.err
    spans = piece_of(source("new.mid")).chords
    assert [str(s.chord.symbol()) for s in spans if s.start >= 8 * 1920][:4] == ["Am", "Dm", "G", "C"]


def test_what_follows_a_song_with_its_brief_goes_on_in_its_own_figures(tune: Path, composer: Program) -> None:
    composer("brief", "song.mid")
    words = ("generate", "--continue", "song.mid", "--bars", "4", "--seed", "1")
    assert composer(*words, "song.brief.json", "-o", "with.mid").code == 0
    new = notes("with.mid", lambda n: n.start >= BARS * 1920)
    assert {source("with.mid").track_names[track] for track, *_ in new} == {"Vocals", "Piano", "Bass"}
    piano = source("with.mid").track_names.index("Piano")
    assert {start % 1920 for track, start, *_ in new if track == piano} <= {0, 960}


@pytest.mark.parametrize(
    "words", [("--card",), ("--preset", "emotion"), ("--scheme", "newton"), ("--bars", "8"), ("--duration", "30")]
)
def test_options_of_pictures_are_refused_for_a_song(tune: Path, composer: Program, words: tuple[str, ...]) -> None:
    result = composer("brief", "song.mid", *words)
    assert result.code == 2
    assert f"composer: {words[0]}: is for pictures, and song.mid is a MIDI file; leave it out" in result.err
    assert not Path("song.brief.json").exists()


def test_pictures_and_songs_go_together(tune: Path, composer: Program) -> None:
    paint(Path("art.png"))
    assert composer("brief", "art.png", "song.mid").code == 0
    assert Path("art.brief.json").is_file() and Path("song.brief.json").is_file()


def test_a_brief_of_a_picture_is_kept_before_a_song_takes_its_place(tune: Path, composer: Program) -> None:
    paint(Path("song.png"))
    composer("brief", "song.png")
    before = Path("song.brief.json").read_bytes()
    result = composer("brief", "song.mid")
    assert result.code == 0
    assert "what was there is kept as song.brief.1.json" in result.err
    assert Path("song.brief.1.json").read_bytes() == before
    assert composer("brief", "song.mid").code == 0
    assert not Path("song.brief.2.json").exists()


def test_a_brief_that_a_person_edited_is_not_replaced(tune: Path, composer: Program) -> None:
    composer("brief", "song.mid")
    edited = Path("song.brief.json").read_text().replace('"Verse"', '"Strophe"')
    Path("song.brief.json").write_text(edited)
    assert composer("brief", "song.mid").code == 5
    assert Path("song.brief.json").read_text() == edited
    assert composer("brief", "song.mid", "--force").code == 0
    assert Path("song.brief.1.json").read_text() == edited


def test_a_redone_song_does_not_make_its_brief_stale(tune: Path, composer: Program) -> None:
    composer("brief", "song.mid")
    composer("generate", "song.brief.json", "--bars", "9-12", "--tracks", "melody", "-o", "song.mid", "--force")
    status = composer("status").out
    assert any("song.brief.json" in line and "fresh" in line for line in status.splitlines())


def test_a_song_that_marks_its_pickup_by_a_metre_is_told_not_to_be_redone(tune: Path, composer: Program) -> None:
    signs = [
        mido.MetaMessage("time_signature", numerator=1, denominator=4, time=0),
        mido.MetaMessage("time_signature", numerator=4, denominator=4, time=480),
    ]
    tune.write_bytes(midi({"": [(0.0, 1.0, 67), *((at + 1, n, p) for at, n, p in song())]}, meter=None, extra=signs))
    result = composer("brief", "song.mid")
    assert result.code == 0
    assert "no part of this file can be redone" in result.err


def test_a_song_in_one_track_is_told_how_its_melody_can_be_redone(tune: Path, composer: Program) -> None:
    tune.write_bytes(midi({"": song(), " ": low_chords()}, kind=0, channels=(0, 1)))
    result = composer("brief", "song.mid")
    assert result.code == 0
    assert "the melody shares its track with others" in result.err and "next, to redo" not in result.err


@pytest.mark.parametrize(("meter", "what"), [((9, 8), "is in 9/8"), ((3, 8), "is in 3/8")])
def test_what_no_brief_can_say_is_one_line(tune: Path, composer: Program, meter: tuple[int, int], what: str) -> None:
    tune.write_bytes(band(meter))
    result = composer("brief", "song.mid")
    assert result.code == 3
    assert len(result.err.splitlines()) == 1
    assert what in result.err and "composer generate --melody song.mid" in result.err


def test_the_song_itself_is_never_the_output(tune: Path, composer: Program) -> None:
    assert composer("brief", "song.mid", "-o", "song.mid").code in (2, 5)
    assert tune.read_bytes() == band()


def test_make_names_the_command_for_a_song(tune: Path, composer: Program) -> None:
    result = composer("make", "song.mid")
    assert result.code == 3
    assert "song.mid: is a MIDI file, not a picture; it goes to `composer brief song.mid`" in result.err
