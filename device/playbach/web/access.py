"""Who may use the interface: a token beyond this machine, and no other site's pages ever.

On loopback whoever can connect may steer; the names by which a browser may call the server are
fixed, so that a foreign page cannot reach it under a name of its own (DNS rebinding). Beyond
loopback a token is needed. It travels in the part of the link that browsers keep to themselves,
is exchanged for a cookie once, and is compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

COOKIE = "playbach"
FAILURES, WINDOW = 10, 60.0
"""Wrong tokens that an address may try, and the seconds within which they count."""
_MOST_ADDRESSES = 1_000
_MOST_TOKEN = 200


def new_token() -> str:
    """128 bits of chance, as text for a link."""
    return secrets.token_urlsafe(16)


class Attempts:
    """Wrong tokens by address, in bounded memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until ``address`` may try again, 0 if it may now."""
        count, since = self._failures.get(address, (0, 0.0))
        left = since + WINDOW - self._clock()
        return left if count >= FAILURES and left > 0 else 0.0

    def failed(self, address: str) -> None:
        """A wrong token came from ``address``."""
        count, since = self._failures.pop(address, (0, 0.0))
        now = self._clock()
        if now - since > WINDOW:
            count, since = 0, now
        self._failures[address] = (count + 1, since)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)


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
        return origin is None or (
            urlsplit(origin).scheme in {"http", "https"} and urlsplit(origin).netloc == host
        )

    def is_token(self, given: str) -> bool:
        """Whether that is the token; takes the same time for any that is not."""
        if self.token is None:
            return True
        return hmac.compare_digest(given[:_MOST_TOKEN].encode(), self.token.encode())

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
        return cookie is not None and hmac.compare_digest(
            cookie[:_MOST_TOKEN].encode(), self.cookie.encode()
        )
