"""Pages and pictures, made by the real engraver and the real converter."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader
from tests.device.save import score

from playbach.errors import OutputError
from playbach.midi.files import Placed
from playbach.music.meter import parse_meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.save import engraver, engraving, roll

SVG = "{http://www.w3.org/2000/svg}"

converter = pytest.mark.skipif(
    shutil.which("rsvg-convert") is None, reason="needs rsvg-convert: apt install librsvg2-bin"
)


def movement(title: str, bars: int = 4, *, pickup: int = 0) -> Placed:
    """A scale up and down in eighths."""
    count = 6 * bars
    notes = tuple(
        Note(Ticks(12 * i), Pitch(43 + abs(i % 24 - 12)), Ticks(12)) for i in range(count)
    )
    piece = Piece(
        notes, meters=((Ticks(0), parse_meter("3/4")),), title=title, pickup=Ticks(pickup)
    )
    return Placed(piece, 80.0, piece.end)


TWO = (movement("Suite 1, I Bourrée"), movement("Suite 1, II Gigue", pickup=12))


def written_svg(path: Path, *movements: Placed) -> ET.Element:
    engraving.write_svg(movements, path)
    return score.tree(path.read_bytes())


def by_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in root.iter() if name in (one.get("class") or "").split()]


def test_each_movement_begins_a_page_under_its_title(tmp_path: Path) -> None:
    root = written_svg(tmp_path / "a.svg", *TWO)
    pages = root.findall(f"{SVG}svg")
    assert [page.get("y") for page in pages] == ["0", "297"]
    assert (root.get("width"), root.get("height")) == ("210mm", "594mm")
    texts = ["".join(page.itertext()) for page in pages]
    assert "Suite 1, I Bourrée" in texts[0]
    assert "Play Bach" in texts[0]
    # The note of the metronome mark is drawn: no program has its font.
    (tempo,) = by_class(pages[0], "tempo")
    assert "".join(tempo.itertext()).strip() == "= 80"
    assert len(tempo.findall(f"{SVG}path")) == 1
    assert "Suite 1, II Gigue" in texts[1]
    # Pages are numbered from the second on.
    assert [page.findtext(f"{SVG}svg/{SVG}text") for page in pages] == [None, "2"]


def test_all_notes_and_bars_are_on_the_pages(tmp_path: Path) -> None:
    root = written_svg(tmp_path / "a.svg", movement("Long", bars=200))
    assert len(root.findall(f"{SVG}svg")) > 1
    assert len(by_class(root, "note")) == 1200
    assert len(by_class(root, "measure")) == 200


def test_a_page_needs_nothing_from_elsewhere_and_runs_nothing(tmp_path: Path) -> None:
    written_svg(tmp_path / "a.svg", *TWO)
    text = (tmp_path / "a.svg").read_text()
    assert set(re.findall(r'href="(.)', text)) == {"#"}
    assert "<script" not in text
    assert "@import" not in text


def test_the_same_music_is_the_same_svg(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        written_svg(tmp_path / name, *TWO)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@converter
def test_a_pdf_has_a_page_for_each_page(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    engraving.write_pdf(TWO, path)
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert b"/Count 2" in content
    # A4 in points.
    assert re.search(rb"/MediaBox \[ ?0 0 595\.\d+ 841\.\d+ ?\]", content)
    said = PdfReader(path).metadata
    assert said is not None
    assert (said.title, said.author) == ("Suite 1", "Play Bach")


@converter
def test_a_converter_that_cannot_write_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"^rsvg-convert failed.*; check whether the disk is"):
        engraving.write_pdf(TWO, tmp_path / "no folder" / "a.pdf")


def test_what_is_missing_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutputError, match="rsvg-convert is not installed; run: apt install libr"):
        engraving.check_pdf()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for check, package in ((engraver.check, "verovio"), (roll.check, "pillow")):
        with pytest.raises(OutputError, match=f"package {package} is not installed; .*pip install"):
            check()


def test_every_note_is_a_bar_in_the_roll_where_it_sounds(tmp_path: Path) -> None:
    notes = (Note(Ticks(0), Pitch(48), Ticks(24)), Note(Ticks(48), Pitch(60), Ticks(48)))
    piece = Piece(notes, title="Two notes")
    path = tmp_path / "a.png"
    roll.write([Placed(piece, 80, piece.end)], path)
    (row,), height = roll.layout([Placed(piece, 80, piece.end)])
    with Image.open(path) as image:
        assert (image.width, image.height) == (roll.WIDTH, height)
        pixels = np.asarray(image.convert("RGB")).astype(int)
    red = (pixels[:, :, 0] > 100) & (pixels[:, :, 1] < 70)
    for note in notes:
        y = row.y(note.pitch) + roll.SEMITONE // 2
        xs = np.flatnonzero(red[y])
        assert xs[0] == pytest.approx(row.x(note.onset), abs=2)
        assert xs[-1] == pytest.approx(row.x(note.end), abs=3)
    assert np.flatnonzero(red.any(axis=1)).size == 2 * roll.SEMITONE


def test_a_long_roll_has_rows_and_stays_in_what_programs_can_show() -> None:
    rows, _ = roll.layout([movement("Long", bars=32)])
    assert [row.start for row in rows] == [0, 576, 1152, 1728]
    assert [bool(row.title) for row in rows] == [True, False, False, False]
    _, height = roll.layout([movement("Very long", bars=8000)])
    assert height <= roll.MOST_HEIGHT


def test_the_first_bar_line_of_a_roll_is_after_the_pickup() -> None:
    (row,), _ = roll.layout([movement("Upbeat", pickup=12)])
    assert row.start == 12 - 72
