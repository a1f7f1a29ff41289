"""The ALSA sequencer: messages wait in a queue of the kernel, which sends them on time.

Python may pause for as long as the horizon and nobody hears it. What is queued in the kernel also
outlives a change of mind, so stopping means removing it there first.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence

from playbach.errors import PortAbsentError, PortError
from playbach.midi_messages import TimedMessage
from playbach.silence import hushing
from playbach.sinks.alsa_client import AlsaPort, alsa_library, choose_port, has_others, ports_of
from playbach.sinks.alsa_queue import KernelQueue
from playbach.sinks.base import OnChange, OnFailure
from playbach.sinks.matching import preferred
from playbach.sinks.midi_api import Sharing
from playbach.sinks.watcher import Watcher, failing
from playbach.status import Lateness
from playbach.stream import Seconds

HORIZON = Seconds(1.0)
"""How far ahead of their time messages are put into the queue."""
_DRAIN = 0.02
"""Seconds that a synth's driver is given to pass on the last messages."""


class AlsaLink:
    """The port that a queue plays to, which may go and come back; see ``Link``."""

    def __init__(self, queue: KernelQueue, pattern: str | None) -> None:
        """``pattern``: see ``find_port``; ``None`` takes the likeliest."""
        self._queue = queue
        self._pattern = pattern
        self._connected = False
        self._wanted: AlsaPort | None = None
        self._ports_known = False
        self.sharing = Sharing()
        """Whether another Play Bach plays to it."""
        self.port: AlsaPort | None = None
        """The port connected to, now or last."""

    def open(self) -> None:
        """Connect for the first time.

        Raises:
            PortAbsentError: no port fits.
            PortError: it refuses.
        """
        self._take(choose_port(self._pattern, ports_of(self._queue.client)))

    def present(self) -> bool:
        with self._queue.lock:
            # Something else that is to be done regularly.
            self._queue.feed()
            news = self._queue.announcements.read()
            if self._connected and self.port is not None:
                port = self.port
                self.sharing.look(lambda: has_others(self._queue.client, port))
                return not news.takes_away(port)
            if news.changed or not self._ports_known:
                self._wanted = self._look()
                self._ports_known = True
            return self._wanted is not None

    def let_go(self) -> None:
        if self._connected:
            self._connected = self._ports_known = False

    def connect(self) -> None:
        with self._queue.lock:
            port = self._look()
            if port is None:
                raise PortAbsentError("it went away again; it is waited for")
            self._take(port)

    def _look(self) -> AlsaPort | None:
        ports = ports_of(self._queue.client)
        last = self.port.name if self.port else None
        index = preferred(self._pattern, [port.name for port in ports], last)
        return None if index is None else ports[index]

    def _take(self, port: AlsaPort) -> None:
        try:
            self._queue.port.connect_to(port.address)
        except alsa_library().ALSAError as error:
            self._ports_known = False
            raise PortError(
                f"port {port.name!r}: cannot be connected: {error}; try again"
            ) from error
        self.port = port
        self._connected = True


class AlsaSink:
    """A queue of the ALSA sequencer; see ``playbach.sinks.base.Sink`` for its methods."""

    name = "alsa"
    horizon = HORIZON
    timing = "queue of the kernel"
    # The kernel sends the messages and does not say when.
    lateness: Lateness | None = None

    def __init__(self, pattern: str | None = None) -> None:
        """``pattern``: see ``find_port``; ``None`` takes the likeliest."""
        self._pattern = pattern
        self._queue: KernelQueue | None = None
        self._link: AlsaLink | None = None
        self._watcher: Watcher | None = None
        self._failure: BaseException | None = None
        self._on_failure: OnFailure | None = None

    @property
    def description(self) -> str:
        if self._link is None or self._link.port is None:
            return f"ALSA port {self._pattern or 'of the first synth'}"
        return f"ALSA port {self._link.port.name} (kernel queue)"

    @property
    def connected(self) -> bool:
        return self._failure is None and self._watcher is not None and self._watcher.connected

    @property
    def is_shared(self) -> bool:
        return self.connected and self._link is not None and self._link.sharing.found

    def open(self, *, absent_ok: bool = False) -> None:
        queue = KernelQueue()
        link = AlsaLink(queue, self._pattern)
        there = True
        try:
            link.open()
        except PortError as error:
            if not (absent_ok and isinstance(error, PortAbsentError)):
                queue.close()
                raise
            there = False
        self._queue, self._link = queue, link
        self._watcher = Watcher(link, connected=there)

    def start(self, on_failure: OnFailure, on_change: OnChange | None = None) -> None:
        self._on_failure = on_failure
        if self._queue and self._watcher:
            self._queue.start()
            told = on_change or failing(self.description, self._fail)
            self._watcher.start(told, self._fail)

    def now(self) -> Seconds:
        return self._queue.now() if self._queue else Seconds(0.0)

    def send(self, messages: Sequence[TimedMessage]) -> None:
        if self._failure:
            raise self._failure
        # Without a connection the kernel keeps the time and sends to nobody.
        if self._queue:
            self._queue.send(messages)

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:
        return self._queue.take_back(after) if self._queue else ()

    def hush(self, channels: Iterable[int]) -> None:
        if self._queue and self.connected:
            self._queue.send_now(hushing(channels))

    def reconnect(self) -> bool:
        if self._queue is None or self._watcher is None:
            return False
        self._queue.take_back(Seconds(0.0))
        return self._watcher.reconnect()

    def silence(self) -> None:
        if self._queue is None:
            return
        # After a failure the synth may be gone, but the notes are still worth a try.
        with contextlib.suppress(*([alsa_library().ALSAError] if self._failure else [])):
            self._queue.silence()
            time.sleep(_DRAIN)

    def close(self) -> None:
        if self._watcher:
            self._watcher.end()
        queue, self._queue = self._queue, None
        if queue:
            queue.close()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        if self._on_failure:
            self._on_failure(error)
