"""Who may use the interface: a token beyond this machine, and no other site's pages ever.

On loopback whoever can connect may steer; the names by which a browser may call the server are
fixed, so that a foreign page cannot reach it under a name of its own (DNS rebinding). Beyond
loopback a token is needed. It travels in the part of the link that browsers keep to themselves,
is exchanged for a cookie once, and is compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

COOKIE = "playbach"
FAILURES, WINDOW = 10, 60.0
"""Wrong tokens that an address may try, and the seconds within which they count."""
_MOST_ADDRESSES = 1_000
_MOST_TOKEN = 200
_IPV6_NETWORK = 64
"""Bits: a household or a phone has all addresses that begin with the same."""


def new_token() -> str:
    """128 bits of chance, as text for a link."""
    return secrets.token_urlsafe(16)


def address_of(peer: object) -> str:
    """Whom a connection is counted for: an IPv4 address, or the first 64 bits of an IPv6 one.

    Args:
        peer: as a socket names the other end; anything that is no address counts as one.
    """
    try:
        address = ipaddress.ip_address(str(peer[0]) if isinstance(peer, tuple) else "")
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _IPV6_NETWORK), strict=False))


class Attempts:
    """Wrong tokens by address, in bounded memory. They slow down nobody who has the right one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def failed(self, address: str) -> float:
        """A wrong token came from ``address``.

        Returns:
            Seconds until another is looked at, 0 while there have been few.
        """
        count, since = self._failures.pop(address, (0, 0.0))
        now = self._clock()
        if not count or now - since > WINDOW:
            count, since = 0, now
        self._failures[address] = (count + 1, since)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)
        return since + WINDOW - now if count >= FAILURES else 0.0


@dataclass
class Gate:
    """Says whether a request may pass.

    Attributes:
        token: what must be known; ``None`` where only this machine can connect.
        hosts: the values of ``Host`` that are allowed; ``None`` for any. Known once the port is.
    """

    token: str | None
    hosts: frozenset[str] | None

    def knows_host(self, host: str) -> bool:
        """Whether a browser may have called the server by that name."""
        return self.hosts is None or host.lower() in self.hosts

    def is_own_origin(self, origin: str | None, host: str) -> bool:
        """Whether the request comes from our own page, or from no page at all."""
        return origin is None or origin in {f"http://{host}", f"https://{host}"}

    def is_token(self, given: str) -> bool:
        """Whether that is the token; takes the same time for any that is not."""
        return self.token is None or _is_same(given, self.token)

    @property
    def cookie(self) -> str:
        """What a browser is given for the token: an HMAC-SHA-256 (RFC 2104) keyed with it."""
        token = (self.token or "").encode()
        return hmac.new(token, b"playbach cookie", hashlib.sha256).hexdigest()

    def is_admitted(self, cookie: str | None, bearer: str | None) -> bool:
        """Whether a request with that cookie, or that token in ``Authorization``, may pass."""
        if self.token is None:
            return True
        if bearer is not None:
            return self.is_token(bearer)
        return cookie is not None and _is_same(cookie, self.cookie)


def _is_same(given: str, secret: str) -> bool:
    """Compares in constant time; what comes from outside may hold halves of surrogate pairs."""
    return hmac.compare_digest(
        given[:_MOST_TOKEN].encode("utf-8", "surrogatepass"), secret.encode()
    )
