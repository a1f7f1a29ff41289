"""Addresses of servers: the page's, and where OSC comes from and goes to."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from playbach.errors import InputError

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8420
_MOST_PORT = 65_535
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_ANY = ("0.0.0.0", "::")  # noqa: S104 asked for by name, and then with a token
_MOST_TEXT = 253 + 6


@dataclass(frozen=True, slots=True)
class Address:
    """A host and port to listen on."""

    host: str = DEFAULT_HOST  # an IP address, or ``localhost``
    port: int = DEFAULT_PORT  # 0 to 65535; 0 takes any that is free

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach it."""
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback

    @property
    def is_any(self) -> bool:
        """Whether it is the wildcard address."""
        return self.host in _ANY

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def names(self, port: int) -> frozenset[str]:
        """The values of the header ``Host`` that a browser on this machine sends, with ``port``."""
        return frozenset(f"{name}:{port}" for name in (*_LOOPBACK_NAMES, str(self.host)))


def parse_address(text: str, what: str = "page address") -> Address:
    """Parse ``127.0.0.1:8420``, ``0.0.0.0:80``, ``[::1]:8420``, or ``:8420`` for this machine.

    Args:
        text: the address.
        what: its name in the refusal.

    Raises:
        InputError: it is not ``HOST:PORT`` with an IP address or ``localhost`` as host.
    """
    host, colon, port = text.strip().rpartition(":")
    bare = host.removeprefix("[").removesuffix("]") or DEFAULT_HOST
    if len(text) > _MOST_TEXT or not colon or not (port.isascii() and port.isdigit()):
        raise _refusal(text, what)
    if len(port) > len(str(_MOST_PORT)) or int(port) > _MOST_PORT:
        raise _refusal(text, what)
    if bare != "localhost":
        try:
            ipaddress.ip_address(bare)
        except ValueError as error:
            raise _refusal(text, what) from error
    return Address(bare, int(port))


def _refusal(text: str, what: str) -> InputError:
    return InputError(
        f"{what} {text[:60]!r}: it must be HOST:PORT, an IP address (or localhost) and a "
        f"port from 0 to {_MOST_PORT}, such as {Address()}, or 0.0.0.0:{DEFAULT_PORT} for the "
        "whole network"
    )
