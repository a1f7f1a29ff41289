"""``playbach-convert figures BUNDLE``: how near its variants are to the network, as a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from playbach.bundle import Verification, read_bundle, verification_table
from playbach.command_line import OneLineParser, guarded
from playbach.errors import InputError

NAME = "figures"
PROG = f"playbach-convert {NAME}"


def main(arguments: Sequence[str]) -> int:
    """Print the figures of a bundle, in Markdown; the exit status, 2 for a mistake."""
    path = build_parser().parse_args(arguments).bundle
    return guarded(PROG, lambda: _print(path))


def build_parser() -> argparse.ArgumentParser:
    """The parser of this command."""
    parser = OneLineParser(prog=PROG, description="Print how near each variant is to the network.")
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a bundle")
    return parser


def figures_text(verification: Verification) -> list[str]:
    """What was measured and on what, then the table: a string for each line."""
    bits = verification.bits
    alone = max((row.drift.steps for row in verification.variants if row.drift), default=0)
    needed = (
        "" if bits is None else f", where the network as trained needs {bits:.4f} bits per step"
    )
    drift = f"; drift: {alone:,} steps alone" if alone else ""
    measured = (
        f"Measured on {verification.music}, {verification.steps:,} steps{needed}{drift} "
        f"({verification.machine})."
    )
    return [measured, "", *verification_table(verification)]


def _print(path: Path) -> int:
    verification = read_bundle(path).manifest.verification
    if verification is None:
        raise InputError(f"{path}: was not measured when it was made; convert the network again")
    for line in figures_text(verification):
        sys.stdout.write(f"{line}\n")
    return 0
