"""Movements as pages, engraved by verovio: one SVG, or a PDF made by rsvg-convert and pypdf."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree as ET

from playbach.errors import OutputError
from playbach.midi.files import Placed
from playbach.save import engraver
from playbach.save.musicxml import musicxml
from playbach.save.needs import require_library, require_program, run_program
from playbach.save.score import title_of

PAGE_MM = (210, 297)
"""A4."""
_SCALE = 90
"""Per cent of verovio's own size: staves 6.5 mm high."""
_MARGIN = 15
"""Millimetres."""
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_FONT = "Leipzig"
"""Verovio's usual one."""
_TITLE = "600px"
_WORDS = "405px"
_GLYPH, _ADVANCE, _SPACE = 0.5, 180, 50
"""Size of the note of a metronome mark to that of the font, from it to its dot, and from there to
the number."""
_INSTALL = "apt install librsvg2-bin"
_PATIENCE = 600.0
"""Seconds that a PDF may take."""


def check_pdf() -> None:
    """Check that the engraver is installed, and what makes a PDF of its pages.

    Raises:
        OutputError: verovio, pypdf or rsvg-convert is not.
    """
    engraver.check()
    require_library("pypdf", "pypdf")
    require_program("rsvg-convert", _INSTALL)


def pages(movements: Sequence[Placed]) -> Iterator[ET.Element]:
    """A4 pages as SVG; each movement begins on a page of its own, under its title."""
    drawn = engraver.engraved([musicxml([movement]) for movement in movements], _options())
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    for number, text in enumerate(chain.from_iterable(drawn.pages), start=1):
        page = ET.fromstring(text)  # noqa: S314 verovio's, not a user's
        _write_number(page, number)
        _enlarge_title(page)
        _draw_tempo(page, drawn.glyphs / _FONT)
        yield page


def _write_number(page: ET.Element, number: int) -> None:
    """Number a page, but the first, at its foot; verovio would begin anew with each movement."""
    drawing = page.find(f"{{{_SVG}}}svg")
    if number > 1 and drawing is not None:
        _, _, width, height = map(int, drawing.attrib["viewBox"].split())
        foot = height - height * _MARGIN // (2 * PAGE_MM[1])
        look = {"x": str(width // 2), "y": str(foot), "font-size": _WORDS, "text-anchor": "middle"}
        ET.SubElement(drawing, f"{{{_SVG}}}text", look).text = str(number)


def _enlarge_title(page: ET.Element) -> None:
    """Set the title in larger type; verovio takes no size from the score."""
    for line in page.iter(f"{{{_SVG}}}tspan"):
        if line.get("font-weight") == "bold" and line.get("text-anchor") == "middle":
            for words in line.iter(f"{{{_SVG}}}tspan"):
                if words.text and words.text.strip():
                    words.set("font-size", _TITLE)


def _draw_tempo(page: ET.Element, font: Path) -> None:
    """Draw the note of a metronome mark, which verovio writes in a font that no program has.

    Args:
        page: has marks such as a quarter note, a dot, and ``= 80``.
        font: verovio's folder of the glyphs of that font.
    """
    for mark in _marked(page, "tempo"):
        text = mark[0]
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        parts = [part for part in text.iter(f"{{{_SVG}}}tspan") if part.text and part.text.strip()]
        words = "".join(part.text or "" for part in parts if not part.get("font-family"))
        mark[:] = []
        for glyph in "".join(part.text or "" for part in parts if part.get("font-family")):
            file = font / f"{ord(glyph):X}.xml"
            outline = ET.parse(file).find("path") if file.exists() else None  # noqa: S314 verovio's
            if outline is not None:
                place = f"translate({x:.0f}, {y:.0f}) scale({_GLYPH}, -{_GLYPH})"
                drawn = {"d": outline.attrib["d"], "transform": place}
                ET.SubElement(mark, f"{{{_SVG}}}path", drawn)
                x += _ADVANCE
        look = {
            "x": f"{x + _SPACE:.0f}",
            "y": f"{y:.0f}",
            "font-size": _WORDS,
            "font-weight": "normal",
        }
        ET.SubElement(mark, f"{{{_SVG}}}text", look).text = " ".join(words.split())


def _marked(page: ET.Element, kind: str) -> list[ET.Element]:
    return [group for group in page.iter(f"{{{_SVG}}}g") if group.get("class") == kind]


def write_svg(movements: Sequence[Placed], path: Path) -> None:
    """All pages in one SVG, each below the one before."""
    width, height = PAGE_MM
    roots = list(pages(movements))
    whole = ET.Element(
        f"{{{_SVG}}}svg",
        {
            "version": "1.1",
            "width": f"{width}mm",
            "height": f"{height * len(roots)}mm",
            "viewBox": f"0 0 {width} {height * len(roots)}",
        },
    )
    ET.SubElement(whole, f"{{{_SVG}}}title").text = title_of(movements)
    ET.SubElement(whole, f"{{{_SVG}}}rect", {"width": "100%", "height": "100%", "fill": "white"})
    for index, root in enumerate(roots):
        root.attrib |= {"y": str(height * index), "width": str(width), "height": str(height)}
        whole.append(root)
    ET.ElementTree(whole).write(path, encoding="utf-8", xml_declaration=True)


def write_pdf(movements: Sequence[Placed], path: Path) -> None:
    """A PDF of the pages.

    Raises:
        OutputError: rsvg-convert is missing, fails, or takes too long.
    """
    program = require_program("rsvg-convert", _INSTALL)
    with tempfile.TemporaryDirectory(prefix="playbach-") as folder:
        names = []
        for number, page in enumerate(pages(movements), start=1):
            names.append(f"page-{number}.svg")
            ET.ElementTree(page).write(Path(folder, names[-1]), encoding="utf-8")
        _convert([program, "--format=pdf", f"--output={path.resolve()}", *names], folder)
    _name(path, movements)


def _name(path: Path, movements: Sequence[Placed]) -> None:
    """Say in a PDF what it is, which rsvg-convert cannot."""
    from pypdf import PdfWriter  # noqa: PLC0415 which only this needs

    document = PdfWriter(clone_from=path)
    document.add_metadata({"/Title": title_of(movements), "/Author": movements[0].composer})
    document.write(path)


def _convert(command: list[str], folder: str) -> None:
    # Without the time of day in it, the same music is the same file.
    timeless = {"SOURCE_DATE_EPOCH": "0"}
    done = run_program(command, _INSTALL, _PATIENCE, folder=Path(folder), environment=timeless)
    if done.returncode:
        words = done.stderr.strip().splitlines()
        said = f": {words[-1]}" if words else ""
        raise OutputError(f"rsvg-convert failed{said}; check whether the disk is full")


def _options() -> engraver.Options:
    # Its unit is a tenth of a millimetre before scaling.
    width, height, margin = (side * 10 * 100 // _SCALE for side in (*PAGE_MM, _MARGIN))
    margins = {f"pageMargin{side}": margin for side in ("Top", "Bottom", "Left", "Right")}
    return {
        "inputFrom": "xml",
        "scale": _SCALE,
        "pageWidth": width,
        "pageHeight": height,
        **margins,
        "mmOutput": True,
        "footer": "none",
        "header": "auto",
        # Identifiers by chance would make another file of the same music.
        "xmlIdSeed": 1,
    }
