"""``make bench``: all measurements, one after another, each in a process of its own.

python -m bench [NAME ...] [--all] [--bundle FILE] [--midi DIR] [--json FILE | --record]
python -m bench compare A.json B.json
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench import documents
from bench.report import MEASUREMENTS, Figure, Results, Taken, add_options, machine, read, write

from playbach.bundle import default_bundle_path
from playbach.command_line import OneLineParser, guarded
from playbach.errors import InputError
from playbach.files import check_writable

COMPARE = "compare"
PROG = "python -m bench"
_NONE = "-"

Key = tuple[str, str]
"""A measurement and what it measured."""


def main(arguments: Sequence[str]) -> int:
    """Measure, or compare what was measured; the exit status."""
    if arguments[:1] == [COMPARE]:
        return compare(arguments[1:])
    parser = build_parser()
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(MEASUREMENTS))
    if unknown:
        parser.error(
            f"no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}, and {COMPARE}"
        )
    return guarded(PROG, lambda: run(options))


def build_parser() -> OneLineParser:
    long = ", ".join(f"{name} ({row.asks})" for name, row in MEASUREMENTS.items() if row.asks)
    parser = OneLineParser(
        prog=PROG,
        description="Print the README's figures, and the machine they were measured on.",
        epilog=f"Only when named, or with --all: {long}. "
        f"{PROG} {COMPARE} A.json B.json sets two results side by side.",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(MEASUREMENTS))
    parser.add_argument("--all", action="store_true", help="all of them, those that take long too")
    add_options(parser, ("bundle", "midi"))
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument(
        "--json", metavar="FILE", type=Path,
        help="also write machine and figures here; what the file has of other measurements stays",
    )  # fmt: skip
    kept.add_argument(
        "--record", dest="json", action="store_const", const=documents.RESULTS,
        help="the same for the file from which the documents' tables are made, and make them",
    )  # fmt: skip
    return parser


def run(options: argparse.Namespace) -> int:
    """All that was asked for; 1 if something could not be measured.

    Raises:
        InputError: the file to be written has something else in it, or the documents' tables are to
            be made of what they do not tell of.
        OutputError: it cannot be written.
    """
    results: Results = {}
    is_other = options.midi or options.bundle != default_bundle_path()
    if options.json == documents.RESULTS and is_other:
        raise InputError(
            "--record: the documents tell of the included network and the corpora it learned from; "
            "leave out --bundle and --midi, or give --json FILE instead"
        )
    if options.json:
        check_writable(options.json, force=True)
        results = read(options.json) if options.json.exists() else {}
    missing = []
    for name in wanted(options):
        here = machine()
        print("; ".join(f"{key}: {value}" for key, value in here.items()), flush=True)
        figures = measured(name, options)
        if figures is None:
            missing.append(name)
        elif options.json:
            # At once: what was measured for an hour is not lost with what comes after it.
            results = in_order({**results, name: Taken(here, tuple(figures))})
            write(options.json, results)
    if missing:
        print(f"not measured: {', '.join(missing)}", flush=True)
    if options.json == documents.RESULTS:
        documents.make(results)
    return 1 if missing else 0


def wanted(options: argparse.Namespace) -> list[str]:
    if options.names:
        return list(dict.fromkeys(options.names))
    return [name for name, row in MEASUREMENTS.items() if options.all or not row.asks]


def in_order(results: Results) -> Results:
    """As ``MEASUREMENTS`` has them, so that files can be compared line by line."""
    return {name: results[name] for name in [*MEASUREMENTS, *results] if name in results}


def measured(name: str, options: argparse.Namespace) -> list[Figure] | None:
    """The figures, ``None`` if they could not be taken; the measurement says why."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        command = [sys.executable, "-m", f"bench.{name}", "--json", str(out)]
        for option in MEASUREMENTS[name].options:
            given = getattr(options, option)
            for value in given if isinstance(given, list) else [given]:
                command += [f"--{option}", str(value)]
        done = subprocess.run(command, check=False)
        print(flush=True)
        return None if done.returncode else [Figure(**row) for row in json.loads(out.read_text())]


def compare(arguments: Sequence[str]) -> int:
    """Set two results side by side: two machines, or two commits; the exit status.

    Of each figure that both have in the same unit the last column says how much B is of A. A figure
    is known by its measurement and its words; what only one of the two has is listed too.
    """
    parser = OneLineParser(
        prog=f"{PROG} {COMPARE}", description="Set two results of the bench side by side."
    )
    parser.add_argument("first", metavar="A.json", type=Path)
    parser.add_argument("second", metavar="B.json", type=Path)
    options = parser.parse_args(arguments)
    return guarded(parser.prog, lambda: _print(options.first, options.second))


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
