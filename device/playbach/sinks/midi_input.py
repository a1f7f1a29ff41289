"""What arrives at a MIDI input, with the time of its arrival: of rtmidi, or of ALSA's sequencer.

One input is opened for each use: an external clock, playing that is listened to, controls.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from playbach.errors import PortAbsentError, PortError
from playbach.midi.messages import MessageParser
from playbach.sinks.alsa_client import (
    AlsaPort,
    Announcements,
    alsa_library,
    arrived,
    open_client,
    ports_of,
)
from playbach.sinks.base import ALSA_DEVICE, CLIENT_NAME, Change, OnFailure
from playbach.sinks.connection_monitor import ConnectionMonitor, Reconnectable
from playbach.sinks.matching import first_port, port_again
from playbach.sinks.midi_api import APIS, ApiClient, RtMidiPort

_CREEP = 1e-3
"""Seconds per second by which two clocks may disagree: far more than quartz does."""
_BEHIND = 0.5
"""Seconds by which a stamp may lie behind our clock; more, and messages were lost, intervals and
all."""
_LOOK = 0.005
"""Seconds between looks at what arrived. It was stamped on arrival, so this delays nothing but the
news of it."""
MOST_AT_A_LOOK = 64
"""Messages read at a look, 12,800 a second: a cable of five pins carries 1,000, and no player makes
so many. More is lost where it waits, in a queue of bounded size."""
_FLOOD = 20
"""Looks in a row, a tenth of a second, that find so many: then the port floods."""


class Received(NamedTuple):
    """A message that arrived."""

    time: float  # when, in seconds of ``time.monotonic``
    data: bytes  # one complete message with its status byte; never system exclusive


OnMessage = Callable[[Received], object]
"""Called for each message, in order, from a thread of the input's own; must return at once."""
OnLook = Callable[[float], object]
"""Called from the same thread, with the time of ``time.monotonic``."""


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
        most = now - self._elapsed
        self._offset = min(self._offset + interval * _CREEP, most)
        if self._offset < most - _BEHIND:
            self._offset = most
        return self._elapsed + self._offset


class InputSource(Reconnectable, Protocol):
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

    def read(self, most: int) -> list[Received]:
        """What arrived since the last call, in order, at most so much; from any thread.

        The data may be of any bytes: they are made messages afterwards.
        """

    def close(self) -> None:
        """Stop listening."""


class MidiInput:
    """Listens to a MIDI input, and again when its port has gone and come back."""

    def __init__(self, source: InputSource) -> None:
        self._source = source
        self._full = 0
        self._monitor: ConnectionMonitor | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def description(self) -> str:
        """What is listened to."""
        return self._source.description

    @property
    def connected(self) -> bool:
        """Whether its port is there."""
        return self._monitor is not None and self._monitor.connected

    @property
    def is_flooded(self) -> bool:
        """Whether more arrives than is read."""
        return self._full >= _FLOOD

    def open(
        self,
        on_message: OnMessage,
        on_failure: OnFailure,
        *,
        on_look: OnLook | None = None,
        absent_ok: bool = False,
    ) -> None:
        """Begin to listen.

        Args:
            on_message: hears each message.
            on_look: called after each look at what arrived, some hundred times a second.
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
        self._monitor = ConnectionMonitor(self._source, connected=there)
        self._monitor.start(self._changed, on_failure)
        self._thread = threading.Thread(
            target=self._listen,
            args=(on_message, on_look, on_failure),
            name="playbach-input",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening, for good; harmless when not open."""
        monitor, self._monitor = self._monitor, None
        self._ended.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        if monitor is not None:
            monitor.end()
            self._source.close()

    def _listen(self, on_message: OnMessage, on_look: OnLook | None, on_failure: OnFailure) -> None:
        parser = MessageParser()
        try:
            while not self._ended.wait(_LOOK):
                heard = self._source.read(MOST_AT_A_LOOK)
                self._full = self._full + 1 if len(heard) == MOST_AT_A_LOOK else 0
                for at, data in heard:
                    for message in parser.feed(data):
                        on_message(Received(at, message))
                if on_look is not None:
                    on_look(time.monotonic())
        except Exception as error:  # noqa: BLE001 told to the player, which raises it to its caller
            on_failure(error)

    def _changed(self, change: Change) -> None:
        if change is Change.FOUND and self._monitor is not None:
            self._monitor.reconnect()


