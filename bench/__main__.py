"""``make bench``: all measurements, one after another, each in a process of its own.

python -m bench [NAME ...] [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.report import machine, write_json

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


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Print the README's figures.")
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(MEASUREMENTS))
    parser.add_argument("--bundle", type=Path, help="measure this one (default: the one included)")
    parser.add_argument("--json", type=Path, help="also write machine and figures here")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(MEASUREMENTS))
    if unknown:
        parser.error(f"no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}")
    here = machine()
    print("; ".join(f"{name}: {value}" for name, value in here.items()), flush=True)
    names = options.names or [name for name in MEASUREMENTS if name not in ON_REQUEST]
    results = {name: measured(name, options) for name in names}
    if options.json:
        write_json(options.json, {"machine": here} | results)
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
    sys.exit(main())
