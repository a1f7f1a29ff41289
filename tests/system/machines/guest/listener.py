"""A client of the ALSA sequencer that hears what Play Bach sends, and when.

A port that receives an event as it was queued sees the time it was queued for; a port that has the
kernel stamp what arrives sees when it did, on the same queue. So the listener subscribes one of
each to the port of Play Bach as soon as that is announced, and the onset error is their difference,
less what the sink queues notes early. A third port can be offered to be played to, as a
synth is: it hears all from the moment of being connected.
"""

from __future__ import annotations

import errno
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import alsa_midi

from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON
from playbach.sinks.alsa_queue import EARLY

HEARD = "Play Bach"
NAME = "listener"
POOL = 2000
PATIENCE = 60.0
STEP = 0.001


@dataclass
class Hearing:
    """What arrived at one port since it was last cleared.

    Attributes:
        onsets: pitch and time, in seconds of the sender's queue, of each note-on.
        sounding: the notes that have begun and not ended.
        messages: number of all messages.
    """

    onsets: list[tuple[int, float]] = field(default_factory=list)
    sounding: ActiveNotes = field(default_factory=ActiveNotes)
    messages: int = 0

    def hear(self, data: bytes, time: float) -> None:
        self.messages += 1
        self.sounding.hear(data)
        if data[0] & 0xF0 == NOTE_ON:
            self.onsets.append((data[1], time))


class Listener:
    """Listens from a thread of its own to every client named ``HEARD``; see the module."""

    def __init__(self) -> None:
        self.client = alsa_midi.SequencerClient(NAME)
        self.client.set_client_pool_input(POOL)
        hidden = alsa_midi.WRITE_PORT | alsa_midi.PortCaps.NO_EXPORT
        self._announced = self.client.create_port("announced", hidden)
        self._queued = self.client.create_port("queued", hidden)
        self._direct: Any = None
        self._stamped: Any = None
        self._heard: tuple[int, int] | None = None
        self.clear()
        # What appears between these two is announced and listed.
        self._announced.connect_from(alsa_midi.SYSTEM_ANNOUNCE)
        for info in self.client.list_ports(input=True):
            self._subscribe((info.client_id, info.port_id))
        threading.Thread(target=self._listen, daemon=True).start()

    def offer(self) -> None:
        """From now on there is a port to be played to, ``listener:direct``."""
        self._direct = self.client.create_port("direct", alsa_midi.WRITE_PORT)

    def clear(self) -> None:
        """Forget what was heard."""
        self.queued, self.stamped, self.direct = Hearing(), Hearing(), Hearing()

    def errors(self) -> list[float]:
        """Onset errors in seconds: when a note-on arrived minus its nominal time.

        Raises:
            ValueError: the two ports heard different notes.
        """
        pairs = list(zip(reversed(self.queued.onsets), reversed(self.stamped.onsets), strict=False))
        if any(queued[0] != stamped[0] for queued, stamped in pairs):
            raise ValueError("the two ports heard different notes")
        return [stamped[1] - queued[1] - EARLY for queued, stamped in reversed(pairs)]

    def _listen(self) -> None:
        while True:
            try:
                event = self.client.event_input(prefer_bytes=True)
            except alsa_midi.ALSAError as error:
                # The kernel says once that it had no room, and goes on.
                if error.errnum != -errno.ENOSPC:
                    raise
                continue
            if isinstance(event, alsa_midi.PortStartEvent):
                self._subscribe((event.addr.client_id, event.addr.port_id))
            elif isinstance(event, alsa_midi.PortExitEvent):
                if self._heard == (event.addr.client_id, event.addr.port_id):
                    self._heard = None
            elif isinstance(event, alsa_midi.MidiBytesEvent):
                when = math.nan if event.time is None else float(event.time)
                self._at(event.dest.port_id).hear(bytes(event.midi_bytes), when)

    def _at(self, port: int) -> Hearing:
        if port == self._queued.port_id:
            return self.queued
        offered = self._direct is not None and port == self._direct.port_id
        return self.direct if offered else self.stamped

    def _subscribe(self, address: tuple[int, int]) -> None:
        if address == self._heard:
            return
        try:
            self._listen_to(address)
        except alsa_midi.ALSAError as error:
            # It went again before it could be heard.
            if error.errnum not in {-errno.ENOENT, -errno.EINVAL}:
                raise

    def _listen_to(self, address: tuple[int, int]) -> None:
        if self.client.get_client_info(address[0]).name != HEARD:
            return
        if not self.client.get_port_info(address).capability & alsa_midi.PortCaps.SUBS_READ:
            return
        if self._stamped is not None:
            self._stamped.close()
        self._stamped = self.client.create_port(
            "stamped",
            alsa_midi.WRITE_PORT | alsa_midi.PortCaps.NO_EXPORT,
            timestamping=True,
            timestamp_real=True,
            timestamp_queue=self._queue_of(HEARD),
        )
        for port in (self._queued, self._stamped):
            port.connect_from(address)
        self._heard = address

    def _queue_of(self, name: str) -> int:
        """The queue that the client makes after its port."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return int(self.client.query_named_queue(name))
            except alsa_midi.ALSAError:
                if time.monotonic() > until:
                    raise
                time.sleep(STEP)


class Keyboard:
    """A client that plays from its port ``keyboard:keys`` to whoever listens there."""

    def __init__(self) -> None:
        self._client = alsa_midi.SequencerClient("keyboard")
        self._keys = self._client.create_port("keys", alsa_midi.READ_PORT)

    def play(self, data: bytes) -> None:
        """Send a message now."""
        self._client.event_output_direct(alsa_midi.MidiBytesEvent(data), port=self._keys)

    def close(self) -> None:
        """Go, as a keyboard that is switched off."""
        self._client.close()


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all are not above."""
    return sorted(values)[math.ceil(share * len(values)) - 1]
