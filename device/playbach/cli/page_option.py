"""The page that ``playbach play`` serves: its options, its link, its beginning and end."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from playbach.errors import InputError, PortError
from playbach.page_address import Address, parse_address
from playbach.session.session import Session
from playbach.web.access import new_token


@dataclass(frozen=True, slots=True)
class WantedPage:
    """A page to be served.

    Attributes:
        address: where.
        insists: whether it was asked for: then there is no music without it.
    """

    address: Address
    insists: bool


def add_page_arguments(parser: argparse.ArgumentParser) -> None:
    """``--web`` and ``--no-web``."""
    group = parser.add_argument_group("page in a browser")
    group.add_argument(
        "--web",
        metavar="HOST:PORT",
        help=f"where it is served (default: {Address()}); 0.0.0.0:8420 for the whole network",
    )
    group.add_argument("--no-web", action="store_true", help="serve no page")


def wanted_page(args: argparse.Namespace) -> WantedPage | None:
    """What the options ask for; ``None`` for no page.

    Raises:
        InputError: it is no address, or both options are given.
    """
    if args.web is None:
        return None if args.no_web else WantedPage(Address(), insists=False)
    if args.no_web:
        raise InputError("--web and --no-web: choose one of them")
    return WantedPage(parse_address(args.web), insists=True)


@contextlib.contextmanager
def served(session: Session, page: WantedPage | None, say: Callable[[str], None]) -> Iterator[None]:
    """The page, for as long as the context lasts.

    Raises:
        PortError: it was asked for, and its address cannot be had.
    """
    if page is None:
        yield
        return
    # Once there is music, which need not wait for the server.
    from playbach.web.server import Site, WebServer  # noqa: PLC0415

    token = None if page.address.is_loopback else new_token()
    server = WebServer(session, Site(page.address, token))
    try:
        server.start()
    except PortError as error:
        if page.insists:
            raise
        say(f"no page: {error}")
        yield
        return
    try:
        _announce(page.address, server.port, token, say)
        yield
    finally:
        server.stop()


def _announce(address: Address, port: int, token: str | None, say: Callable[[str], None]) -> None:
    from playbach.web.link import link, qr_code  # noqa: PLC0415 only for a page

    text = link(address, port, token)
    say(f"page: {text}")
    if token and sys.stdout.isatty():
        say(qr_code(text))
