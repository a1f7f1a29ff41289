"""The interfaces that rtmidi reaches: ALSA, CoreMIDI, Windows, and for inputs JACK.

Nothing is sent to JACK by rtmidi: it writes whatever it was given at the first frame of a period,
and never says whether the last of it has left. That is for the sink ``jack``.

rtmidi is used directly: through mido a port opened with a client name silently becomes a virtual
one that nobody listens to.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any, NamedTuple

from playbach.errors import PortAbsentError, PortError
from playbach.quiet import quiet_stderr
from playbach.sinks.base import ALSA_DEVICE, CLIENT_NAME
from playbach.sinks.jack_server import JackServer, detach, find_server, jack_library, opened
from playbach.sinks.matching import OWN, port_again

JACK = "JACK"
# rtmidi's name of an interface -> ours, in order of preference. The dummy interface is left out.
APIS = {
    "API_LINUX_ALSA": "ALSA",
    "API_UNIX_JACK": JACK,
    "API_MACOSX_CORE": "CoreMIDI",
    "API_WINDOWS_MM": "Windows",
}
OUTPUT_APIS = tuple(title for title in APIS.values() if title != JACK)
"""Those that the sink ``midi`` plays to."""
_RETRY = 1.0
"""Seconds between attempts to reach an interface that was not running."""


class MidiPort(NamedTuple):
    """A MIDI port as rtmidi lists it."""

    api: str  # the interface it is reached through, such as ``JACK``
    name: str  # its name there


class ApiClient:
    """A client of one interface, which can list its ports and open one of them."""

    def __init__(self, api: str, client: Any, server: JackServer | None) -> None:
        """``client``: rtmidi's ``MidiOut`` or ``MidiIn``; ``server``: if the interface is JACK."""
        self.api = api
        self.rtmidi = client
        self._server = server

    @property
    def alive(self) -> bool:
        """Whether the interface runs, as far as can be told."""
        return self._server is None or self._server.alive

    def ports(self) -> list[MidiPort]:
        """What there is to connect to; nothing once the interface has died."""
        names = self.rtmidi.get_ports() if self.alive else []
        return [MidiPort(self.api, name) for name in names]

    def connect(self, port: MidiPort, name: str) -> None:
        """Connect to ``port`` from (or to) a port of our own called ``name``.

        Raises:
            PortError: it went away, or refuses.
        """
        # Numbers shift when a port comes or goes; the name is what was chosen.
        ports = self.ports()
        if port not in ports:
            raise PortError(f"port {port.name!r}: it went away while being opened; try again")
        try:
            self.rtmidi.open_port(ports.index(port), name=name)
        except (SystemError, rtmidi_library().RtMidiError) as error:
            raise PortError(f"port {port.name!r}: cannot be opened: {error}; try again") from error

    def publish(self, name: str) -> None:
        """Make a port of our own to which others connect.

        Raises:
            PortError: this system has no such ports.
        """
        try:
            self.rtmidi.open_virtual_port(name)
        except (NotImplementedError, SystemError, rtmidi_library().RtMidiError) as error:
            raise PortError(
                f"--port own: {self.api} has no ports that programs make; choose one of those that "
                "'playbach ports' lists"
            ) from error

    def close(self) -> None:
        """Leave; takes a second or two after the interface has died."""
        if self.api != JACK:
            self.rtmidi.delete()
            return
        detach(self.rtmidi.delete)
        if self._server is not None:
            detach(self._server.close)


