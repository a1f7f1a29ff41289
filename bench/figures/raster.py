"""Engraved music as pixels."""

from __future__ import annotations

import io
import subprocess
from xml.etree import ElementTree as ET

from PIL import Image, ImageOps

from playbach.save.needs import require_program

_SHADES = 8
_MARGIN = 25
"""Pixels left around what is shown."""


def check_rasteriser() -> str:
    """The program that turns SVG into pixels.

    Raises:
        OutputError: rsvg-convert is not installed.
    """
    return require_program("rsvg-convert", "apt install librsvg2-bin")


def png(svg: ET.Element, width: int) -> bytes:
    """A picture so many pixels wide, on white.

    Raises:
        OutputError: rsvg-convert is not installed.
    """
    command = [check_rasteriser(), f"--width={width}", "--background-color=white"]
    drawn = ET.tostring(svg)
    return subprocess.run(command, input=drawn, capture_output=True, check=True).stdout


def without_margins(svg: ET.Element, width: int) -> Image.Image:
    """A page so many pixels wide, in grey, without the empty paper around what is on it.

    Raises:
        OutputError: rsvg-convert is not installed.
    """
    grey = Image.open(io.BytesIO(png(svg, width))).convert("L")
    return grey.crop(ImageOps.invert(grey).getbbox() or (0, 0, *grey.size))


def small_png(grey: Image.Image) -> bytes:
    """A picture in a few shades, with a margin: most of its bytes are shades nobody tells apart."""
    out = io.BytesIO()
    ImageOps.expand(grey, _MARGIN, 255).quantize(_SHADES).save(out, "PNG", optimize=True)
    return out.getvalue()
