"""JACK, and PipeWire in its place: each message is written at its very frame.

A client of our own with a port of our own. Who is connected to it, by us or by anyone, hears the
music; when nobody is any more, the synth counts as lost.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from playbach.errors import PortAbsentError, PortError
from playbach.midi_messages import TimedMessage
from playbach.silence import hushing
from playbach.sinks.base import OnChange, OnFailure
from playbach.sinks.jack_queue import JackQueue
from playbach.sinks.jack_server import jack_library, let_go, open_client
from playbach.sinks.matching import find_port, likeliest, preferred
from playbach.sinks.midi_api import CLIENT_NAME, Sharing
from playbach.sinks.watcher import Watcher, failing
from playbach.status import Lateness
from playbach.stream import Seconds

HORIZON = Seconds(0.25)
"""How far ahead of their time messages are given to the client."""
_RETRY = 1.0
"""Seconds between attempts to reach a server that was not running."""


class JackLink:
    """The port that a queue plays to, which may go and come back; see ``Link``."""

    def __init__(self, pattern: str | None) -> None:
        """``pattern``: see ``find_port``; ``None`` takes the likeliest."""
        self._pattern = pattern
        self._library: Any = None
        self._connected = False
        self._wanted: str | None = None
        self._cut: set[str] = set()
        """Ports that somebody disconnected: not to be taken again before they come anew."""
        self._next_try = 0.0
        self._time = (time.monotonic(), 0.0)
        self.sharing = Sharing()
        """Whether another Play Bach plays to it."""
        self.port: str | None = None
        """Name of the port connected to, now or last."""
        self.queue: JackQueue | None = None
        """While there is a server."""

    def open(self) -> None:
        """Connect for the first time.

        Raises:
            PortAbsentError: there is no server, or no port fits.
            PortError: the library is missing, or the port refuses.
        """
        self._library = required_library()
        self._reach()
        if self.queue is None:
            raise PortAbsentError(
                "sink jack: no JACK server runs; start one such as jackd or PipeWire, or choose "
                "another sink"
            )
        self._take(chosen(self._pattern, midi_inputs(self.queue.client)))

    def start(self) -> None:
        """Time 0 is now."""
        self._time = (time.monotonic(), 0.0)
        if self.queue:
            self.queue.set_time(0.0)

    def now(self) -> float:
        """Seconds since ``start``; goes on while there is no server."""
        if self.queue and self.queue.alive:
            return self.queue.now()
        then, at = self._time
        return at + time.monotonic() - then

    def present(self) -> bool:
        queue = self.queue
        if self._connected:
            if queue is None or not queue.alive:
                return False
            # The server's clock and the machine's drift apart.
            self._time = (time.monotonic(), queue.now())
            self.sharing.look(lambda: self._has_others(queue))
            return not queue.has_news() or bool(self._listeners(queue))
        if queue is None or not queue.alive:
            self._reach()
        elif not queue.has_news():
            return self._wanted is not None
        self._wanted = self._look()
        return self._wanted is not None

    def let_go(self) -> None:
        queue, self._connected, self._wanted = self.queue, False, None
        if queue is None:
            return
        if queue.alive:
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

    def close(self) -> None:
        """Leave the server."""
        queue, self.queue = self.queue, None
        if queue:
            queue.close()

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

    def _look(self) -> str | None:
        """The port to play to: one that somebody has connected, or one that is wanted."""
        if self.queue is None or not self.queue.alive:
            return None
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
            if port not in self._listeners(queue):
                queue.client.connect(queue.port, port)
        except self._library.JackError as error:
            raise PortError(f"port {port!r}: cannot be connected: {error}; try again") from error
        self.port = port
        self._connected = True
        queue.came.clear()


class JackSink:
    """A client of JACK; see ``playbach.sinks.base.Sink`` for its methods."""

    name = "jack"
    horizon = HORIZON

    def __init__(self, pattern: str | None = None) -> None:
        """``pattern``: see ``find_port``; ``None`` takes the likeliest."""
        self._pattern = pattern
        self._link = JackLink(pattern)
        self._watcher: Watcher | None = None
        self._failure: BaseException | None = None
        self._on_failure: OnFailure | None = None

    @property
    def description(self) -> str:
        return f"JACK port {self._link.port or self._pattern or 'of the first synth'}"

    @property
    def timing(self) -> str:
        return self._link.queue.timing if self._link.queue else ""

    @property
    def lateness(self) -> Lateness | None:
        return self._link.queue.lateness() if self._link.queue else None

    @property
    def connected(self) -> bool:
        return self._failure is None and self._watcher is not None and self._watcher.connected

    @property
    def is_shared(self) -> bool:
        return self.connected and self._link.sharing.found

    def open(self, *, absent_ok: bool = False) -> None:
        there = True
        try:
            self._link.open()
        except PortError as error:
            if not (absent_ok and isinstance(error, PortAbsentError)):
                self._link.close()
                raise
            there = False
        self._watcher = Watcher(self._link, connected=there)

    def start(self, on_failure: OnFailure, on_change: OnChange | None = None) -> None:
        self._on_failure = on_failure
        self._link.start()
        if self._watcher:
            self._watcher.start(on_change or failing(self.description, self._fail), self._fail)

    def now(self) -> Seconds:
        return Seconds(self._link.now())

    def send(self, messages: Sequence[TimedMessage]) -> None:
        if self._failure:
            raise self._failure
        if self._link.queue:
            self._link.queue.send(messages)

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:
        return self._link.queue.take_back(after) if self._link.queue else ()

    def hush(self, channels: Iterable[int]) -> None:
        if self._link.queue and self.connected:
            self._link.queue.send_now(hushing(channels))

    def reconnect(self) -> bool:
        if self._watcher is None:
            return False
        self.cancel()
        return self._watcher.reconnect()

    def silence(self) -> None:
        if self._link.queue:
            self._link.queue.silence()

    def close(self) -> None:
        if self._watcher:
            self._watcher.end()
        self._link.close()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        if self._on_failure:
            self._on_failure(error)


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
        let_go(client.close)


def chosen(pattern: str | None, names: Sequence[str]) -> str:
    """The port that ``pattern`` names, or the likeliest if that is ``None``.

    Raises:
        PortAbsentError: there is none.
    """
    if pattern is not None:
        return names[find_port(pattern, names, "JACK")]
    index = likeliest(names)
    if index is None:
        raise PortAbsentError(
            "sink jack: there is no MIDI input to play to; start a synth such as 'fluidsynth -a "
            "jack -m jack', and see 'playbach ports'"
        )
    return names[index]
