"""``make bench``: all measurements, one after another, each in a process of its own.

python -m bench [NAME ...] [--all] [--bundle FILE] [--midi DIR] [--json FILE | --record]
python -m bench compare A.json B.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import documents
from bench.report import MEASUREMENTS, Figure, Result, Results, add_options, machine, read, write

from playbach.bundle import default_bundle_path
from playbach.command_line import OneLineParser, guarded
from playbach.errors import InputError
from playbach.files import check_writable

COMPARE = "compare"
PROG = "python -m bench"


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
    add_options(parser, ("bundle", "midi", "lines"))
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
    """All that was asked for; 1 if something could not be measured."""
    results: Results = {}
    is_other = options.midi or options.lines or options.bundle != default_bundle_path()
    if options.json == documents.RESULTS and is_other:
        raise InputError(
            "--record: the documents tell of the included network and the corpora it learned from; "
            "leave out --bundle, --midi and --lines, or give --json FILE instead"
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
            results = in_order({**results, name: Result(here, tuple(figures))})
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
    """The figures; ``None`` if the measurement failed, which has printed why."""
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

    Figures belong together by their measurement and their words.
    """
    parser = OneLineParser(
        prog=f"{PROG} {COMPARE}", description="Set two results of the bench side by side."
    )
    parser.add_argument("first", metavar="A.json", type=Path)
    parser.add_argument("second", metavar="B.json", type=Path)
    options = parser.parse_args(arguments)

    def run() -> int:
        print(*table(read(options.first), read(options.second)), sep="\n")
        return 0

    return guarded(parser.prog, run)


def table(first: Results, second: Results) -> Iterator[str]:
    """Machines, then all figures, a string a line."""
    for side, results in (("A", first), ("B", second)):
        yield f"{side}: {documents.machines(results)}"
    sides = [
        {(name, figure.what): figure for name, taken in results.items() for figure in taken.figures}
        for results in (first, second)
    ]
    yield f"{'':74} {'A':>22} {'B':>22} {'B / A':>8}"
    for name, what in dict.fromkeys([*sides[0], *sides[1]]):
        a, b = (side.get((name, what)) for side in sides)
        yield f"{name:14} {what:59} {_number(a):>22} {_number(b):>22} {_ratio(a, b):>8}"


def _number(figure: Figure | None) -> str:
    return "-" if figure is None else f"{figure.value:,.3f} {figure.unit}".rstrip()


def _ratio(first: Figure | None, second: Figure | None) -> str:
    """``-`` where one is missing, units differ, or there is nothing to divide by."""
    if first is None or second is None or first.unit != second.unit or not first.value:
        return "-"
    return f"{second.value / first.value:.2f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
