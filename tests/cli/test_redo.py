"""`generate` over a draft that stands: named bars alone change, a person's bars never do unless forced."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from composer.cli.app import main
from composer.compose import draft
from composer.formats.record import read_record
from composer.steps.due.asked import Asked
from composer.steps.due.needs import verdict_of
from composer.steps.due.overview import Overview
from composer.steps.due.stages import TOLD, stages_of
from composer.workspace import PieceFiles, PieceState, State, edited_bars, state_of

BAR = 4 * 480
Content = dict[str, dict[int, list[str]]]
BRIEF = {
    "key": {"tonic": "D", "mode": "minor"},
    "tempo_bpm": 96,
    "meter": "4/4",
    "seed": 5,
    "form": [{"name": "A", "bars": 4}, {"name": "B", "bars": 4}, {"name": "A'", "bars": 4}],
}


@pytest.fixture(scope="module")
def first_draft(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("first")
    (folder / "art.brief.json").write_text(json.dumps(BRIEF))
    assert main(["generate", str(folder / "art.brief.json"), "-q"]) == 0
    return (folder / "art.draft.mid").read_bytes() + b"\0SPLIT\0" + (folder / "art.composer.json").read_bytes()


@pytest.fixture
def art(tmp_path: Path, first_draft: bytes) -> PieceFiles:
    """A piece with its draft, as `generate` left it."""
    midi, record = first_draft.split(b"\0SPLIT\0")
    (tmp_path / "art.brief.json").write_text(json.dumps(BRIEF))
    (tmp_path / "art.draft.mid").write_bytes(midi)
    (tmp_path / "art.composer.json").write_bytes(record)
    return PieceFiles(tmp_path, "art")


def run(art: PieceFiles, *words: str) -> int:
    return main(["generate", str(art.brief), *words, "-q"])


def content(path: Path) -> Content:
    """Track -> bar from 1 -> its events with ticks, notes with their lengths, by an independent reader."""
    found: Content = {}
    for track in mido.MidiFile(path).tracks:
        bars = found.setdefault(track.name, {})
        sounding: dict[int, int] = {}
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                sounding[message.note] = tick
            if message.type == "note_off":
                start = sounding.pop(message.note)
                bars.setdefault(start // BAR + 1, []).append(f"{start} {message.note} for {tick - start}")
            elif message.type != "end_of_track":
                bars.setdefault(tick // BAR + 1, []).append(f"{tick} {message.copy(time=0)}")
    return {track: {bar: sorted(events) for bar, events in bars.items()} for track, bars in found.items()}


def differing(before: Content, after: Content) -> set[tuple[str, int]]:
    return {
        (track, bar)
        for track in {*before, *after}
        for bar in {*before.get(track, {}), *after.get(track, {})}
        if before.get(track, {}).get(bar) != after.get(track, {}).get(bar)
    }


def edit(art: PieceFiles, change: Callable[[mido.MidiFile], None]) -> None:
    midi = mido.MidiFile(art.draft)
    change(midi)
    midi.save(art.draft)


def raise_first_note_of_bar(bar: int, name: str = "Melody") -> Callable[[mido.MidiFile], None]:
    def change(midi: mido.MidiFile) -> None:
        track = next(t for t in midi.tracks if t.name == name)
        tick = 0
        for index, message in enumerate(track):
            tick += message.time
            if message.type == "note_on" and message.velocity and tick >= (bar - 1) * BAR:
                first = index
                break
        pitch = track[first].note
        end = next(i for i in range(first + 1, len(track)) if track[i].type == "note_off" and track[i].note == pitch)
        for at in (first, end):
            track[at] = track[at].copy(note=pitch + 1)

    return change


def test_only_the_named_cells_change(art: PieceFiles) -> None:
    before = content(art.draft)
    assert run(art, "--bars", "6-7", "--tracks", "melody", "--seed", "9") == 0
    changed = differing(before, content(art.draft))
    assert changed
    assert changed <= {("Melody", 6), ("Melody", 7)}


def put_a_bar_in(before: int) -> Callable[[mido.MidiFile], None]:
    """Everything from that bar on comes a bar later, as a DAW's "insert time" does it."""

    def change(midi: mido.MidiFile) -> None:
        for track in midi.tracks:
            tick = 0
            for index, message in enumerate(track):
                tick += message.time
                if tick and tick >= (before - 1) * BAR:
                    track[index] = message.copy(time=message.time + BAR)
                    break

    return change


