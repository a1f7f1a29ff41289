"""The interfaces that rtmidi reaches: ALSA, JACK, CoreMIDI, Windows.

rtmidi is used directly: through mido a port opened with a client name silently becomes a virtual
one that nobody listens to.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbach.errors import PortError
from playbach.quiet import quiet_stderr
from playbach.sinks.jack_server import JackServer, find_server, jack_library, let_go, opened

CLIENT_NAME = "Play Bach"
ALSA_DEVICE = Path("/dev/snd/seq")
JACK = "JACK"
# rtmidi's name of an interface -> ours, in order of preference. The dummy interface is left out.
APIS = {
    "API_LINUX_ALSA": "ALSA",
    "API_UNIX_JACK": JACK,
    "API_MACOSX_CORE": "CoreMIDI",
    "API_WINDOWS_MM": "Windows",
}
_LOOK = 2.0
"""Seconds between looks at who else is connected to a port."""
_RETRY = 1.0
"""Seconds between attempts to reach an interface that was not running."""


@dataclass(frozen=True, slots=True)
class MidiPort:
    """A MIDI port as rtmidi lists it.

    Attributes:
        api: the interface it is reached through, such as ``JACK``.
        name: its name there.
    """

    api: str
    name: str


class Sharing:
    """Whether another Play Bach is connected to a port, for longer than a moment."""

    def __init__(self) -> None:
        self._next_look = 0.0
        self._were_others = False
        self.found = False
        """Whether there was one at the last two looks."""

    def look(self, others: Callable[[], bool]) -> None:
        """Look, if it is time to; ``others`` says whether another one is connected now."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK
            before, self._were_others = self._were_others, others()
            self.found = before and self._were_others


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

    def has_others(self, port: MidiPort) -> bool:
        """Whether another Play Bach is connected to ``port``, as this client is; JACK alone tells.

        rtmidi does not say which of the clients of that name is ours: it is one of them.
        """
        names = self._server.connected_to(port.name) if self._server else ()
        return sum(name.startswith(CLIENT_NAME) for name in names) > 1

    def close(self) -> None:
        """Leave; takes a second or two after the interface has died."""
        if self.api != JACK:
            self.rtmidi.delete()
            return
        let_go(self.rtmidi.delete)
        if self._server is not None:
            let_go(self._server.close)


class Lookout:
    """Clients of all interfaces that run, kept open to list their ports; see ``ApiClient``."""

    def __init__(self, kind: str = "MidiOut", apis: Iterable[str] = APIS.values()) -> None:
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


def rtmidi_library() -> Any:
    """The library.

    Raises:
        PortError: it is not installed; it has wheels for some versions of Python only.
    """
    try:
        import rtmidi  # noqa: PLC0415 takes 20 ms that only this sink needs
    except ImportError as error:
        raise PortError(
            f"sink midi: python-rtmidi cannot be imported ({error}); use Python 3.11 or 3.12, for "
            "which it has wheels, or 'pip install python-rtmidi', which then needs a C++ compiler, "
            "libasound2-dev and libjack-jackd2-dev"
        ) from error
    return rtmidi


def open_api(api: str, kind: str = "MidiOut") -> ApiClient | None:
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
            undo.callback(let_go, server.close)
        try:
            with quiet_stderr():
                client = opened(make, lambda late: late.delete()) if api == JACK else make()
        except (SystemError, rtmidi.RtMidiError):  # documented and actual, for "no such server"
            return None
        undo.pop_all()
    return ApiClient(api, client, server)


def api_is_running(api: str) -> bool:
    """Whether a client of that interface (a value of ``APIS``) can be made."""
    try:
        client = open_api(api)
    except PortError:
        return False
    if client is not None:
        with quiet_stderr():
            client.close()
    return client is not None


def midi_ports(kind: str = "MidiOut", apis: Iterable[str] = APIS.values()) -> list[MidiPort]:
    """All MIDI outputs of all interfaces, in the interfaces' order.

    Args:
        kind: ``MidiIn`` for the inputs instead: what they can be connected to.
        apis: which interfaces.

    Raises:
        PortError: rtmidi is not installed, or JACK does not answer.
    """
    lookout = Lookout(kind, apis)
    try:
        return lookout.ports()
    finally:
        # libjack complains of a server that is slow, which is nobody's business here.
        with quiet_stderr():
            lookout.close()
