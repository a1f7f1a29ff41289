"""The player's thread: hands over what is composed before it is due, and obeys meanwhile."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from playbach.clock import Nanoseconds, to_nanoseconds, to_seconds
from playbach.player.horizon import Composed
from playbach.player.outlet import Outlet
from playbach.player.sleep import SleepWatch
from playbach.player.stage import Stage
from playbach.stream import StreamItem

NAP = 0.1
"""Seconds this thread sleeps at most."""
_REFILL = 5.0
"""Seconds that a rest waits at most for the queue to fill again, once there is a note."""
_FIRST_FILL = 0.5
"""As above, before the very first note."""
_NEVER = Nanoseconds(1 << 62)


class Handover:
    """The loop. ``post``, ``wake`` and ``turns`` may be used from any thread, ``run`` from one."""

    def __init__(
        self,
        stage: Stage,
        composed: Composed,
        outlet: Outlet,
        *,
        limit: float | None,
        stopping: threading.Event,
        pause: Callable[[float], None] | None = None,
    ) -> None:
        """Prepare.

        Args:
            stage: what it works on.
            composed: what comes next; the stage takes from it.
            outlet: where it goes.
            limit: seconds after which the music ends, ``None`` for never.
            stopping: ends the loop.
            pause: waits for some seconds of the sink's time, instead of a sleep that ``wake`` ends.
        """
        self._stage = stage
        self._composed = composed
        self._outlet = outlet
        self._limit = _NEVER if limit is None else to_nanoseconds(limit)
        self._stopping = stopping
        self._awake = threading.Event()
        self._pause = pause or self._sleep
        self._orders: deque[Callable[[], object]] = deque()
        self._rest_until: float | None = None
        self._sleep_watch = SleepWatch()
        self.turns = 0
        """How often the loop went round: it stands still only when this thread hangs."""

    def post(self, order: Callable[[], object]) -> None:
        """Let the player's thread do something, at once."""
        self._orders.append(order)
        self.wake()

    def wake(self) -> None:
        """End a wait: something has happened."""
        self._awake.set()
        self._composed.nudge()

    def run(self) -> None:
        """Play until the stream is over, the limit is reached, or the event is set."""
        self._stage.open()
        while not self._stopping.is_set():
            self._awake.clear()
            if self._sleep_watch.slept():
                self._stage.slept()
            while self._orders:
                self._orders.popleft()()
            if not self._turn():
                return
            self.turns += 1

    def _turn(self) -> bool:
        """Do what there is to do now, or wait for it; False when the music is over.

        Nothing is carried from one turn to the next but since when the music rests: an order may
        have changed what comes, so each turn looks at it anew.
        """
        stage = self._stage
        if self._outlet.keeps_time and self._outlet.now() >= self._limit:
            # Also when paused, without a synth, or kept waiting by the composer.
            return self._play_out()
        if stage.is_halted:
            stage.send(self._reach())
            self._rest_until = None
            self._pause(NAP)
            return True
        coming = stage.fetch(0) or self._await()
        if coming is None:
            return not self._composed.is_over or self._play_out()
        item, due = coming
        if due >= self._limit:
            return self._play_out()
        if stage.is_late(item, due):
            self._rest()
            return True
        self._rest_until = None
        stage.is_waiting = False
        reach = self._reach()
        if due > reach:
            stage.send(reach)
            off = stage.next_off
            self._pause(self._until(due if off is None else min(due, off)))
        else:
            stage.place()
            self._send_until_next(reach)
        return True

    def _send_until_next(self, reach: Nanoseconds) -> None:
        """Send as far as it is known what comes."""
        coming = self._stage.fetch(0)
        due = reach if coming is None else coming[1]
        # What ends after the limit is cut short by it, and so not sent before.
        self._stage.send(min(due, reach, self._limit))

    def _await(self) -> tuple[StreamItem, Nanoseconds] | None:
        """Wait a little for the composer; what sounds ends in time."""
        stage = self._stage
        stage.send(min(self._reach(), self._limit))
        stage.is_waiting = True
        coming = stage.fetch(self._until(stage.next_off))
        stage.is_waiting = False
        return coming

    def _rest(self) -> None:
        """What comes next would be late: wait a little for more, then let it be later."""
        stage = self._stage
        stage.is_waiting = True
        stage.send(min(self._reach(), self._limit))
        if self._rest_until is None:
            self._rest_until = time.monotonic() + (_REFILL if stage.last else _FIRST_FILL)
        if self._composed.refill(NAP) or time.monotonic() >= self._rest_until:
            stage.catch_up()

    def _reach(self) -> Nanoseconds:
        """How far the sink should be sent messages now."""
        return self._outlet.reach() if self._outlet.keeps_time else _NEVER

    def _until(self, due: Nanoseconds | None) -> float:
        """Seconds until ``due`` is within reach, at most a nap."""
        if due is None:
            return NAP
        return max(0.0, min(NAP, to_seconds(Nanoseconds(due - self._reach()))))

    def _sleep(self, seconds: float) -> None:
        self._awake.wait(seconds)

    def _play_out(self) -> bool:
        """Let the last notes end; False when they have."""
        stage = self._stage
        stage.cut(self._limit)
        stage.send(min(self._reach(), stage.last) if self._outlet.keeps_time else _NEVER)
        if not self._outlet.keeps_time:
            return False
        ending = stage.last if self._limit == _NEVER else self._limit
        left = to_seconds(Nanoseconds(ending - self._outlet.now()))
        # A little longer, so that the last message leaves before the queue is dropped.
        if left <= -NAP / 2:
            return False
        self._pause(min(NAP, left + NAP / 2))
        return True