def test_sections_are_those_of_the_file_after_a_bar_was_put_in(
    art: PieceFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(art, put_a_bar_in(3))
    before = content(art.draft)
    words = ("--bars", "B", "--tracks", "melody", "--seed", "9", "--force")
    assert main(["generate", str(art.brief), *words]) == 0
    told = "sections as in art.draft.mid: A 1-5, B 6-9, A' 10-13 (the brief: A 1-4, B 5-8, A' 9-12)"
    assert told in capsys.readouterr().err
    changed = differing(before, content(art.draft))
    assert changed and changed <= {("Melody", bar) for bar in (6, 7, 8, 9)}
    before = content(art.draft)
    assert run(art, "--bars", "13", "--force") == 0
    assert {bar for _, bar in differing(before, content(art.draft))} == {13}


def test_a_locked_section_is_where_the_file_has_it(art: PieceFiles) -> None:
    edit(art, put_a_bar_in(3))
    before = content(art.draft)
    art.brief.write_text(json.dumps(BRIEF | {"locked": [{"bars": "B"}]}))
    assert run(art, "--tracks", "melody", "--seed", "9", "--force") == 0
    changed = {bar for _, bar in differing(before, content(art.draft))}
    assert 5 in changed and not changed & {6, 7, 8, 9}


def test_tracks_without_a_name_are_no_wish_for_all(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    before = art.draft.read_bytes()
    for words in ("", " , "):
        assert run(art, "--tracks", words) == 2
        assert "--tracks: names no track; name one" in capsys.readouterr().err
    assert art.draft.read_bytes() == before


def test_a_track_that_came_out_as_before_is_told(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["generate", str(art.brief), "--bars", "6", "--tracks", "melody,accompaniment", "--seed"]
    hashes = {}
    for seed in range(1, 9):
        before = content(art.draft)
        assert main([*words, str(seed)]) == 0
        told = capsys.readouterr().err
        changed = {track for track, _ in differing(before, content(art.draft))}
        line = next((line for line in told.splitlines() if "came out as before" in line), "")
        for track in ("Melody", "Accompaniment"):
            assert (track in line) is (track not in changed)
            hashes[track, track in line] = seed
    assert ("Melody", False) in hashes


def test_a_section_changes_with_all_its_tracks_and_chords(art: PieceFiles) -> None:
    before = content(art.draft)
    assert run(art, "--bars", "b", "--seed", "9") == 0
    changed = differing(before, content(art.draft))
    assert {bar for _, bar in changed} <= {5, 6, 7, 8}
    assert len({track for track, _ in changed}) >= 2


def test_the_same_seed_gives_the_same_bytes(art: PieceFiles) -> None:
    start, record = art.draft.read_bytes(), art.record.read_bytes()
    results = []
    for _ in range(2):
        art.draft.write_bytes(start)
        art.record.write_bytes(record)
        assert run(art, "--bars", "6-7", "--seed", "9") == 0
        results.append(art.draft.read_bytes())
    assert results[0] == results[1] != start


def test_hand_edits_elsewhere_stay_and_stay_known(art: PieceFiles) -> None:
    edit(art, raise_first_note_of_bar(2))
    before = content(art.draft)
    assert run(art, "--bars", "6-7", "--tracks", "melody") == 0
    assert differing(before, content(art.draft)) <= {("Melody", 6), ("Melody", 7)}
    assert state_of(art.draft) is State.EDITED
    assert [(one.track, one.bars) for one in edited_bars(art, art.draft)] == [("Melody", (2,))]


def test_named_bars_that_a_person_edited_are_kept(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    edit(art, raise_first_note_of_bar(6))
    before = content(art.draft)
    assert main(["generate", str(art.brief), "--bars", "6-7", "--tracks", "melody"]) == 0
    assert differing(before, content(art.draft)) <= {("Melody", 7)}
    assert "kept, edited by hand: Melody 6" in capsys.readouterr().err


def test_only_edited_bars_named_is_refused_and_forced_with_a_backup(art: PieceFiles) -> None:
    edit(art, raise_first_note_of_bar(6))
    theirs = art.draft.read_bytes()
    assert run(art, "--bars", "6", "--tracks", "Melody") == 5
    assert art.draft.read_bytes() == theirs
    assert run(art, "--bars", "6", "--tracks", "Melody", "--force") == 0
    assert (art.folder / "art.draft.1.mid").read_bytes() == theirs
    assert edited_bars(art, art.draft) == ()
    assert state_of(art.draft) is State.FRESH


def test_generate_again_keeps_edited_bars_and_redoes_the_rest(art: PieceFiles) -> None:
    edit(art, raise_first_note_of_bar(6))
    before = content(art.draft)
    assert run(art, "--seed", "77") == 0
    after = content(art.draft)
    assert after["Melody"][6] == before["Melody"][6]
    assert len(differing(before, after)) > 12
    assert state_of(art.draft) is State.EDITED
    assert read_record(art.record).steps["generate"].seed == 77
    assert run(art, "--seed", "78") == 0
    assert content(art.draft)["Melody"][6] == before["Melody"][6]


def test_a_track_of_a_person_stays(art: PieceFiles) -> None:
    def add(midi: mido.MidiFile) -> None:
        track = mido.MidiTrack([mido.MetaMessage("track_name", name="My horn", time=0)])
        track += [mido.Message("note_on", channel=9 - 1, note=60, velocity=70, time=960)]
        track += [mido.Message("note_off", channel=9 - 1, note=60, time=480)]
        midi.tracks.append(track)

    edit(art, add)
    horn = content(art.draft)["My horn"]
    assert run(art, "--seed", "3") == 0
    assert content(art.draft)["My horn"] == horn
    assert run(art, "--bars", "1-4", "--seed", "4") == 0
    assert content(art.draft)["My horn"] == horn


def test_locked_cells_stay_also_with_force(art: PieceFiles) -> None:
    art.brief.write_text(json.dumps({**BRIEF, "locked": [{"bars": "A"}, {"tracks": ["Melody"], "bars": "5"}]}))
    before = content(art.draft)
    assert run(art, "--seed", "70", "--force") == 0
    changed = differing(before, content(art.draft))
    assert changed
    assert not {cell for cell in changed if cell[1] <= 4 or cell == ("Melody", 5)}
    assert run(art, "--bars", "5", "--tracks", "melody", "--force") == 5


def test_a_locked_track_that_is_not_there_is_an_error(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    art.brief.write_text(json.dumps({**BRIEF, "locked": [{"tracks": ["Melodie"]}]}))
    assert run(art) != 0
    assert "did you mean Melody" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--bars", "13"], "bar 13 is after the last bar, 12"),
        (["--bars", "C"], "the sections are A, B, A'"),
        (["--bars", "7-6"], "runs backwards"),
        (["--tracks", "Melodi"], 'did you mean "Melody"'),
    ],
)
def test_what_is_not_there_is_named(
    art: PieceFiles, capsys: pytest.CaptureFixture[str], words: list[str], line: str
) -> None:
    before = art.draft.read_bytes()
    assert run(art, *words) == 2
    assert line in capsys.readouterr().err
    assert art.draft.read_bytes() == before


def test_without_a_draft_there_is_nothing_to_redo(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    art.draft.unlink()
    assert run(art, "--bars", "3") == 2
    assert "composer generate" in capsys.readouterr().err


def test_takes_of_a_part(art: PieceFiles) -> None:
    before = content(art.draft)
    assert run(art, "--bars", "6-7", "--tracks", "melody", "--takes", "3", "--seed", "4") == 0
    takes = [art.take(rank) for rank in (1, 2, 3)]
    for path in takes:
        assert differing(before, content(path)) <= {("Melody", 6), ("Melody", 7)}
    assert len({path.read_bytes() for path in takes}) == 3
    assert art.draft.read_bytes() == takes[0].read_bytes()


def test_a_new_tempo_reaches_a_draft_with_edited_bars(art: PieceFiles) -> None:
    edit(art, raise_first_note_of_bar(2))
    art.brief.write_text(json.dumps({**BRIEF, "tempo_bpm": 120}))
    assert run(art) == 0
    tempo = next(m for m in mido.MidiFile(art.draft).tracks[0] if m.type == "set_tempo")
    assert tempo.tempo == 500_000


def test_another_metre_cannot_keep_edited_bars(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    edit(art, raise_first_note_of_bar(2))
    theirs = art.draft.read_bytes()
    art.brief.write_text(json.dumps({**BRIEF, "meter": "3/4"}))
    assert run(art) == 5
    assert art.draft.read_bytes() == theirs
    assert run(art, "--force") == 0
    assert (art.folder / "art.draft.1.mid").read_bytes() == theirs


def test_status_is_fresh_again_after_a_redo(art: PieceFiles) -> None:
    assert run(art, "--bars", "6-7", "--seed", "9") == 0
    assert state_of(art.draft) is State.FRESH
    step = read_record(art.record).steps["generate"]
    assert (step.seed, step.redone[0].seed) == (5, 9)
    assert all(bars == [6, 7] for bars in step.redone[0].bars.values())


def test_new_chords_come_with_those_who_play_them(art: PieceFiles) -> None:
    before = content(art.draft)
    assert run(art, "--bars", "5-8", "--tracks", "chords", "--seed", "9") == 0
    tracks = {track for track, _ in differing(before, content(art.draft))}
    assert "Melody" not in tracks
    assert "Chords" in tracks
    assert len(tracks) >= 2


def test_chords_stay_where_one_who_plays_them_stays(art: PieceFiles) -> None:
    track = next(name for name in content(art.draft) if name not in ("Melody", "Chords", "Untitled"))
    art.brief.write_text(json.dumps({**BRIEF, "locked": [{"bars": "6", "tracks": [track]}]}))
    before = content(art.draft)
    assert run(art, "--bars", "5-7", "--seed", "9") == 0
    changed = differing(before, content(art.draft))
    assert not {(track, 6), ("Chords", 6)} & changed
    assert {5, 7} <= {bar for _, bar in changed}


@pytest.mark.parametrize("asked", [["--bars", "6-7"], ["--bars", "5-8", "--tracks", "chords"]])
def test_a_track_renamed_to_chords_is_redone_as_under_any_other_name(art: PieceFiles, asked: list[str]) -> None:
    start, record = art.draft.read_bytes(), art.record.read_bytes()
    results = []
    for name in ("Keys", "Chords"):
        art.draft.write_bytes(start)
        art.record.write_bytes(record)
        edit(art, renamed_track(2, name))
        assert edited_bars(art, art.draft) == ()
        assert run(art, *asked, "--seed", "9") == 0
        edit(art, renamed_track(2, "Keys"))
        results.append(art.draft.read_bytes())
    assert results[0] == results[1] != start


def renamed_track(number: int, name: str) -> Callable[[mido.MidiFile], None]:
    def change(midi: mido.MidiFile) -> None:
        midi.tracks[number].name = name

    return change


def test_a_locked_track_called_chords_stays(art: PieceFiles) -> None:
    edit(art, renamed_track(2, "Chords"))
    art.brief.write_text(json.dumps({**BRIEF, "locked": [{"tracks": ["Chords (notes)"]}]}))
    before = [str(message) for message in mido.MidiFile(art.draft).tracks[2]]
    assert run(art, "--bars", "5-7", "--seed", "9") == 0
    assert [str(message) for message in mido.MidiFile(art.draft).tracks[2]] == before


def test_a_file_that_changes_its_metre_is_left_alone(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    def waltz(midi: mido.MidiFile) -> None:
        conductor = midi.tracks[0]
        now = 0
        for index, message in enumerate(conductor):
            if now + message.time > 4 * BAR:
                conductor[index] = message.copy(time=now + message.time - 4 * BAR)
                change = mido.MetaMessage("time_signature", numerator=3, denominator=4, time=4 * BAR - now)
                conductor.insert(index, change)
                return
            now += message.time

    edit(art, waltz)
    theirs = art.draft.read_bytes()
    assert run(art, "--bars", "2") == 3
    assert "changes its metre" in capsys.readouterr().err
    assert art.draft.read_bytes() == theirs


def test_a_save_while_it_composes_is_not_replaced(art: PieceFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(art, raise_first_note_of_bar(2))
    from composer.compose.redo import stage as redo

    compose = redo.redone

    def saving(*args: object, **options: object) -> object:
        edit(art, raise_first_note_of_bar(9))
        return compose(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(redo, "redone", saving)
    assert run(art, "--bars", "6") == 5
    assert {bar for one in edited_bars(art, art.draft) for bar in one.bars} == {2, 9}


def test_what_no_bar_shows_is_not_lost_by_a_second_generate(art: PieceFiles) -> None:
    def change(midi: mido.MidiFile) -> None:
        track = next(t for t in midi.tracks if t.name == "Melody")
        track.insert(1, mido.MetaMessage("lyrics", text="la", time=0))
        cues = mido.MidiTrack(
            [mido.MetaMessage("track_name", name="Cues"), mido.MetaMessage("text", text="door", time=9)]
        )
        midi.tracks.append(cues)

    edit(art, change)
    for seed in ("31", "32"):
        assert run(art, "--seed", seed) == 0
        assert state_of(art.draft) is State.EDITED
        tracks = mido.MidiFile(art.draft).tracks
        assert [m.text for track in tracks for m in track if m.type in ("lyrics", "text")].count("la") == 1
        assert any(m.type == "text" and m.text == "door" for track in tracks for m in track)


def test_a_title_of_a_person_that_the_brief_does_not_have_is_told(
    art: PieceFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    def name(midi: mido.MidiFile) -> None:
        raise_first_note_of_bar(2)(midi)
        midi.tracks[0][:] = [m.copy(name="My Song") if m.type == "track_name" else m for m in midi.tracks[0]]

    edit(art, name)
    assert main(["generate", str(art.brief)]) == 0
    assert 'to have "My Song", write it there' in capsys.readouterr().err


def test_a_bar_with_lyrics_of_a_person_is_kept(art: PieceFiles) -> None:
    def sing(midi: mido.MidiFile) -> None:
        next(t for t in midi.tracks if t.name == "Melody").insert(1, mido.MetaMessage("lyrics", text="la", time=0))

    edit(art, sing)
    before = content(art.draft)
    assert [(one.track, one.bars) for one in edited_bars(art, art.draft)] == [("Melody", (1,))]
    assert run(art, "--bars", "1-2", "--tracks", "melody", "--seed", "9") == 0
    after = content(art.draft)
    assert after["Melody"][1] == before["Melody"][1] and after["Melody"][2] != before["Melody"][2]


def test_a_silent_track_of_a_person_is_not_redone(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    def cues(midi: mido.MidiFile) -> None:
        midi.tracks.append(
            mido.MidiTrack([mido.MetaMessage("track_name", name="Cues"), mido.Message("control_change")])
        )

    edit(art, cues)
    assert main(["generate", str(art.brief), "--bars", "3"]) == 0
    assert "Cues" not in capsys.readouterr().err
    assert run(art, "--bars", "3", "--tracks", "Cues", "--force") == 2


def test_an_edited_conductor_stays_and_says_so(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    edit(art, lambda midi: midi.tracks[0].insert(1, mido.MetaMessage("marker", text="look", time=0)))
    art.brief.write_text(json.dumps({**BRIEF, "tempo_bpm": 120}))
    assert main(["generate", str(art.brief)]) == 0
    assert "kept, edited by hand: tempo, metre, key and markers" in capsys.readouterr().err


def test_bars_that_were_redone_are_copied_before_all_is_composed_again(art: PieceFiles) -> None:
    assert run(art, "--bars", "6-7", "--seed", "9") == 0
    chosen = art.draft.read_bytes()
    assert run(art) == 0
    assert (art.folder / "art.draft.1.mid").read_bytes() == chosen


def test_a_cleaned_piece_with_redone_bars_stays_and_is_called_that(
    art: PieceFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cleanup", str(art.draft), "-q"]) == 0
    words = ("--tracks", "melody", "-o", str(art.midi))
    assert run(art, "--bars", "6", "--seed", "9", *words) == 0
    assert run(art, "--bars", "7", "--seed", "9", *words) == 0
    assert state_of(art.midi) is State.REDONE and edited_bars(art, art.midi) == ()
    chosen = art.midi.read_bytes()
    capsys.readouterr()
    assert main(["cleanup", str(art.draft), "-q"]) == 5
    assert "art.mid: holds bars that were redone; use --force" in capsys.readouterr().err
    assert art.midi.read_bytes() == chosen
    seen = {entry.path.name: (entry.state, entry.why) for entry in Overview(art).entries}
    assert seen["art.mid"] == (State.REDONE, ("bars redone: Melody 6-7",))
    told = "bars of art.mid were redone since"
    assert seen["art.musicxml"] == (State.STALE, (f"{told}; composer export art.mid --to musicxml",))
    assert seen["art.cleanup.json"] == (State.STALE, (told,))
    cleanup, state = next((s, p) for s, p in stages_of(PieceState(art), Asked(), TOLD) if s.name == "cleanup")
    assert verdict_of(cleanup, state).lines(cleanup) == [f"{art.midi}: kept, with bars that were redone"]
    assert main(["cleanup", str(art.draft), "-q", "--force"]) == 0
    assert (art.folder / "art.1.mid").read_bytes() == chosen and state_of(art.midi) is State.FRESH


def test_a_name_that_is_no_utf8_is_redone_too(art: PieceFiles) -> None:
    odd = art.folder / os.fsdecode(b"caf\xe9.brief.json")
    odd.write_text(json.dumps(BRIEF))
    assert main(["generate", str(odd), "-q"]) == 0
    draft = PieceFiles.of(odd).draft
    odd_files, before = PieceFiles.of(odd), draft.read_bytes()
    assert main(["generate", str(odd), "--bars", "6-7", "--seed", "9", "-q"]) == 0
    assert draft.read_bytes() != before
    assert state_of(odd_files.draft) is State.FRESH


def test_bars_and_sections_named_together_are_all_redone(art: PieceFiles) -> None:
    before = content(art.draft)
    assert run(art, "--bars", "1", "--section", "B", "--tracks", "melody", "--seed", "9") == 0
    assert {bar for _, bar in differing(before, content(art.draft))} & {1, 5, 6, 7, 8} >= {1, 5}


def programs(path: Path) -> dict[str, int]:
    return {t.name: e.program for t in mido.MidiFile(path).tracks for e in t if e.type == "program_change"}


def ask_for(art: PieceFiles, **changes: object) -> None:
    art.brief.write_text(json.dumps({**BRIEF, **changes}))


def test_other_players_in_the_brief_play_around_edited_bars(
    art: PieceFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_for(art, bass={}, drums={})
    assert run(art) == 0
    edit(art, raise_first_note_of_bar(3))
    before = content(art.draft)
    ask_for(art, bass={}, melody={"instrument": "flute"})
    capsys.readouterr()
    assert main(["generate", str(art.brief)]) == 0
    said, after = capsys.readouterr().err, content(art.draft)
    assert "as in the brief now: Melody (flute)" in said and "not in the brief any more: Drums" in said
    assert programs(art.draft)["Melody"] == 73 and "Drums" not in after
    assert after["Melody"][3] == before["Melody"][3] and after["Melody"][5] != before["Melody"][5]


def test_an_instrument_that_a_person_chose_stays(art: PieceFiles) -> None:
    def chosen(midi: mido.MidiFile) -> None:
        raise_first_note_of_bar(3)(midi)
        track = next(t for t in midi.tracks if t.name == "Melody")
        track[:] = [m.copy(program=56) if m.type == "program_change" else m for m in track]

    edit(art, chosen)
    ask_for(art, melody={"instrument": "flute"})
    assert run(art) == 0 and programs(art.draft)["Melody"] == 56


def test_a_track_with_edited_bars_stays_though_the_brief_has_its_player_no_more(
    art: PieceFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_for(art, drums={})
    assert run(art) == 0
    edit(art, raise_first_note_of_bar(3, "Drums"))
    ask_for(art)
    before = content(art.draft)
    capsys.readouterr()
    assert main(["generate", str(art.brief)]) == 0
    assert "kept, though the brief has them no more: Drums" in capsys.readouterr().err
    assert content(art.draft)["Drums"] == before["Drums"]


def with_own_track(midi: mido.MidiFile) -> None:
    track = mido.MidiTrack([mido.MetaMessage("track_name", name="Second flute")])
    track += [mido.Message("note_on", note=84, channel=5), mido.Message("note_off", note=84, channel=5, time=480)]
    midi.tracks.append(track)


@pytest.mark.parametrize("locked", [False, True])
def test_a_person_s_track_is_named_where_all_is_composed_again(
    art: PieceFiles, capsys: pytest.CaptureFixture[str], locked: bool
) -> None:
    edit(art, with_own_track)
    if locked:
        art.brief.write_text(json.dumps(BRIEF | {"locked": [{"bars": "1", "tracks": ["melody"]}]}))
    assert main(["generate", str(art.brief), "--force"]) == 0
    told = capsys.readouterr().err
    assert ("kept, yours: Second flute" in told) is locked is ("Second flute" in content(art.draft))
    assert ("not in it any more, yours: Second flute" in told) is not locked
    assert "edited by hand" not in told


def test_a_person_s_track_is_not_said_to_be_redone(art: PieceFiles, capsys: pytest.CaptureFixture[str]) -> None:
    edit(art, with_own_track)
    assert main(["generate", str(art.brief)]) == 0
    told = capsys.readouterr().err
    assert "kept, yours: Second flute" in told and "--force redoes" not in told


def test_a_save_while_a_fresh_draft_is_composed_again_is_told_as_that(
    art: PieceFiles, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    composed = draft.draft_of

    def composing(*words: object) -> draft.Draft:
        edit(art, raise_first_note_of_bar(3))
        return composed(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(draft, "draft_of", composing)
    assert run(art, "--seed", "8") == 5
    assert "art.draft.mid: was saved while this ran; run it again: your save is kept" in capsys.readouterr().err


def test_one_copy_is_kept_of_a_draft_that_was_redone_and_edited(art: PieceFiles) -> None:
    assert run(art, "--bars", "6", "--seed", "9") == 0
    edit(art, raise_first_note_of_bar(3))
    assert run(art, "--force") == 0
    assert [path.name for path in art.folder.glob("art.draft.[0-9].mid")] == ["art.draft.1.mid"]
