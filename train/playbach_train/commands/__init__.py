"""The commands of ``playbach-train``: a module each, and what they have in common."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from playbach.errors import InputError, OutputError
from playbach.files import check_writable


def say(line: str) -> None:
    """A line for the user, seen at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_aside(line: str) -> None:
    """The same on standard error, where it does not mix with JSON."""
    sys.stderr.write(f"{line}\n")


def say_nothing(line: str) -> None:
    """For who wants to hear nothing."""
    del line


def as_json(figures: Mapping[str, Any]) -> str:
    """Figures as JSON, which has no infinities."""
    return json.dumps(figures, indent=1, allow_nan=False) + "\n"


def print_json(figures: Mapping[str, Any]) -> None:
    """Print what a program is to read."""
    sys.stdout.write(as_json(figures))


def table(rows: Iterable[Sequence[str]], left: int = 1) -> Iterator[str]:
    """Lines of a table; the first ``left`` columns to the left, the others to the right."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(padded).rstrip()


def check_out_folder(folder: Path, page: str, *, force: bool) -> None:
    """Find out before long work whether ``page`` can be written in ``folder``; nothing is made yet.

    Raises:
        OutputError: it is there already and not to be replaced, or cannot be written.
    """
    if not folder.exists():
        check_writable(folder, force=False)
    elif not folder.is_dir():
        raise OutputError(f"{folder}: this is a file; give the name of a folder")
    else:
        check_writable(folder / page, force=force)


def check_range(option: str, given: float, least: float, most: float) -> None:
    """Refuse a number outside ``least`` to ``most``, both of which are allowed.

    Raises:
        InputError: it is outside, or not a number.
    """
    # Written so that NaN is refused too.
    if not least <= given <= most:
        raise InputError(f"{option} {given}: it must be from {least} to {most}")
