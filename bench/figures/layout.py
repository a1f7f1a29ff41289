"""Where the boxes of a layered map stand, and the ways that arrows take between them.

After Sugiyama, Tagawa and Toda (1981): an arrow over several layers keeps a place free in each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures.graph import Arrows

BOX = (1.62, 0.52)
"""Width and height, where layers are 1 apart."""
WORKSTATION = ("playbach_train", "playbach_convert")
"""What stands aside, as it is not on the board."""
_GAP = 0.2
_ASIDE = 2.15
_PASSAGE = 0.1
"""Width of the place that a passing arrow keeps free."""

_PUSHES = 200

Point = tuple[float, float]
Node = tuple[str, str, int]
"""A box (its name twice) or an arrow that passes (from, to), and its layer."""


@dataclass(frozen=True)
class Map:
    """A map of packages.

    Attributes:
        places: the middle of each box.
        ways: of each arrow, from the lower edge of a box to the upper edge of another.
    """

    places: Mapping[str, Point]
    ways: Sequence[Sequence[Point]]


def arranged(rows: Sequence[Sequence[str]], arrows: Arrows) -> Map:
    """Each box above those that its arrows lead to, as nearly as others leave room for it.

    Args:
        rows: the packages, a row for each layer, the lowest first.
        arrows: those that are drawn; each leads to a lower layer.
    """
    layer = {name: height for height, row in enumerate(rows) for name in row}
    drawn = [(name, one) for name, found in arrows.items() for one in sorted(found)]
    xs: dict[Node, float] = {}
    for height in range(len(rows)):
        wanted = _wanted(height, drawn, layer, xs)
        order = sorted(wanted, key=lambda node: (wanted[node], node))
        xs |= zip(order, _apart(order, wanted), strict=True)
    aside = min(xs.values()) - _ASIDE
    places = {name: (xs.get((name, name, at), aside), float(at)) for name, at in layer.items()}
    ways = [
        _way(places[a], places[b], [(x, at) for (m, n, at), x in xs.items() if (m, n) == (a, b)])
        for a, b in drawn
    ]
    return Map(places, ways)


def _wanted(
    height: int,
    drawn: Sequence[tuple[str, str]],
    layer: Mapping[str, int],
    xs: Mapping[Node, float],
) -> dict[Node, float]:
    """Where each box and each passing arrow of a layer would stand if it were alone."""

    def below(start: str, end: str) -> float:
        return xs[(end, end, layer[end]) if layer[end] == height - 1 else (start, end, height - 1)]

    wanted: dict[Node, float] = {}
    for name, at in layer.items():
        if at == height and name not in WORKSTATION:
            under = [below(start, end) for start, end in drawn if start == name]
            wanted[name, name, at] = sum(under) / len(under) if under else 0.0
    for start, end in drawn:
        if layer[end] < height < layer[start] and start not in WORKSTATION:
            wanted[start, end, height] = below(start, end)
    return wanted


def _apart(order: Sequence[Node], wanted: Mapping[Node, float]) -> list[float]:
    """The nearest places to those wanted, in that order, that do not touch: pushed both ways."""
    found = [wanted[node] for node in order]
    widths = [BOX[0] if start == end else _PASSAGE for start, end, _ in order]
    for _ in range(_PUSHES):
        for at in range(len(found) - 1):
            missing = (widths[at] + widths[at + 1]) / 2 + _GAP - (found[at + 1] - found[at])
            if missing > 0:
                found[at] -= missing / 2
                found[at + 1] += missing / 2
    return found


def _way(start: Point, end: Point, passed: Sequence[tuple[float, int]]) -> list[Point]:
    """Straight down past the boxes of each layer between, from the highest."""
    half = BOX[1] / 2
    way = [(start[0], start[1] - half)]
    for x, at in sorted(passed, key=lambda place: -place[1]):
        way += [(x, at + half), (x, at - half)]
    return [*way, (end[0], end[1] + half + 0.02)]
