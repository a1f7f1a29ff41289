"""The ALSA sequencer: messages wait in a queue of the kernel, which sends them on time.

Python may pause for as long as the horizon and nobody hears it. What is queued in the kernel also
outlives a change of mind, so stopping means removing it there first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from playbach.clock import NS_PER_SECOND
from playbach.errors import PortAbsentError, PortError
from playbach.midi_messages import NOTE_ON, Sounding, TimedMessage, hushing
from playbach.sinks.base import OnChange, OnFailure
from playbach.sinks.matching import find_port, likeliest
from playbach.sinks.midi_api import ALSA_DEVICE, CLIENT_NAME
from playbach.status import Lateness
from playbach.stream import Seconds

HORIZON = Seconds(1.0)
_DRAIN = 0.02
_POOL = 1000
"""Events the kernel may hold for us: several times what a second of music needs."""
_BATCH = 100
"""Messages sent at once, so that a full pool is met in small steps."""
_JUST_NOW = 0.05
"""Seconds within which the kernel may have sent a message that we believe queued."""


@dataclass(frozen=True, slots=True)
class AlsaPort:
    """A port of the ALSA sequencer that takes MIDI.

    Attributes:
        client: number of the client that has it.
        port: its number there.
        name: as ``aplaymidi`` and rtmidi show it, such as ``FLUID Synth:port 128:0``.
    """

    client: int
    port: int
    name: str


def split_time(time: float) -> tuple[int, int]:
    """Whole seconds and nanoseconds of a time that is not negative; earlier counts as 0."""
    return divmod(max(0, round(time * NS_PER_SECOND)), NS_PER_SECOND)


class Ledger:
    """What was handed to the kernel: what it has sent by now, and what it still holds."""

    def __init__(self) -> None:
        self._sent = Sounding()
        self._held: list[TimedMessage] = []

    def add(self, messages: Sequence[TimedMessage], now: float) -> None:
        """Messages were queued at ``now``."""
        self._settle(now)
        self._held = sorted([*self._held, *messages], key=lambda message: message.time)

    def drop(self, now: float) -> list[TimedMessage]:
        """What the kernel holds at ``now`` was removed.

        A note-on that may have left a moment ago counts as sent, a note-off does not: one
        note-off too many does no harm.
        """
        self._settle(now)
        for message in self._held:
            if message.time <= now + _JUST_NOW and message.data[0] & 0xF0 == NOTE_ON:
                self._sent.hear(message.data)
        dropped, self._held = self._held, []
        return [message for message in dropped if message.time > now]

    def silencing(self) -> list[bytes]:
        """What ends all that sounds, after ``drop``."""
        messages = self._sent.silencing()
        self._sent.forget()
        return messages

    def _settle(self, now: float) -> None:
        past = [message for message in self._held if message.time <= now - _JUST_NOW]
        for message in past:
            self._sent.hear(message.data)
        self._held = self._held[len(past) :]


def open_client() -> Any:
    """A client of the sequencer.

    Raises:
        PortError: there is no sequencer, or libasound is missing.
    """
    if not ALSA_DEVICE.exists():
        raise PortError(
            f"sink alsa: there is no ALSA sequencer ({ALSA_DEVICE} is missing); try "
            "'modprobe snd-seq', or choose another --sink"
        )
    try:
        import alsa_midi  # noqa: PLC0415 loads libasound, which only this sink needs
    except (ImportError, OSError) as error:
        raise PortError(
            f"sink alsa: libasound2 cannot be loaded ({error}); apt install libasound2"
        ) from error
    try:
        return alsa_midi.SequencerClient(CLIENT_NAME)
    except alsa_midi.ALSAError as error:
        raise PortError(
            f"sink alsa: {ALSA_DEVICE} cannot be opened: {error}; join the group audio"
        ) from error


def ports_of(client: Any) -> list[AlsaPort]:
    """Ports that take MIDI, the likeliest synth first."""
    return [
        AlsaPort(info.client_id, info.port_id, _port_name(info))
        for info in client.list_ports(output=True)
        if info.client_id != client.client_id
    ]


def alsa_ports() -> list[AlsaPort]:
    """Ports that take MIDI, the likeliest synth first; empty where there is no sequencer."""
    if not ALSA_DEVICE.exists():
        return []
    client = open_client()
    try:
        return ports_of(client)
    finally:
        client.close()


def _port_name(info: Any) -> str:
    return f"{info.client_name}:{info.name} {info.client_id}:{info.port_id}"


def choose_port(pattern: str | None, ports: Sequence[AlsaPort]) -> AlsaPort:
    """The port that ``pattern`` names, or the likeliest if that is ``None``.

    Raises:
        PortAbsentError: there is none.
    """
    names = [port.name for port in ports]
    if pattern is not None:
        return ports[find_port(pattern, names, "ALSA")]
    index = likeliest(names)
    if index is None:
        raise PortAbsentError(
            "sink alsa: no synth is connected to the ALSA sequencer; connect or start one and "
            "see 'playbach ports'"
        )
    return ports[index]


class AlsaSink:
    """A queue of the ALSA sequencer; see ``playbach.sinks.base.Sink`` for its methods."""

    name = "alsa"
    horizon = HORIZON
    timing = "kernel queue"
    # The kernel sends the messages and does not say when.
    lateness: Lateness | None = None

    def __init__(self, pattern: str | None = None) -> None:
        """``pattern``: see ``find_port``; ``None`` takes the likeliest."""
        self._pattern = pattern
        self._chosen: AlsaPort | None = None
        self._client: Any = None
        self._port: Any = None
        self._queue: Any = None
        self._ledger = Ledger()
        self._lock = threading.RLock()

    @property
    def description(self) -> str:
        if self._chosen is None:
            return f"ALSA port {self._pattern or 'of the first synth'}"
        return f"ALSA port {self._chosen.name} (kernel queue)"

    @property
    def connected(self) -> bool:
        return self._port is not None

    def open(self, *, absent_ok: bool = False) -> None:  # noqa: ARG002 it must be there
        self._client = open_client()
        import alsa_midi  # noqa: PLC0415 as in open_client, which says so when it is missing

        self._chosen = choose_port(self._pattern, ports_of(self._client))
        try:
            self._client.set_client_pool_output(_POOL)
            self._port = self._client.create_port("out", alsa_midi.READ_PORT)
            self._port.connect_to((self._chosen.client, self._chosen.port))
            self._queue = self._client.create_queue(CLIENT_NAME)
        except alsa_midi.ALSAError as error:
            raise PortError(
                f"port {self._chosen.name!r}: cannot be connected: {error}; try again"
            ) from error

    def start(self, on_failure: OnFailure, on_change: OnChange | None = None) -> None:  # noqa: ARG002 no thread of its own
        with self._lock:
            self._queue.start()
            self._client.drain_output()

    def now(self) -> Seconds:
        with self._lock:
            if self._queue is None:
                return Seconds(0.0)
            return Seconds(float(self._queue.get_status().real_time))

    def send(self, messages: Sequence[TimedMessage]) -> None:
        for first in range(0, len(messages), _BATCH):
            with self._lock:
                batch = messages[first : first + _BATCH]
                self._ledger.add(batch, self.now())
                self._output(batch)

    def hush(self, channels: Iterable[int]) -> None:
        with self._lock:
            if self._queue is not None:
                self._send_now(hushing(channels))

    def reconnect(self) -> bool:
        return self.connected

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:  # noqa: ARG002 all or nothing
        with self._lock:
            if self._queue is None:
                return ()
            import alsa_midi  # noqa: PLC0415 as in open_client

            self._client.remove_events(alsa_midi.RemoveCondition.OUTPUT, queue=self._queue)
            return self._ledger.drop(self.now())

    def silence(self) -> None:
        with self._lock:
            if self._queue is None:
                return
            self.cancel()
            self._send_now(self._ledger.silencing())
        time.sleep(_DRAIN)

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                # The kernel frees port, connection and queue with their client.
                self._client.close()
                self._client = self._port = self._queue = None

    def _output(self, messages: Sequence[TimedMessage]) -> None:
        import alsa_midi  # noqa: PLC0415 as in open_client

        for message in messages:
            when = alsa_midi.RealTime(*split_time(message.time))
            event = alsa_midi.MidiBytesEvent(message.data, time=when, relative=False)
            self._client.event_output(event, queue=self._queue, port=self._port)
        self._client.drain_output()

    def _send_now(self, messages: Sequence[bytes]) -> None:
        import alsa_midi  # noqa: PLC0415 as in open_client

        for data in messages:
            self._client.event_output_direct(alsa_midi.MidiBytesEvent(data), port=self._port)
        # "Direct" only skips the queue: alsa-midi still keeps it in the client's own buffer.
        self._client.drain_output()
