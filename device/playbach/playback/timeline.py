"""Nominal times of the items of a stream, movement after movement. Pure and frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from playbach.clock import KEPT_SEGMENTS, Nanoseconds, TempoMap, ns_per_tick, to_nanoseconds
from playbach.music.note import BarLines, Note, Place, Ticks
from playbach.music.performed import Lean
from playbach.stream import Movement, MovementEnd, StreamItem


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
        pace: nanoseconds per tick where no beat leans; meaningless before the first movement.
        rubato: how much of the tempo curve is played, as an expression.
        curve: the last beats of it that are known, played or not.
    """

    start: Nanoseconds = Nanoseconds(0)
    movement: Movement | None = None
    map: TempoMap | None = None
    bars: BarLines | None = None
    ordinal: int = 0
    is_between: bool = True
    pace: Fraction = Fraction(0)
    rubato: float = 0.0
    curve: tuple[Lean, ...] = ()

    def due(self, item: StreamItem) -> Nanoseconds:
        """When ``item`` happens if it comes next."""
        if isinstance(item, Movement):
            return self.start
        return self.at(item.onset if isinstance(item, Note) else item.length)

    def at(self, tick: int | Fraction) -> Nanoseconds:
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

    def bars_last(self, bars: int) -> Nanoseconds:
        """How long so many bars of the present movement last, 0 before the first."""
        if self.movement is None:
            return Nanoseconds(0)
        pace = self._tempo_map().segments[-1].pace
        return Nanoseconds(round(bars * self.movement.meter.bar_ticks * pace))

    def after(self, item: StreamItem, tempo: float | None = None, rubato: float = 0.0) -> Timeline:
        """The place after ``item``.

        Args:
            item: the one that comes next in the stream.
            tempo: felt beats per minute for a movement, more than 0; ``None`` for its own.
            rubato: how much of its tempo curve is played.
        """
        if isinstance(item, Note):
            return self
        if isinstance(item, MovementEnd):
            start = Nanoseconds(self.due(item) + to_nanoseconds(item.rest))
            # After its end, where the silence is, the movement is as fast as usual.
            even = self._tempo_map().with_pace(item.length, self.pace)
            return replace(self, start=start, is_between=True, map=even)
        pace = ns_per_tick(item.tempo if tempo is None else tempo, item.meter)
        return Timeline(
            self.start,
            item,
            TempoMap.steady(self.start, pace),
            BarLines(((Ticks(0), item.meter),), item.pickup),
            self.ordinal + 1,
            is_between=False,
            pace=pace,
            rubato=rubato,
        )

    def delayed(self, by: Nanoseconds) -> Timeline:
        """The same with all that is to come later by ``by``."""
        later = None if self.map is None else self.map.delayed(by)
        return replace(self, start=Nanoseconds(self.start + by), map=later)

    def paced(self, tempo: float, rubato: float, time: Nanoseconds) -> Timeline:
        """The same with another tempo from the first tick that is not before ``time``."""
        if self.movement is None or self.is_between:
            return self
        tick = self.next_tick(time)
        pace = ns_per_tick(tempo, self.movement.meter)
        present = [lean.stretch(rubato) for lean in self.curve if lean.tick <= tick][-1:]
        changed = self._tempo_map().with_pace(tick, pace * (*present, Fraction(1))[0])
        ahead = tuple(lean for lean in self.curve if lean.tick > tick)
        again = replace(self, map=changed, pace=pace, rubato=rubato).leaning(ahead)
        return replace(again, curve=self.curve)

    def leaning(self, leans: Sequence[Lean]) -> Timeline:
        """The same with more of the tempo curve, in order."""
        if not leans:
            return self
        curve = (*self.curve, *leans)[-KEPT_SEGMENTS:]
        map_ = self._tempo_map()
        if self.rubato:
            for lean in leans:
                # Where music was composed again, a later beat may be known already.
                if lean.tick >= map_.segments[-1].tick:
                    map_ = map_.with_pace(lean.tick, self.pace * lean.stretch(self.rubato))
        return replace(self, map=map_, curve=curve)

    def _tempo_map(self) -> TempoMap:
        if self.map is None:
            raise ValueError("a stream begins with a Movement")
        return self.map
