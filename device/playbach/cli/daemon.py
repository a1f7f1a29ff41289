"""``playbach daemon``: play for a service manager, without a terminal."""

from __future__ import annotations

import argparse
from pathlib import Path

from playbach.config import find_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="the configuration, read again at SIGHUP (default: your own, if there is one)",
    )


def run(args: argparse.Namespace) -> int:
    """Play until SIGTERM or SIGINT; the exit status.

    Raises:
        PlaybachError: the configuration, the model or the sink is not as it must be.
    """
    from playbach.daemon.service import serve  # noqa: PLC0415 help needs no network
    from playbach.daemon.state import state_folder  # noqa: PLC0415 as above

    return serve(args.config or find_config(), state_folder())
