"""The command line: ``playbach COMMAND``.

Nothing heavy is imported before a command needs it: ``playbach --help`` is instant on a board.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

import playbach
from playbach.command_line import OneLineParser, guarded

# Command, and what it does. Each is a module of this package with ``add_arguments`` and ``run``.
COMMANDS = {
    "play": "play new music without end",
    "daemon": "play for a service manager, as the configuration says",
    "save": "compose into files: MIDI, sound, score, pages or picture",
    "ports": "list the MIDI ports that can be played to",
    "silence": "end whatever sounds on a synth, whoever began it",
    "page": "print the link of the service's page, with a QR code for a phone",
    "config": "print every setting with its default, or the values in effect",
    "check": "say what was found, what is missing, and what to do",
}
ELSEWHERE = {
    "help": "'playbach --help' lists the commands, 'playbach COMMAND --help' the options of one",
    "version": "'playbach --version' prints it",
    "train": "'playbach-train' does it; pip install 'playbach[train]' brings what it needs",
    "convert": "'playbach-convert' does it; pip install 'playbach[convert]' brings what it needs",
}
"""Words that people try, and what they mean."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status, 2 for a mistake of the user's."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in ELSEWHERE:
        OneLineParser(prog="playbach").error(f"no command {given[0]!r}: {ELSEWHERE[given[0]]}")
    args, unknown = build_parser(given).parse_known_args(given)
    if unknown:
        # The parser of all commands would point to its own help.
        OneLineParser(prog=f"playbach {args.command}").error(
            f"unrecognized arguments: {' '.join(unknown)}"
        )
    command = importlib.import_module(f"playbach.cli.{args.command}")
    return guarded(f"playbach {args.command}", lambda: int(command.run(args)))


class _Version(argparse.Action):
    """Prints the version, which is not looked up before."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        sys.stdout.write(f"playbach {playbach.__version__}\n")
        parser.exit()


def build_parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of all commands; only the one named in ``given`` has its options."""
    parser = OneLineParser(
        prog="playbach",
        description="New music in the manner of Bach's solo suites, played on time.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, about in COMMANDS.items():
        sentence = f"{about[0].upper()}{about[1:]}."
        command = commands.add_parser(name, help=about, description=sentence)
        if name in given[:1]:
            importlib.import_module(f"playbach.cli.{name}").add_arguments(command)
    return parser
