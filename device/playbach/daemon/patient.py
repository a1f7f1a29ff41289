"""Components that the music plays without: reported and tried again where they cannot start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from playbach.daemon.components import Component
from playbach.errors import PortError
from playbach.session.session import Session

_LOG = logging.getLogger(__name__)
C = TypeVar("C", bound=Component)


class Patient(Generic[C]):
    """A component that waits for what it needs, such as an address that another program has."""

    def __init__(
        self,
        session: Session,
        make: Callable[[], C],
        missing: str,
        announce: Callable[[C], str],
    ) -> None:
        """Nothing is opened before ``start``.

        Args:
            session: its status says what is missing.
            make: makes the component anew for each attempt; one is started once.
            missing: what the lack of it means, such as ``there is no page``.
            announce: says it in the log once it has started.
        """
        self._session = session
        self._make = make
        self.component = make()
        self._missing = missing
        self._announce = announce
        self._is_started = False
        self.name = self.component.name

    @property
    def error(self) -> BaseException | None:
        """The exception that ended its thread, if any did."""
        return self.component.error

    def start(self) -> None:
        """Start it; an error is reported in the status and the log."""
        try:
            self._start()
        except PortError as error:
            self._session.report(self.name, f"{self._missing}: {error}")

    def stop(self) -> None:
        """Stop it; may be called again."""
        self.component.stop()

    def retry(self) -> bool:
        """Start it if that failed before; returns whether it has started."""
        if not self._is_started:
            self.component = self._make()
            with suppress(PortError):
                self._start()
        return self._is_started

    def _start(self) -> None:
        self.component.start()
        self._is_started = True
        self._session.report(self.name, "")
        _LOG.info("%s", self._announce(self.component))
