"""``playbach daemon``: play for a service manager, without a terminal."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from playbach.command_line import MISTAKE
from playbach.config import find_config
from playbach.daemon.logs import goes_to_journal, set_up_logging
from playbach.errors import PlaybachError

_LOG = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="the configuration, read again at SIGHUP (default: your own, if there is one)",
    )


def run(args: argparse.Namespace) -> int:
    """Play until SIGTERM or SIGINT; the exit status."""
    from playbach.daemon.service import serve  # noqa: PLC0415 help needs no network
    from playbach.daemon.state import state_folder  # noqa: PLC0415 as above

    try:
        return serve(args.config or find_config(), state_folder())
    except PlaybachError as error:
        if not goes_to_journal():
            raise
        set_up_logging("info")
        for line in error.lines:
            _LOG.error("%s", line)
        return MISTAKE