class RtMidiSource(RtMidiPort):
    """A MIDI input of rtmidi; see ``InputSource``.

    Its queue is read, without a callback: that would run Python inside JACK's own cycle, which
    stands still while another thread of ours holds the interpreter and waits for JACK.
    """

    def __init__(self, pattern: str) -> None:
        """``pattern``: see ``find_port``."""
        super().__init__("MidiIn", APIS.values(), pattern, "in")
        self._stamps = Stamps()

    def open(self) -> None:
        self._take(first_port(self._pattern, self._scanner.ports(), "MIDI input", ""))

    def read(self, most: int) -> list[Received]:
        found: list[Received] = []
        with self._using:
            while self._client is not None and len(found) < most:
                message = self._client.rtmidi.get_message()
                if not message:
                    break
                data, interval = message
                at = self._stamps.stamp(interval, time.monotonic())
                found.append(Received(at, bytes(data)))
        return found

    def _prepare(self, client: ApiClient) -> None:
        client.rtmidi.ignore_types(sysex=True, timing=False, active_sense=True)
        self._stamps = Stamps()


class AlsaSource:
    """A MIDI input of the ALSA sequencer, where the kernel stamps what arrives.

    See ``InputSource`` for its methods.
    """

    def __init__(self, pattern: str) -> None:
        """``pattern``: see ``find_port``."""
        self._pattern = pattern
        self._chosen: AlsaPort | None = None
        self._watching: AlsaWatch | None = None
        self._listening: AlsaListener | None = None

    @property
    def description(self) -> str:
        return f"ALSA port {self._chosen.name}" if self._chosen else self._pattern

    def open(self) -> None:
        self._watching = AlsaWatch()
        self._listening = AlsaListener()
        self._take(first_port(self._pattern, self._watching.ports(), "ALSA input", ""))

    def close(self) -> None:
        for part in (self._listening, self._watching):
            if part is not None:
                part.close()
        self._listening = self._watching = None

    def read(self, most: int) -> list[Received]:
        return self._listening.read(most) if self._listening is not None else []

    def present(self) -> bool:
        if self._watching is None:
            return False
        if self._chosen is not None:
            return not self._watching.lost(self._chosen)
        return self._wanted() is not None

    def detach(self) -> None:
        self._chosen = None

    def connect(self) -> None:
        port = self._wanted()
        if port is None:
            raise PortAbsentError(f"{self.description}: it went away again; it is waited for")
        self._take(port)

    def _wanted(self) -> AlsaPort | None:
        return port_again(self._pattern, self._watching.ports() if self._watching else (), None)

    def _take(self, port: AlsaPort) -> None:
        if self._listening is not None:
            self._listening.connect(port)
            self._chosen = port


class AlsaWatch:
    """Which inputs there are. A client of its own: announcements are not to mix with messages."""

    def __init__(self) -> None:
        self._client = open_client()
        self._announcements = Announcements(self._client)
        self._ports: list[AlsaPort] | None = None

    def ports(self) -> list[AlsaPort]:
        """Ports that give MIDI; the system is asked again only after it announced a change."""
        if self._announcements.read().changed or self._ports is None:
            self._ports = ports_of(self._client, reading=True)
        return self._ports

    def lost(self, port: AlsaPort) -> bool:
        """Whether ``port`` went since the last look, if only for a moment."""
        news = self._announcements.read()
        if news.changed:
            self._ports = None
        return news.takes_away(port)

    def close(self) -> None:
        """Forget the system."""
        self._client.close()


class AlsaListener:
    """Receives messages, each stamped by a queue of the kernel."""

    def __init__(self) -> None:
        self._library = alsa_library()
        self._client = open_client()
        self._queue = self._client.create_queue(f"{CLIENT_NAME} in")
        self._queue.start()
        self._client.drain_output()
        caps = self._library.PortCaps.WRITE | self._library.PortCaps.NO_EXPORT
        self._port = self._client.create_port(
            "in", caps, timestamping=True, timestamp_real=True, timestamp_queue=self._queue
        )
        # The library's client is not to be used by two threads at once.
        self._lock = threading.Lock()

    def connect(self, port: AlsaPort) -> None:
        """Listen to ``port``.

        Raises:
            PortError: it refuses.
        """
        try:
            with self._lock:
                self._port.connect_from(port.address)
        except self._library.ALSAError as error:
            raise PortError(
                f"port {port.name!r}: cannot be listened to: {error}; try again"
            ) from error

    def read(self, most: int) -> list[Received]:
        """What arrived since the last call, at most so much."""
        with self._lock:
            events, _ = arrived(self._client, most, prefer_bytes=True)
            if not events:
                return []
            offset = time.monotonic() - float(self._queue.get_status().real_time)
        return [
            Received(float(event.time) + offset, bytes(event.midi_bytes))
            for event in events
            if isinstance(event, self._library.MidiBytesEvent) and event.time is not None
        ]

    def close(self) -> None:
        """Stop listening."""
        with self._lock:
            self._client.close()


def midi_input(pattern: str) -> MidiInput:
    """Listens to the MIDI input that ``pattern`` (see ``find_port``) names.

    Through the ALSA sequencer where there is one, for the kernel's own time stamps; else rtmidi.
    """
    return MidiInput(AlsaSource(pattern) if ALSA_DEVICE.exists() else RtMidiSource(pattern))
