"""Two results of ``python -m bench --json`` side by side: two machines, or two commits.

    python -m bench compare A.json B.json

Of each figure that both have in the same unit the last column says how much B is of A. A figure is
known by its measurement and its words; what only one of the two has is listed too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.report import Figure
from bench.results import Results, read

from playbach.command_line import OneLineParser, guarded

PROG = "python -m bench compare"
_NONE = "-"

Key = tuple[str, str]
"""A measurement and what it measured."""


def main(arguments: Sequence[str]) -> int:
    """Print the table; the exit status, 2 for a mistake."""
    parser = OneLineParser(prog=PROG, description="Set two results of the bench side by side.")
    parser.add_argument("first", metavar="A.json", type=Path)
    parser.add_argument("second", metavar="B.json", type=Path)
    options = parser.parse_args(arguments)
    return guarded(PROG, lambda: _print(options.first, options.second))


def _print(first: Path, second: Path) -> int:
    for line in table(read(first), read(second)):
        print(line)
    return 0


def table(first: Results, second: Results) -> Iterator[str]:
    """Machines, then figures by measurement, a string a line."""
    yield from _machines(first, second)
    of_first, of_second = _figures(first), _figures(second)
    keys = dict.fromkeys([*of_first, *of_second])
    for name in dict.fromkeys(name for name, _ in keys):
        yield f"\n{name:58} {'A':>14} {'B':>14} {'unit':>8} {'B / A':>8}"
        yield from (
            _row(what, of_first.get((name, what)), of_second.get((name, what)))
            for of, what in keys
            if of == name
        )


def _machines(first: Results, second: Results) -> Iterator[str]:
    """A line for each thing that figures depend on: what A says, then B, where they differ."""
    names = {name: None for side in (first, second) for t in side.values() for name in t.machine}
    for name in names:
        sides = (
            ", ".join(dict.fromkeys(t.machine.get(name, _NONE) for t in side.values())) or _NONE
            for side in (first, second)
        )
        yield f"{name:10} {' | '.join(dict.fromkeys(sides))}"


def _figures(results: Results) -> Mapping[Key, Figure]:
    return {(name, f.what): f for name, taken in results.items() for f in taken.figures}


def _row(what: str, first: Figure | None, second: Figure | None) -> str:
    units = list(dict.fromkeys(figure.unit for figure in (first, second) if figure))
    return (
        f"  {what:56} {_number(first):>14} {_number(second):>14} {' | '.join(units):>8} "
        f"{_ratio(first, second):>8}"
    ).rstrip()


def _number(figure: Figure | None) -> str:
    return _NONE if figure is None else f"{figure.value:,.3f}"


def _ratio(first: Figure | None, second: Figure | None) -> str:
    """``-`` where there is none: one is missing, units differ, or there is nothing to divide by."""
    if first is None or second is None or first.unit != second.unit or not first.value:
        return _NONE
    ratio = second.value / first.value
    return f"{ratio:.2f}" if math.isfinite(ratio) else _NONE
