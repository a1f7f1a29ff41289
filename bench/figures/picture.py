"""What every picture has: what is measured, how that is drawn, and how all of them look."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image

Measured = dict[str, Any]
"""What JSON can hold."""


@dataclass(frozen=True)
class Sources:
    """What pictures are made from."""

    bundle: Path  # a bundle, the included one if nothing else was asked for
    midi: Path | None  # a movement as a MIDI file, ``None`` if none was given
    notes: int  # how many are played where time is measured
    data: Path | None = None  # a folder of aligned performances, ``None`` if none was given


@dataclass(frozen=True)
class Picture:
    """A picture of the documentation."""

    file: str  # its name
    options: tuple[str, ...]  # of ``Sources``, by which it can be made of something else
    # takes the figures; raises PlaybachError if a source is not as it must be
    measure: Callable[[Sources], Measured]
    draw: Callable[[Measured], bytes]  # makes the file of them


# Okabe and Ito, "Color Universal Design": told apart with every common kind of colour blindness.
BLACK, BLUE, ORANGE, GREEN, PURPLE = "#222222", "#0072b2", "#d55e00", "#009e73", "#aa4499"
GREY, PALE = "#777777", "#dddddd"

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": BLACK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.color": PALE,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    # Identifiers by chance would make another file of the same picture.
    "svg.hashsalt": "playbach",
    "text.color": BLACK,
    "xtick.color": BLACK,
    "ytick.color": BLACK,
}
"""Settings of matplotlib under which every picture is drawn."""

WIDTH = 7.5
"""Inches: what fits on a page between margins."""
_DOTS_PER_INCH = 170
_SHADES = 96


def sheet(height: float) -> Figure:
    """A figure ``height`` inches high, with nothing on it."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def svg(figure: Figure) -> bytes:
    """Letters are drawn as outlines, so that the picture is the same whatever fonts there are."""
    buffer = io.BytesIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def png(figure: Figure) -> bytes:
    """For what has pixels in it, or so many marks that SVG would be larger."""
    figure.set_dpi(_DOTS_PER_INCH)
    drawn = FigureCanvasAgg(figure)
    drawn.draw()
    pixels = Image.fromarray(np.asarray(drawn.buffer_rgba())).convert("RGB")
    buffer = io.BytesIO()
    # A few colours and what lies between them: nobody sees it, and it is a third as large.
    pixels.quantize(_SHADES).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
