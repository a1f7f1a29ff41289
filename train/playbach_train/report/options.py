"""Options of the commands that generate movements: ``report`` and ``listen``."""

from __future__ import annotations

import argparse

from playbach.composer.sampling import Sampling, parse_temperatures
from playbach.errors import InputError

MOST_SEED = 2**63 - 1


def add_temperature_argument(parser: argparse._ActionsContainer) -> None:
    """The option that says how boldly the network chooses."""
    parser.add_argument(
        "--temperature", metavar="T", default="1",
        help="sampling temperature: 1 as learned, lower is safer, higher is bolder; parts of a "
        "note may have their own, as in 1,pitch=0.9 (default %(default)s)",
    )  # fmt: skip


def sampling_from(args: argparse.Namespace) -> Sampling:
    """How symbols are chosen, from what ``add_temperature_argument`` found on the command line.

    Raises:
        InputError: the temperatures cannot be read, or one is outside its range.
    """
    return Sampling(**parse_temperatures(args.temperature), playable=False)


def check_range(option: str, given: float, least: float, most: float) -> None:
    """Refuse a number outside ``least`` to ``most``, both of which are allowed.

    Raises:
        InputError: it is outside, or not a number.
    """
    # Written so that NaN is refused too.
    if not least <= given <= most:
        raise InputError(f"{option} {given}: it must be from {least} to {most}")
