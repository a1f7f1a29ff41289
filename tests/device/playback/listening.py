"""A stage played by hand on a virtual sink: what is heard, and when, exactly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from bench.virtual import VirtualSink
from tests.device.streams import Recorded

from playbach.clock import Nanoseconds
from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON, SYSTEM
from playbach.playback.controls import Controls
from playbach.playback.engine import PlaybackEngine
from playbach.playback.output import NullListener, SinkClock
from playbach.playback.queue import LookaheadQueue, Source
from playbach.stream import StreamItem


@dataclass(frozen=True)
class Heard:
    """A message and the moment it left."""

    time: float
    data: bytes


PATIENCE = 60.0
"""Seconds that composing an item may take on a busy machine."""


class Hall:
    """An engine whose loop is the test, and a composer that always keeps up."""

    def __init__(self, stream: Iterator[StreamItem], controls: Controls | None = None) -> None:
        self.heard: list[Heard] = []
        self.sounding = ActiveNotes()
        self.struck_twice = 0
        self.sink = VirtualSink(self._hear)
        controls = controls or Controls()
        source = stream if isinstance(stream, Source) else Recorded(stream)
        self.queue = LookaheadQueue(source, lambda: controls)
        self.output = SinkClock(self.sink)
        self.engine = PlaybackEngine(self.queue, self.output, controls, NullListener())
        self._composing = threading.Thread(target=self.queue.compose, daemon=True)
        self._composing.start()

    def __del__(self) -> None:
        self.queue.close()

    def close(self) -> None:
        """Compose no more: the network is free for others."""
        self.queue.close()
        self._composing.join(PATIENCE)

    def play(self, seconds: float) -> None:
        """Let time pass in steps of a hundredth of a second."""
        until = self.sink.now() + seconds
        while self.sink.now() < until:
            self._hand_over()
            self.sink.pause(min(0.01, until - self.sink.now()))

    def notes(self, kind: int = NOTE_ON, since: float = 0.0) -> list[tuple[float, int]]:
        """Moment and pitch of note-ons or note-offs."""
        return [
            (round(heard.time, 6), heard.data[1])
            for heard in self.heard
            if heard.data[0] & 0xF0 == kind and heard.data[0] < SYSTEM and heard.time >= since
        ]

    def said(self, since: float = 0.0) -> list[str]:
        """All that was heard, as bytes in hexadecimal with their moments."""
        return [f"{h.time:.3f} {h.data.hex(' ')}" for h in self.heard if h.time >= since]

    def _hand_over(self) -> None:
        engine = self.engine
        engine.end_fade()
        reach = engine.reach()
        while not engine.is_halted:
            if self._due() > reach:
                break
            engine.place()
            engine.send(min(self._due(), reach))
        engine.send(reach)

    def _due(self) -> Nanoseconds:
        """When the next item is due; far in the future if there is none."""
        coming = self.engine.fetch(PATIENCE)
        return Nanoseconds(1 << 62) if coming is None else coming[1]

    def _hear(self, time: float, data: bytes) -> None:
        self.heard.append(Heard(time, data))
        if data[0] & 0xF0 == NOTE_ON and data[0] < SYSTEM:
            self.struck_twice += (data[0] & 0x0F, data[1]) in self.sounding.notes
        self.sounding.hear(data)
