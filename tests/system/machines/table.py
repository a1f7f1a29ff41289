"""Rows of words, aligned, with a verdict each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        cells: what was measured, and where.
        right: whether it is as it must be.
    """

    cells: tuple[str, ...]
    right: bool


def table(title: str, heads: Sequence[str], rows: Sequence[Row]) -> str:
    """A title, the heads and the rows, the last column saying ``ok`` or ``WRONG``."""
    lines = [(*heads, ""), *((*row.cells, "ok" if row.right else "WRONG") for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    aligned = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return "\n".join([title, "", *aligned, ""])
