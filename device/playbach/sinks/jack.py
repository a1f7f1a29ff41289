"""JACK, and PipeWire in its place: each message is written at its very frame.

A client of our own with a port of our own. Who is connected to it, by us or by anyone, hears the
music; when nobody is any more, the synth counts as lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playbach.errors import PortAbsentError, PortError
from playbach.sinks.base import CLIENT_NAME
from playbach.sinks.connection_monitor import Sharing
from playbach.sinks.frames import FrameLink, FrameSink
from playbach.sinks.jack_queue import JackQueue
from playbach.sinks.jack_server import detach, jack_library, open_client
from playbach.sinks.matching import OWN, first_index, preferred

_RETRY = 1.0
"""Seconds between attempts to reach a server that was not running."""

_ABSENT = (
    "sink jack: there is no MIDI input to play to; start a synth such as 'fluidsynth -a jack -m "
    "jack', and see 'playbach ports'"
)


class JackLink(FrameLink[JackQueue]):
    """The port that a queue plays to, a ``Destination`` that may go and come back."""

    def __init__(self, pattern: str | None) -> None:
        """``pattern``: see ``find_port``, or ``OWN``; ``None`` takes the likeliest."""
        super().__init__()
        self._pattern = pattern
        self._is_own = pattern == OWN
        self._library: Any = None
        self._connected = False
        self._wanted: str | None = None
        self._cut: set[str] = set()
        """Ports that somebody disconnected: not to be taken again before they come anew."""
        self._next_try = 0.0
        self._tell: Callable[[], object] | None = None
        self.sharing = Sharing()
        """Whether another Play Bach plays to it."""
        self.port: str | None = None
        """Name of the port connected to, now or last."""

    @property
    def description(self) -> str:
        if self._is_own:
            return f"a JACK port of its own, {CLIENT_NAME}:out"
        return f"JACK port {self.port or self._pattern or 'of the first synth'}"

    def open(self) -> None:
        self._library = required_library()
        self._reach()
        if self.queue is None:
            raise PortAbsentError(
                "sink jack: no JACK server runs; start one such as jackd or PipeWire, or choose "
                "another sink"
            )
        if self._is_own:
            self._connected = True
            return
        names = midi_inputs(self.queue.client)
        self._take(names[first_index(self._pattern, names, "JACK", _ABSENT)])

    def present(self) -> bool:
        queue = self.queue
        if self._connected:
            if queue is None or not queue.alive:
                return False
            self.note_time()
            if self._is_own:
                return True
            self.sharing.look(lambda: self._has_others(queue))
            return not queue.has_news() or bool(self._listeners(queue))
        if queue is None or not queue.alive:
            self._reach()
        elif not queue.has_news():
            return self._wanted is not None
        self._wanted = self._look()
        return self._wanted is not None

    def announce_to(self, tell: Callable[[], object]) -> None:
        self._tell = tell
        if self.queue is not None:
            self.queue.tell = tell

    def detach(self) -> None:
        queue, self._connected, self._wanted = self.queue, False, None
        if queue is None:
            return
        if queue.alive and not self._is_own:
            # One that came anew under its old name was not cut, but away for a moment.
            if self.port in midi_inputs(queue.client) and self.port not in queue.came:
                self._cut.add(self.port)
            self._wanted = self._look()
            return
        self.queue = None
        queue.close()

    def connect(self) -> None:
        port = self._look()
        if port is None:
            raise PortAbsentError("it went away again; it is waited for")
        self._take(port)

    def _reach(self) -> None:
        """Join the server that runs now, at most once a second."""
        now = time.monotonic()
        if now < self._next_try:
            return
        self._next_try = now + _RETRY
        at = self.now()
        dead, self.queue = self.queue, None
        if dead:
            dead.close()
        client = open_client(self._library, CLIENT_NAME)
        if client is not None:
            self._cut.clear()
            self.queue = JackQueue(self._library, client, at)
            if self._tell is not None:
                self.queue.tell = self._tell

    def _look(self) -> str | None:
        """The port to play to: one that somebody has connected, or one that is wanted."""
        if self.queue is None or not self.queue.alive:
            return None
        if self._is_own:
            return str(self.queue.port.name)
        listeners = self._listeners(self.queue)
        if listeners:
            return listeners[0]
        there = midi_inputs(self.queue.client)
        self._cut = (self._cut & set(there)) - self.queue.came
        names = [name for name in there if name not in self._cut]
        index = preferred(self._pattern, names, self.port)
        return None if index is None else names[index]

    def _listeners(self, queue: JackQueue) -> list[str]:
        return self._connected_to(queue, queue.port)

    def _has_others(self, queue: JackQueue) -> bool:
        names = self._connected_to(queue, self.port)
        return any(name.startswith(CLIENT_NAME) for name in names if name != queue.port.name)

    def _connected_to(self, queue: JackQueue, port: object) -> list[str]:
        """Names of the ports connected to one; none if that or the server has gone."""
        try:
            return [other.name for other in queue.client.get_all_connections(port)]
        except self._library.JackError:
            return []

    def _take(self, port: str) -> None:
        queue = self.queue
        if queue is None:
            raise PortAbsentError("the JACK server went away again; it is waited for")
        try:
            if not self._is_own and port not in self._listeners(queue):
                queue.client.connect(queue.port, port)
        except self._library.JackError as error:
            raise PortError(f"port {port!r}: cannot be connected: {error}; try again") from error
        self.port = port
        self._connected = True
        queue.came.clear()


class JackSink(FrameSink):
    """A client of JACK; see ``playbach.sinks.base.Sink`` for its methods."""

    name = "jack"

    def __init__(self, pattern: str | None = None) -> None:
        """``pattern``: see ``find_port``, or ``OWN``; ``None`` takes the likeliest."""
        link = JackLink(pattern)
        super().__init__(link)
        self.sharing = link.sharing


def required_library() -> Any:
    """JACK-Client.

    Raises:
        PortError: it, or libjack, is not installed.
    """
    library = jack_library()
    if library is None:
        raise PortError(
            "sink jack: JACK-Client or libjack is missing; apt install libjack-jackd2-0, or "
            "pipewire-jack, and pip install JACK-Client"
        )
    return library


def midi_inputs(client: Any) -> list[str]:
    """Names of the ports that MIDI can be sent to."""
    return [port.name for port in client.get_ports(is_midi=True, is_input=True)]


def jack_ports() -> list[str]:
    """Names of the ports of the server that runs; none if none does.

    Raises:
        PortError: the library is missing, or JACK does not answer.
    """
    client = open_client(required_library(), f"{CLIENT_NAME} look")
    if client is None:
        return []
    try:
        return midi_inputs(client)
    finally:
        detach(client.close)
