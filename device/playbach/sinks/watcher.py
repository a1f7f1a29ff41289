"""Looks after a destination that may go and come back, from a thread of its own."""

from __future__ import annotations

import threading
from enum import Enum, auto
from typing import Protocol, runtime_checkable

from playbach.errors import PortError
from playbach.sinks.base import Change, OnChange, OnFailure

INTERVAL = 0.1
"""Seconds between looks: a loss is to be known well within half a second."""


@runtime_checkable
class Link(Protocol):
    """A destination that may go and come back. Its methods are never called at the same time."""

    def present(self) -> bool:
        """Whether it is still there, while connected; after that, whether one is that will do.

        Called several times a second, so cheap when nothing has changed; raises nothing but a
        ``PortError``, which ends the player.
        """

    def let_go(self) -> None:
        """It has gone, or ``connect`` failed: forget it. Called once for each time."""

    def connect(self) -> None:
        """Take hold of one that is there.

        Raises:
            PortError: it went again.
        """


def failing(description: str, fail: OnFailure) -> OnChange:
    """What to tell of changes if the player does not listen for them: a loss is a failure."""

    def tell(change: Change) -> None:
        if change is Change.LOST:
            fail(PortError(f"{description}: it has gone; switch it on and start again"))

    return tell


class _State(Enum):
    CONNECTED = auto()
    LOST = auto()
    FOUND = auto()


class Watcher:
    """Looks at a link regularly and tells of its loss and return."""

    def __init__(self, link: Link, *, connected: bool) -> None:
        """``connected``: whether the link is, now. The thread begins with ``start``."""
        self._link = link
        self._state = _State.CONNECTED if connected else _State.LOST
        self._suspected = False
        self._to_let_go = False
        self._looking = threading.Lock()
        self._wake = threading.Event()
        self._ended = False
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
                self._state, self._to_let_go = _State.LOST, True
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
                self._state, self._to_let_go = _State.LOST, True
                return Change.LOST
            if self._to_let_go:
                # Not before the loss was said: it may take a second.
                self._to_let_go = False
                self._link.let_go()
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
            self._wake.wait(INTERVAL)
            self._wake.clear()
