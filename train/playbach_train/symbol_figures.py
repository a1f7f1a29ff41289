"""Bits and top-1 of a network that predicts symbols of its own: a table, and JSON."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from playbach.errors import InputError
from playbach.music.note import Piece
from playbach_train.networks.table import architecture
from playbach_train.run import Run

Figures = dict[str, Any]


def figures_of(run: Run, pieces: Mapping[str, Piece]) -> Figures:
    """Bits and top-1 of the network of ``run``, pooled over all pieces.

    Raises:
        InputError: its network assigns no probabilities, or its weights are damaged.
    """
    found = architecture(run.network).load(run).held_out(pieces)
    if found is None:
        raise InputError(
            f"{run.folder}: the network {run.network} assigns no probabilities to music, so there "
            "are no bits to measure; playbach-train report measures what it composes"
        )
    return {
        "network": run.network,
        "parts": {n: {"bits": part.bits, "top1": part.top1} for n, part in found.parts.items()},
        "bits_per_symbol": found.per_symbol,
        "bits_per_note": found.per_note,
        "bits_per_quarter": found.per_quarter,
        "symbols": found.symbols,
        "notes": found.notes,
        "quarters": found.quarters,
        "unknown": found.unknown,
    }


def print_figures(figures: Figures) -> None:
    """A line for each part, one for all of them, and what they are counted over."""
    _say(f"{figures['network'][:16]:16}  bits/symbol  bits/note  bits/quarter   top1")
    scale = {count: figures["symbols"] / figures[count] for count in ("notes", "quarters")}
    rows = {name: (part["bits"], part["top1"]) for name, part in figures["parts"].items()}
    if len(rows) > 1:
        rows["total"] = (figures["bits_per_symbol"], None)
    for name, (bits, top1) in rows.items():
        shown = "" if top1 is None else f"  {top1:5.1%}"
        per_note, per_quarter = bits * scale["notes"], bits * scale["quarters"]
        _say(f"{name[:16]:16}  {bits:11.3f}  {per_note:9.3f}  {per_quarter:12.3f}{shown}")
    _say(
        f"{figures['symbols']:,} symbols, {figures['notes']:,} notes, {figures['quarters']:,.0f} "
        f"quarters; {figures['unknown']:.1%} of the symbols are not in the vocabulary"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
