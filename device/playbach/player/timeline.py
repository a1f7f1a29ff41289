"""Nominal times of the items of a stream, movement after movement. Pure and frozen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from playbach.clock import Nanoseconds, TempoMap, ns_per_tick, to_nanoseconds, to_seconds
from playbach.music.note import BarLines, Note, Place, Ticks
from playbach.player.controls import Controls
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem


@dataclass(frozen=True, slots=True)
class Timeline:
    """A place in a stream, and when what follows it is due.

    Attributes:
        start: when the movement began; after its end, when the next one begins.
        movement: the present one, or the one just over; ``None`` before the first.
        map: from its ticks to nominal time.
        bars: its bar lines.
        ordinal: its number, counted from the beginning of the stream; 0 before the first.
        is_between: whether no movement is under way.
    """

    start: Nanoseconds = Nanoseconds(0)
    movement: Movement | None = None
    map: TempoMap | None = None
    bars: BarLines | None = None
    ordinal: int = 0
    is_between: bool = True

    def due(self, item: StreamItem) -> Nanoseconds:
        """When ``item`` happens if it comes next."""
        if isinstance(item, Movement):
            return self.start
        return self.at(item.onset if isinstance(item, Note) else item.length)

    def at(self, tick: int) -> Nanoseconds:
        """Nominal time of a tick of the present movement.

        Raises:
            ValueError: there is none; the stream must begin with a ``Movement``.
        """
        return self._tempo_map().time_at(tick)

    def place(self, tick: Ticks) -> Place | None:
        """The place in the bar of a tick; ``None`` before the first movement."""
        return self.bars.place(tick) if self.bars else None

    def next_tick(self, time: Nanoseconds) -> Ticks:
        """The first tick of the present movement that is not before ``time``."""
        tick = self._tempo_map().tick_at(time)
        return Ticks(tick if self.at(tick) == time else tick + 1)

    def next_bar(self, time: Nanoseconds) -> Ticks:
        """The first bar line of the present movement that is not before ``time``."""
        tick = max(self.next_tick(time), 0)
        place = self.place(Ticks(tick))
        return Ticks(tick + (-place.tick % place.meter.bar_ticks if place else 0))

    def after(self, item: StreamItem, tempo: float | None = None) -> Timeline:
        """The place after ``item``.

        Args:
            item: the one that comes next in the stream.
            tempo: felt beats per minute for a movement, more than 0; ``None`` for its own.
        """
        if isinstance(item, Note):
            return self
        if isinstance(item, MovementEnd):
            start = Nanoseconds(self.due(item) + to_nanoseconds(item.rest))
            return replace(self, start=start, is_between=True)
        pace = ns_per_tick(item.tempo if tempo is None else tempo, item.meter)
        return Timeline(
            self.start,
            item,
            TempoMap.steady(self.start, pace),
            BarLines(((Ticks(0), item.meter),), item.pickup),
            self.ordinal + 1,
            is_between=False,
        )

    def delayed(self, by: Nanoseconds) -> Timeline:
        """The same with all that is to come later by ``by``."""
        later = None if self.map is None else self.map.delayed(by)
        return replace(self, start=Nanoseconds(self.start + by), map=later)

    def paced(self, tempo: float, time: Nanoseconds) -> Timeline:
        """The same with another tempo from the first tick that is not before ``time``."""
        if self.movement is None or self.is_between:
            return self
        pace = ns_per_tick(tempo, self.movement.meter)
        return replace(self, map=self._tempo_map().with_pace(self.next_tick(time), pace))

    def _tempo_map(self) -> TempoMap:
        if self.map is None:
            raise ValueError("a stream begins with a Movement")
        return self.map


class Spans:
    """Seconds from each item of a stream to the next, for whoever composes ahead."""

    def __init__(self) -> None:
        self._timeline = Timeline()
        self._last = Nanoseconds(0)

    def to(self, item: StreamItem, controls: Controls | None = None) -> Seconds:
        """Seconds from the item before to ``item``, 0 for the first.

        Args:
            item: the one that comes next in the stream.
            controls: how it will be played, as far as is known.
        """
        due = self._timeline.due(item)
        tempo = controls.tempo_of(item) if controls and isinstance(item, Movement) else None
        self._timeline = self._timeline.after(item, tempo)
        span, self._last = due - self._last, due
        return to_seconds(Nanoseconds(span))
