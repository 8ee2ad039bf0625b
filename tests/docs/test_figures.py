"""Figures that the explanations state are those of the code."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest

from composer.brief.features import Features
from composer.brief.mood import Mood
from composer.brief.palette import _MERGE_DISTANCE, CHROMATIC
from composer.brief.picture import ANALYSIS_SIDE
from composer.brief.tonality import emotional_tempo
from composer.cleanup.certificate import MAX_QUARTETS
from composer.cleanup.keys import SIGNATURE_SHARE
from composer.cleanup.repair import MELODY_WEIGHT
from composer.cleanup.score import WEIGHT_DRAFT, WEIGHT_FOREIGN
from composer.cleanup.slips import CHROMATIC_SHARE
from composer.compose.accompaniment.expression import RITARDANDO_MAX_SECONDS, SPREAD
from composer.compose.accompaniment.texture import HIGH_INTENSITY, MID_INTENSITY
from composer.compose.form.plan import DENSITY_NPQ, EXACT_SHARE_MAX, MELODY_SPAN, PHRASE_BARS, REGISTER_SEMITONES
from composer.compose.tune.melody import BEAM, CANDIDATES, SAME_PARENT
from composer.compose.tune.rules import RELAX_ORDER, RULES, ChordToneOnStrongBeat, LeapRecovers
from composer.encoding.profile import NAMES
from composer.evaluate.critic import FEATURES
from composer.render.stage import RenderOptions
from composer.resources import shipped
from tests.docs.pages import ROOT

_WORDS = {2: "two", 3: "three", 4: "four", 8: "eight", 18: "eighteen"}

# Page -> sentences with the code's own figures in them; line breaks do not matter.
STATED = {
    "explanation/engine.md": [
        f"phrases of {_WORDS[PHRASE_BARS]} bars",
        f"{CANDIDATES} candidates are written for each phrase",
        f"The {_WORDS[BEAM]} best go on, at most {_WORDS[SAME_PARENT]} of them",
        f"{_WORDS[len(NAMES)]} measures with their means",
        f"a random spread of {_WORDS[SPREAD]} steps of velocity",
        f"never by more than {RITARDANDO_MAX_SECONDS} seconds",
    ],
    "explanation/cleanup.md": [
        f"at least {100 * SIGNATURE_SHARE:.0f} % of the sounding time",
        f"more than {100 * CHROMATIC_SHARE:.0f} % of all notes",
        f"cheap to change ({WEIGHT_DRAFT:g})",
        f"dearer ({WEIGHT_FOREIGN:g})",
        f"The melody costs {_WORDS[int(MELODY_WEIGHT)]} times as much",
        f"the first {MAX_QUARTETS} different moves",
    ],
    "explanation/mapping.md": [
        f"reduced to {ANALYSIS_SIDE} pixels a side",
        f"nearer than {_MERGE_DISTANCE:.0f} Lab units",
        f"a Lab chroma of {CHROMATIC:.0f} or less",
    ],
    "reference/brief.md": [
        f"0 is about {4 * DENSITY_NPQ[0]:.0f} notes in four beats, 1 about {4 * DENSITY_NPQ[1]:.0f}",
        f"a tune spans {MELODY_SPAN} semitones at most",
    ],
    "reference/styles.md": [f"energy under {MID_INTENSITY}, up to {HIGH_INTENSITY}, above"],
    "how-to/use-your-own-soundfont.md": [
        f"brought to {RenderOptions().target_lufs:.0f} LUFS",
        f"no true peak over {RenderOptions().ceiling_dbtp:.0f} dBTP",
    ],
}


@pytest.mark.parametrize(("page", "sentence"), [(page, s) for page, found in STATED.items() for s in found])
def test_a_figure_is_stated_as_it_is(page: str, sentence: str) -> None:
    text = re.sub(r"\s+", " ", (ROOT / "docs" / page).read_text("utf-8"))
    assert sentence in text


def test_the_figures_of_the_model_are_those_of_its_card() -> None:
    metrics = json.loads((shipped("weights") / "melody" / "card.json").read_text("utf-8"))["metrics"]
    text = re.sub(r"\s+", " ", (ROOT / "docs/explanation/engine.md").read_text("utf-8"))
    for sentence, row in (
        ("the network is surprised by {:.2f} nats a note", "full"),
        ("a table of the last two notes is surprised by {:.2f}", "markov"),
        ("without the targets of its bars it is {:.2f}", "no_controls"),
    ):
        assert sentence.format(metrics[row]["sum"]) in text


def test_the_table_of_styles_is_that_of_the_card() -> None:
    metrics = json.loads((shipped("weights") / "melody" / "card.json").read_text("utf-8"))["metrics"]
    styles = metrics["by_style"]
    whole = {**metrics, "tunes": sum(style["tunes"] for style in styles.values())}
    text = (ROOT / "docs/explanation/engine.md").read_text("utf-8")
    rows = {"all": whole, "dances": styles["dance"], "chorales": styles["chorale"], "songs": styles["lied"]}
    for name, row in rows.items():
        sums = " | ".join(f"{row[kind]['sum']:.2f}" for kind in ("full", "no_controls", "plan_only", "markov"))
        assert f"| {name} | {row['tunes']} | {sums} |" in text


def test_the_figures_of_the_accompaniment_are_those_of_its_card() -> None:
    metrics = json.loads((shipped("weights") / "accompaniment" / "card.json").read_text("utf-8"))["metrics"]
    text = re.sub(r"\s+", " ", (ROOT / "docs/explanation/engine.md").read_text("utf-8"))
    for sentence, row in (
        ("surprised by {:.2f} nats a bar on songs that it never saw", "full"),
        ("or {:.2f} if it is not told how busy", "no_controls"),
        ("stands at that place is surprised by {:.2f}", "repeating"),
        ("the second half alone by {:.2f}", "unigram"),
    ):
        assert sentence.format(metrics[row]["per_bar"]) in text


def test_the_measures_page_says_how_much_of_the_critic_composing_knows() -> None:
    text = (ROOT / "docs/reference/measures.md").read_text("utf-8")
    assert f"{len(set(FEATURES) & set(NAMES))} of the {len(FEATURES)} measures that it goes by" in text


def test_the_rules_of_melody_are_listed_in_the_order_in_which_they_hold() -> None:
    text = (ROOT / "docs/explanation/engine.md").read_text("utf-8").split("| rule | what it does |", 1)[1]
    listed = re.findall(r"^\| ([a-z ]+) \|", text.split("\n\n", 1)[0], re.MULTILINE)
    assert set(listed) == {rule.name for rule in RULES}
    assert tuple(reversed(listed))[: len(RELAX_ORDER)] == RELAX_ORDER


def test_what_the_engine_page_says_in_words_holds() -> None:
    chord_tones = ChordToneOnStrongBeat()
    assert 0.3 <= EXACT_SHARE_MAX <= 0.4  # about a third
    assert min(chord_tones.by_accent[3], chord_tones.long_note) >= 0.9  # nearly always
    assert chord_tones.by_accent[2] >= 0.6  # mostly
    assert LeapRecovers.probability <= 0.3  # now and then


def test_a_register_of_one_is_a_fifth() -> None:
    assert REGISTER_SEMITONES == 7


def test_tempo_runs_from_60_to_156() -> None:
    features = Features(*([0.3] * len(fields(Features))))
    tempi = [emotional_tempo(Mood(0.0, arousal), features, (), "4/4").value for arousal in (-9.0, 9.0)]
    assert tempi == [60, 156]
    assert "60 to 156 beats a minute" in (ROOT / "docs/explanation/mapping.md").read_text("utf-8")
