"""A stage played by hand on a virtual sink: what is heard, and when, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.virtual import VirtualSink

from playbach.clock import Nanoseconds
from playbach.midi_messages import NOTE_ON, SYSTEM
from playbach.player.audience import Nobody
from playbach.player.controls import Controls
from playbach.player.horizon import Composed
from playbach.player.outlet import Outlet
from playbach.player.source import PlainSource
from playbach.player.stage import Stage
from playbach.silence import Sounding
from playbach.stream import Seconds, StreamItem


@dataclass(frozen=True)
class Heard:
    """A message and the moment it left."""

    time: float
    data: bytes


class Hall:
    """A stage whose player is the test."""

    def __init__(self, stream: Iterator[StreamItem], controls: Controls | None = None) -> None:
        self.heard: list[Heard] = []
        self.sounding = Sounding()
        self.struck_twice = 0
        self.sink = VirtualSink(self._hear)
        self.composed = Composed(Seconds(0.0))
        self.outlet = Outlet(self.sink)
        self.stage = Stage(self.composed, self.outlet, controls or Controls(), Nobody())
        self._source = PlainSource(stream)
        self._round = 0

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
        stage = self.stage
        reach = self.outlet.reach()
        while not stage.is_halted:
            coming = self._fetch()
            if coming > reach:
                break
            stage.place()
            stage.send(min(self._fetch(), reach))
        stage.send(reach)

    def _fetch(self) -> Nanoseconds:
        """When the next item is due; far in the future if there is none."""
        while (coming := self.stage.fetch(0)) is None:
            if self._round != self.composed.round:
                self._round = self.composed.round
                self._source.skip()
            item = next(self._source, None)
            if item is None:
                return Nanoseconds(1 << 62)
            self.composed.put(item, Seconds(0.0), self.composed.round)
        return coming[1]

    def _hear(self, time: float, data: bytes) -> None:
        self.heard.append(Heard(time, data))
        if data[0] & 0xF0 == NOTE_ON and data[0] < SYSTEM:
            self.struck_twice += (data[0] & 0x0F, data[1]) in self.sounding.notes
        self.sounding.hear(data)
