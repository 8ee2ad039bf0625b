"""What is said of a command line that cannot be understood: what was meant, and where else a word goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from composer.cli.terminal.values import seconds_in, seed_in
from composer.errors import UsageProblem
from composer.formats.brief.text import read_brief
from tests.cli.conftest import Program


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("show", "show: no such command; there is `composer templates show` or `composer corpus show`"),
        ("generat", "generat: no such command (did you mean generate"),
        ("generate --undo", "generate: no such option: --undo; it goes with `composer humanize`\n"),
        ("mix x --reset", "mix: no such option: --reset; see `composer mix --help`\n"),
        ("mix x --forc", "mix: no such option: --forc (did you mean --force?); see"),
        ("render --rate fast", "render: --rate takes a whole number; see `composer render --help`\n"),
        ("humanize x.mid --strength lots", "humanize: --strength takes a number; see `composer humanize --help`\n"),
        ("generate x --continue", "generate: option '--continue' requires an argument; see"),
        ("generate x --seed abc", "--seed: 'abc' is no whole number; choose one from 0 to 9007199254740991\n"),
        ("generate x --seed -1", "--seed: -1 is outside 0 to 9007199254740991; choose one in between\n"),
        ("brief x.png --duration soon", "--duration: 'soon' is no length of time; write 30, 30s or 0:30\n"),
    ],
)
def test_a_mistake_on_the_command_line_says_what_to_do(words: str, said: str, composer: Program) -> None:
    run = composer(*words.split())
    assert run.code == 2 and run.err.startswith(f"composer: {said}"), run.err
    assert len(run.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30.0), ("30s", 30.0), ("0:30", 30.0), ("2:05", 125.0), ("1.5 min", 90.0), ("7,5 sec", 7.5), ("1M", 60.0)],
)
def test_a_length_of_time_may_be_written_in_several_ways(text: str, seconds: float) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["", "0:75", "30x", "-4", "nan", "inf", "1:2:3"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="is no length of time"):
        seconds_in(text)


def test_a_seed_is_a_whole_number_within_the_limits() -> None:
    assert (seed_in("0"), seed_in("9007199254740991")) == (0, 2**53 - 1)
    for text in ("9007199254740992", "-1", "9" * 5000, "1.5", ""):
        with pytest.raises(UsageProblem):
            seed_in(text)


def test_names_of_templates_are_taken_in_any_case(
    composer: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8), "red").save("red.png")
    words = ("--preset", "Nikitin", "--style", "Waltz", "--form", "RONDO", "--scheme", "Newton")
    assert composer("brief", "red.png", *words).code == 0
    made = json.loads(Path("red.brief.json").read_text())
    assert (made["preset"], made["accompaniment"]["style"], made["scheme"]) == ("nikitin", "waltz", "newton")
    composer("generate", "--free", "--style", "PAD", "--seed", "1", "-o", "a")
    assert json.loads(Path("a.brief.json").read_text())["accompaniment"]["style"] == "pad"
    assert composer("export", "a", "--to", "RPP").code == 0 and Path("a.rpp").is_file()


def test_a_brief_names_instruments_and_templates_in_any_case() -> None:
    brief = read_brief(
        b'{"key": {"tonic": "C", "mode": "major"}, "tempo_bpm": 90, "meter": "3/4", "melody": {"instrument": "Flute"},'
        b' "accompaniment": {"style": "Waltz"}, "form": [{"name": "A", "bars": 8, "style": "PAD"}],'
        b' "scheme": "Newton"}',
        "a.brief.json",
        to_compose=True,
    )
    assert (brief.melody.instrument, brief.accompaniment.style) == ("flute", "waltz")
    assert (brief.form[0].style, brief.scheme) == ("pad", "newton")
