"""Sinks that keep time themselves: an output that takes bytes, and the deadline sender."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from playbach.errors import PlaybachError, PortAbsentError, PortError
from playbach.midi_messages import TimedMessage
from playbach.silence import hushing
from playbach.sinks.base import OnChange, OnFailure
from playbach.sinks.sender import DeadlineSender
from playbach.sinks.watcher import Link, Watcher, failing
from playbach.status import Lateness
from playbach.stream import Seconds

HORIZON = Seconds(0.25)
"""How far ahead of their time messages are given to the sender."""


class Output(Protocol):
    """Something that takes MIDI bytes now."""

    @property
    def name(self) -> str:
        """The word that chooses the sink it makes."""

    @property
    def description(self) -> str:
        """Where the bytes go."""

    @property
    def drain(self) -> Seconds:
        """How long after ``write`` the last bytes have surely left this process."""

    def open(self, on_failure: OnFailure) -> None:
        """Take hold of it; ``PortError`` if that fails. ``on_failure`` hears of its death."""

    def write(self, data: bytes) -> None:
        """Send one message now, without blocking; ``PortError`` if it cannot be sent."""

    def close(self) -> None:
        """Let go of it; harmless when not open."""


@runtime_checkable
class Shareable(Protocol):
    """An output that others can play to as well."""

    @property
    def is_shared(self) -> bool:
        """See ``playbach.sinks.base.Sink``."""


class PacedSink:
    """A sink over any ``Output``; see ``playbach.sinks.base.Sink`` for its methods.

    If the output is a ``Link`` too, its loss and return are noticed.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._sender: DeadlineSender | None = None
        self._watcher: Watcher | None = None
        self._failure: BaseException | None = None
        self._on_failure: OnFailure | None = None

    @property
    def name(self) -> str:
        return self._output.name

    @property
    def description(self) -> str:
        return self._output.description

    @property
    def horizon(self) -> Seconds:
        return HORIZON

    @property
    def timing(self) -> str:
        return self._sender.timing if self._sender else ""

    @property
    def lateness(self) -> Lateness | None:
        return self._sender.lateness if self._sender else None

    @property
    def connected(self) -> bool:
        return self._failure is None and (self._watcher is None or self._watcher.connected)

    @property
    def is_shared(self) -> bool:
        return self.connected and isinstance(self._output, Shareable) and self._output.is_shared

    def open(self, *, absent_ok: bool = False) -> None:
        there = True
        try:
            self._output.open(self._fail)
        except PortAbsentError:
            if not absent_ok:
                self._output.close()
                raise
            there = False
        if isinstance(self._output, Link):
            self._watcher = Watcher(self._output, connected=there)

    def start(self, on_failure: OnFailure, on_change: OnChange | None = None) -> None:
        self._on_failure = on_failure
        self._sender = DeadlineSender(self._write, self._fail)
        if self._watcher:
            told = on_change or failing(self.description, self._fail)
            self._watcher.start(told, self._fail)
        if self._failure:
            on_failure(self._failure)

    def now(self) -> Seconds:
        return self._sender.now() if self._sender else Seconds(0.0)

    def send(self, messages: Sequence[TimedMessage]) -> None:
        if self._failure:
            raise self._failure
        if self._sender:
            self._sender.send(messages)

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:
        return self._sender.cancel(after) if self._sender else ()

    def hush(self, channels: Iterable[int]) -> None:
        if self._sender and self.connected:
            self._sender.send_now(hushing(channels))

    def reconnect(self) -> bool:
        if self._watcher is None:
            return self.connected
        if self._sender:
            self._sender.cancel()
        return self._watcher.reconnect()

    def silence(self) -> None:
        if self._sender is None:
            return
        # After a failure the synth may be gone, but the notes are still worth a try.
        with contextlib.suppress(*([PlaybachError] if self._failure else [])):
            self._sender.silence()
            time.sleep(self._output.drain)

    def close(self) -> None:
        if self._watcher:
            self._watcher.end()
        if self._sender:
            self._sender.end()
        self._output.close()

    def _write(self, data: bytes) -> None:
        if self._watcher is None:
            self._output.write(data)
        elif self._watcher.connected:
            try:
                self._output.write(data)
            except PortError:
                self._watcher.suspect()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        if self._on_failure:
            self._on_failure(error)
