"""The command line: ``playbach-train [COMMAND]``; training when no command is named."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

from playbach.command_line import OneLineParser, guarded
from playbach.quiet import quiet_stderr
from playbach_train.commands import (
    corpus,
    cross_validate,
    effect,
    evaluate,
    listen,
    look,
    performance,
    plan,
    report,
    sounds,
    survey,
    tell_apart,
    train,
)
from playbach_train.config import add_options
from playbach_train.networks.table import DEFAULT, architecture, check_network

PROG = "playbach-train"


class Command(NamedTuple):
    """A row of the table of commands."""

    about: str  # what it does, for ``--help``
    # its ``add_arguments`` gives a parser its arguments, its ``run`` does the work and gives the
    # exit status
    module: ModuleType
    interrupted: str = "stopped"  # what to say after Ctrl-C
    configured: bool = False  # whether it takes the values of a network's configuration


COMMANDS = {
    "train": Command(
        "train a network on scores",
        train,
        "stopped; --resume goes on from the last epoch",
        configured=True,
    ),
    "look": Command("say what would be read of a folder of scores, before training", look),
    "evaluate": Command("measure bits per note on unseen scores", evaluate),
    "cross-validate": Command(
        "measure a configuration on movements held out in turn", cross_validate, configured=True
    ),
    "report": Command("compare generated movements with real ones, as a page", report),
    "tell-apart": Command(
        "measure how surely a classifier tells generated movements from real ones", tell_apart
    ),
    "performance": Command("fit the performer to how players play, and measure it", performance),
    "plan": Command("count what plans of movements are drawn from, in real ones", plan),
    "effect": Command(
        "learn a sound effect from what goes in and what comes out",
        effect,
        "stopped; --resume goes on from the last epoch",
    ),
    "sounds": Command(
        "learn to tell kinds of sound apart",
        sounds,
        "stopped; --resume goes on from the last epoch",
    ),
    "listen": Command(
        "write a page for a blind listening test, real music beside generated", listen
    ),
    "survey": Command("analyse the answers of listeners", survey),
    "corpus": Command("build a named corpus as a folder of MIDI files", corpus),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status, 2 for a mistake of the user's."""
    # TensorFlow's own chatter; errors still come through.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in {"-h", "--help"}):
        given = ["train", *given]
    command = COMMANDS.get(given[0])
    return guarded(
        PROG, lambda: _run(given), interrupted=command.interrupted if command else "stopped"
    )


def _run(given: Sequence[str]) -> int:
    args = build_parser(_network(given)).parse_args(given)
    status: int = COMMANDS[args.command].module.run(args)
    return status


def _network(given: Sequence[str]) -> str:
    """The network asked for, parsed first: it decides which options exist.

    Raises:
        InputError: there is no network of that name.
    """
    if given[0] not in COMMANDS or not COMMANDS[given[0]].configured:
        return DEFAULT
    parser = OneLineParser(prog=f"{PROG} {given[0]}", add_help=False)
    parser.add_argument("--network", default=DEFAULT)
    name = str(parser.parse_known_args(given)[0].network)
    check_network(name, "--network")
    return name


def build_parser(network: str = DEFAULT) -> argparse.ArgumentParser:
    """The parser of all commands, with the values of that network's configuration."""
    parser = OneLineParser(
        prog=PROG,
        description="Train the network that Play Bach composes with. Without a command: train.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    # Networks that import TensorFlow make it talk, and a mistake is to be one line.
    with quiet_stderr():
        config = architecture(network).config
    for name, command in COMMANDS.items():
        about = f"{command.about[0].upper()}{command.about[1:]}."
        command_parser = commands.add_parser(name, help=command.about, description=about)
        command.module.add_arguments(command_parser)
        if command.configured:
            add_options(command_parser, config)
    return parser
