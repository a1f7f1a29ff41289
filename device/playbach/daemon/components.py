"""Components of the service: started in order, stopped in reverse, retried where they failed."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

_LOG = logging.getLogger(__name__)


class Component(Protocol):
    """A part of the service that is started and stopped."""

    @property
    def name(self) -> str:
        """Its name in the log."""

    @property
    def error(self) -> BaseException | None:
        """The exception that ended one of its threads, if any did."""

    def start(self) -> None:
        """Start; those before it in the order run already.

        Raises:
            PlaybachError: it cannot; what it had started is stopped again.
        """

    def stop(self) -> None:
        """Stop; called once after ``start``, from the same thread."""


@contextlib.contextmanager
def running(components: Sequence[Component]) -> Iterator[None]:
    """Start all, and in the end stop those that were started, the last first.

    One that fails to stop does not keep the others from stopping; its error is raised then.
    """
    with contextlib.ExitStack() as stops:
        for component in components:
            _LOG.debug("starting %s", component.name)
            component.start()
            stops.callback(component.stop)
        yield


_FIRST, _LONGEST = 1.0, 60.0
"""Seconds before the first attempt, and at most between two; the pause doubles each time."""
_JOIN = 3.0
"""Seconds that ``stop`` waits for an attempt in progress."""


class Retrying:
    """A component that repeats failed attempts, with exponential backoff, on a thread of its own.

    An attempt may take seconds, and neither the music nor the watchdog may wait for it.
    """

    name = "retrying"

    def __init__(self, tries: Sequence[Callable[[], bool]], first: float = _FIRST) -> None:
        """``start`` starts the thread.

        Args:
            tries: each is called until it returns ``True``: it has succeeded.
            first: seconds before the first attempt.
        """
        self._tries = tuple(tries)
        self._pause = first
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="playbach-retry", daemon=True)
        self.error: BaseException | None = None
        """The exception that ended its thread, if any did."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; an attempt that does not return is abandoned."""
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
