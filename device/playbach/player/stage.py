"""What the player's thread does to the music, one operation at a time."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from enum import Enum

from playbach.clock import Nanoseconds, to_nanoseconds
from playbach.midi_messages import MAX_CHANNEL
from playbach.music.note import Note, Place
from playbach.player.audience import Audience
from playbach.player.controls import Controls
from playbach.player.heard import Heard
from playbach.player.horizon import Composed
from playbach.player.leaving import BREATH, ending
from playbach.player.lost_bar import LostBar
from playbach.player.outlet import Outlet
from playbach.player.performance import Performance
from playbach.sinks.base import Change, Sink
from playbach.status import COMPOSING, Status
from playbach.stream import MovementEnd, StreamItem

_LEAD = to_nanoseconds(0.1)
"""Nanoseconds from the decision to play to the first note, at the start and after a rest."""
_LATEST = to_nanoseconds(0.005)
"""Nanoseconds before its time by which a note is handed over: any later, it might sound late."""
_NEVER = Nanoseconds(1 << 62)


class Halt(Enum):
    """Why nothing is played though there may be music; the value is what the status says."""

    PAUSED = "paused"
    NO_SYNTH = "waiting for the synth"


class Stage:
    """The music that was handed over and what comes next.

    ``status`` may be called from any thread, everything else from the player's.
    """

    def __init__(
        self, composed: Composed, outlet: Outlet, controls: Controls, audience: Audience
    ) -> None:
        self._composed = composed
        self._outlet = outlet
        self._audience = audience
        self._performance = Performance(controls)
        self._coming: deque[StreamItem] = deque()
        self._heard = Heard()
        self._lost_bar = LostBar()
        self._halts: frozenset[Halt] = frozenset()
        self._fresh = True
        self.is_waiting = False
        """Whether the music waits for the composer; set by whoever waits."""

    @property
    def is_halted(self) -> bool:
        """Whether nothing is to be played."""
        return bool(self._halts)

    @property
    def next_off(self) -> Nanoseconds | None:
        """When the next note that sounds is to end."""
        return self._performance.next_off

    @property
    def last(self) -> Nanoseconds:
        """When the last message so far is due."""
        return self._performance.last

    def open(self) -> None:
        """A synth that may hold notes of a process that was killed is told to end them."""
        if self._outlet.sink.connected:
            self._outlet.hush([self._performance.controls.voice.channel])
        else:
            self._halts |= {Halt.NO_SYNTH}

    def fetch(self, timeout: float) -> tuple[StreamItem, Nanoseconds] | None:
        """The item that comes next and when it is due, waiting up to ``timeout`` for it."""
        while self._fill(timeout):
            item = self._coming[0]
            if not self._lost_bar.holds(item, self._performance.timeline):
                return item, self._due_soon(item)
            self._coming.popleft()
        return None

    def is_late(self, item: StreamItem, due: Nanoseconds) -> bool:
        """Whether ``item`` would be heard late because composing did not keep up."""
        if isinstance(item, MovementEnd) or (self._fresh and self._heard.has_begun):
            return False
        return self._is_behind(due)

    def catch_up(self) -> None:
        """Let what comes next be a little later than now, and count it as a rest."""
        self._heard.rest(self._postpone())

    def place(self) -> None:
        """Add the item that comes next."""
        if self._fresh:
            self._go_on()
        item = self._coming.popleft()
        due = self._performance.due(item)
        sent = self._performance.add(item)
        mark = self._heard.add(item, due, self._place_of(item))
        if sent is not None and isinstance(item, Note) and mark.movement is not None:
            self._audience.announced(sent, item, mark.bar, mark.movement)

    def send(self, until: Nanoseconds) -> None:
        """Hand over what is due at ``until`` or before, and let go of what has passed."""
        self._outlet.send(self._performance.take(until))
        now = self._outlet.now()
        items, notes = self._performance.settle(now)
        if items or notes:
            self._audience.passed(items, notes)
            self._heard.settle(now)

    def cut(self, limit: Nanoseconds) -> None:
        """Let nothing sound after ``limit``."""
        self._performance.cut(limit)

    def control(self, controls: Controls) -> None:
        """The next note is sent with these controls."""
        self._performance.control(controls, self._withdraw())

    def halt(self, why: Halt) -> None:
        """Play nothing; what sounds ends now."""
        if why in self._halts:
            return
        since = self._withdraw()
        self._performance.interrupt(since)
        self.send(since)
        self._halts |= {why}

    def release(self, why: Halt) -> None:
        """Play on, unless there is another reason not to."""
        self._halts -= {why}
        self._fresh = True

    def panic(self) -> None:
        """End whatever sounds on any channel, whoever began it, and pause."""
        self.halt(Halt.PAUSED)
        self._outlet.sink.silence()
        self._outlet.hush(range(MAX_CHANNEL + 1))

    def leave(self, *, at_bar: bool) -> None:
        """Leave the movement for one that is still to be composed.

        Args:
            at_bar: whether a bar line that is near is waited for.
        """
        since = self._withdraw()
        held = [*self._coming, *self._composed.restart()]
        self._coming.clear()
        timeline = self._performance.timeline
        if timeline.is_between:
            soon = Nanoseconds(since + to_nanoseconds(BREATH))
            self._performance.start_at(min(timeline.start, soon))
            return
        notes, end = ending(held, timeline, since, at_bar=at_bar)
        self._performance.cut(timeline.at(end.length))
        self._coming += [*notes, end]

    def sink_changed(self, sink: Sink, change: Change) -> None:
        """The synth behind ``sink`` has gone, or is back."""
        if sink is not self._outlet.sink:
            return
        if change is Change.LOST:
            self._lose_place()
            self.halt(Halt.NO_SYNTH)
        elif sink.reconnect():
            self._welcome()

    def use(self, sink: Sink) -> Sink:
        """Go on with another sink, opened and started; returns the one before, silenced."""
        self._withdraw()
        self._performance.interrupt(self._outlet.now())
        before = self._outlet.sink
        before.silence()
        # Its note-offs have been sent; the new sink has heard nothing of them.
        self._performance.take(self._outlet.reach() if self._outlet.keeps_time else _NEVER)
        self._outlet.swap(sink)
        if sink.connected:
            self._welcome()
        else:
            self._halts |= {Halt.NO_SYNTH}
        return before

    def slept(self) -> None:
        """The machine was suspended: end what has sounded since, and go on at the next bar."""
        self._lose_place()
        since = self._withdraw()
        self._performance.interrupt(since)
        self.send(since)
        if not self.is_halted:
            self._outlet.sink.silence()
            self._welcome()

    def status(self) -> Status:
        """What is heard now."""
        now = self._outlet.now()
        controls = self._performance.controls
        heard = self._heard.status(now)
        starved = self.is_waiting and now > self._performance.last
        halt = next((halt.value for halt in Halt if halt in self._halts), "")
        return replace(
            heard,
            tempo=controls.tempo_of(heard.movement) if heard.movement else 0.0,
            resting=halt or heard.resting or (COMPOSING if starved else ""),
            composed_ahead=self._composed.ahead,
        )

    def _withdraw(self) -> Nanoseconds:
        """Take back what has not left; from the moment returned on everything can be different."""
        since = self._outlet.take_back()
        self._coming.extendleft(reversed(self._performance.rewind(since)))
        self._heard.withdraw(since)
        self._audience.withdrawn(since)
        return since

    def _lose_place(self) -> None:
        self._lost_bar.remember(self._performance.timeline, self._outlet.now())

    def _welcome(self) -> None:
        """A synth is there that knows nothing of us."""
        self._outlet.hush([self._performance.controls.voice.channel])
        self._performance.announce(self._outlet.now())
        self.release(Halt.NO_SYNTH)

    def _fill(self, timeout: float) -> bool:
        """Whether there is an item that comes next, within ``timeout``."""
        if not self._coming:
            item = self._composed.take(timeout)
            if item is not None:
                self._coming.append(item)
        return bool(self._coming)

    def _due_soon(self, item: StreamItem) -> Nanoseconds:
        """When ``item`` is due; made sooner if a synth that is back would wait for it too long."""
        due = self._performance.due(item)
        if not self._lost_bar.is_far_from(item, due, self._outlet.now()):
            return due
        self._postpone()
        return self._performance.due(item)

    def _go_on(self) -> None:
        """After a halt what comes next is heard soon, whenever it was due."""
        item = self._coming[0]
        if isinstance(item, MovementEnd):
            if self._lost_bar.is_known:
                self._coming[0] = replace(item, rest=min(item.rest, BREATH))
            return
        if self._is_behind(self._performance.due(item)):
            self._postpone()
        self._fresh = False
        self._lost_bar.forget()

    def _is_behind(self, due: Nanoseconds) -> bool:
        return self._outlet.keeps_time and due < self._outlet.now() + _LATEST

    def _postpone(self) -> Nanoseconds:
        if self._performance.controls.clock:
            # Clocks were sent ahead while nothing else was.
            self._withdraw()
        item = self._coming[0]
        by = Nanoseconds(self._outlet.now() + _LEAD - self._performance.due(item))
        self._performance.delay(by, item)
        return by

    def _place_of(self, item: StreamItem) -> Place | None:
        return self._performance.timeline.place(item.onset) if isinstance(item, Note) else None
