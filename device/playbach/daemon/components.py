"""What the service consists of: parts that start in order and stop in reverse order."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Protocol

_LOG = logging.getLogger(__name__)


class Component(Protocol):
    """A part with a beginning and an end."""

    @property
    def name(self) -> str:
        """What the log calls it."""

    @property
    def error(self) -> BaseException | None:
        """What ended one of its threads, ``None`` as long as all is well."""

    def start(self) -> None:
        """Begin. Those before it in the order run already.

        Raises:
            PlaybachError: it cannot; whatever it had begun is undone.
        """

    def stop(self) -> None:
        """End. Called once after ``start``, from the same thread."""


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
