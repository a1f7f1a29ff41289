"""``playbach page``: the link of the service's page, and who can open it."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from playbach.address import parse_address
from playbach.cli.opening import (
    SERVICE_CONFIG,
    SERVICE_STATE,
    close_page,
    open_page,
    wait_for_token,
)
from playbach.command_line import say, write
from playbach.config import find_config, load_config
from playbach.config.schema import NOWHERE
from playbach.errors import InputError
from playbach.web.link import kept_token, link, local_name, qr_code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help=f"the service's configuration (default: your own, else {SERVICE_CONFIG})",
    )
    parser.add_argument(
        "--state",
        metavar="FOLDER",
        type=Path,
        help=f"the service's state folder (default: your own, or {SERVICE_STATE} for "
        f"{SERVICE_CONFIG})",
    )
    doors = parser.add_mutually_exclusive_group()
    doors.add_argument(
        "--open",
        action="store_true",
        help="open the page to the local network first, with a token: in the configuration and in "
        "what systemd lets through (with sudo)",
    )
    doors.add_argument(
        "--close", action="store_true", help="let only this machine in again (with sudo)"
    )
    parser.add_argument(
        "--host",
        metavar="NAME",
        help="the name or address by which others reach this machine (default: found out)",
    )


def run(args: argparse.Namespace) -> int:
    """Open or close it if that is asked for, and print the link; the exit status.

    Raises:
        InputError: the configuration is not as it must be, or has no page.
        OutputError: the token cannot be read, or a file not be written.
    """
    from playbach.daemon.state import state_folder  # noqa: PLC0415 help needs no network

    config = args.config or find_config() or (SERVICE_CONFIG if SERVICE_CONFIG.exists() else None)
    state = args.state or (SERVICE_STATE if config == SERVICE_CONFIG else state_folder())
    if args.open or args.close:
        if config is None:
            raise InputError(f"there is no {SERVICE_CONFIG}; name the configuration with --config")
        (open_page if args.open else close_page)(config)
    page = load_config(config).config.page
    if page.address == NOWHERE:
        raise InputError("[page] address is off: 'sudo playbach page --open' opens the page")
    address = parse_address(page.address)
    shown = partial(link, address, address.port, secure=page.certificate is not None)
    if address.is_loopback:
        say(f"{shown(None)}\nonly this machine can open it; 'sudo playbach "
            "page --open' lets the local network in")  # fmt: skip
        return 0
    wait_for_token(state)
    token = kept_token(state)
    text = shown(token, args.host)
    say(text)
    if args.host is None and (name := local_name()) is not None:
        say(shown(token, name))
    write(qr_code(text))
    return 0
