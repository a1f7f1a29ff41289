"""``playbach page``: the link of the service's page, and its QR code for a phone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playbach.config import find_config, load_config
from playbach.config.schema import NOWHERE
from playbach.errors import InputError
from playbach.page_address import parse_address
from playbach.web.link import kept_token, link, qr_code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="the service's configuration (default: your own)",
    )
    parser.add_argument(
        "--state",
        metavar="FOLDER",
        type=Path,
        help="the service's state folder (default: your own)",
    )


def run(args: argparse.Namespace) -> int:
    """Print the link; the exit status.

    Raises:
        InputError: the configuration has no page.
        OutputError: the token cannot be read.
    """
    from playbach.daemon.state import state_folder  # noqa: PLC0415 help needs no network

    page = load_config(args.config or find_config()).config.page
    if page.address == NOWHERE:
        raise InputError("[page] address is off: set it to HOST:PORT, such as 0.0.0.0:8420")
    address = parse_address(page.address)
    token = None if address.is_loopback else kept_token(args.state or state_folder())
    text = link(address, address.port, token)
    sys.stdout.write(f"{text}\n{qr_code(text)}")
    return 0
