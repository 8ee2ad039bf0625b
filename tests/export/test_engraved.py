"""Printed pages: what a player must find on them, as SVG and as PDF."""

from __future__ import annotations

import re
import sys
import zlib
from xml.etree import ElementTree

import pytest

from composer.errors import BadInput, MissingTool
from composer.export.drawing import PageDrawing
from composer.export.engraved import Engraved, engraved
from composer.export.lettering import Lettering, printable_in_times
from composer.export.outlines import operators_of
from composer.export.pdf import Printed, pdf_of_pages
from composer.formats.score.musicxml import musicxml_bytes
from composer.music.chord import chord_of
from composer.music.key import key_of
from composer.music.notes import BASS, MELODY, ChordSpan, Marker, Note, Part, Piece, Tempo
from composer.music.time import Meter

TITLE = "Élégie"


def _piece(title: str = TITLE, bars: int = 24) -> Piece:
    melody = tuple(Note(beat * 480, 72 + beat % 5, 480) for beat in range(4 * bars))
    bass = tuple(Note(bar * 1920, 40, 1920) for bar in range(bars))
    return Piece(
        title, Meter(4, 4), key_of("Bb", "major"), (Tempo(0, 96.0),),
        (Part("Violin", MELODY, 40, melody), Part("Double bass", BASS, 43, bass)), bars * 1920,
        markers=(Marker(0, "A"), Marker(8 * 1920, "B")),
        chords=(ChordSpan(0, 1920, chord_of("Bb")), ChordSpan(1920, 3840, chord_of("Gm7"))),
    )  # fmt: skip


@pytest.fixture(scope="module")
def score() -> Engraved:
    return engraved(musicxml_bytes(_piece()), "a.mid")


@pytest.fixture(scope="module")
def printed(score: Engraved) -> Printed:
    return pdf_of_pages(score, TITLE)


def _words(page: str) -> list[str]:
    """The texts of a page, each with its parts put together; musical signs are left out."""
    texts = ElementTree.fromstring(page).iter("{http://www.w3.org/2000/svg}text")
    spans = ("".join(t for s in text.iter() if s.tag.endswith("tspan") for t in [s.text or ""]) for text in texts)
    return [re.sub(r"[\s\ue000-\uf8ff]+", "", span) for span in spans]


def test_the_first_page_has_title_parts_chords_sections_and_tempo(score: Engraved) -> None:
    words = _words(score.pages[0])
    for wanted in (TITLE, "Violin", "Doublebass", "B", "Gm7", "A", "=96"):
        assert wanted in words


def test_pages_are_a4_and_the_same_again(score: Engraved) -> None:
    assert all('width="210mm" height="297mm"' in page for page in score.pages)
    assert engraved(musicxml_bytes(_piece()), "a.mid") == score


def test_a_long_piece_goes_on_over_the_page() -> None:
    assert len(engraved(musicxml_bytes(_piece(bars=120)), "a.mid").pages) > 1


def test_what_is_no_score_is_refused() -> None:
    with pytest.raises(BadInput, match="cannot be engraved"):
        engraved(b"<nothing/>", "a.mid")


def test_without_verovio_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "verovio", None)
    with pytest.raises(MissingTool, match="not installed") as caught:
        engraved(b"", "a.mid")
    assert caught.value.hint == "pip install 'composer[engrave]'"


def _objects(data: bytes) -> dict[int, bytes]:
    """The objects of a PDF by number, found through the table at its end."""
    match = re.search(rb"startxref\n(\d+)\n%%EOF\n$", data)
    assert match
    lines = data[int(match[1]) :].split(b"\n")
    assert lines[0] == b"xref"
    count = int(lines[1].split()[1])
    found = {}
    for number, line in enumerate(lines[3 : 2 + count], start=1):
        assert len(line) == 19 and line.endswith(b" 00000 n ")
        place = int(line[:10])
        assert data[place:].startswith(b"%d 0 obj\n" % number)
        found[number] = data[place : data.index(b"\nendobj\n", place)]
    return found