class PortScanner:
    """Clients of all interfaces that run, kept open to list their ports; see ``ApiClient``."""

    def __init__(self, kind: str, apis: Iterable[str]) -> None:
        """``kind``: rtmidi's class, ``MidiOut`` or ``MidiIn``; ``apis``: which of ``APIS``."""
        self._kind = kind
        self._apis = tuple(apis)
        self._clients: dict[str, ApiClient] = {}
        self._next_try = 0.0

    def ports(self) -> list[MidiPort]:
        """All ports of all interfaces, in the interfaces' order.

        Raises:
            PortError: rtmidi is not installed, or JACK does not answer.
        """
        self._reach()
        return [port for client in self._clients.values() for port in client.ports()]

    def take_first(self) -> ApiClient:
        """The client of the first interface that runs; the others are closed.

        Raises:
            PortError: rtmidi is not installed, or reaches none.
        """
        self._reach()
        if not self._clients:
            raise PortAbsentError(
                "--port own: there is no MIDI interface to make a port in; load ALSA's sequencer "
                "(sudo modprobe snd-seq) or start JACK"
            )
        return self.take(next(iter(self._clients)))

    def take(self, api: str) -> ApiClient:
        """The client of an interface whose ports were listed; the others are closed."""
        client = self._clients.pop(api)
        self.close()
        return client

    def close(self) -> None:
        """Leave all interfaces; ``ports`` joins them again."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self._next_try = 0.0

    def _reach(self) -> None:
        """Join the interfaces that run now, at most once a second."""
        now = time.monotonic()
        for api, client in list(self._clients.items()):
            if not client.alive:
                self._clients.pop(api).close()
        if now < self._next_try:
            return
        self._next_try = now + _RETRY
        for api in self._apis:
            found = self._clients.get(api) or open_api(api, self._kind)
            if found is not None:
                self._clients[api] = found


class RtMidiPort:
    """A port of rtmidi, which may go and come back; see ``Reconnectable``.

    rtmidi says nothing when that happens; the list of ports does.
    """

    def __init__(self, kind: str, apis: Iterable[str], pattern: str | None, name: str) -> None:
        """``kind`` and ``apis``: as of ``PortScanner``; ``name``: of our own port."""
        self._pattern = pattern
        self._is_own = pattern == OWN
        self._name = name
        self._scanner = PortScanner(kind, apis)
        self._port: MidiPort | None = None
        self._client: ApiClient | None = None
        # A client is not to be used while it is being taken down.
        self._using = threading.Lock()

    @property
    def description(self) -> str:
        if self._is_own:
            return f"a MIDI port of its own, {CLIENT_NAME}"
        if self._port is None:
            return f"MIDI port {self._pattern}" if self._pattern else "the first MIDI port"
        return f"MIDI port {self._port.name} ({self._port.api})"

    def close(self) -> None:
        self.detach()
        self._scanner.close()

    def present(self) -> bool:
        client = self._client
        if self._is_own:
            return client is None or client.alive
        if client is None:
            return port_again(self._pattern, self._scanner.ports(), self._port) is not None
        return self._port in client.ports()

    def detach(self) -> None:
        with self._using:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def connect(self) -> None:
        if self._is_own:
            self._publish()
            return
        port = port_again(self._pattern, self._scanner.ports(), self._port)
        if port is None:
            raise PortAbsentError(f"{self.description}: it went away again; it is waited for")
        self._take(port)

    def _publish(self) -> None:
        client = self._scanner.take_first()
        self._prepare(client)
        try:
            client.publish(CLIENT_NAME)
        except PortError:
            client.close()
            raise
        with self._using:
            self._client = client

    def _take(self, port: MidiPort) -> None:
        client = self._scanner.take(port.api)
        self._prepare(client)
        try:
            client.connect(port, self._name)
        except PortError:
            client.close()
            raise
        with self._using:
            self._port, self._client = port, client

    def _prepare(self, client: ApiClient) -> None:
        """What is to be done before ``client`` connects."""


_DO_WITHOUT = (
    "not needed on Linux, where the sinks alsa and jack do all that it does"
    if sys.platform == "linux"
    else "use Python 3.11 or 3.12, for which it has wheels, or 'pip install python-rtmidi', which "
    "then needs a C++ compiler"
)
"""What to do where rtmidi has no wheel."""


def rtmidi_library() -> Any:
    """The library.

    Raises:
        PortError: it is not installed; it has wheels for some versions of Python only.
    """
    try:
        import rtmidi  # noqa: PLC0415 takes 20 ms that only this sink needs
    except ImportError as error:
        raise PortError(
            f"sink midi: python-rtmidi cannot be imported ({error}); {_DO_WITHOUT}"
        ) from error
    return rtmidi


def open_api(api: str, kind: str) -> ApiClient | None:
    """A client of an interface, ``None`` where that is not there or not running.

    Args:
        api: a value of ``APIS``.
        kind: rtmidi's class, ``MidiOut`` or ``MidiIn``.

    Raises:
        PortError: rtmidi is not installed, or JACK does not answer.
    """
    rtmidi = rtmidi_library()
    number = getattr(rtmidi, next(key for key, title in APIS.items() if title == api))
    if number not in rtmidi.get_compiled_api() or (api == "ALSA" and not ALSA_DEVICE.exists()):
        return None
    # A look at the ports must not start a server.
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    library = jack_library() if api == JACK else None
    server = find_server(library) if library else None
    if library and server is None:
        return None

    def make() -> Any:
        return getattr(rtmidi, kind)(number, name=CLIENT_NAME)

    with ExitStack() as undo:
        if server is not None:
            undo.callback(detach, server.close)
        try:
            with quiet_stderr():
                client = opened(make, lambda late: late.delete()) if api == JACK else make()
        except (SystemError, rtmidi.RtMidiError):  # documented and actual, for "no such server"
            return None
        undo.pop_all()
    return ApiClient(api, client, server)


def midi_ports(kind: str, apis: Iterable[str]) -> list[MidiPort]:
    """All MIDI ports of some interfaces, in the order of those.

    Args:
        kind: ``MidiOut`` for the ports that can be played to, ``MidiIn`` for those that can be
            listened to.
        apis: which of ``APIS``.

    Raises:
        PortError: rtmidi is not installed, or JACK does not answer.
    """
    lookout = PortScanner(kind, apis)
    try:
        return lookout.ports()
    finally:
        # libjack complains of a server that is slow, which is nobody's business here.
        with quiet_stderr():
            lookout.close()
