"""Looks after a destination, from a thread of its own: it may go and come back, or have others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol, runtime_checkable

from playbach.errors import PortError
from playbach.sinks.base import Change, OnChange, OnFailure

INTERVAL = 0.2
"""Seconds between looks: a loss is to be known well within half a second."""
_ANNOUNCED = 1.0
"""The same, of a link that says itself when there is something to look at."""
_SETTLED = 0.05
"""Seconds from that to the look: libraries are not to be asked while they still tell."""
_LOOK = 2.0
"""Seconds between looks at who else is connected to a port."""


@runtime_checkable
class Reconnectable(Protocol):
    """A destination that may go and come back. Its methods are never called at the same time."""

    def present(self) -> bool:
        """Whether it is still there, while connected; after that, whether one is that will do.

        Called several times a second, so cheap when nothing has changed; raises nothing but a
        ``PortError``, which ends the player.
        """

    def detach(self) -> None:
        """It has gone, or ``connect`` failed: forget it. Called once for each time."""

    def connect(self) -> None:
        """Take hold of one that is there.

        Raises:
            PortError: it went again.
        """


@runtime_checkable
class Announcing(Reconnectable, Protocol):
    """One that says itself when something may have changed while it is connected."""

    def announce_to(self, tell: Callable[[], object]) -> None:
        """From now on call ``tell`` then, from any thread; it returns at once."""


def failing(description: str, fail: OnFailure) -> OnChange:
    """What to tell of changes if the player does not listen for them: a loss is a failure."""

    def tell(change: Change) -> None:
        if change is Change.LOST:
            fail(PortError(f"{description}: it has gone; switch it on and start again"))

    return tell


class Sharing:
    """Whether another Play Bach is connected to a port, for longer than a moment."""

    def __init__(self) -> None:
        self._next_look = 0.0
        self._were_others = False
        self.found = False
        """Whether there was one at the last two looks."""

    def look(self, others: Callable[[], bool]) -> None:
        """Look, if it is time to; ``others`` says whether another one is connected now."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK
            before, self._were_others = self._were_others, others()
            self.found = before and self._were_others


class _State(Enum):
    CONNECTED = auto()
    LOST = auto()
    FOUND = auto()


class ConnectionMonitor:
    """Looks at a link regularly and tells of its loss and return."""

    def __init__(self, link: Reconnectable, *, connected: bool) -> None:
        """``connected``: whether the link is, now. The thread begins with ``start``."""
        self._link = link
        self._state = _State.CONNECTED if connected else _State.LOST
        self._suspected = False
        self._to_detach = False
        self._looking = threading.Lock()
        self._wake = threading.Event()
        self._ended = False
        self._interval = INTERVAL
        self._thread: threading.Thread | None = None

    @property
    def connected(self) -> bool:
        """Whether what is sent is heard, as far as is known."""
        return self._state is _State.CONNECTED and not self._suspected

    def start(self, on_change: OnChange, on_failure: OnFailure) -> None:
        """Begin to look; ``on_failure`` hears of a bug that ends the thread."""

        def run() -> None:
            try:
                self._run(on_change)
            except Exception as error:  # noqa: BLE001 told to the player, which raises it to its caller
                on_failure(error)

        if isinstance(self._link, Announcing):
            self._interval = _ANNOUNCED
            self._link.announce_to(self._wake.set)
        self._thread = threading.Thread(target=run, name="playbach-watch", daemon=True)
        self._thread.start()

    def suspect(self) -> None:
        """Writing failed, so it has gone; from any thread."""
        self._suspected = True
        self._wake.set()

    def reconnect(self) -> bool:
        """Connect again; whether that succeeded."""
        with self._looking:
            if self.connected:
                return True
            if self._state is not _State.FOUND:
                return False
            try:
                self._link.connect()
            except PortError:
                self._state, self._to_detach = _State.LOST, True
                return False
            self._suspected = False
            self._state = _State.CONNECTED
            return True

    def end(self) -> None:
        """Stop the thread."""
        self._ended = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def look(self) -> Change | None:
        """What has changed since the last look."""
        with self._looking:
            if self._state is _State.CONNECTED:
                if not self._suspected and self._link.present():
                    return None
                self._state, self._to_detach = _State.LOST, True
                return Change.LOST
            if self._to_detach:
                # Not before the loss was said: it may take a second.
                self._to_detach = False
                self._link.detach()
            there = self._link.present()
            if there and self._state is _State.LOST:
                self._state = _State.FOUND
                return Change.FOUND
            if not there:
                self._state = _State.LOST
            return None

    def _run(self, on_change: OnChange) -> None:
        while not self._ended:
            change = self.look()
            if change is not None:
                on_change(change)
            is_there = self._state is _State.CONNECTED
            if self._wake.wait(self._interval if is_there else INTERVAL) and not self._ended:
                time.sleep(_SETTLED)
            self._wake.clear()
