"""``composer import``, and what ``cleanup`` and ``render`` do with a file that a DAW has written over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import mido
import pytest

from composer.compare.stage import compared
from composer.contract.stage import checked
from composer.formats.midi.source import read_source
from composer.formats.record import read_record
from composer.steps.returning import brought_back
from composer.workspace import PieceFiles, State, edited_bars, save, state_of
from tests.cli.conftest import Program
from tests.compare.pieces import BAR, Event, bytes_of, piece, plays, tracks_of, with_notes
from tests.compare.pieces import file_of as compared_file
from tests.daw_return import damage
from tests.daw_return.hands import edited_by_hand, heard

DRAFT = bytes_of()
FINAL = bytes_of(
    with_notes(piece(), "Piano", lambda notes: [replace(n, pitch=n.pitch + 12 * (n.start == 0)) for n in notes])
)
EDITED = edited_by_hand(DRAFT, seed=4, count=3).midi
CLIP = damage.chain(damage.bars_in_front(BAR), damage.of_resolution(96), damage.silent_note_offs, damage.one_clip)


@pytest.fixture
def files(tmp_path: Path) -> PieceFiles:
    """A piece with a draft and a finished version, both as composer wrote them."""
    found = PieceFiles(tmp_path, "art")
    save(found, "generate", {found.draft: DRAFT})
    save(found, "cleanup", {found.midi: FINAL}, inputs=[found.draft])
    return found


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_file_goes_back_into_the_stage_that_it_came_from(files: PieceFiles, composer: Program) -> None:
    come = put(files.folder / "live export.mid", CLIP(EDITED))
    run = composer("import", come, "--into", files.folder / "art")
    assert run.code == 0 and run.err.startswith(f"{files.draft}\n")
    assert len(compared(DRAFT, "a", files.draft.read_bytes(), "b").note_edits) == 3
    assert checked(files.draft.read_bytes(), "x.mid").is_clean
    assert files.midi.read_bytes() == FINAL
    assert (files.folder / "art.draft.1.mid").read_bytes() == DRAFT


def test_of_the_finished_piece_it_goes_there(files: PieceFiles, composer: Program) -> None:
    come = put(files.folder / "export.mid", CLIP(FINAL))
    assert composer("import", come, "--into", files.midi).code == 0
    assert files.midi.read_bytes() == FINAL and files.draft.read_bytes() == DRAFT


def test_the_file_of_the_piece_that_is_named_is_written(files: PieceFiles, composer: Program) -> None:
    come = put(files.folder / "export.mid", CLIP(FINAL))
    run = composer("import", come, "--into", files.draft)
    assert run.code == 0 and run.err.startswith(f"{files.draft}\n")
    assert files.midi.read_bytes() == FINAL
    assert not compared(FINAL, "a", files.draft.read_bytes(), "b").note_edits


def test_an_imported_file_is_the_person_s(files: PieceFiles, composer: Program) -> None:
    composer("import", put(files.folder / "export.mid", CLIP(EDITED)), "--into", files.folder / "art")
    assert state_of(files.draft) is State.EDITED
    edited = {one.track for one in edited_bars(files, files.draft)}
    assert 1 <= len(edited) <= 3
    assert "import" in read_record(files.record).steps


def test_a_later_export_may_replace_what_was_imported(files: PieceFiles, composer: Program) -> None:
    composer("import", put(files.folder / "one.mid", CLIP(EDITED)), "--into", files.folder / "art")
    later = edited_by_hand(EDITED, seed=8, count=2).midi
    assert composer("import", put(files.folder / "two.mid", CLIP(later)), "--into", files.folder / "art").code == 0
    assert len(compared(EDITED, "a", files.draft.read_bytes(), "b").note_edits) == 2
    assert len(list(files.folder.glob("art.draft.?.mid"))) == 2


def test_other_edits_are_not_replaced_without_force(files: PieceFiles, composer: Program) -> None:
    put(files.draft, EDITED)
    come = put(files.folder / "export.mid", CLIP(edited_by_hand(EDITED, seed=8, count=2).midi))
    files.midi.unlink()
    run = composer("import", come, "--into", files.folder / "art")
    assert run.code == 5 and "edited by hand" in run.err and files.draft.read_bytes() == EDITED
    assert composer("import", come, "--into", files.folder / "art", "--force").code == 0
    assert (files.folder / "art.draft.1.mid").read_bytes() == EDITED


def test_another_piece_is_refused_in_one_line(files: PieceFiles, composer: Program) -> None:
    other = with_notes(piece(), "Melody", lambda ns: [replace(n, pitch=n.pitch + 25, start=n.start + 77) for n in ns])
    come = put(files.folder / "other.mid", bytes_of(replace(other, parts=other.parts[:1])))
    run = composer("import", come, "--into", files.folder / "art")
    assert run.code == 3 and run.err.count("\n") == 1 and "% of its notes" in run.err
    assert "use --force if it is that one" in run.err
    assert files.draft.read_bytes() == DRAFT
    assert composer("import", come, "--into", files.folder / "art", "--force").code == 0


@pytest.mark.parametrize("into", ["lake", "lake.draft.mid"])
def test_a_file_of_no_piece_begins_one_byte_for_byte(files: PieceFiles, composer: Program, into: str) -> None:
    theirs = damage.chain(damage.of_resolution(1024), damage.no_names)(DRAFT)
    come = put(files.folder / "export.mid", theirs)
    run = composer("import", come, "--into", files.folder / into)
    draft = files.folder / "lake.draft.mid"
    assert run.code == 0 and "there was no piece lake" in run.err
    assert draft.read_bytes() == theirs == come.read_bytes()
    assert composer("cleanup", draft, "--no-key", "--no-voice-leading").code == 0
    assert heard((files.folder / "lake.mid").read_bytes()) == heard(theirs)
    assert composer("import", come, "--into", files.folder / "lake").code == 0 and draft.read_bytes() != b""


def test_a_name_that_is_nearly_a_piece_s_is_a_slip(files: PieceFiles, composer: Program) -> None:
    come = put(files.folder / "export.mid", DRAFT)
    run = composer("import", come, "--into", files.folder / "artt")
    assert run.code == 2 and run.err.count("\n") == 1 and "did you mean 'art'" in run.err
    assert not (files.folder / "artt.draft.mid").exists()
    assert composer("import", come, "--into", files.folder / "artt", "--force").code == 0


def test_a_file_that_is_the_whole_piece_is_told_so(tmp_path: Path, composer: Program) -> None:
    song = put(tmp_path / "song.mid", DRAFT)
    run = composer("import", song, "--into", tmp_path / "song")
    assert run.code == 0 and "nothing to put back" in run.err and song.read_bytes() == DRAFT
    assert [path.name for path in tmp_path.iterdir()] == ["song.mid"]


def test_a_file_of_the_piece_itself_is_wrong_usage(files: PieceFiles, composer: Program) -> None:
    run = composer("import", files.draft, "--into", files.folder / "art")
    assert run.code == 2 and "itself" in run.err and files.draft.read_bytes() == DRAFT


def test_it_may_be_written_elsewhere(files: PieceFiles, composer: Program) -> None:
    come, output = put(files.folder / "export.mid", CLIP(EDITED)), files.folder / "new.mid"
    run = composer("import", come, "--into", files.folder / "art", "-o", output, "--json")
    found = json.loads(run.out)
    assert run.code == 0 and found["files"] == [str(output)] and found["report"]["from"] == "art.draft.mid"
    assert output.is_file() and files.draft.read_bytes() == DRAFT and found["backup"] is None


def test_a_draft_that_a_daw_wrote_over_is_cleaned_as_what_it_was(files: PieceFiles, composer: Program) -> None:
    come = put(files.draft, CLIP(EDITED)).read_bytes()
    run = composer("cleanup", files.draft, "--no-key", "--no-voice-leading")
    assert run.code == 0 and "lost something in a DAW" in run.err
    assert files.draft.read_bytes() == come
    source = read_source(files.midi.read_bytes(), "x.mid")
    assert source.track_names == ("Small piece", "Melody", "Piano", "Bass", "Drums", "Chords")
    assert {*heard(files.midi.read_bytes())} >= {*heard(DRAFT)} & {*heard(EDITED)}


def test_a_draft_saved_at_another_resolution_is_cleaned_at_480_ticks(files: PieceFiles, composer: Program) -> None:
    put(files.draft, damage.of_resolution(960)(DRAFT))
    run = composer("cleanup", files.draft, "--no-key", "--no-voice-leading")
    assert run.code == 0 and "was saved at another resolution" in run.err
    source = read_source(files.midi.read_bytes(), "x.mid")
    assert source.ticks_per_beat == 480 and heard(files.midi.read_bytes()) == heard(DRAFT)


def test_a_draft_played_at_a_finer_resolution_keeps_it(files: PieceFiles, composer: Program) -> None:
    tracks = tracks_of(damage.of_resolution(960)(DRAFT))
    first = next(index for index, (_, message) in enumerate(tracks[1]) if plays(message))
    tracks[1][first] = (tracks[1][first][0] + 1, tracks[1][first][1])
    late = put(files.draft, compared_file(tracks, ticks_per_beat=960)).read_bytes()
    run = composer("cleanup", files.draft, "--no-key", "--no-voice-leading")
    assert run.code == 0 and "resolution" not in run.err
    source = read_source(files.midi.read_bytes(), "x.mid")
    assert source.ticks_per_beat == 960 and heard(files.midi.read_bytes()) == heard(late)


def test_a_whole_file_is_read_as_it_is(files: PieceFiles, composer: Program) -> None:
    put(files.draft, EDITED)
    run = composer("cleanup", files.draft, "--no-key", "--no-voice-leading")
    assert run.code == 0 and "DAW" not in run.err
    assert heard(files.midi.read_bytes()) == heard(EDITED)


def test_a_file_that_is_not_composer_s_is_cleaned_twice_alike(tmp_path: Path, composer: Program) -> None:
    song = put(tmp_path / "song.mid", damage.silent_note_offs(DRAFT))
    assert composer("cleanup", song).code == 0
    first = (tmp_path / "song.clean.mid").read_bytes()
    run = composer("cleanup", song)
    assert run.code == 0 and "DAW" not in run.err and (tmp_path / "song.clean.mid").read_bytes() == first


def test_render_plays_a_bare_file_as_the_piece(files: PieceFiles, composer: Program) -> None:
    put(files.midi, damage.chain(damage.no_conductor, damage.no_programs, damage.no_names)(FINAL))
    run = composer("render", files.midi, "--rate", "22050")
    assert run.code == 0 and "tempo" in run.err and "put back from art.mid as it was:" in run.err


@pytest.mark.parametrize("earlier", [DRAFT, EDITED])
def test_the_record_knows_a_draft_that_a_daw_wrote_over_before_there_was_anything_else(
    tmp_path: Path, composer: Program, earlier: bytes
) -> None:
    found = PieceFiles(tmp_path, "art")
    save(found, "generate", {found.draft: DRAFT})
    if earlier is EDITED:
        composer("import", put(tmp_path / "first.mid", earlier), "--into", tmp_path / "art")
    put(found.draft, CLIP(earlier))
    run = composer("cleanup", found.draft, "--no-key", "--no-voice-leading")
    assert run.code == 0 and "put back from art.draft.mid as it was:" in run.err
    assert heard(found.midi.read_bytes()) == heard(earlier)


def test_a_clip_goes_back_into_a_draft_that_a_daw_wrote_over(tmp_path: Path, composer: Program) -> None:
    found = PieceFiles(tmp_path, "art")
    save(found, "generate", {found.draft: DRAFT})
    put(found.draft, CLIP(EDITED))
    later = put(tmp_path / "export.mid", CLIP(EDITED))
    assert composer("import", later, "--into", tmp_path / "art", "--force").code == 0
    assert heard(found.draft.read_bytes()) == heard(EDITED)


def with_an_oboe(data: bytes) -> bytes:
    """A track of one note over another, without an instrument, a volume or a pan, that ends early; no loss."""
    tracks = tracks_of(data)
    tracks[0] = [(tick, event) for tick, event in tracks[0] if event.type != "track_name"]
    oboe: list[Event] = [(0, mido.MetaMessage("track_name", name="Oboe"))]
    oboe += [(tick, mido.Message("note_on", channel=7, note=72, velocity=v)) for tick, v in ((0, 70), (240, 80))]
    oboe += [(tick, mido.Message("note_off", channel=7, note=72)) for tick in (480, 960)]
    return compared_file([*tracks, oboe])


def test_what_a_person_added_badly_is_no_loss(files: PieceFiles, composer: Program) -> None:
    mine = put(files.draft, with_an_oboe(DRAFT)).read_bytes()
    assert not checked(mine, "x.mid").is_clean and brought_back(files.draft) is None
    come, output = put(files.folder / "export.mid", mine), files.folder / "x.mid"
    assert "new tracks: Oboe" in composer("import", come, "--into", files.folder / "art", "-o", output).err
    run = composer("cleanup", files.draft, "--no-key", "--no-voice-leading")
    assert run.code == 0 and "DAW" not in run.err
    oboe = next(own for own in tracks_of(files.midi.read_bytes()) if own[0][1].dict().get("name") == "Oboe")
    assert {event.type for _, event in oboe} == {"track_name", "note_on", "note_off"}


def test_a_loss_beside_it_is_one(files: PieceFiles) -> None:
    put(files.draft, damage.no_controllers(with_an_oboe(DRAFT)))
    back = brought_back(files.draft)
    assert back is not None and back.report.has_loss
    lost = [one.text for one in back.report.rebuilt if one.is_loss]
    assert lost == ["instruments, volumes (CC7), pans (CC10) of all tracks", "controllers, of which the file has none"]
