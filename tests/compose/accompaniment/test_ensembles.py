from __future__ import annotations

from pathlib import Path

import pytest

from composer.compose.accompaniment.ensembles import ensemble_names, ensemble_of, load_ensemble, split_voices
from composer.errors import BadInput
from composer.formats.templates import Template
from composer.music.notes import Note


@pytest.mark.parametrize("name", ensemble_names())
def test_every_shipped_ensemble_loads_with_known_instruments_and_its_own_track_names(name: str) -> None:
    ensemble = load_ensemble(name)
    players = [ensemble.melody, *(ensemble.split or [ensemble.accompaniment]), ensemble.bass]
    present = [p for p in players if p is not None]
    assert ensemble.description and all(p.sound.program >= 0 for p in present)
    assert len({p.name for p in present}) == len(present)


def test_the_quartet_deals_its_inner_voices_to_two_players() -> None:
    quartet = load_ensemble("string-quartet")
    assert [p.name for p in quartet.split] == ["Violin II", "Viola"]
    assert quartet.bass is not None and quartet.bass.instrument == "cello"
    assert quartet.accompaniment == quartet.split[0]


def test_mistakes_are_listed_with_their_lines() -> None:
    text = 'style = "x"\n[melody]\ninstrument = "kazoo"\n[bass]\ninstrument = "cello"\npan = 200\n'
    data = {"style": "x", "melody": {"instrument": "kazoo"}, "bass": {"instrument": "cello", "pan": 200}}
    with pytest.raises(BadInput) as caught:
        ensemble_of(Template("mine", Path("mine.toml"), data, text))
    lines = "\n".join(caught.value.lines())
    assert "line 1: style 'x'" in lines
    assert "line 3: instrument 'kazoo'" in lines
    assert "line 6: pan 200" in lines


def test_an_ensemble_without_melody_is_refused() -> None:
    with pytest.raises(BadInput, match="melody"):
        ensemble_of(Template("mine", Path("mine.toml"), {}, ""))


def test_split_voices_makes_single_lines_from_the_top() -> None:
    notes = [Note(0, 60, 480), Note(0, 64, 480), Note(480, 65, 480), Note(960, 59, 480), Note(960, 67, 480)]
    high, low = split_voices(notes, 2)
    assert [n.pitch for n in high] == [64, 65, 67]
    assert [n.pitch for n in low] == [60, 59]


def test_a_player_who_holds_a_note_is_not_interrupted() -> None:
    high, low = split_voices([Note(0, 57, 1920), Note(0, 66, 3840), Note(1920, 62, 1920)], 2)
    assert [n.pitch for n in high] == [66] and [n.pitch for n in low] == [57, 62]
    assert high[0].end == 3840


def test_a_line_that_is_struck_again_is_cut() -> None:
    (line,) = split_voices([Note(0, 64, 960), Note(480, 65, 480)], 1)
    assert [n.end for n in line] == [480, 960]
