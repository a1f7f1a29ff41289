"""The external clock that a session follows: it sets the tempo, and starts and stops the music."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playbach.session.follow import ClockTracker
from playbach.session.parts import MakeClock
from playbach.session.settings import Settings
from playbach.session.status import Command
from playbach.sinks.base import OnFailure
from playbach.sinks.clock_input import ClockEvent, ClockInput


class ExternalClock:
    """The clock that the settings name, if they do. Its owner sees to one change at a time."""

    def __init__(
        self,
        make: MakeClock,
        *,
        on_tempo: Callable[[], object],
        on_command: Callable[[Command], object],
        on_failure: OnFailure,
        absent_ok: bool,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            make: makes the clock that settings name, if they do.
            on_tempo: called when ``quarters`` is new.
            on_command: told what the other machine was told to do.
            on_failure: told what ended a thread of the clock, if anything does.
            absent_ok: whether the clock may be missing at first, and come later.
        """
        self._make = make
        self._on_tempo = on_tempo
        self._on_command = on_command
        self._on_failure = on_failure
        self._absent_ok = absent_ok
        self._input: ClockInput | None = None
        self._name: str | None = None
        self._is_started = False
        self.quarters: float | None = None
        """Its tempo in quarter notes per minute; ``None`` while none is known."""

    @property
    def description(self) -> str:
        """What is listened to; ``""`` for nothing."""
        clock = self._input
        return clock.description if clock else ""

    @property
    def connected(self) -> bool:
        """Whether the port listened to is there."""
        clock = self._input
        return clock is not None and clock.connected

    def start(self, settings: Settings) -> None:
        """Listen to the clock that the settings name, if they do.

        Raises:
            PortError: it cannot be opened.
        """
        self._input, self._name = self._listening(settings), settings.clock_in
        self._is_started = True

    def close(self) -> None:
        """Listen no more; may be called again."""
        if self._input:
            self._input.close()

    @contextmanager
    def another(self, settings: Settings) -> Iterator[ClockInput | None]:
        """Listen to another clock, or to none, if what is done within goes well.

        Yields:
            The clock that is to be closed then.

        Raises:
            PortError: it cannot be opened.
        """
        if not self._is_started or settings.clock_in == self._name:
            yield None
            return
        before, clock = self._input, self._listening(settings)
        try:
            yield before
        except BaseException:
            if clock:
                clock.close()
            raise
        self._input, self._name = clock, settings.clock_in
        if clock is None:
            self.quarters = None
            self._on_tempo()

    def _listening(self, settings: Settings) -> ClockInput | None:
        clock, tracker = self._make(settings), ClockTracker()

        def heard(event: ClockEvent) -> None:
            advice = tracker.hear(event)
            if advice.quarters is not None:
                self.quarters = advice.quarters
                self._on_tempo()
            if advice.command is not None:
                self._on_command(advice.command)

        if clock is not None:
            clock.open(heard, self._on_failure, absent_ok=self._absent_ok)
        return clock
