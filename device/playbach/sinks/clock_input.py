"""Following an external clock: what arrives at a MIDI input, with the time of its arrival."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from playbach.errors import PortAbsentError, PortError
from playbach.midi_messages import (
    CLOCK,
    CONTINUE,
    SONG_POSITION,
    START,
    STOP,
    kind_of,
    values_of,
)
from playbach.sinks.base import Change, OnFailure
from playbach.sinks.watcher import Link, Watcher

_UNDERSTOOD = frozenset((CLOCK, START, CONTINUE, STOP, SONG_POSITION))
_CREEP = 1e-3
"""Seconds per second by which two clocks may disagree: far more than quartz does."""


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """A message of an external clock.

    Attributes:
        status: ``CLOCK``, ``START``, ``CONTINUE``, ``STOP`` or ``SONG_POSITION``.
        time: when it arrived, in seconds of ``time.monotonic``.
        position: sixteenth notes from the start, of ``SONG_POSITION``; else 0.
    """

    status: int
    time: float
    position: int = 0


OnClock = Callable[[ClockEvent], None]
"""Called for each event, in order, from a thread of the input's own; must return at once."""
_LOOK = 0.005
"""Seconds between looks at what arrived. It was stamped on arrival, so this delays nothing but the
news of it."""


def clock_event(data: bytes, time: float) -> ClockEvent | None:
    """The event that a message is, ``None`` if it has nothing to do with a clock."""
    kind = kind_of(data)
    if kind is None or kind.status not in _UNDERSTOOD:
        return None
    values = values_of(data)
    return ClockEvent(kind.status, time, values[0] if values else 0)


class Stamps:
    """Times of arrival on our clock, from intervals that another clock measured on arrival.

    Our own look at the clock comes late, now more, now less. The intervals do not; so the offset
    between the clocks is the least that was seen, allowed to grow as fast as clocks may disagree.
    """

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._offset = math.inf

    def stamp(self, interval: float, now: float) -> float:
        """Arrival of a message.

        Args:
            interval: seconds since the message before.
            now: our clock, some time after its arrival.
        """
        self._elapsed += interval
        self._offset = min(self._offset + interval * _CREEP, now - self._elapsed)
        return self._elapsed + self._offset


class Source(Link, Protocol):
    """A MIDI input of some interface. Whatever arrives is stamped and kept until it is read."""

    @property
    def description(self) -> str:
        """What it listens to, such as ``MIDI port Sequencer:out (JACK)``."""

    def open(self) -> None:
        """Connect for the first time.

        Raises:
            PortAbsentError: no port fits; ``present`` says when one does.
            PortError: it cannot be opened.
        """

    def read(self) -> list[ClockEvent]:
        """What arrived since the last call, in order; from any thread."""

    def close(self) -> None:
        """Stop listening."""


class ClockInput:
    """Listens to an external clock, and again when its port has gone and come back.

    That the clock has stopped is not said: no ``CLOCK`` for a while is all that shows.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._watcher: Watcher | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def description(self) -> str:
        """What is listened to."""
        return self._source.description

    @property
    def connected(self) -> bool:
        """Whether its port is there."""
        return self._watcher is not None and self._watcher.connected

    def open(self, on_clock: OnClock, on_failure: OnFailure, *, absent_ok: bool = False) -> None:
        """Begin to listen.

        Args:
            on_clock: hears each event.
            on_failure: hears of a bug that ends a thread here.
            absent_ok: whether a missing port is no error: it is then listened to when it appears.

        Raises:
            PortError: the port is missing or refuses.
        """
        there = True
        try:
            self._source.open()
        except PortError as error:
            if not (absent_ok and isinstance(error, PortAbsentError)):
                self._source.close()
                raise
            there = False
        self._watcher = Watcher(self._source, connected=there)
        self._watcher.start(self._changed, on_failure)
        self._thread = threading.Thread(
            target=self._listen, args=(on_clock, on_failure), name="playbach-clock", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening, for good; harmless when not open."""
        watcher, self._watcher = self._watcher, None
        self._ended.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        if watcher is not None:
            watcher.end()
            self._source.close()

    def _listen(self, on_clock: OnClock, on_failure: OnFailure) -> None:
        try:
            while not self._ended.wait(_LOOK):
                for event in self._source.read():
                    on_clock(event)
        except Exception as error:  # noqa: BLE001 told to the player, which raises it to its caller
            on_failure(error)

    def _changed(self, change: Change) -> None:
        if change is Change.FOUND and self._watcher is not None:
            self._watcher.reconnect()
