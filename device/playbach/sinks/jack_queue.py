"""A client of JACK, its MIDI port, and the messages that wait for their frames."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from playbach.sinks.frames import FrameQueue
from playbach.sinks.jack_server import detach

_FRAMES = 1 << 32
"""JACK counts frames in 32 bits, which is a day at 48 kHz."""


def frames_between(one: int, other: int) -> int:
    """Frames from one to the other, at most half a day; either may be counted in 32 bits."""
    since = (other - one) % _FRAMES
    return since if since < _FRAMES // 2 else since - _FRAMES


class JackQueue(FrameQueue):
    """Of a server whose clock goes on counting the machine's when it is gone."""

    def __init__(self, library: Any, client: Any, now: float) -> None:
        """``library``: JACK-Client; ``now``: the present, on the time that messages refer to."""
        super().__init__(client.samplerate)
        self.client = client
        self._full = library.JackError
        self._connections = threading.Event()
        self._cycle = int(client.frame_time)
        """Frame at which the present period began, counted on beyond 32 bits."""
        self.tell: Callable[[], object] = _nobody
        """Called when there is news, from threads of libjack's."""
        self.came: set[str] = set()
        """Names of ports that were made since the owner last took them out."""
        self.register()
        client.set_process_callback(self._process)
        client.set_shutdown_callback(self._shut_down)
        client.set_port_connect_callback(lambda *_: self._changed())
        client.set_port_registration_callback(self._registered)
        self.set_time(now)
        client.activate()

    @property
    def timing(self) -> str:
        return f"frames of JACK, {self._rate:,} a second in periods of {self.client.blocksize}"

    @property
    def period(self) -> float:
        return float(2 * self.client.blocksize / self._rate)

    def register(self) -> None:
        """Make the port."""
        self.port = self.client.midi_outports.register("out")

    def fill(self, start: int, frames: int) -> None:
        """Fill the port with the period that begins at ``start``."""
        self.port.clear_buffer()
        self.leave(start, frames, self._write)

    def has_news(self) -> bool:
        """Whether ports or connections have changed since this was last asked."""
        changed = self._connections.is_set()
        self._connections.clear()
        return changed

    def frame(self) -> int:
        """The present frame, counted on beyond 32 bits.

        A server that is held up does not run ahead of the periods that it had.
        """
        cycle = self._cycle
        since = frames_between(cycle, int(self.client.frame_time))
        return cycle + min(since, 2 * int(self.client.blocksize))

    def release(self) -> None:
        detach(self.client.close)

    def _process(self, frames: int) -> None:
        """Called by JACK for each period, in a thread of its own."""
        # The first period may have begun before the client looked at the clock.
        start = self._cycle + frames_between(self._cycle, int(self.client.last_frame_time))
        self._cycle = start
        self.fill(start, frames)

    def _write(self, offset: int, data: bytes) -> bool:
        try:
            self.port.write_midi_event(offset, data)
        except self._full:
            return False
        return True

    def _registered(self, port: Any, register: bool) -> None:
        """Called from a thread of libjack's."""
        if register:
            self.came.add(port.name)
        self._changed()

    def _shut_down(self, status: object, reason: str) -> None:
        """Called from a thread of libjack's."""
        del status, reason
        self.alive = False
        self._changed()

    def _changed(self) -> None:
        self._connections.set()
        self.tell()


def _nobody() -> None:
    """Is told nothing."""
