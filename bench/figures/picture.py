"""What every picture has: what is measured, what is said below it, and how all of them look."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
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
    """What pictures are made from.

    Attributes:
        run: folder of a training run.
        bundle: a bundle, the included one if nothing else was asked for.
        midi: a movement as a MIDI file, ``None`` if none was given.
        more: bundles of further networks.
        notes: how many are played where time is measured.
    """

    run: Path
    bundle: Path
    midi: Path | None
    more: tuple[Path, ...]
    notes: int


@dataclass(frozen=True)
class Picture:
    """A picture of the documentation.

    Attributes:
        file: its name.
        about: what it shows, in a line; the text for those who cannot see it.
        options: of ``Sources``, by which it can be made of something else.
        measure: takes the figures; raises PlaybachError if a source is not as it must be.
        draw: makes the file of them.
        caption: says in a sentence or two what they are, from the figures themselves.
        timed: whether what else the machine does changes the figures.
    """

    file: str
    about: str
    options: tuple[str, ...]
    measure: Callable[[Sources], Measured]
    draw: Callable[[Measured], bytes]
    caption: Callable[[Measured], str]
    timed: bool = False


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


def canvas(height: float, rows: int = 1, columns: int = 1, **more: Any) -> tuple[Figure, Any]:
    """A figure ``height`` inches high, and its axes as ``Figure.subplots`` gives them."""
    figure = sheet(height)
    return figure, figure.subplots(rows, columns, **more)


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


def name_ends(axes: Any, x: float, ends: Sequence[tuple[float, str, str]], apart: float) -> None:
    """Name curves at their ends, where a legend would have to be matched by colour.

    Args:
        axes: of the curves.
        x: where they end.
        ends: of each curve the last value, the name and the colour.
        apart: the least distance of two names, in units of the values.
    """
    lowest = -float("inf")
    for value, name, colour in sorted(ends):
        lowest = max(value, lowest + apart)
        axes.annotate(
            name, (x, lowest), (6, 0), textcoords="offset points", va="center", color=colour, size=9
        )
