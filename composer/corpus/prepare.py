"""Source files -> tunes ready for training and evaluation, cached by the hash of the sources and of the reader."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from composer.corpus import catalog
from composer.corpus.abc import UnusableTune, read_tune, tunes_in
from composer.corpus.bundle import bundle_hash
from composer.corpus.chorales import read_chorales
from composer.corpus.lied_tunes import tunes_of
from composer.corpus.lieder import SUFFIXES, songs_in
from composer.corpus.own import Skipped, read_files, read_own, reasons_of
from composer.corpus.splits import split_tunes
from composer.corpus.storage import read_tunes, write_tunes
from composer.corpus.tune import Tune, labelled, tune_of
from composer.errors import BadInput, UsageProblem, command, counted, printable
from composer.formats.files import write_whole
from composer.resources import cache_folder, corpora_folder

# Raise it whenever a reader, the labels, the clusters or the storage change what a tune looks like.
READER_VERSION = 1
# The same for folders of the user; apart, so that the name of what the shipped models learned from stays.
_OWN_VERSION = 3
_LIEDER_VERSION = 2
DEFAULT = "default"
_NO_TUNE = "a stretch without a tune of 8-48 bars"

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What was read. ``refused`` counts tunes left out by reason; ``duplicates`` are tunes beyond the first of a
    cluster; ``changed`` names corpora whose files are not those of the manifest."""

    corpora: tuple[str, ...]
    tunes: int
    notes: int
    by_source: dict[str, int]
    by_split: dict[str, int]
    by_mode: dict[str, int]
    by_meter: dict[str, int]
    clusters: int
    duplicates: int
    refused: dict[str, int]
    changed: tuple[str, ...]
    source_sha256: str
    cached: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """All tunes, in a fixed order, and the report."""

    tunes: tuple[Tune, ...]
    report: Report

    def split(self, name: str) -> tuple[Tune, ...]:
        """The tunes of ``"train"``, ``"valid"`` or ``"test"``."""
        return tuple(t for t in self.tunes if t.split == name)


@dataclass(frozen=True, slots=True)
class Added:
    """A folder that became a corpus: how many files were read, what was left out, and the file that lists it."""

    report: Report
    files: int
    skipped: tuple[Skipped, ...]
    listed: Path


def prepare(name: str = DEFAULT, *, with_essen: bool = False, progress: Progress | None = None) -> Prepared:
    """The tunes of one corpus, of all that need no opt-in for ``"default"``, or of a folder of MIDI and ABC files.

    Several are joined by ``+``: ``"default+my-songs"``. Raises UsageProblem for an unknown name,
    MissingTool without music21's corpus, BadInput when nothing is usable.
    """
    corpora = _named(name, with_essen)
    hashes = {corpus.name: _hash_of(corpus) for corpus in corpora}
    return _prepared(name, corpora, hashes, lambda: _read(corpora, progress))


def prepared_already(name: str) -> Prepared | None:
    """What ``prepare`` would give, where it lies in the cache; ``None`` where the sources would have to be read.

    Raises as ``prepare``.
    """
    corpora = _named(name, False)
    hashes = {corpus.name: _hash_of(corpus) for corpus in corpora}
    if not _cached(hashes, _total(hashes)).exists():
        return None
    return _prepared(name, corpora, hashes, lambda: _read(corpora, None))


def _prepared(
    name: str,
    corpora: list[catalog.Corpus],
    hashes: dict[str, str],
    read: Callable[[], tuple[list[Tune], dict[str, int]]],
) -> Prepared:
    """What the cache holds under ``hashes``, else what ``read`` gives, split and cached."""
    total = _total(hashes)
    path = _cached(hashes, total)
    stored = read_tunes(path)
    if stored is None:
        found, refused = read()
        tunes = split_tunes(found)
        if not tunes:
            raise BadInput(name, "holds no usable tune", "see corpus show for what is needed")
        write_tunes(path, tunes, refused)
    else:
        tunes, refused = stored
    changed = tuple(
        c.name for c in corpora if c.reader != catalog.OWN and hashes[c.name].rpartition(" ")[2] != c.sha256
    )
    return Prepared(tuple(tunes), _report(tuple(hashes), tunes, refused, changed, total, stored is not None))


def bring(name: str, path: Path, progress: Progress | None = None) -> Prepared:
    """Prepare the corpus ``name`` from the user's files in ``path`` and remember where they are.

    Raises UsageProblem for a corpus that needs no files, BadInput when ``path`` holds no usable song.
    """
    corpus = catalog.show(name)
    if not corpus.is_brought:
        raise UsageProblem("--from", f"{name} needs no files of yours", f"use: {command('corpus', 'prepare', name)}")
    found = _prepared(name, [corpus], {name: _brought_hash(path)}, lambda: _read_lieder(path, progress))
    catalog.remember_brought(name, path)
    return found


