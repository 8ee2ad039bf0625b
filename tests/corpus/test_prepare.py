"""From files to tunes: catalogue, clusters, split, cache. The files are written by the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from composer.corpus import catalog, prepare
from composer.corpus.duplicates import clusters_of, split_of
from composer.corpus.splits import split_tunes
from composer.corpus.storage import read_tunes, write_tunes
from composer.corpus.tune import Tune
from composer.errors import BadInput, UsageProblem
from tests.corpus.conftest import made_tune


def test_every_shipped_corpus_states_source_licence_citation_and_checksum() -> None:
    corpora = catalog.list_corpora()
    assert {c.name for c in corpora} >= {"oneill", "ryan", "aird", "chorales", "essen", "lieder"}
    for corpus in corpora:
        assert corpus.title and corpus.source and corpus.licence and corpus.citation
        assert len(corpus.sha256) == 64 and corpus.files > 0 and corpus.tunes > 0
        assert catalog.show(corpus.name) == corpus


def test_essen_is_opt_in_because_of_its_licence() -> None:
    assert [c.name for c in catalog.list_corpora() if c.opt_in] == ["essen"]


def test_an_unknown_corpus_is_refused_with_the_names_of_the_known() -> None:
    with pytest.raises(UsageProblem) as caught:
        catalog.show("nottingham")
    assert "chorales" in caught.value.lines()[0]


def test_installed_sources_are_those_of_the_manifests() -> None:
    small = [catalog.show(name) for name in ("aird", "oneill")]
    assert [catalog.source_hash(c.paths()) == c.sha256 for c in small] == [True, True]


def test_near_duplicates_share_a_cluster_in_any_key(some_tunes: list[Tune]) -> None:
    twin = replace(some_tunes[2], id="made/twin", tonic_midi=67)
    late = replace(twin, events=(*twin.events[:-2], *[replace(e, pitch=4) for e in twin.events[-2:]]))
    assert clusters_of([*some_tunes, late]) == [0, 1, 2, 3, 4, 5, 2]


def test_the_split_is_fixed_and_roughly_as_stated() -> None:
    splits = [split_of(f"made/{i}") for i in range(2000)]
    assert splits == [split_of(f"made/{i}") for i in range(2000)]
    assert 0.05 < splits.count("test") / 2000 < 0.11
    assert 0.03 < splits.count("valid") / 2000 < 0.09


def test_tunes_come_back_from_the_cache_as_they_were(tmp_path: Path, some_tunes: list[Tune]) -> None:
    resting = replace(some_tunes[0], events=(replace(some_tunes[0].events[0], pitch=None), *some_tunes[0].events[1:]))
    written = [resting, replace(some_tunes[1], chords=(None, *some_tunes[1].chords[1:])), *some_tunes[2:]]
    write_tunes(tmp_path / "t.npz", written, {"odd": 2})
    assert read_tunes(tmp_path / "t.npz") == (written, {"odd": 2})


@pytest.mark.parametrize("damage", [b"", b"not a zip", None])
def test_a_damaged_cache_is_made_again(tmp_path: Path, some_tunes: list[Tune], damage: bytes | None) -> None:
    path = tmp_path / "t.npz"
    write_tunes(path, some_tunes, {})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage is None else damage)
    assert read_tunes(path) is None


@pytest.fixture
def small_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of forty made-up dances in ABC, in place of the shipped ones."""
    generator = np.random.default_rng(5)
    tunes = []
    for number in range(40):
        bars = ["".join(generator.choice(list("CDEFGABc"), 8)) for _ in range(7)] + ["GFED C4"]
        tunes.append(f"X:{number}\nT:Made\nM:4/4\nL:1/8\nK:C\n" + " | ".join(bars) + " |]\n")
    tunes.append("X:90\nT:Short\nM:4/4\nL:1/8\nK:C\nC8 |]\n")
    (tmp_path / "made.abc").write_text("\n".join(tunes))
    corpus = replace(catalog.show("aird"), name="made", sha256="0" * 64)
    monkeypatch.setattr(catalog, "list_corpora", lambda: [corpus])
    monkeypatch.setattr(catalog.Corpus, "paths", lambda self: [tmp_path / "made.abc"])
    monkeypatch.setattr(prepare, "cache_folder", lambda name: tmp_path / "cache" / name)
    return tmp_path


def test_preparing_reads_once_and_then_uses_the_cache(small_corpus: Path) -> None:
    seen: list[str] = []
    first = prepare.prepare("made", progress=lambda done, total, what: seen.append(what))
    second = prepare.prepare("made")
    assert seen and first.tunes == second.tunes and len(first.tunes) == 40
    assert (first.report.cached, second.report.cached) == (False, True)
    assert first.report.refused == {"outside 8-48 bars or 24-250 notes": 1}
    assert first.report.changed == ("made",)
    assert sum(first.report.by_split.values()) == 40 and all(None not in t.chords for t in first.tunes)
    assert {t.split for t in first.split("test")} <= {"test"}


def test_changed_sources_are_read_again(small_corpus: Path) -> None:
    prepare.prepare("made")
    path = small_corpus / "made.abc"
    path.write_text(path.read_text().replace("T:Made", "T:New"))
    assert not prepare.prepare("made").report.cached


def test_a_corpus_without_a_usable_tune_is_refused(small_corpus: Path) -> None:
    (small_corpus / "made.abc").write_text("X:1\nK:C\n")
    with pytest.raises(BadInput, match="no usable tune"):
        prepare.prepare("made")


def test_the_frame_of_a_tune_describes_every_bar() -> None:
    frame = made_tune(1, bars=12).frame()
    assert len(frame.controls) == len(frame.chords) == 12
    assert [c.role for c in frame.controls[:4]] == ["open", "continue", "pre-cadence", "cadence"]


def test_parts_of_one_file_and_their_near_duplicates_stay_on_one_side(some_tunes: list[Tune]) -> None:
    ids = ("m/a#0", "m/a#1", "m/b#0", "m/c#0", "m/d#0", "m/e#0")
    tunes = [replace(tune, id=name) for tune, name in zip(some_tunes, ids, strict=True)]
    tunes.append(replace(tunes[2], id="m/a#2"))  # the song b once more, in the file a
    split = split_tunes(tunes)
    assert len({t.split for t in split if t.id.startswith(("m/a", "m/b"))}) == 1
    assert [t.cluster for t in split] == [0, 1, 2, 3, 4, 5, 2]
