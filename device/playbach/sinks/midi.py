"""Any MIDI output that rtmidi reaches."""

from __future__ import annotations

import threading

from playbach.errors import PortAbsentError, PortError
from playbach.sinks.base import OnFailure
from playbach.sinks.matching import find_port, likeliest, preferred
from playbach.sinks.midi_api import ApiClient, Lookout, MidiPort, Sharing
from playbach.sinks.paced import PacedSink
from playbach.stream import Seconds


class RtMidiOutput:
    """One MIDI output port, which may go and come back.

    rtmidi says nothing when that happens; the list of ports does.
    """

    name = "midi"
    drain = Seconds(0.05)  # several periods of JACK, which sends once a period

    def __init__(self, pattern: str | None) -> None:
        """``pattern``: see ``find_port``; ``None`` takes the likeliest."""
        self._pattern = pattern
        self._port: MidiPort | None = None
        self._client: ApiClient | None = None
        self._lookout = Lookout()
        self._sharing = Sharing()
        # A message is not to be written into a client that is being taken down.
        self._using = threading.Lock()

    @property
    def description(self) -> str:
        if self._port is None:
            return f"MIDI port {self._pattern}" if self._pattern else "the first MIDI port"
        return f"MIDI port {self._port.name} ({self._port.api})"

    @property
    def is_shared(self) -> bool:
        return self._sharing.found

    def open(self, on_failure: OnFailure) -> None:  # noqa: ARG002 rtmidi tells nobody of a lost port
        try:
            self._take(choose_port(self._pattern, self._lookout.ports()))
        except PortAbsentError:
            # Whoever waits for it looks on, with the same clients.
            raise
        except PortError:
            self.close()
            raise

    def write(self, data: bytes) -> None:
        with self._using:
            if self._client is not None:
                self._client.rtmidi.send_message(data)

    def close(self) -> None:
        self.let_go()
        self._lookout.close()

    def present(self) -> bool:
        client = self._client
        if client is None or self._port is None:
            return self._wanted() is not None
        port = self._port
        self._sharing.look(lambda: client.has_others(port))
        return port in client.ports()

    def let_go(self) -> None:
        with self._using:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def connect(self) -> None:
        port = self._wanted()
        if port is None:
            raise PortAbsentError(f"{self.description}: it went away again; it is waited for")
        self._take(port)

    def _wanted(self) -> MidiPort | None:
        ports = self._lookout.ports()
        last = self._port.name if self._port else None
        index = preferred(self._pattern, [port.name for port in ports], last)
        return None if index is None else ports[index]

    def _take(self, port: MidiPort) -> None:
        client = self._lookout.take(port.api)
        try:
            client.connect(port, "out")
        except PortError:
            client.close()
            raise
        self._port = port
        self._client = client


def choose_port(pattern: str | None, ports: list[MidiPort]) -> MidiPort:
    """The port that ``pattern`` names, or the likeliest if that is ``None``.

    Raises:
        PortAbsentError: there is none.
    """
    names = [port.name for port in ports]
    if pattern is not None:
        return ports[find_port(pattern, names, "MIDI output")]
    index = likeliest(names)
    if index is None:
        raise PortAbsentError(
            "sink midi: there is no MIDI output port; connect a synth, or start one such as "
            "fluidsynth, and see 'playbach ports'"
        )
    return ports[index]


def midi_sink(pattern: str | None = None) -> PacedSink:
    """A sink over the MIDI output that ``pattern`` names, or the likeliest."""
    return PacedSink(RtMidiOutput(pattern))