def add(folder: Path, name: str, progress: Progress | None = None) -> Added:
    """Make ``folder`` a corpus that can be called ``name``, and prepare it.

    Raises UsageProblem for a name that cannot be used, BadInput when the folder holds nothing usable.
    """
    corpus = catalog.own(folder.resolve(), catalog.checked_name(name))
    paths = corpus.paths()
    tunes, skipped = read_files(paths, name, progress)
    listed = _list_skipped(name, skipped)
    if not tunes:
        raise BadInput(folder, f"holds no usable tune in {counted(len(paths), 'file')}", f"the reasons are in {listed}")
    tunes, reasons = split_tunes(tunes), reasons_of(skipped)
    hashes = {name: _hash_of(corpus)}
    total = _total(hashes)
    write_tunes(_cached(hashes, total), tunes, reasons)
    catalog.write_added(replace(corpus, sha256=catalog.source_hash(paths), files=len(paths), tunes=len(tunes)))
    report = _report((name,), tunes, reasons, (), total, False)
    return Added(report, len(paths), tuple(skipped), listed)


def _list_skipped(name: str, skipped: Sequence[Skipped]) -> Path:
    """Write what was left out as tab-separated lines; the file."""
    path = corpora_folder() / name / catalog.SKIPPED
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{printable(str(one.file))}\t{one.tune}\t{printable(one.reason)}" for one in skipped]
    write_whole(path, "\n".join(["file\ttune\treason", *lines, ""]).encode())
    return path


def _hash_of(corpus: catalog.Corpus) -> str:
    if corpus.is_brought:
        return _brought_hash(corpus.paths()[0])
    found = catalog.source_hash(corpus.paths())
    return f"{_OWN_VERSION} {found}" if corpus.reader == catalog.OWN else found


def _brought_hash(path: Path) -> str:
    return f"{_LIEDER_VERSION} {bundle_hash(path, SUFFIXES)[0]}"


def _total(hashes: dict[str, str]) -> str:
    return hashlib.sha256(f"{READER_VERSION} {sorted(hashes.items())}".encode()).hexdigest()


def _cached(hashes: dict[str, str], total: str) -> Path:
    return cache_folder("corpora") / f"{'+'.join(hashes)[:80]}-{total[:16]}.npz"


def _named(name: str, with_essen: bool) -> list[catalog.Corpus]:
    """The corpora that ``name`` stands for, each once."""
    found: dict[str, catalog.Corpus] = {}
    known = {corpus.name for corpus in catalog.list_corpora()}
    for part in name.split("+"):
        if part == DEFAULT:
            chosen = [c for c in catalog.list_corpora() if not c.is_brought and (with_essen or not c.opt_in)]
        elif Path(part).is_dir() and part not in known:
            chosen = [catalog.own(Path(part))]
        else:
            chosen = [catalog.show(part)]
        found.update((corpus.name, corpus) for corpus in chosen)
    return list(found.values())


def _read(corpora: list[catalog.Corpus], progress: Progress | None) -> tuple[list[Tune], dict[str, int]]:
    tunes: list[Tune] = []
    refused: Counter[str] = Counter()
    for corpus in corpora:
        if corpus.is_brought:
            found, why = _read_lieder(corpus.paths()[0], progress)
        elif corpus.reader == "chorales":
            found, why = read_chorales(corpus.paths(), progress)
        elif corpus.reader == catalog.OWN:
            found, why = read_own(corpus.paths(), corpus.name, progress)
        else:
            found, why = _read_abc(corpus, progress)
        tunes += found
        refused.update(why)
    if progress:
        progress(0, 1, "near-duplicates")
    return tunes, dict(refused)


def _read_lieder(path: Path, progress: Progress | None) -> tuple[list[Tune], dict[str, int]]:
    """The tunes of the songs in ``path``, and how many songs were left out for each reason."""
    refused: dict[str, int] = {}
    tunes: list[Tune] = []
    for number, song in enumerate(songs_in(path, refused)):
        if progress:
            progress(number, number + 1, "lieder")
        found = tunes_of(song)
        tunes += found
        if not found:
            refused[_NO_TUNE] = refused.get(_NO_TUNE, 0) + 1
    return tunes, refused


def _read_abc(corpus: catalog.Corpus, progress: Progress | None) -> tuple[list[Tune], Counter[str]]:
    is_dance = corpus.reader == "abc-dances"
    tunes: list[Tune] = []
    refused: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    paths = corpus.paths()
    for index, path in enumerate(paths):
        if progress:
            progress(index, len(paths), corpus.name)
        for text in tunes_in(_decoded(path)):
            try:
                tune = tune_of(read_tune(text), corpus.name, "dance" if is_dance else "song", not is_dance)
            except UnusableTune as reason:
                refused[str(reason).split(" '")[0]] += 1
                continue
            identity = f"{corpus.name}/{path.stem}/{tune.id.rpartition('/')[2]}"
            seen[identity] += 1
            if seen[identity] > 1:
                identity = f"{identity}.{seen[identity]}"
            tunes.append(labelled(tune, identity))
    return tunes, refused


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _report(
    names: tuple[str, ...],
    tunes: list[Tune],
    refused: dict[str, int],
    changed: tuple[str, ...],
    sha256: str,
    cached: bool,
) -> Report:
    clusters = len({t.cluster for t in tunes})
    return Report(
        corpora=names,
        tunes=len(tunes),
        notes=sum(e.pitch is not None for t in tunes for e in t.events),
        by_source=dict(Counter(t.source for t in tunes)),
        by_split=dict(Counter(t.split for t in tunes)),
        by_mode=dict(Counter(t.key.mode for t in tunes)),
        by_meter=dict(Counter(str(t.meter) for t in tunes)),
        clusters=clusters,
        duplicates=len(tunes) - clusters,
        refused=refused,
        changed=changed,
        source_sha256=sha256,
        cached=cached,
    )
