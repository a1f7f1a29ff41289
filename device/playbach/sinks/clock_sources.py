"""MIDI inputs that an external clock may arrive at: through rtmidi, or ALSA's sequencer."""

from __future__ import annotations

import threading
import time

from playbach.errors import PortAbsentError, PortError
from playbach.sinks.alsa_client import (
    AlsaPort,
    Announcements,
    alsa_library,
    arrived,
    open_client,
    ports_of,
)
from playbach.sinks.clock_input import ClockEvent, ClockInput, Stamps, clock_event
from playbach.sinks.matching import find_port, preferred
from playbach.sinks.midi_api import ALSA_DEVICE, CLIENT_NAME, ApiClient, Lookout, MidiPort

_WENT = "it went away again; it is waited for"


class RtMidiSource:
    """A MIDI input of rtmidi; see ``playbach.sinks.clock_input.Source``.

    Its queue is read, without a callback: that would run Python inside JACK's own cycle, which
    stands still while another thread of ours holds the interpreter and waits for JACK.
    """

    def __init__(self, pattern: str) -> None:
        """``pattern``: see ``find_port``."""
        self._pattern = pattern
        self._lookout = Lookout("MidiIn")
        self._port: MidiPort | None = None
        self._client: ApiClient | None = None
        self._stamps = Stamps()
        # The queue is not to be read of a client that is being taken down.
        self._using = threading.Lock()

    @property
    def description(self) -> str:
        return f"MIDI port {self._port.name} ({self._port.api})" if self._port else self._pattern

    def open(self) -> None:
        ports = self._lookout.ports()
        self._take(ports[find_port(self._pattern, [port.name for port in ports], "MIDI input")])

    def close(self) -> None:
        self.let_go()
        self._lookout.close()

    def present(self) -> bool:
        if self._client is not None:
            return self._port in self._client.ports()
        return self._wanted() is not None

    def let_go(self) -> None:
        with self._using:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def read(self) -> list[ClockEvent]:
        events = []
        with self._using:
            while self._client is not None and (message := self._client.rtmidi.get_message()):
                data, interval = message
                at = self._stamps.stamp(interval, time.monotonic())
                event = clock_event(bytes(data), at)
                if event is not None:
                    events.append(event)
        return events

    def connect(self) -> None:
        port = self._wanted()
        if port is None:
            raise PortAbsentError(f"{self.description}: {_WENT}")
        self._take(port)

    def _wanted(self) -> MidiPort | None:
        ports = self._lookout.ports()
        index = preferred(self._pattern, [port.name for port in ports])
        return None if index is None else ports[index]

    def _take(self, port: MidiPort) -> None:
        client = self._lookout.take(port.api)
        client.rtmidi.ignore_types(sysex=True, timing=False, active_sense=True)
        try:
            client.connect(port, "clock")
        except PortError:
            client.close()
            raise
        with self._using:
            self._port, self._client, self._stamps = port, client, Stamps()


class AlsaSource:
    """A MIDI input of the ALSA sequencer, where the kernel stamps what arrives.

    See ``playbach.sinks.clock_input.Source`` for its methods.
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
        ports = self._watching.ports()
        self._take(ports[find_port(self._pattern, [port.name for port in ports], "ALSA input")])

    def close(self) -> None:
        for part in (self._listening, self._watching):
            if part is not None:
                part.close()
        self._listening = self._watching = None

    def read(self) -> list[ClockEvent]:
        return self._listening.read() if self._listening is not None else []

    def present(self) -> bool:
        if self._watching is None:
            return False
        if self._chosen is not None:
            return not self._watching.lost(self._chosen)
        return self._wanted() is not None

    def let_go(self) -> None:
        self._chosen = None

    def connect(self) -> None:
        port = self._wanted()
        if port is None:
            raise PortAbsentError(f"{self.description}: {_WENT}")
        self._take(port)

    def _wanted(self) -> AlsaPort | None:
        ports = self._watching.ports() if self._watching else []
        index = preferred(self._pattern, [port.name for port in ports])
        return None if index is None else ports[index]

    def _take(self, port: AlsaPort) -> None:
        if self._listening is not None:
            self._listening.connect(port)
            self._chosen = port


class AlsaWatch:
    """Which inputs there are. A client of its own: what is announced is not to mix with clocks."""

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
    """Receives clocks, each stamped by a queue of the kernel."""

    def __init__(self) -> None:
        self._library = alsa_library()
        self._client = open_client()
        self._queue = self._client.create_queue(f"{CLIENT_NAME} clock")
        self._queue.start()
        self._client.drain_output()
        caps = self._library.PortCaps.WRITE | self._library.PortCaps.NO_EXPORT
        self._port = self._client.create_port(
            "clock", caps, timestamping=True, timestamp_real=True, timestamp_queue=self._queue
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

    def read(self) -> list[ClockEvent]:
        """What arrived since the last call."""
        with self._lock:
            events, _ = arrived(self._client, prefer_bytes=True)
            if not events:
                return []
            offset = time.monotonic() - float(self._queue.get_status().real_time)
        found = (
            clock_event(bytes(event.midi_bytes), float(event.time) + offset)
            for event in events
            if isinstance(event, self._library.MidiBytesEvent) and event.time is not None
        )
        return [event for event in found if event is not None]

    def close(self) -> None:
        """Stop listening."""
        with self._lock:
            self._client.close()


def clock_input(pattern: str) -> ClockInput:
    """Listens to the MIDI input that ``pattern`` (see ``find_port``) names.

    Through the ALSA sequencer where there is one, for the kernel's own time stamps; else rtmidi.
    """
    return ClockInput(AlsaSource(pattern) if ALSA_DEVICE.exists() else RtMidiSource(pattern))
