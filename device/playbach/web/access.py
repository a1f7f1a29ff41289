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
    """A token of 128 random bits, URL-safe."""
    return secrets.token_urlsafe(16)


def address_of(peer: object) -> str:
    """The address that a connection is counted for: IPv4, or the /64 network of an IPv6 address.

    Args:
        peer: as ``socket.getpeername`` returns it; all that is no IP address counts as one, ``""``.
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


class FailedLogins:
    """Counts wrong tokens by address, in bounded memory; the right token is never delayed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def add(self, address: str) -> float:
        """Count a wrong token from ``address``.

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
    """Decides whether a request may pass."""

    token: str | None  # the secret to be presented; ``None`` where only this machine can connect
    # the values of ``Host`` that are allowed; ``None`` for any. Known once the port is
    hosts: frozenset[str] | None

    def knows_host(self, host: str) -> bool:
        """Whether ``Host`` is one of the names of this server (against DNS rebinding)."""
        return self.hosts is None or host.lower() in self.hosts

    def is_own_origin(self, origin: str | None, host: str) -> bool:
        """Whether ``Origin`` is this server's, or missing, as of clients that are no page."""
        return origin is None or origin in {f"http://{host}", f"https://{host}"}

    def is_token(self, given: str) -> bool:
        """Whether ``given`` is the token, compared in constant time."""
        return self.token is None or _is_same(given, self.token)

    @property
    def cookie(self) -> str:
        """Value of the cookie: an HMAC-SHA-256 (RFC 2104) keyed with the token."""
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
    """Compare in constant time; ``given`` may hold lone surrogates."""
    return hmac.compare_digest(
        given[:_MOST_TOKEN].encode("utf-8", "surrogatepass"), secret.encode()
    )
