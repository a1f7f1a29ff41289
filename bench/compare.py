"""Two results of ``python -m bench --json`` side by side: two machines, or two commits.

    python -m bench compare A.json B.json

Of each figure that both have in the same unit the last column says how much B is of A. A figure is
known by its measurement and its words; what only one of the two has is listed too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.report import Figure

from playbach.command_line import OneLineParser, guarded, one_line
from playbach.errors import InputError

PROG = "python -m bench compare"
MACHINE = "machine"
MAX_BYTES = 2**20
_NONE = "-"
_MAKE = "make one with: python -m bench --json FILE"

Key = tuple[str, str]
"""A measurement and what it measured."""


@dataclass(frozen=True)
class Results:
    """What a file holds.

    Attributes:
        machine: what the figures depend on, by name.
        figures: in the order of the file.
    """

    machine: Mapping[str, str]
    figures: Mapping[Key, Figure] = field(default_factory=dict)


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


def read(path: Path) -> Results:
    """The results in a file.

    Raises:
        InputError: it cannot be read, or is not what the bench writes.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES >> 20} MiB, so not from this bench")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}); {_MAKE}") from error
    if not isinstance(content, dict) or not isinstance(content.get(MACHINE), dict):
        raise InputError(f"{path}: not a result of the bench; {_MAKE}")
    machine = {one_line(str(name)): one_line(str(is_)) for name, is_ in content[MACHINE].items()}
    figures = {
        (one_line(name), one_line(figure.what)): figure
        for name, rows in content.items()
        if name != MACHINE
        for figure in _figures(path, name, rows)
    }
    return Results(machine, figures)


def _figures(path: Path, name: str, rows: Any) -> Iterator[Figure]:
    # Null is what could not be measured on that machine.
    for row in rows if isinstance(rows, list) else [] if rows is None else [rows]:
        try:
            what, value, unit = str(row["what"]), float(row["value"]), str(row["unit"])
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise InputError(
                f"{path}: a figure of {name[:40]!r} is not as the bench writes it; {_MAKE}"
            ) from error
        yield Figure(what, value, one_line(unit))


def table(first: Results, second: Results) -> Iterator[str]:
    """Machines, then figures by measurement, a string a line."""
    for name in dict.fromkeys([*first.machine, *second.machine]):
        sides = (side.machine.get(name, _NONE) for side in (first, second))
        yield f"{name:10} {' | '.join(dict.fromkeys(sides))}"
    keys = dict.fromkeys([*first.figures, *second.figures])
    for name in dict.fromkeys(name for name, _ in keys):
        yield f"\n{name:58} {'A':>14} {'B':>14} {'unit':>8} {'B / A':>8}"
        yield from (
            _row(what, first.figures.get((name, what)), second.figures.get((name, what)))
            for of, what in keys
            if of == name
        )


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
