"""What ``python -m bench --json FILE`` keeps: figures by measurement, each with its machine.

A measurement that is taken again replaces what the file has of it and leaves the others, so that
one which takes hours need not be repeated with those of seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.report import Figure, write_json

from playbach.command_line import one_line
from playbach.errors import InputError

MAX_BYTES = 2**20
_MAKE = "make one with: python -m bench --json FILE"


@dataclass(frozen=True)
class Taken:
    """A measurement as it was taken.

    Attributes:
        machine: what the figures depend on, by name, as ``bench.report.machine`` tells it.
        figures: in the order in which they were printed.
    """

    machine: Mapping[str, str]
    figures: tuple[Figure, ...]


Results = Mapping[str, Taken]
"""By name of the measurement, in the order of the file."""


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
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a result of the bench; {_MAKE}")
    return {one_line(name): _taken(path, name, entry) for name, entry in content.items()}


def write(path: Path, results: Results) -> None:
    """Write results so that ``read`` gives them back.

    Raises:
        OutputError: the file cannot be written.
    """
    write_json(path, {name: asdict(taken) for name, taken in results.items()})


def _taken(path: Path, name: str, entry: Any) -> Taken:
    if not isinstance(entry, dict) or not isinstance(entry.get("machine"), dict):
        raise InputError(f"{path}: {name[:40]!r} says no machine, so not from the bench; {_MAKE}")
    machine = {one_line(str(key)): one_line(str(said)) for key, said in entry["machine"].items()}
    return Taken(machine, tuple(_figures(path, name, entry.get("figures"))))


def _figures(path: Path, name: str, rows: Any) -> Iterator[Figure]:
    for row in rows if isinstance(rows, list) else [rows]:
        try:
            what, unit, goal = (one_line(str(row[key])) for key in ("what", "unit", "goal"))
            value = float(row["value"])
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise InputError(
                f"{path}: a figure of {name[:40]!r} is not as the bench writes it; {_MAKE}"
            ) from error
        yield Figure(what, value, unit, goal)
