"""Movements as pages, engraved by verovio: one SVG, or a PDF made by rsvg-convert."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from playbach.errors import OutputError
from playbach.music.midi_write import Placed
from playbach.save.musicxml import musicxml
from playbach.save.needs import require_library, require_program, run_program

PAGE_MM = (210, 297)
"""A4."""
_SCALE = 90
"""Per cent of verovio's own size: staves 6.5 mm high."""
_MARGIN = 15
"""Millimetres."""
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_PAGE_NUMBER = re.compile("\N{EN DASH}[0-9]+\N{EN DASH}")
_INSTALL = "apt install librsvg2-bin"
_PATIENCE = 600.0
"""Seconds that a PDF may take."""


def check_svg() -> None:
    """Check that the engraver is installed.

    Raises:
        OutputError: verovio is not.
    """
    require_library("verovio", "verovio")


def check_pdf() -> None:
    """Check that the engraver is installed, and the program that makes a PDF of its pages.

    Raises:
        OutputError: verovio or rsvg-convert is not.
    """
    check_svg()
    require_program("rsvg-convert", _INSTALL)


def pages(movements: Sequence[Placed]) -> Iterator[ET.Element]:
    """A4 pages as SVG; each movement begins on a page of its own, under its title."""
    import verovio  # noqa: PLC0415 30 MB that only pages need

    verovio.enableLog(verovio.LOG_ERROR)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_options())
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    engraved = (page for movement in movements for page in _pages_of(toolkit, movement))
    for number, page in enumerate(engraved, start=1):
        _renumber(page, number)
        yield page


def _pages_of(toolkit: Any, movement: Placed) -> Iterator[ET.Element]:
    score = musicxml([movement], metronome=False).decode()
    if not toolkit.loadData(score):
        raise RuntimeError(f"verovio does not read our MusicXML of {movement.piece.title!r}")
    for number in range(1, toolkit.getPageCount() + 1):
        yield ET.fromstring(toolkit.renderToSVG(number))  # noqa: S314 verovio's, not a user's


def _renumber(page: ET.Element, number: int) -> None:
    """Give a page its number; verovio counts from the start of the movement."""
    for text in page.iter(f"{{{_SVG}}}tspan"):
        if text.text and _PAGE_NUMBER.fullmatch(text.text.strip()):
            text.text = f"\N{EN DASH}{number}\N{EN DASH}"


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


def _convert(command: list[str], folder: str) -> None:
    # Without the time of day in it, the same music is the same file.
    timeless = {"SOURCE_DATE_EPOCH": "0"}
    done = run_program(command, _INSTALL, _PATIENCE, folder=Path(folder), environment=timeless)
    if done.returncode:
        words = done.stderr.strip().splitlines()
        said = f": {words[-1]}" if words else ""
        raise OutputError(f"rsvg-convert failed{said}; check whether the disk is full")


def _options() -> dict[str, str | int | bool]:
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
