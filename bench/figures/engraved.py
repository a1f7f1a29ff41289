"""Engraved music as pixels: pages, and bars one above another with lines between their notes."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib.image
from bench.figures.picture import ORANGE
from PIL import Image, ImageOps

from playbach.midi.files import Placed
from playbach.music.note import BarLines, Piece, Ticks
from playbach.save.musicxml import musicxml
from playbach.save.needs import require_program

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_PLACE = re.compile(r"translate\((-?\d+), (-?\d+)\)")
_UNITS = 10
"""Of verovio's inner coordinates to one of its outer."""
_BETWEEN = 800
"""From one bar down to the next: room for the lines."""
_HEAD = (115, 0)
"""From where verovio puts a note head to its middle."""
_PIXELS = 1500
_SHADES = 8
_MARGIN = 25
"""Pixels left around what is shown."""
_OPTIONS = {
    "inputFrom": "xml", "header": "none", "footer": "none", "breaks": "none",
    "adjustPageWidth": True, "adjustPageHeight": True, "svgViewBox": True,
    **{f"pageMargin{side}": 0 for side in ("Top", "Bottom", "Left", "Right")},
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """From a note of the lower bar to one of the upper, numbered within their bars.

    ``share`` of attention, 0 to 1, is how dark it is.
    """

    lower: int
    upper: int
    share: float


@dataclass(frozen=True)
class _Engraving:
    """A bar as verovio makes it."""

    svg: ET.Element  # of it
    size: tuple[int, int]  # width and height
    heads: tuple[tuple[float, float], ...]  # middles of its notes, in the order of the piece


def image(piece: Piece, upper: int, lower: int, lines: Sequence[Line]) -> Any:
    """Two bars of ``piece``, by their numbers, as pixels ``(height, width, channels)``."""
    above, below = (_engrave(bar_of(piece, number), number) for number in (upper, lower))
    width = max(above.size[0], below.size[0])
    down = above.size[1] + _BETWEEN
    height = down + below.size[1]
    whole = ET.Element(f"{{{_SVG}}}svg", {"viewBox": f"0 0 {width} {height}"})
    for engraving, y in ((above, 0), (below, down)):
        engraving.svg.attrib |= {
            "y": str(y), "width": str(engraving.size[0]), "height": str(engraving.size[1]),
        }  # fmt: skip
        whole.append(engraving.svg)
    for line in lines:
        (x1, y1), (x2, y2) = below.heads[line.lower], above.heads[line.upper]
        middle = above.size[1] + _BETWEEN / 2
        curve = f"M{x1} {y1 + down} C{x1} {middle} {x2} {middle} {x2} {y2}"
        style = {"fill": "none", "stroke": ORANGE, "stroke-width": "45"}
        opacity = {"stroke-opacity": f"{min(1.0, 0.15 + line.share):.2f}"}
        ET.SubElement(whole, f"{{{_SVG}}}path", {"d": curve} | style | opacity)
    return matplotlib.image.imread(io.BytesIO(pixels(whole, _PIXELS)))


def bar_of(piece: Piece, number: int) -> Piece:
    """One bar of ``piece`` by itself, from its first note; notes held over its end are cut."""
    lines = BarLines(piece.meters, piece.pickup)
    first = next(note.onset for note in piece.notes if lines.place(note.onset).bar == number)
    place = lines.place(first)
    start = first - place.tick
    notes = piece.notes_within(start, start + place.meter.bar_ticks)
    key = next(key for tick, key in reversed(piece.keys) if tick <= first)
    return Piece(notes, keys=((Ticks(0), key),), meters=((Ticks(0), place.meter),))


def _engrave(bar: Piece, seed: int) -> _Engraving:
    import verovio  # noqa: PLC0415 30 MB that only this picture needs

    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    verovio.enableLog(verovio.LOG_ERROR)
    toolkit = verovio.toolkit()
    # Glyphs are named by chance, and must differ between two bars of one picture.
    toolkit.setOptions({**_OPTIONS, "xmlIdSeed": seed})
    length = bar.meters[0][1].bar_ticks
    toolkit.loadData(musicxml([Placed(bar, 80, Ticks(length))], metronome=False).decode())
    svg = ET.fromstring(toolkit.renderToSVG(1))  # noqa: S314 verovio's, not a user's
    _open_end(svg)
    _, _, width, height = (int(number) * _UNITS for number in svg.attrib["viewBox"].split())
    return _Engraving(svg, (width, height), tuple(_heads(svg)))


def _open_end(svg: ET.Element) -> None:
    """Take the bar line away: the piece goes on."""
    for group in svg.iter(f"{{{_SVG}}}g"):
        if group.get("class") == "barLine":
            group.clear()


def _heads(svg: ET.Element) -> Iterator[tuple[float, float]]:
    for group in svg.iter(f"{{{_SVG}}}g"):
        if group.get("class") == "notehead":
            found = _PLACE.match(group[0].attrib["transform"])
            if found:
                yield int(found[1]) + _HEAD[0], int(found[2]) + _HEAD[1]


def check_rasteriser() -> str:
    """The program that turns SVG into pixels."""
    return require_program("rsvg-convert", "apt install librsvg2-bin")


def pixels(svg: ET.Element, width: int) -> bytes:
    """A picture so many pixels wide, on white."""
    command = [check_rasteriser(), f"--width={width}", "--background-color=white"]
    drawn = ET.tostring(svg)
    return subprocess.run(command, input=drawn, capture_output=True, check=True).stdout


def without_margins(svg: ET.Element, width: int) -> Image.Image:
    """A page so many pixels wide, in grey, without the empty paper around what is on it."""
    grey = Image.open(io.BytesIO(pixels(svg, width))).convert("L")
    return grey.crop(ImageOps.invert(grey).getbbox() or (0, 0, *grey.size))


def small_png(grey: Image.Image) -> bytes:
    """A picture in a few shades, with a margin: most of its bytes are shades nobody tells apart."""
    out = io.BytesIO()
    ImageOps.expand(grey, _MARGIN, 255).quantize(_SHADES).save(out, "PNG", optimize=True)
    return out.getvalue()
