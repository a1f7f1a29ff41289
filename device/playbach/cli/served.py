"""The page that ``playbach play`` serves, while it plays."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from playbach.address import Address, parse_address
from playbach.errors import InputError, PortError
from playbach.web.access import new_token
from playbach.web.link import link, qr_code

if TYPE_CHECKING:
    from playbach.session.session import Session
    from playbach.web.server import WebServer

_MOST_PORTS = 10
"""Ports that are tried, one after the other, where none was asked for."""


@dataclass(frozen=True, slots=True)
class WantedPage:
    """A page to be served."""

    address: Address  # where
    insists: bool  # whether it was asked for: then there is no music without it
    certificate: Path | None = None  # PEM file for HTTPS; ``None`` for HTTP


def add_page_arguments(parser: argparse.ArgumentParser) -> None:
    """``--web`` and ``--no-web``."""
    group = parser.add_argument_group("page in a browser")
    group.add_argument(
        "--web",
        metavar="HOST:PORT",
        help=f"where it is served (default: {Address()}); 0.0.0.0:8420 for the whole network",
    )
    group.add_argument("--no-web", action="store_true", help="serve no page")
    group.add_argument(
        "--certificate",
        metavar="FILE",
        type=Path,
        help="serve it over HTTPS, with this certificate and its key (one PEM file)",
    )


def wanted_page(args: argparse.Namespace) -> WantedPage | None:
    """What the options ask for; ``None`` for no page.

    Raises:
        InputError: it is no address, or both options are given.
    """
    if args.web is None:
        return (
            None
            if args.no_web
            else WantedPage(Address(), insists=False, certificate=args.certificate)
        )
    if args.no_web:
        raise InputError("--web and --no-web: choose one of them")
    return WantedPage(parse_address(args.web), insists=True, certificate=args.certificate)


def _started(session: Session, page: WantedPage, token: str | None) -> WebServer:
    """A server that runs: where it was asked for, else at the first of a few ports that is free.

    Raises:
        PortError: none of them can be had; the first one's.
    """
    from playbach.web.server import Site, WebServer  # noqa: PLC0415 once there is music

    refusal: PortError | None = None
    for step in range(1 if page.insists else _MOST_PORTS):
        address = replace(page.address, port=page.address.port + step)
        server = WebServer(session, Site(address, token, certificate=page.certificate))
        try:
            server.start()
        except PortError as error:
            refusal = refusal or error
        else:
            return server
    assert refusal is not None, "one was tried"  # noqa: S101 for the type checker
    raise refusal


@contextlib.contextmanager
def served(
    session: Session, page: WantedPage | None, say: Callable[[str], None], invitation: str = ""
) -> Iterator[None]:
    """The page, for as long as the context lasts.

    Args:
        session: what it shows.
        page: what was asked for; ``None`` for none.
        say: told where it is, or why there is none.
        invitation: what is said to somebody who can open it; ``""`` for nothing.

    Raises:
        PortError: it was asked for, and its address cannot be had.
    """
    if page is None:
        yield
        return
    token = None if page.address.is_loopback else new_token()
    try:
        server = _started(session, page, token)
    except PortError as error:
        if page.insists:
            raise
        say(f"no page: {error}")
        yield
        return
    try:
        if server.port != page.address.port and not page.insists:
            say(f"port {page.address.port} is another program's, perhaps another Play Bach's")
        _announce(page, server.port, token, say)
        if invitation:
            say(invitation)
        yield
    finally:
        server.stop()


def _announce(page: WantedPage, port: int, token: str | None, say: Callable[[str], None]) -> None:
    text = link(page.address, port, token, secure=page.certificate is not None)
    say(f"page: {text}")
    if token and sys.stdout.isatty():
        say(qr_code(text))
