"""Telling a service manager how things stand: the protocol of sd_notify(3).

A datagram to the Unix socket that ``$NOTIFY_SOCKET`` names. The protocol is stable and this small,
so no library is needed for it.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

_LOG = logging.getLogger(__name__)
_LONGEST_STATUS = 200
_US_PER_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends states to the service manager, or nowhere if none asked for them."""

    # path of the socket, or a name in the abstract name space that begins with ``@``; ``""`` for
    # nobody
    address: str = ""
    # seconds within which the manager wants a sign of life, ``None`` if it does not
    watchdog: float | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Notifier:
        """As the service manager asks; sockets that are not of this machine are not used."""
        address = environment.get("NOTIFY_SOCKET", "")
        return cls(address if address[:1] in {"/", "@"} else "", _watchdog(environment))

    def ready(self) -> None:
        """Started, or done reloading."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """One line for people, as ``systemctl status`` shows it."""
        line = " ".join(text.split())
        self._send(f"STATUS={line[:_LONGEST_STATUS]}")

    def reloading(self) -> None:
        """The configuration is being read again; ``ready`` says when that is over."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """A sign of life for the watchdog."""
        self._send("WATCHDOG=1")

    def _send(self, state: str) -> None:
        if not self.address:
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                # A manager too busy to listen must not hold up the music.
                sender.setblocking(False)
                sender.sendto(state.encode(errors="replace"), address)
        except OSError as error:
            _LOG.debug("service manager not reached: %s", error)


def _watchdog(environment: Mapping[str, str]) -> float | None:
    if environment.get("WATCHDOG_PID") not in {None, str(os.getpid())}:
        return None
    microseconds = environment.get("WATCHDOG_USEC", "")
    if not (microseconds.isascii() and microseconds.isdecimal()):
        return None
    return int(microseconds[:18]) / _US_PER_SECOND or None
