"""What all sinks that play to a port have in common, whatever sends their messages on time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from playbach.errors import PortAbsentError, PortError
from playbach.midi.active_notes import all_notes_off
from playbach.midi.messages import TimedMessage
from playbach.sinks.base import OnChange, OnFailure
from playbach.sinks.connection_monitor import ConnectionMonitor, Reconnectable, Sharing, failing
from playbach.timing import Lateness, Seconds


class MessageQueue(Protocol):
    """Sends messages at their times: the kernel, JACK, or a thread of ours."""

    def send(self, messages: Sequence[TimedMessage]) -> object:
        """Queue messages."""

    def take_back(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:
        """Take back what is due at ``after`` or later and has not left, in order of time."""

    def send_now(self, messages: Iterable[bytes]) -> object:
        """Send messages before anything queued."""

    def silence(self) -> object:
        """Drop the queue and end all that sounds."""


class Destination(Protocol):
    """What a sink plays to; of one that is ``Reconnectable`` too, loss and return are noticed."""

    @property
    def description(self) -> str:
        """Where it plays."""

    def open(self) -> None:
        """Take hold of it for the first time.

        Raises:
            PortAbsentError: it is not there.
            PortError: it refuses.
        """

    def close(self) -> None:
        """Let go of it; harmless when not open."""


class PortSink:
    """A sink over a destination; see ``playbach.sinks.base.Sink`` for its methods."""

    lateness: Lateness | None = None
    sharing: Sharing | None = None
    """Whether another Play Bach plays to the port, where that can be told."""
    drain = Seconds(0.0)
    """How long after ``silence`` the last bytes have surely left."""

    def __init__(self, destination: Destination, link: Reconnectable | None) -> None:
        """``link``: the destination again, if it can come back."""
        self._destination = destination
        self._link = link
        self._monitor: ConnectionMonitor | None = None
        self._failure: BaseException | None = None
        self._on_failure: OnFailure | None = None

    @property
    def queue(self) -> MessageQueue | None:
        """What sends the messages, while there is something."""
        raise NotImplementedError

    @property
    def description(self) -> str:
        return self._destination.description

    @property
    def connected(self) -> bool:
        return self._failure is None and (self._monitor is None or self._monitor.connected)

    @property
    def is_shared(self) -> bool:
        return self.sharing is not None and self.connected and self.sharing.found

    def open(self, *, absent_ok: bool = False) -> None:
        there = True
        try:
            self._destination.open()
        except PortError as error:
            if not (absent_ok and isinstance(error, PortAbsentError)):
                self._destination.close()
                raise
            there = False
        if self._link:
            self._monitor = ConnectionMonitor(self._link, connected=there)

    def start(self, on_failure: OnFailure, on_change: OnChange | None = None) -> None:
        self._on_failure = on_failure
        self._begin()
        if self._monitor:
            told = on_change or failing(self.description, self._fail)
            self._monitor.start(told, self._fail)

    def send(self, messages: Sequence[TimedMessage]) -> None:
        if self._failure:
            raise self._failure
        if self.queue:
            self.queue.send(messages)

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:
        return self.queue.take_back(after) if self.queue else ()

    def all_notes_off(self, channels: Iterable[int]) -> None:
        if self.queue and self.connected:
            self.queue.send_now(all_notes_off(channels))

    def reconnect(self) -> bool:
        if self._monitor is None:
            return self.connected
        self.cancel()
        return self._monitor.reconnect()

    def silence(self) -> None:
        if self.queue is None:
            return
        # After a failure the synth may be gone, but the notes are still worth a try.
        with contextlib.suppress(*([Exception] if self._failure else [])):
            self.queue.silence()
            time.sleep(self.drain)

    def close(self) -> None:
        if self._monitor:
            self._monitor.end()
        self._end()
        self._destination.close()

    def _begin(self) -> None:
        """Time 0 is now."""

    def _end(self) -> None:
        """Nothing more is to be sent."""

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        if self._on_failure:
            self._on_failure(error)
