"""Onset error through the queue of the ALSA sequencer, in a virtual machine that has one.

The time at which a client of the sequencer got a note-on minus the one it was queued for, by the
queue's own clock: what the kernel and the program contribute. The machine's clock counts
instructions, so whatever else runs here disturbs nothing (docs/system-tests.md).

    python -m bench.kernel_queue [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from bench.report import Figure, run
from tests.system.machines.needs import NeedError
from tests.system.machines.vm import MACHINES, ran

SCRIPT = ("tests/system/machines/guest/onset.py", "/share/out/onset.json")
MACHINE = "x86_64"
GOALS = {"p99": "under 0.1"}


def measure(options: argparse.Namespace) -> list[Figure]:
    del options
    try:
        with ran(MACHINES[MACHINE], SCRIPT) as left:
            out = left.out / "onset.json"
            if not out.exists():
                sys.exit(f"kernel_queue: the machine broke off:\n{left.console}")
            rows = json.loads(out.read_text(encoding="utf-8"))
    except NeedError as error:
        sys.exit(f"kernel_queue: {error}")
    return [figure for row in rows for figure in figures(row)]


def figures(row: Mapping[str, Any]) -> list[Figure]:
    """Of one load: errors in milliseconds (early ones below 0), notes, and notes left sounding."""
    load = row["load"]
    errors = [
        Figure(f"{load}: {share}", row[share], "ms", GOALS.get(share, ""))
        for share in ("min", "p50", "p99", "max")
    ]
    return [
        Figure(f"{load}: notes", row["notes"], "notes"),
        *errors,
        Figure(f"{load}: notes that sound at the end", row["hanging"], "notes", "0"),
    ]


if __name__ == "__main__":
    run("kernel_queue", measure)
