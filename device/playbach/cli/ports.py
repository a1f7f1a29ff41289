"""``playbach ports``: the MIDI ports that can be played to, or followed."""

from __future__ import annotations

import argparse
import sys

from playbach.sinks.choose import list_inputs, list_ports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has no options."""
    del parser


def run(args: argparse.Namespace) -> int:
    """List them; the exit status, 0 also when there is none."""
    del args
    rows = list_ports()
    for row in rows:
        sys.stdout.write(f"{row.name}\t{row.api}\t--sink {row.sink}\n")
    for row in list_inputs():
        sys.stdout.write(f"{row.name}\t{row.api}\t--clock-in, --control-in, --listen\n")
    if not rows:
        sys.stdout.write("no MIDI ports; 'playbach check' says what is missing\n")
    return 0
