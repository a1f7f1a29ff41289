"""The map of the packages: who imports whom, read from the code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bench.figures.graph import ABOVE, BELOW, Arrows, imports, layers, package_arrows, reduced
from bench.figures.layout import BOX, WORKSTATION, Map, Point, arranged
from bench.figures.picture import Measured, Picture, Sources
from bench.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, sheet, svg
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

ABOUT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cli": ("the commands", PURPLE),
        "daemon": ("what systemd runs", PURPLE),
        "web": ("page and interface", PURPLE),
        "config": ("the configuration", PURPLE),
        "session": ("settings in, status out", BLUE),
        "player": ("hands notes over in time", BLUE),
        "sinks": ("synths, ports, files", BLUE),
        "save": ("MIDI, scores, sound", BLUE),
        "composer": ("endless stream of notes", GREEN),
        "predictor": ("one step of the network", GREEN),
        "bundle": ("the model's file", GREEN),
        "music": ("notes, keys, encoding", GREEN),
        "playbach_train": ("scores to network", ORANGE),
        "playbach_convert": ("network to bundle", ORANGE),
        ABOVE: ("shared by what plays", GREY),
        BELOW: ("shared by all", GREY),
    }
)
"""What each package is, and the colour of what it belongs to."""
_GROUND = "#f4f4f4"
_LAYER_INCHES = 0.7
"""From layer to layer."""


def measure(sources: Sources) -> Measured:
    del sources
    arrows = package_arrows(imports())
    return {"arrows": {name: sorted(found) for name, found in sorted(arrows.items())}}


def draw(measured: Measured) -> bytes:
    arrows = _arrows(measured)
    rows = layers(arrows)
    found = arranged(rows, reduced(arrows))
    figure = sheet(_LAYER_INCHES * (len(rows) + 1))
    axes = figure.add_subplot()
    axes.axis("off")
    workstation = [found.places[name] for name in WORKSTATION if name in found.places]
    board = [place for name, place in found.places.items() if name not in WORKSTATION]
    _ground(axes, workstation, "workstation")
    _ground(axes, board, "board")
    _connect(axes, found)
    for name, place in found.places.items():
        _box(axes, name, place)
    axes.autoscale_view()
    return svg(figure)


def _arrows(measured: Measured) -> Arrows:
    return {name: set(found) for name, found in measured["arrows"].items()}


def _ground(axes: Any, places: Sequence[Point], name: str) -> None:
    xs, ys = zip(*places, strict=True)
    left, low = min(xs) - BOX[0] / 2 - 0.12, min(ys) - 0.42
    right, top = max(xs) + BOX[0] / 2 + 0.12, max(ys) + 0.72
    corner, size = (left, low), (right - left, top - low)
    axes.add_patch(_rounded(corner, size, facecolor=_GROUND, edgecolor="none"))
    axes.text(left + 0.1, top - 0.06, name, va="top", size=8.5, color=GREY)


def _connect(axes: Any, found: Map) -> None:
    for way in found.ways:
        patch = FancyArrowPatch(
            path=Path(way), arrowstyle="-|>", mutation_scale=10, linewidth=1.1, color=BLACK,
            joinstyle="round", shrinkA=0, shrinkB=0,
        )  # fmt: skip
        axes.add_patch(patch)


def _box(axes: Any, name: str, place: Point) -> None:
    about, colour = ABOUT.get(name, ("", GREY))
    corner = place[0] - BOX[0] / 2, place[1] - BOX[1] / 2
    axes.add_patch(_rounded(corner, BOX, facecolor="white", edgecolor=colour, linewidth=1.6))
    axes.text(place[0], place[1] + 0.1, name, ha="center", va="center", size=9, weight="bold")
    axes.text(place[0], place[1] - 0.13, about, ha="center", va="center", size=7.5)


def _rounded(corner: Point, size: Point, **look: Any) -> FancyBboxPatch:
    shape = "round,pad=0,rounding_size=0.08"
    return FancyBboxPatch(corner, *size, boxstyle=shape, **look)


def caption(measured: Measured) -> str:
    arrows = _arrows(measured)
    count = sum(map(len, arrows.values()))
    shown = sum(map(len, reduced(arrows).values()))
    return (
        f"An arrow leads from a package to one that it imports. Of {count} such pairs the {shown} "
        f"are drawn that no way round implies; none leads up. *{ABOVE}* and *{BELOW}* are the "
        "modules of `playbach` that are in no package: those that know music, and those that do "
        "not. What runs on a workstation is in the folders `train` and `convert`, all else in "
        "`device`."
    )


MODULES = Picture(
    "modules.svg", "The packages, and which imports which",
    (), measure, draw, caption,
)  # fmt: skip
