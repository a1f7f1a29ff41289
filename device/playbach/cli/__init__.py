"""The command line: ``playbach COMMAND``.

Nothing heavy is imported before a command needs it: ``playbach --help`` is instant on a board.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from playbach import __version__
from playbach.command_line import OneLineParser, guarded

# Command, and what it does. Each is a module of this package with ``add_arguments`` and ``run``.
COMMANDS = {
    "play": "play new music without end",
    "daemon": "play for a service manager, as a configuration says",
    "save": "compose into files: MIDI, sound, score, pages or picture",
    "ports": "list the MIDI ports that can be played to",
    "page": "print the link of the service's page, with a QR code for a phone",
    "config": "print what can be configured, or what holds",
    "check": "say what is here, what is missing, and what to do",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status, 2 for a mistake of the user's."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    args = build_parser(given).parse_args(given)
    command = importlib.import_module(f"playbach.cli.{args.command}")
    return guarded(f"playbach {args.command}", lambda: int(command.run(args)))


def build_parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of all commands; only the one named in ``given`` has its options."""
    parser = OneLineParser(
        prog="playbach",
        description="New music in the manner of Bach's solo suites, played on time.",
    )
    parser.add_argument("--version", action="version", version=f"playbach {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, about in COMMANDS.items():
        command = commands.add_parser(name, help=about, description=f"{about.capitalize()}.")
        if name in given[:1]:
            importlib.import_module(f"playbach.cli.{name}").add_arguments(command)
    return parser
