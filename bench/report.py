"""The table of measurements, their results as figures and as a file, and the machine.

A measurement that is taken again replaces what the file has of it and leaves the others, so that
one which takes hours need not be repeated with those of seconds.
"""

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
from types import MappingProxyType
from typing import Any

from playbach import __version__
from playbach.bundle import Bundle, default_bundle_path
from playbach.command_line import one_line
from playbach.composer.composer import Composer, ComposerSettings
from playbach.errors import InputError
from playbach.files import write_atomically
from playbach.predictor import load_predictor

MAX_BYTES = 2**20
MACHINE = ("CPU", "cores", "load", "system", "Python", "playbach", "date")
"""What is said of a machine."""
_TEXTS = ("what", "unit", "goal")


@dataclass(frozen=True)
class Measurement:
    """What a module of the bench measures."""

    about: str  # in a few words, as a heading
    options: tuple[str, ...] = ("bundle",)  # which of the bench's options it takes, without dashes
    # what it takes beyond a minute or two; ``""`` if it is measured without being named
    asks: str = ""


MEASUREMENTS: Mapping[str, Measurement] = MappingProxyType(
    {
        "bits": Measurement(
            "Bits per note on movements held out", ("midi", "lines"),
            "an hour or two; trains five networks twice",
        ),
        "note": Measurement("Time for one note"),
        "save": Measurement("Saving music"),
        "start": Measurement("From the start to the first note, and memory"),
        "playing": Measurement("What playing takes"),
        "onset": Measurement("Onset error over JACK", ()),
        "kernel_queue": Measurement(
            "Onset error through the kernel's queue", (),
            "some minutes; boots a virtual machine, as root",
        ),
        "control": Measurement("From a change to the first note it shapes"),
        "web": Measurement("What the page takes"),
        "soak": Measurement("Memory over a million notes", ("bundle",), "a quarter of an hour"),
        "listening": Measurement("From the last note played to it to its answer", ("bundle",)),
        "theme": Measurement("Whether a movement comes back to the theme that it was given"),
        "loops": Measurement("Whether the music goes round in circles"),
        "train": Measurement("Training", ()),
        "effect": Measurement("What the board's own sound takes", ()),
    }
)  # fmt: skip
"""By name of the module, in the order in which the documents list them."""


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    what: str  # was measured
    value: float  # in ``unit``
    unit: str  # of the value
    # what it should be, such as ``under 150``; ``""`` where it is there to compare with
    goal: str = ""


def run(name: str, measure: Callable[[argparse.Namespace], Sequence[Figure]], **more: Any) -> None:
    """The command line of a measurement: measure, print a table, write JSON if asked.

    Args:
        name: of a row of ``MEASUREMENTS``, which says what it is about and takes.
        measure: takes the figures.
        more: options of its own, by name the default.
    """
    row = MEASUREMENTS[name]
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=row.about)
    add_options(parser, row.options)
    for option, default in more.items():
        parser.add_argument(f"--{option}", type=type(default), default=default)
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
    "lines": {
        "metavar": "DIR", "type": Path, "action": "append", "default": [],
        "help": "read these, not the corpora bach-keyboard and bach-ensemble; may be repeated",
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
    """Version and commit of this checkout, read once.

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


def composer_of(
    bundle: Bundle,
    variant: str | None = None,
    settings: ComposerSettings | None = None,
    *,
    seed: int = 1,
    stepwise: bool = False,
) -> Composer:
    """A composer with a seeded random generator."""
    chosen = settings or ComposerSettings()
    predictor = load_predictor(bundle, variant, stepwise=stepwise)
    return Composer(predictor, bundle.manifest.range, seed, lambda: chosen)


@dataclass(frozen=True)
class Result:
    """The result of a measurement."""

    # what the figures depend on, by name, as ``bench.report.machine`` tells it
    machine: Mapping[str, str]
    figures: tuple[Figure, ...]  # in the order in which they were printed


Results = Mapping[str, Result]
"""By name of the measurement, in the order of the file."""


def read(path: Path) -> Results:
    """The results in a file."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES >> 20} MiB, so not from this bench")
        content = json.loads(path.read_text(encoding="utf-8"))
        return {one_line(name): _taken(entry) for name, entry in content.items()}
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise InputError(
            f"{path}: not a result of the bench ({one_line(repr(error))[:80]}); make one with: "
            "python -m bench --json FILE"
        ) from error


def write(path: Path, results: Results) -> None:
    """Write results so that ``read`` gives them back."""
    write_json(path, {name: asdict(taken) for name, taken in results.items()})


def _taken(entry: Any) -> Result:
    """What ``asdict`` made of it; raises whatever else it is."""
    machine = {name: one_line(str(entry["machine"][name])) for name in MACHINE}
    figures = [
        Figure(value=float(row["value"]), **{key: one_line(str(row[key])) for key in _TEXTS})
        for row in entry["figures"]
    ]
    return Result(machine, tuple(figures))
