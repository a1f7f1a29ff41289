"""The external clock that a session follows: it sets the tempo, and starts and stops the music."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from playbach.midi.messages import CLOCK, CLOCKS_PER_QUARTER, CONTINUE, START, STOP
from playbach.session.commands import Command
from playbach.sinks.midi_input import Received

BANDWIDTH = 0.5
"""Hertz: a change of tempo is followed within about a second, jitter that is faster is not."""
_SETTLED = CLOCKS_PER_QUARTER
"""Ticks, a quarter note's, whose mean interval is the first period."""
_LOST = 0.5
"""Seconds without a tick after which the count begins anew; at 10 quarters a minute it is 0.25."""
_MOST_OMEGA = 0.4
"""Without unit; near 0.7 the loop would correct by all that was missed, and follow any jitter."""
_NOTICED = 0.003
"""Share of the tempo by which it must change to be passed on: less is not heard, and each change
means taking back what was sent ahead."""
SLOWEST, FASTEST = 10.0, 400.0
"""Quarter notes per minute that are followed; what is outside is no tempo but a fault."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do after a message."""

    quarters: float | None = None  # new tempo in quarter notes per minute, ``None`` for no change
    command: Command | None = None  # what the other machine was told to do, ``None`` for nothing


NOTHING = Advice()
_COMMANDS = {START: Command.PLAY, CONTINUE: Command.PLAY, STOP: Command.PAUSE}


class ClockTracker:
    """Turns times of arrival into a tempo, by a delay-locked loop of second order.

    The loop is that of F. Adriaensen, "Using a DLL to filter time" (Linux Audio Conference 2005):
    it predicts each tick and corrects phase and period by what the prediction missed.
    """

    def __init__(self) -> None:
        self._ticks = 0
        self._first = 0.0
        self._last = -math.inf
        self._next = 0.0
        self._period = 0.0
        self._told = 0.0

    def hear(self, message: Received) -> Advice:
        """What follows from a message."""
        status = message.data[0]
        if status == CLOCK:
            return self._tick(message.time)
        return Advice(command=_COMMANDS.get(status))

    def _tick(self, time: float) -> Advice:
        gap, self._last = time - self._last, time
        if not 0 < gap < _LOST:
            self._ticks, self._first = 0, time
            return NOTHING
        self._ticks += 1
        if self._ticks < _SETTLED:
            return NOTHING
        if self._ticks == _SETTLED:
            self._period = (time - self._first) / _SETTLED
            self._next = time + self._period
        else:
            self._correct(time)
        return self._advice()

    def _correct(self, time: float) -> None:
        missed = time - self._next
        omega = min(2 * math.pi * BANDWIDTH * self._period, _MOST_OMEGA)
        self._next += self._period + math.sqrt(2) * omega * missed
        self._period += omega * omega * missed

    def _advice(self) -> Advice:
        quarters = 60 / (self._period * CLOCKS_PER_QUARTER) if self._period > 0 else 0.0
        if not SLOWEST <= quarters <= FASTEST:
            return NOTHING
        if abs(quarters - self._told) < _NOTICED * quarters:
            return NOTHING
        self._told = quarters
        return Advice(quarters=quarters)


class ExternalClock:
    """Follows what arrives at a clock's input."""

    def __init__(
        self, *, on_tempo: Callable[[], object], on_command: Callable[[Command], object]
    ) -> None:
        """Before the first message.

        Args:
            on_tempo: called when ``quarters`` is new.
            on_command: told what the other machine was told to do.
        """
        self._on_tempo = on_tempo
        self._on_command = on_command
        self.quarters: float | None = None
        """Its tempo in quarter notes per minute; ``None`` while none is known."""

    def begin(self) -> Callable[[Received], None]:
        """What hears the messages of another clock."""
        tracker = ClockTracker()

        def heard(message: Received) -> None:
            advice = tracker.hear(message)
            if advice.quarters is not None:
                self.quarters = advice.quarters
                self._on_tempo()
            if advice.command is not None:
                self._on_command(advice.command)

        return heard

    def forget(self) -> None:
        """There is no clock any more."""
        self.quarters = None
        self._on_tempo()
