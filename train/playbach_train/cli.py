"""The command line: ``playbach-train [COMMAND]``; training when no command is named."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from playbach.command_line import OneLineParser, guarded
from playbach_train import cross_validate_command, evaluate_command, train_command
from playbach_train.corpus import cli as corpus_command
from playbach_train.listening import command as listen_command
from playbach_train.listening import survey_command
from playbach_train.report import command as report_command


class Command(NamedTuple):
    """A row of the table of commands."""

    about: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    interrupted: str = "stopped"


COMMANDS = {
    "train": Command(
        "train a network on scores",
        train_command.add_arguments,
        train_command.run,
        "stopped; --resume goes on from the last epoch",
    ),
    "evaluate": Command(
        "measure bits per note on unseen scores",
        evaluate_command.add_arguments,
        evaluate_command.run,
    ),
    "cross-validate": Command(
        "measure a configuration on movements held out in turn",
        cross_validate_command.add_arguments,
        cross_validate_command.run,
    ),
    "report": Command(
        "compare generated movements with real ones, as a page",
        report_command.add_arguments,
        report_command.run,
    ),
    "listen": Command(
        "write a page for a blind listening test, real music beside generated",
        listen_command.add_arguments,
        listen_command.run,
    ),
    "survey": Command(
        "analyse what listeners answered", survey_command.add_arguments, survey_command.run
    ),
    "corpus": Command(
        "build a corpus into a folder", corpus_command.add_arguments, corpus_command.run
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status, 2 for a mistake of the user's."""
    # TensorFlow's own chatter; errors still come through.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0] not in COMMANDS and given[0] not in {"-h", "--help"}):
        given = ["train", *given]
    args = build_parser().parse_args(given)
    command = COMMANDS[args.command]
    return guarded("playbach-train", lambda: command.run(args), interrupted=command.interrupted)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = OneLineParser(
        prog="playbach-train",
        description="Train the network that Play Bach composes with. Without a command: train.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=command.about))
    return parser
