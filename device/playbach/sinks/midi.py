"""Any MIDI output that rtmidi reaches: ALSA, JACK, CoreMIDI, Windows.

rtmidi is used directly: through mido a port opened with a client name silently becomes a virtual
one that nobody listens to.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbach.errors import PortError
from playbach.quiet import quiet_stderr
from playbach.sinks.base import OnFailure
from playbach.sinks.matching import find_port, likeliest
from playbach.sinks.paced import PacedSink
from playbach.stream import Seconds

CLIENT_NAME = "Play Bach"
ALSA_DEVICE = Path("/dev/snd/seq")
# rtmidi's name of an interface -> ours, in order of preference. The dummy interface is left out.
APIS = {
    "API_LINUX_ALSA": "ALSA",
    "API_UNIX_JACK": "JACK",
    "API_MACOSX_CORE": "CoreMIDI",
    "API_WINDOWS_MM": "Windows",
}


@dataclass(frozen=True, slots=True)
class MidiPort:
    """A MIDI output as rtmidi lists it.

    Attributes:
        api: the interface it is reached through, such as ``JACK``.
        index: its number there, at the time of listing.
        name: its name there.
    """

    api: str
    index: int
    name: str


def _rtmidi() -> Any:
    """The library.

    Raises:
        PortError: it is not installed; it has wheels for some versions of Python only.
    """
    try:
        import rtmidi  # noqa: PLC0415 takes 20 ms that only this sink needs
    except ImportError as error:
        raise PortError(
            f"sink midi: python-rtmidi is not here ({error}); use Python 3.11 or 3.12, or 'pip "
            "install python-rtmidi', with a C++ compiler, libasound2-dev and libjack-jackd2-dev"
        ) from error
    return rtmidi


def _client(api: str) -> Any | None:
    """An rtmidi output client, or ``None`` where that interface is not there or not running.

    Raises:
        PortError: rtmidi is not installed.
    """
    rtmidi = _rtmidi()
    number = getattr(rtmidi, next(key for key, title in APIS.items() if title == api))
    if number not in rtmidi.get_compiled_api() or (api == "ALSA" and not ALSA_DEVICE.exists()):
        return None
    # A look at the ports must not start a server.
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    try:
        with quiet_stderr():
            return rtmidi.MidiOut(number, name=CLIENT_NAME)
    except (SystemError, rtmidi.RtMidiError):  # documented and actual, for "no such server"
        return None


def api_is_running(api: str) -> bool:
    """Whether a client of that interface (a value of ``APIS``) can be made."""
    try:
        client = _client(api)
    except PortError:
        return False
    if client is not None:
        client.delete()
    return client is not None


def midi_ports() -> list[MidiPort]:
    """All MIDI outputs of all interfaces, in the interfaces' order.

    Raises:
        PortError: rtmidi is not installed.
    """
    ports = []
    for api in APIS.values():
        client = _client(api)
        if client is not None:
            names = client.get_ports()
            ports += [MidiPort(api, index, name) for index, name in enumerate(names)]
            client.delete()
    return ports


class RtMidiOutput:
    """One MIDI output port."""

    name = "midi"
    drain = Seconds(0.05)  # several periods of JACK, which sends once a period

    def __init__(self, pattern: str | None) -> None:
        """``pattern``: see ``find_port``; ``None`` takes the likeliest."""
        self._pattern = pattern
        self._port: MidiPort | None = None
        self._client: Any = None

    @property
    def description(self) -> str:
        if self._port is None:
            return f"MIDI port {self._pattern}" if self._pattern else "the first MIDI port"
        return f"MIDI port {self._port.name} ({self._port.api})"

    def open(self, on_failure: OnFailure) -> None:  # noqa: ARG002 rtmidi tells nobody of a lost port
        port = choose_port(self._pattern, midi_ports())
        client = _client(port.api)
        if client is None:
            raise PortError(f"port {port.name!r}: {port.api} stopped; start it and try again")
        self._client = client
        # Numbers shift when a port comes or goes; the name is what was chosen.
        names = client.get_ports()
        if port.name not in names:
            raise PortError(f"port {port.name!r}: it went away while being opened; try again")
        rtmidi = _rtmidi()
        try:
            client.open_port(names.index(port.name), name="out")
        except (SystemError, rtmidi.RtMidiError) as error:
            raise PortError(f"port {port.name!r}: cannot be opened: {error}; try again") from error
        self._port = port

    def write(self, data: bytes) -> None:
        self._client.send_message(data)

    def close(self) -> None:
        if self._client is not None:
            self._client.close_port()
            self._client.delete()
            self._client = None


def choose_port(pattern: str | None, ports: list[MidiPort]) -> MidiPort:
    """The port that ``pattern`` names, or the likeliest if that is ``None``.

    Raises:
        PortError: there is none.
    """
    names = [port.name for port in ports]
    if pattern is not None:
        return ports[find_port(pattern, names, "MIDI output")]
    index = likeliest(names)
    if index is None:
        raise PortError(
            "sink midi: there is no MIDI output port; connect a synth, or start one such as "
            "fluidsynth, and see 'playbach ports'"
        )
    return ports[index]


def midi_sink(pattern: str | None = None) -> PacedSink:
    """A sink over the MIDI output that ``pattern`` names, or the likeliest."""
    return PacedSink(RtMidiOutput(pattern))
