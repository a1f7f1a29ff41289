"""What a service does without is tried again, ever more rarely, until it is there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

_FIRST, _LONGEST = 1.0, 60.0
"""Seconds before the first try, and between the later ones at most; they double up to that."""
_JOIN = 3.0
"""Seconds for which a try that goes on is waited for in the end."""


class Retrying:
    """A part of the service, see ``playbach.daemon.components``; it has a thread of its own.

    A try may take seconds, and neither the music nor the watchdog is to wait for it.
    """

    name = "retrying"

    def __init__(self, tries: Sequence[Callable[[], bool]], first: float = _FIRST) -> None:
        """Prepare.

        Args:
            tries: each is called until it says that nothing is left to be tried.
            first: seconds before the first try.
        """
        self._tries = tuple(tries)
        self._pause = first
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="playbach-retry", daemon=True)
        self.error: BaseException | None = None
        """What ended its thread, if anything did."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a try that does not come back is left behind."""
        self._ended.set()
        self._thread.join(_JOIN)

    def _run(self) -> None:
        try:
            while self._tries and not self._ended.wait(self._pause):
                self._tries = tuple(
                    attempt for attempt in self._tries if self._ended.is_set() or not attempt()
                )
                self._pause = min(2 * self._pause, _LONGEST)
        except BaseException as error:  # noqa: BLE001 no thread dies alone: its owner looks here
            self.error = error
