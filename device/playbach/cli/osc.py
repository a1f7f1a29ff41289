"""Open Sound Control while ``playbach play`` plays."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbach.address import Address, parse_address

if TYPE_CHECKING:
    from playbach.session.session import Session


@dataclass(frozen=True, slots=True)
class WantedOsc:
    """Where OSC is heard and sent; ``None`` for nowhere."""

    listen: Address | None = None
    send: Address | None = None


def add_osc_arguments(parser: argparse.ArgumentParser) -> None:
    """``--osc-in`` and ``--osc-out``."""
    group = parser.add_argument_group("Open Sound Control")
    group.add_argument(
        "--osc-in", metavar="HOST:PORT", help="hear settings and commands there, as 127.0.0.1:9000"
    )
    group.add_argument(
        "--osc-out", metavar="HOST:PORT", help="send notes and settings there, as 127.0.0.1:9001"
    )


def wanted_osc(args: argparse.Namespace) -> WantedOsc:
    """What the options ask for.

    Raises:
        InputError: one is no address.
    """
    listen, send = (
        None if text is None else parse_address(text, "OSC address")
        for text in (args.osc_in, args.osc_out)
    )
    return WantedOsc(listen, send)


@contextlib.contextmanager
def steered(session: Session, osc: WantedOsc) -> Iterator[None]:
    """OSC, as far as it is wanted, for as long as the context lasts.

    Raises:
        PortError: the address to listen on cannot be had.
    """
    with contextlib.ExitStack() as parts:
        if osc.listen is not None:
            from playbach.osc.input import OscInput  # noqa: PLC0415 memory for who asked for it

            parts.enter_context(OscInput(session, osc.listen))
        if osc.send is not None:
            from playbach.osc.output import OscOutput  # noqa: PLC0415 as above

            parts.enter_context(OscOutput(session, osc.send))
        yield
