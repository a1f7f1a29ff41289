"""A client of the ALSA sequencer, its ports, and what the system announces about them."""

from __future__ import annotations

import errno
import sys
from typing import Any, NamedTuple

from playbach.errors import PortError
from playbach.sinks.base import ALSA_DEVICE, CLIENT_NAME


class AlsaPort(NamedTuple):
    """A port of the ALSA sequencer."""

    client: int  # number of the client that has it
    port: int  # its number there
    name: str  # as ``aplaymidi`` and rtmidi show it, such as ``FLUID Synth:port 128:0``

    @property
    def address(self) -> tuple[int, int]:
        """Numbers of client and port."""
        return self.client, self.port


def alsa_library() -> Any:
    """The Python library.

    Raises:
        PortError: there is no sequencer, or libasound is missing.
    """
    if not ALSA_DEVICE.exists():
        raise PortError(
            f"sink alsa: there is no ALSA sequencer ({ALSA_DEVICE} is missing); try "
            "'sudo modprobe snd-seq', or choose another sink"
        )
    try:
        import alsa_midi  # noqa: PLC0415 loads libasound, which only this sink needs
    except (ImportError, OSError) as error:
        raise PortError(
            f"sink alsa: libasound cannot be loaded ({error}); apt install alsa-utils brings it"
        ) from error
    return alsa_midi


def open_client() -> Any:
    """A client of the sequencer.

    Raises:
        PortError: there is no sequencer, it may not be used, or libasound is missing.
    """
    library = alsa_library()
    try:
        return library.SequencerClient(CLIENT_NAME)
    except library.ALSAError as error:
        raise PortError(
            f"sink alsa: {ALSA_DEVICE} cannot be opened: {error}; add this user to the group audio"
        ) from error


def ports_of(client: Any, *, reading: bool = False) -> list[AlsaPort]:
    """Ports of other clients that take MIDI, or give it if ``reading``."""
    library = alsa_library()
    infos = client.list_ports(
        input=reading,
        output=not reading,
        # Any type: software synths call themselves applications as often as MIDI ports.
        type=library.PortType.ANY,
        include_no_export=False,
    )
    return [
        AlsaPort(info.client_id, info.port_id, _port_name(info))
        for info in infos
        if info.client_id != client.client_id
    ]


def alsa_ports(*, reading: bool = False) -> list[AlsaPort]:
    """Ports that take MIDI, or give it if ``reading``; empty where there is no sequencer.

    Raises:
        PortError: the sequencer may not be used, or libasound is missing.
    """
    if not ALSA_DEVICE.exists():
        return []
    client = open_client()
    try:
        return ports_of(client, reading=reading)
    finally:
        client.close()


def has_others(client: Any, port: AlsaPort) -> bool:
    """Whether a Play Bach other than ``client`` plays to ``port``."""
    library = alsa_library()
    players = {
        source.address
        for source in ports_of(client, reading=True)
        if source.name.startswith(f"{CLIENT_NAME}:")
    }
    writing = client.list_port_subscribers(port.address, library.SubscriptionQueryType.WRITE)
    return any((one.addr.client_id, one.addr.port_id) in players for one in writing)


def _port_name(info: Any) -> str:
    return f"{info.client_name}:{info.name} {info.client_id}:{info.port_id}"


class News(NamedTuple):
    """What was announced."""

    changed: bool = False  # whether ports came, went or changed
    # addresses of ports that went, ``(n, -1)`` for all of client ``n``
    gone: frozenset[tuple[int, int]] = frozenset()
    missed: bool = False  # whether there was more than could be kept

    def takes_away(self, port: AlsaPort) -> bool:
        """Whether ``port`` went, if only for a moment; in doubt it did."""
        return self.missed or bool(self.gone & {port.address, (port.client, -1)})


def arrived(
    client: Any, most: int = sys.maxsize, *, prefer_bytes: bool = False
) -> tuple[list[Any], bool]:
    """At most so many events that wait for a client, and whether some were lost."""
    library = alsa_library()
    events: list[Any] = []
    missed = False
    while len(events) < most:
        try:
            if not client.event_input_pending(True):
                break
            events.append(client.event_input(prefer_bytes=prefer_bytes))
        except library.ALSAError as error:
            # The kernel says once that it had no room, and goes on.
            if error.errnum != -errno.ENOSPC:
                raise
            missed = True
    return events, missed


class Announcements:
    """What the port System:Announce says, heard by a client that receives nothing else."""

    def __init__(self, client: Any) -> None:
        """``client``: must not be used elsewhere while a method runs."""
        self._library = alsa_library()
        self._client = client
        # Nobody else needs to see this port or may connect to it.
        caps = self._library.PortCaps.WRITE | self._library.PortCaps.NO_EXPORT
        # Kept, because a port is closed when its object is collected.
        self._port = client.create_port("watch", caps)
        self._port.connect_from(self._library.SYSTEM_ANNOUNCE)

    def read(self) -> News:
        """What was announced since the last call."""
        events, missed = arrived(self._client)
        library = self._library
        ports = {
            (event.addr.client_id, event.addr.port_id)
            for event in events
            if isinstance(event, library.PortExitEvent)
        }
        clients = {
            (event.addr.client_id, -1)
            for event in events
            if isinstance(event, library.ClientExitEvent)
        }
        return News(bool(events) or missed, frozenset(ports | clients), missed)
