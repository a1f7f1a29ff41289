"""What all measurements share: a table of figures, the machine they were taken on, and JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.measurements import MEASUREMENTS

from playbach import __version__
from playbach.bundle import default_bundle_path
from playbach.files import write_atomically


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        what: was measured.
        value: in ``unit``.
        unit: of the value.
        goal: what it should be, such as ``under 150``; ``""`` where it is there to compare with.
    """

    what: str
    value: float
    unit: str
    goal: str = ""


Measure = Callable[[argparse.Namespace], Sequence[Figure]]


def run(name: str, measure: Measure) -> None:
    """The command line of a measurement: measure, print a table, write JSON if asked.

    Args:
        name: of a row of ``MEASUREMENTS``, which says what it is about and takes.
        measure: takes the figures.
    """
    row = MEASUREMENTS[name]
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=row.about)
    add_options(parser, row.options)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    figures = measure(options)
    print(row.about)
    for figure in figures:
        goal = f"   ({figure.goal})" if figure.goal else ""
        print(f"  {figure.what:58} {figure.value:12,.3f} {figure.unit:16}{goal}".rstrip())
    if options.json:
        write_json(options.json, [asdict(figure) for figure in figures])


def add_options(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    """Options of ``OPTIONS`` that a measurement takes."""
    for name in names:
        parser.add_argument(f"--{name}", **OPTIONS[name])


OPTIONS: Mapping[str, dict[str, Any]] = {
    "bundle": {
        "metavar": "FILE", "type": Path, "default": default_bundle_path(),
        "help": "measure this one (default: the one included)",
    },
    "midi": {
        "metavar": "DIR", "type": Path, "action": "append", "default": [],
        "help": "read these scores, not the corpora cello-suites and bach-solo; may be repeated",
    },
}  # fmt: skip
"""What may be measured, by the name of the option: the words of ``add_argument``."""


def write_json(path: Path, content: object) -> None:
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode(), force=True)


def machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "CPU": cpu_name(),
        "cores": str(cores()),
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "system": system_name(),
        "Python": platform.python_version(),
        "playbach": version(),
        "date": time.strftime("%Y-%m-%d"),
    }


@cache
def version() -> str:
    """Of this checkout as it was when first asked, with its commit where git knows it.

    Results that are recorded change the checkout, but not what is measured next.
    """
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
    except OSError:
        return __version__
    commit = done.stdout.strip()
    return f"{__version__}, commit {commit}" if commit else __version__


def cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_name() -> str:
    """Of the processor or, where that has none, the board."""
    try:
        found = re.search(
            r"^(?:model name|Model)\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE
        )
    except OSError:
        found = None
    return f"{found[1] if found else platform.processor() or 'unknown'} ({platform.machine()})"


def system_name() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        name = platform.system()
    # Without the name that whoever built the kernel gave it.
    release = re.match(r"[\d.]*", platform.release())
    return f"{name}, {platform.system()} {release[0] if release else ''}".rstrip()
