"""``make bench``: all measurements, one after another, each in a process of its own.

python -m bench [NAME ...] [--bundle FILE] [--json FILE]
python -m bench compare A.json B.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import compare
from bench.report import machine, write_json

from playbach.command_line import OneLineParser, guarded
from playbach.files import check_writable

# Name, and whether it reads a bundle.
MEASUREMENTS = {
    "note": True,
    "save": True,
    "loops": True,
    "start": True,
    "control": True,
    "playing": True,
    "soak": True,
    "web": True,
    "onset": False,
    "train": False,
}
ON_REQUEST = ("soak",)
"""Takes a quarter of an hour, and so is measured only when it is named."""


COMPARE = "compare"
PROG = "python -m bench"


def main(arguments: Sequence[str]) -> int:
    """Measure, or compare what was measured; the exit status."""
    if arguments[:1] == [COMPARE]:
        return compare.main(arguments[1:])
    parser = build_parser()
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(MEASUREMENTS))
    if unknown:
        parser.error(
            f"no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}, and {COMPARE}"
        )
    return guarded(PROG, lambda: run(options))


def build_parser() -> OneLineParser:
    parser = OneLineParser(
        prog=PROG,
        description="Print the README's figures.",
        epilog=f"{PROG} {COMPARE} A.json B.json sets two results side by side.",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(MEASUREMENTS))
    parser.add_argument("--bundle", type=Path, help="measure this one (default: the one included)")
    parser.add_argument("--json", type=Path, help="also write machine and figures here")
    return parser


def run(options: argparse.Namespace) -> int:
    """All that was asked for; 1 if something could not be measured.

    Raises:
        OutputError: the JSON cannot be written.
    """
    if options.json:
        check_writable(options.json, force=True)
    here = machine()
    print("; ".join(f"{name}: {value}" for name, value in here.items()), flush=True)
    names = options.names or [name for name in MEASUREMENTS if name not in ON_REQUEST]
    results = {name: measured(name, options) for name in names}
    if options.json:
        write_json(options.json, {compare.MACHINE: here} | results)
    missing = [name for name, figures in results.items() if figures is None]
    if missing:
        print(f"\nnot measured: {', '.join(missing)}")
    return 1 if missing else 0


def measured(name: str, options: argparse.Namespace) -> object:
    """The figures, ``None`` if they could not be taken; the measurement says why."""
    print(flush=True)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        command = [sys.executable, "-m", f"bench.{name}", "--json", str(out)]
        if options.bundle and MEASUREMENTS[name]:
            command += ["--bundle", str(options.bundle)]
        done = subprocess.run(command, check=False)
        return None if done.returncode else json.loads(out.read_text())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
