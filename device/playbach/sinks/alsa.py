"""The ALSA sequencer: messages wait in a queue of the kernel, which sends them on time.

Python may pause for as long as the horizon and nobody hears it. What is queued in the kernel also
outlives a change of mind, so stopping means removing it there first.
"""

from __future__ import annotations

from playbach.errors import PortAbsentError, PortError
from playbach.sinks.alsa_client import AlsaPort, alsa_library, has_others, ports_of
from playbach.sinks.alsa_queue import KernelQueue
from playbach.sinks.base import CLIENT_NAME
from playbach.sinks.connection_monitor import Sharing
from playbach.sinks.matching import OWN, first_port, port_again
from playbach.sinks.port import PortSink
from playbach.timing import Lateness, Seconds

HORIZON = Seconds(1.0)
"""How far ahead of their time messages are put into the queue."""
_DRAIN = Seconds(0.02)
"""That a synth's driver is given to pass on the last messages."""
_ABSENT = (
    "sink alsa: no synth is connected to the ALSA sequencer; connect or start one and see "
    "'playbach ports'"
)


class AlsaLink:
    """The port that a queue plays to, a ``Destination`` that may go and come back."""

    def __init__(self, pattern: str | None) -> None:
        """``pattern``: see ``find_port``, or ``OWN``; ``None`` takes the likeliest."""
        self._pattern = pattern
        self._is_own = pattern == OWN
        self._connected = False
        self._wanted: AlsaPort | None = None
        self._ports_known = False
        self.sharing = Sharing()
        """Whether another Play Bach plays to it."""
        self.port: AlsaPort | None = None
        """The port connected to, now or last."""
        self.queue: KernelQueue | None = None
        """From ``open`` to ``close``."""

    @property
    def description(self) -> str:
        if self._is_own:
            return f"an ALSA port of its own, {CLIENT_NAME}:out (kernel queue)"
        if self.port is None:
            return f"ALSA port {self._pattern or 'of the first synth'}"
        return f"ALSA port {self.port.name} (kernel queue)"

    def open(self) -> None:
        queue = self.queue = KernelQueue()
        if self._is_own:
            self._connected = True
            return
        self._take(queue, first_port(self._pattern, ports_of(queue.client), "ALSA", _ABSENT))

    def close(self) -> None:
        queue, self.queue = self.queue, None
        if queue:
            queue.close()

    def present(self) -> bool:
        queue = self.queue
        if queue is None:
            return False
        with queue.lock:
            # Something else that is to be done regularly.
            queue.feed()
            if self._is_own:
                return True
            news = queue.announcements.read()
            if self._connected and self.port is not None:
                port = self.port
                self.sharing.look(lambda: has_others(queue.client, port))
                return not news.takes_away(port)
            if news.changed or not self._ports_known:
                self._wanted = port_again(self._pattern, ports_of(queue.client), self.port)
                self._ports_known = True
            return self._wanted is not None

    def detach(self) -> None:
        if self._connected:
            self._connected = self._ports_known = False

    def connect(self) -> None:
        queue = self.queue
        if queue is None:
            raise PortAbsentError("it was closed")
        with queue.lock:
            port = port_again(self._pattern, ports_of(queue.client), self.port)
            if port is None:
                raise PortAbsentError("it went away again; it is waited for")
            self._take(queue, port)

    def _take(self, queue: KernelQueue, port: AlsaPort) -> None:
        try:
            queue.port.connect_to(port.address)
        except alsa_library().ALSAError as error:
            self._ports_known = False
            raise PortError(
                f"port {port.name!r}: cannot be connected: {error}; try again"
            ) from error
        self.port = port
        self._connected = True


class AlsaSink(PortSink):
    """A queue of the ALSA sequencer; see ``playbach.sinks.base.Sink`` for its methods."""

    name = "alsa"
    horizon = HORIZON
    timing = "queue of the kernel"
    # The kernel sends the messages and does not say when.
    lateness: Lateness | None = None
    drain = _DRAIN

    def __init__(self, pattern: str | None = None) -> None:
        """``pattern``: see ``find_port``, or ``OWN``; ``None`` takes the likeliest."""
        self._port = AlsaLink(pattern)
        super().__init__(self._port, self._port)
        self.sharing = self._port.sharing

    @property
    def queue(self) -> KernelQueue | None:
        return self._port.queue

    def now(self) -> Seconds:
        return self.queue.now() if self.queue else Seconds(0.0)

    def _begin(self) -> None:
        if self.queue:
            self.queue.start()