def _contents(data: bytes) -> list[str]:
    streams = (re.search(rb"/Length (\d+).*?stream\n(.*)\nendstream", o, re.S) for o in _objects(data).values())
    return [zlib.decompress(m[2]).decode("ascii") for m in streams if m and len(m[2]) == int(m[1])]


def test_the_pdf_has_the_pages_and_their_letters(score: Engraved, printed: Printed) -> None:
    pages = _contents(printed.content)
    assert printed.content.startswith(b"%PDF-1.4\n")
    assert len(pages) == len(score.pages)
    letters = [bytes.fromhex(text).decode("cp1252") for text in re.findall(r"<([0-9a-f]*)> Tj", pages[0])]
    assert {TITLE, "Violin", "Double bass", "Gm7", "A"} <= set(letters)
    assert printed.notes == ()


def test_the_pdf_draws_what_the_pages_draw(score: Engraved, printed: Printed) -> None:
    """As many moved things as there are glyphs in the page, and every state that is saved is restored."""
    page, drawn = score.pages[0], _contents(printed.content)[0]
    assert drawn.count(" cm\n") >= page.count("<use ")
    assert len(re.findall(r"^q\b", drawn, re.M)) == len(re.findall(r"^Q$", drawn, re.M))


def test_the_same_pages_give_the_same_pdf(score: Engraved, printed: Printed) -> None:
    assert pdf_of_pages(score, TITLE) == printed


def test_letters_that_the_pdf_cannot_have_are_told() -> None:
    score = engraved(musicxml_bytes(_piece("Sakura さくら", bars=1)), "a.mid")
    assert "さくら" in "".join(_words(score.pages[0]))
    (note,) = pdf_of_pages(score, "Sakura さくら").notes
    assert "さ" in note and "svg" in note


def test_letters_with_accents_lose_them_only_where_they_must() -> None:
    assert printable_in_times("Élan, Dvořák, B♭, 春") == "Élan, Dvorák, Bb, ?"


def test_widths_are_those_of_times(score: Engraved) -> None:
    lettering = Lettering(score.resources)
    assert lettering.width("ADE", "Times") == pytest.approx((722 + 722 + 611) / 1000, abs=2e-3)
    assert lettering.width("a1", "Times-italic") == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize(
    ("path", "operators"),
    [
        ("M1 2 L3 4z", "1 2 m\n3 4 l\nh"),
        ("m1,2 3,4 h5 V6", "1 2 m\n4 6 l\n9 6 l\n9 6 l"),
        ("M0 0C1 1 2 2 3 3s2 2 4 0", "0 0 m\n1 1 2 2 3 3 c\n4 4 5 5 7 3 c"),
        ("M0 0Q3 3 6 0t6 0", "0 0 m\n2 2 4 2 6 0 c\n8 -2 10 -2 12 0 c"),
        ("M10-5l.5.5", "10 -5 m\n10.5 -4.5 l"),
    ],
)
def test_paths_become_operators(path: str, operators: str) -> None:
    assert operators_of(path) == operators


def test_shapes_are_painted_as_the_page_says(score: Engraved) -> None:
    page = ElementTree.fromstring(
        '<svg xmlns="http://www.w3.org/2000/svg"><rect x="1" y="2" width="3" height="4" fill-opacity="0" '
        'stroke="black" stroke-width="5"/><polygon points="0,0 1,0 1,1"/><path d="M0 0 L9 0" stroke="black"/></svg>'
    )
    drawn = PageDrawing(Lettering(score.resources)).operators(page).split("\n")
    assert drawn == ["q", "5 w", "1 2 3 4 re", "S", "Q", "0 0 m", "1 0 l", "1 1 l", "h", "f", "q", "1 w", "0 0 m",
                     "9 0 l", "S", "Q"]  # fmt: skip
