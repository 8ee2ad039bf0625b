"""``composer mix`` and what ``render`` does with the file: found by itself, recorded, never replaced."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import mido
import pytest

from composer.formats.mix import read_mix
from composer.workspace import PieceFiles
from tests.cli.conftest import Program


def song(path: Path, tracks: Sequence[str] = ("Melody", "Piano left", "Bass")) -> Path:
    """Two notes for each track, each on a channel of its own."""
    file = mido.MidiFile(ticks_per_beat=480)
    for channel, name in enumerate(tracks):
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        track.append(mido.Message("program_change", channel=channel, program=8 * channel))
        for pitch in (72 - 12 * channel, 74 - 12 * channel):
            track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=80))
            track.append(mido.Message("note_off", channel=channel, note=pitch, time=240))
        file.tracks.append(track)
    file.save(path)
    return path


def said(err: str) -> list[str]:
    return [line.strip() for line in err.splitlines()]


def state(composer: Program, folder: Path, name: str) -> str:
    (piece,) = json.loads(composer("status", folder, "--json").out)["pieces"]
    found = piece["files"][name]
    return str(found["state"] if isinstance(found, dict) else found)


def test_a_mix_is_written_once_and_names_every_track(composer: Program, tmp_path: Path) -> None:
    midi = song(tmp_path / "a.mid")
    assert composer("mix", tmp_path / "a").code == 0
    path = tmp_path / "a.mix.toml"
    mix = read_mix(path.read_bytes(), path)
    assert [t.name for t in mix.tracks] == ["Melody", "Piano left", "Bass"]
    assert "TimGM6mb.sf2" in path.read_text()
    edited = path.read_text().replace("gain_db = 0.0", "gain_db = -4.0", 1)
    path.write_text(edited)
    song(tmp_path / "a.mid", ("Melody", "Strings", "Bass"))
    again = composer("mix", midi, "--json")
    assert (again.code, path.read_text()) == (0, edited)
    found = json.loads(again.out)
    assert (found["unnamed"], found["unknown"], found["files"]) == (["Strings"], ["Piano left"], [])
    assert "tracks that it does not name: Strings" in said(again.err)
    forced = composer("mix", midi, "--force")
    assert forced.code == 0 and "a.mix.toml as it was is a.mix.1.toml" in said(forced.err)
    assert (tmp_path / "a.mix.1.toml").read_text() == edited
    assert not (tmp_path / "a.mix.2.toml").exists()
    assert "[tracks.Strings]" in path.read_text()
    assert not list(tmp_path.glob(".*"))


def test_render_reads_the_mix_beside_the_piece_for_every_stage(composer: Program, tmp_path: Path) -> None:
    (tmp_path / "a.mix.toml").write_text("[tracks.melody]\nmute = true\n")
    for name in ("a.draft.mid", "a.mid", "a.human.mid", "a.clean.mid", "a.take2.mid"):
        midi = song(tmp_path / name)
        before = midi.read_bytes()
        run = composer("render", midi, "-o", tmp_path / "out.wav", "--json")
        assert run.code == 0, run.err
        assert "mixed as a.mix.toml says" in json.loads(run.out)["notes"]
        assert midi.read_bytes() == before
    without = composer("render", tmp_path / "a.mid", "-o", tmp_path / "out.wav", "--no-mix", "--json")
    assert "mix" not in json.loads(without.out)
    (tmp_path / "other.toml").write_text("[tracks.bass]\nsolo = true\n")
    other = composer(
        "render", tmp_path / "a.mid", "-o", tmp_path / "out.wav", "--mix", tmp_path / "other.toml", "--json"
    )
    assert "not heard, as other.toml says: Melody, Piano left" in json.loads(other.out)["notes"]
    assert composer("render", tmp_path / "a.mid", "--mix", tmp_path / "other.toml", "--no-mix").code == 2
    assert composer("render", tmp_path / "a.mid", "--mix", tmp_path / "absent.toml").code == 3


def test_a_changed_new_or_deleted_mix_makes_the_audio_stale(composer: Program, tmp_path: Path) -> None:
    midi, mix = song(tmp_path / "a.mid"), tmp_path / "a.mix.toml"
    assert composer("render", midi).code == 0
    assert state(composer, tmp_path, "a.wav") == "fresh"
    mix.write_text("[tracks.bass]\npan = 0.5\n")
    assert state(composer, tmp_path, "a.wav") == "stale"
    assert composer("render", midi).code == 0
    assert state(composer, tmp_path, "a.wav") == "fresh"
    mix.write_text("[tracks.bass]\npan = -0.5\n")
    assert state(composer, tmp_path, "a.wav") == "stale"
    assert composer("render", midi).code == 0
    mix.unlink()
    assert state(composer, tmp_path, "a.wav") == "stale"
    assert composer("render", midi, "--no-mix").code == 0
    mix.write_text("[tracks.bass]\npan = 0.5\n")
    assert state(composer, tmp_path, "a.wav") == "fresh"


def test_options_win_over_the_mix(composer: Program, tmp_path: Path) -> None:
    midi = song(tmp_path / "a.mid")
    (tmp_path / "a.mix.toml").write_text('soundfont = "no/such.sf2"\n[master]\nloudness_lufs = -30\n')
    failed = composer("render", midi)
    assert failed.code == 4
    assert failed.err.startswith('composer: a.mix.toml: line 1: soundfont: "such.sf2": no such soundfont; ')
    from composer.render.soundfonts import shipped_font

    run = composer("render", midi, "--soundfont", shipped_font(), "--json")
    assert json.loads(run.out)["lufs"] == pytest.approx(-30, abs=0.3)
    loud = composer("render", midi, "--soundfont", shipped_font(), "--no-normalize", "--json")
    assert json.loads(loud.out)["lufs"] != pytest.approx(-30, abs=0.3)


def test_mistakes_are_told_by_render_and_mix_alike_and_nothing_is_written(composer: Program, tmp_path: Path) -> None:
    midi = song(tmp_path / "a.mid")
    (tmp_path / "a.mix.toml").write_text("[tracks.bass]\npan = 2\ngane_db = 1\n")
    wanted = [
        "composer: a.mix.toml: line 2: tracks.bass.pan: 2 is outside -1 to 1",
        'composer: a.mix.toml: line 3: tracks.bass.gane_db: no such key; did you mean "gain_db"?',
    ]
    for words in (("render", midi), ("mix", midi)):
        run = composer(*words)
        assert (run.code, said(run.err)) == (3, wanted)
    assert not (tmp_path / "a.wav").exists()


def test_a_mix_file_belongs_to_its_piece() -> None:
    assert PieceFiles.of(Path("art.mix.toml")).name == "art"
    assert PieceFiles.of(Path("art.draft.mid")).mix == Path("art.mix.toml")
