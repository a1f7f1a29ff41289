"""``playbach-train plan``: the tables from which the composer draws plans of movements."""

from __future__ import annotations

import argparse

from playbach.errors import InputError
from playbach_train.commands import print_json, say_nothing
from playbach_train.commands.corpus import add_corpus_arguments, corpus_from
from playbach_train.planning import plan_tables


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Read harmony, likeness of bars and habits of forms from real movements, and print them as "
        "JSON: the composer has them in device/playbach/composer/plan_tables.json."
    )
    add_corpus_arguments(parser, "real movements")


def run(args: argparse.Namespace) -> int:
    """Read, count and print; the exit status.

    Raises:
        InputError: there are no movements, or none that keeps its meter.
    """
    corpus = corpus_from(args, "learn to plan from", say_nothing)
    pieces = [one.piece for one in corpus.movements if len(one.piece.meters) == 1]
    if not pieces:
        raise InputError("no movement that keeps its meter: nothing to learn to plan from")
    print_json(plan_tables(pieces))
    return 0
