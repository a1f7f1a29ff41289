"""The playback thread: hands over what is composed before it is due, and obeys meanwhile.

What comes next lies in the lookahead queue; what was handed over is in the schedule. Whatever is to
change is taken back from the sink and from the schedule as far as it has not left, and comes again
(``_withdraw``). What comes from the queue says what a player makes of it; the schedule plays it so
as far as that is wanted now, and plays it again in the same way.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from playbach.clock import Nanoseconds, to_nanoseconds, to_seconds
from playbach.midi.messages import MAX_CHANNEL
from playbach.music.note import Note
from playbach.playback.controls import Controls
from playbach.playback.fades import LONGEST, SHORTEST
from playbach.playback.interruptions import BREATH, ResumePoint, SleepWatch, early_ending
from playbach.playback.output import MARGIN, Listener, SinkClock
from playbach.playback.queue import Composed, Continuation, LookaheadQueue
from playbach.playback.schedule import Schedule
from playbach.sinks.base import Change, Sink
from playbach.status import COMPOSING, Status
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem

NAP = 0.25
"""Seconds that the thread sleeps at most."""
_AWAITED = 0.1
"""The same, while what comes next is being composed and may have to be taken as far as it is."""
_GATHERED = to_nanoseconds(0.15)
"""Nanoseconds beyond what must be handed over now, of which the messages are handed over with it:
so the thread need not wake for each of them."""
_LINGER = 0.05
"""Seconds for which the music goes on after its last message is due."""
_REFILL = 5.0
"""Seconds that a rest waits at most for the queue to fill again, once there is a note."""
_FIRST_FILL = 0.5
"""As above, before the very first note."""
_LEAD = to_nanoseconds(0.1)
"""Nanoseconds from the decision to play to the first note, at the start and after a rest."""
_LATEST = to_nanoseconds(0.005)
"""Nanoseconds before its time by which a note is handed over: any later, it might sound late."""
_TO_COMPOSE = 0.25
_ITEMS_TO_COMPOSE = 8
"""When music is composed again, what is due within so many seconds stays, and within the time that
so many items take to be composed, so that the music need not rest meanwhile."""
_NEVER = Nanoseconds(1 << 62)


class Halt(Enum):
    """Why nothing is played though there may be music; the value is what the status says."""

    PAUSED = "paused"
    NO_SYNTH = "waiting for the synth"
    LISTENING = "listening"
    CLOSED = "outside its hours"


class PlaybackEngine:
    """The music that was handed over and what comes next, and the loop that works on it.

    ``post``, ``wake``, ``turns`` and ``status`` may be used by any thread; everything else is done
    by the one that runs ``run``, and so by whatever was posted.
    """

    def __init__(
        self,
        queue: LookaheadQueue,
        output: SinkClock,
        controls: Controls,
        listener: Listener,
        *,
        limit: float | None = None,
        stopping: threading.Event | None = None,
        pause: Callable[[float], None] | None = None,
    ) -> None:
        """Prepare.

        Args:
            queue: what comes next.
            output: where it goes.
            controls: how notes are sent, from the first one on.
            listener: follows what is played.
            limit: seconds after which the music ends, ``None`` for never.
            stopping: ends the loop.
            pause: waits for some seconds of the sink's time, instead of a sleep that ``wake`` ends.
        """
        self._queue = queue
        self._output = output
        self._listener = listener
        self._limit = _NEVER if limit is None else to_nanoseconds(limit)
        self._stopping = stopping or threading.Event()
        self._awake = threading.Event()
        self._pause = pause or self._sleep
        self._orders: deque[Callable[[], object]] = deque()
        self._schedule = Schedule(controls)
        self._coming: deque[Composed] = deque()
        self._resume_point = ResumePoint()
        self._halts: frozenset[Halt] = frozenset()
        self._silent_since = Nanoseconds(0)
        """When the music was halted last."""
        self._fading: dict[Halt, Nanoseconds] = {}
        """Halts that are to come, and when."""
        self._fresh = True
        self._channels = {controls.voice.channel}
        """Those on which something may sound since a synth was there anew."""
        self._is_waiting = False
        self._rests, self._rested = 0, 0
        self._sleep_watch = SleepWatch()
        self.rest_until: float | None = None
        """Until when the music rests at most, so that enough is composed to go on."""
        self.turns = 0
        """How often the loop went round: it stands still only when this thread hangs."""

    def post(self, order: Callable[[], object]) -> None:
        """Let the playback thread do something, at once."""
        self._orders.append(order)
        self.wake()

    def wake(self) -> None:
        """End a wait: something has happened."""
        self._awake.set()
        self._queue.nudge()

    def run(self) -> None:
        """Play until the stream is over, the limit is reached, or the event is set."""
        self.open()
        while not self._stopping.is_set():
            self._awake.clear()
            if self._sleep_watch.slept():
                self.slept()
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
        self.end_fade()
        if self._output.keeps_time and self._output.now() >= self._limit:
            # Also when paused, without a synth, or kept waiting by the composer.
            return self._play_out()
        if self.is_halted:
            self.send(self.reach())
            self.rest_until = None
            self._pause(NAP)
            return True
        coming = self.fetch(0) or self._await()
        if coming is None:
            return not self._queue.is_over or self._play_out()
        composed, due = coming
        if due >= self._limit:
            return self._play_out()
        if self._is_late(composed, due):
            self._rest()
            return True
        self.rest_until = None
        self._is_waiting = False
        reach = self.reach(_GATHERED)
        if due > reach:
            self.send(reach)
            off = self._schedule.next_off
            self._pause(self._until(due if off is None else min(due, off)))
        else:
            self.place()
            # Where no time is kept, what is sent may not depend on how much is composed by now.
            known = reach if self._output.keeps_time else due
            following = self.fetch(0) if self._output.keeps_time else None
            while following and following[1] <= reach and following[1] < self._limit:
                self.place()
                following = self.fetch(0)
            # As far as it is known what comes. What ends after the limit is cut short by it.
            known = known if following is None else following[1]
            self.send(min(known, reach, self._limit))
        return True

    def _await(self) -> tuple[Composed, Nanoseconds] | None:
        """Wait a little for the composer; what sounds ends in time."""
        if self._output.keeps_time:
            self.send(min(self.reach(_GATHERED), self._limit))
        self._is_waiting = True
        coming = self.fetch(min(self._until(self._schedule.next_off), _AWAITED))
        self._is_waiting = False
        return coming

    def _rest(self) -> None:
        """What comes next would be late: wait a little for more, then let it be later."""
        self._is_waiting = True
        self.send(min(self.reach(_GATHERED), self._limit))
        if self.rest_until is None:
            self.rest_until = time.monotonic() + (_REFILL if self._schedule.last else _FIRST_FILL)
        if self._queue.refill(NAP) or time.monotonic() >= self.rest_until:
            by = self._postpone()
            if by > 0 and self._schedule.has_begun:
                # Silence before the first note is no rest.
                self._rests, self._rested = self._rests + 1, self._rested + by

    def _play_out(self) -> bool:
        """Let the last notes end; False when they have."""
        self._schedule.cut(self._limit)
        last, keeps_time = self._schedule.last, self._output.keeps_time
        self.send(min(self.reach(_GATHERED), last) if keeps_time else _NEVER)
        if not keeps_time:
            return False
        ending = last if self._limit == _NEVER else self._limit
        left = to_seconds(Nanoseconds(ending - self._output.now()))
        # A little longer, so that the last message leaves before the queue is dropped.
        if left <= -_LINGER:
            return False
        self._pause(min(NAP, left + _LINGER))
        return True

    def reach(self, beyond: Nanoseconds = Nanoseconds(0)) -> Nanoseconds:
        """How far the sink should be sent messages now, and so much beyond where there is time."""
        reach = Nanoseconds(self._output.reach() + beyond) if self._output.keeps_time else _NEVER
        return min(reach, *self._fading.values()) if self._fading else reach

    def _until(self, due: Nanoseconds | None) -> float:
        """Seconds until ``due`` must be handed over or a fade is over, at most a nap."""
        if not self._output.keeps_time:
            return NAP if due is None else 0.0
        faded = min(self._fading.values(), default=None)
        left = NAP
        if due is not None and (faded is None or due <= faded):
            left = min(left, to_seconds(Nanoseconds(due - self._output.reach())))
        if faded is not None:
            left = min(left, to_seconds(Nanoseconds(faded - self._output.now())))
        return max(0.0, left)

    def _sleep(self, seconds: float) -> None:
        self._awake.wait(seconds)

    @property
    def is_halted(self) -> bool:
        """Whether nothing is to be played."""
        return bool(self._halts)

    def fetch(self, timeout: float) -> tuple[Composed, Nanoseconds] | None:
        """The item that comes next and when it is due, waiting up to ``timeout`` seconds for it."""
        while True:
            if not self._coming:
                composed = self._queue.take(timeout)
                if composed is None:
                    return None
                self._coming.append(composed)
            following = self._coming[0]
            if not self._resume_point.is_before(following.item, self._schedule.timeline):
                return following, self._due_soon(following)
            self._coming.popleft()
            self._schedule.pass_over(following)

    def place(self) -> None:
        """Add the item that comes next."""
        if self._fresh:
            self._go_on()
        if self._schedule.is_surprised_by(self._coming[0]):
            self._withdraw()
        entry = self._schedule.add(self._coming.popleft())
        item, movement = entry.composed.item, entry.cue.movement
        if entry.sent is not None and isinstance(item, Note) and movement is not None:
            self._listener.announced(entry.sent, item, entry.cue.bar, movement)

    def send(self, until: Nanoseconds) -> None:
        """Hand over what is due at ``until`` or before, and let go of what has passed."""
        self._output.send(self._schedule.take(until))
        entries, notes = self._schedule.settle(self._output.now())
        if entries or notes:
            self._listener.passed(entries, notes)
        ends = (one.composed.item for one in entries)
        if any(isinstance(end, MovementEnd) and end.waits for end in ends):
            self.halt(Halt.LISTENING)

    def _go_on(self) -> None:
        """After a halt what comes next is heard soon, whenever it was due."""
        first = self._coming[0]
        if isinstance(first.item, MovementEnd):
            if self._resume_point.is_known:
                end = replace(first.item, rest=min(first.item.rest, BREATH))
                self._coming[0] = replace(first, item=end)
            return
        if self._is_behind(self._schedule.due(first)):
            self._postpone()
        self._fresh = False
        self._resume_point.forget()

    def _due_soon(self, following: Composed) -> Nanoseconds:
        """When it is due; made sooner if a synth that is back would wait for it too long."""
        due = self._schedule.due(following)
        if not self._resume_point.is_far_from(following.item, due, self._output.now()):
            return due
        self._postpone()
        return self._schedule.due(following)

    def _is_late(self, following: Composed, due: Nanoseconds) -> bool:
        """Whether it would be heard late because composing did not keep up."""
        if isinstance(following.item, MovementEnd) or (self._fresh and self._schedule.has_begun):
            return False
        return self._is_behind(due)

    def _is_behind(self, due: Nanoseconds) -> bool:
        return self._output.keeps_time and due < self._output.now() + _LATEST

    def _postpone(self) -> Nanoseconds:
        """Let what comes next be heard soon; returns by how much later that is."""
        if self._schedule.controls.clock:
            # Clocks were sent ahead while nothing else was.
            self._withdraw()
        first = self._coming[0]
        by = Nanoseconds(self._output.now() + _LEAD - self._schedule.due(first))
        self._schedule.delay(by, first.item)
        return by

    def open(self) -> None:
        """A synth that may hold notes of a process that was killed is told to end them."""
        if self._output.sink.connected:
            self._output.release([self._schedule.controls.voice.channel])
        else:
            self._halts |= {Halt.NO_SYNTH}

    def control(self, controls: Controls) -> None:
        """The next note is sent with these controls."""
        self._channels.add(controls.voice.channel)
        self._schedule.control(controls, self._withdraw())

    def compose_again(self) -> None:
        """What was composed and is not heard at once is composed anew, as is wanted now."""
        composing = _ITEMS_TO_COMPOSE * self._queue.seconds_per_item
        self._withdraw(to_nanoseconds(_TO_COMPOSE + composing))
        after = self._after()
        if after.go_back is None:
            return
        # What a movement that was left ends with stays as it is.
        self._coming = deque(one for one in self._coming if one.is_final)
        self._queue.compose_again(after)

    def answer(self) -> None:
        """Somebody has played: another movement begins at once, and listening is over."""
        self._halts -= {Halt.LISTENING}
        self._leave(min(self._withdraw(), self._silent_since), rest=Seconds(0.0))
        self._fresh = True

    def leave(
        self,
        *,
        at_bar: bool,
        unless: Callable[[Movement], bool] = lambda _: False,
        skip: Callable[[], object] | None = None,
        softly: bool = False,
    ) -> None:
        """Leave the movement for one that is still to be composed.

        Args:
            at_bar: whether a bar line that is near is waited for.
            unless: says whether a movement need not be left; what follows is composed again.
            skip: as of ``LookaheadQueue.leave_movement``.
            softly: whether it fades over a beat.
        """
        timeline = self._schedule.timeline
        present = None if timeline.is_between else timeline.movement
        if present is not None and unless(present):
            self.compose_again()
            return
        self._leave(self._withdraw(), at_bar=at_bar, skip=skip, softly=softly)

    def _leave(
        self,
        since: Nanoseconds,
        *,
        rest: Seconds = BREATH,
        at_bar: bool = False,
        skip: Callable[[], object] | None = None,
        softly: bool = False,
    ) -> None:
        """Leave the movement at ``since``, as of ``leave``; the next begins ``rest`` after it."""
        timeline = self._schedule.timeline
        held = [*self._coming, *self._queue.held()]
        then = self._queue.leave_movement(self._after(), skip)
        self._coming.clear()
        if timeline.is_between:
            soon = Nanoseconds(since + to_nanoseconds(rest))
            self._schedule.start_at(min(timeline.start, soon))
            return
        fade = self._fade_from(since) if softly and self._can_fade else Nanoseconds(0)
        ending = early_ending(held, timeline, since, then, at_bar=at_bar, rest=rest, fade=fade)
        self._coming += ending
        end = self._schedule.due(ending[-1])
        if fade:
            self._schedule.fade(max(since, Nanoseconds(end - fade)), end)
        self._schedule.cut(end)

    def halt(self, why: Halt, *, softly: bool = False) -> None:
        """Play nothing.

        Args:
            why: what for.
            softly: whether the music fades over a beat; what sounds otherwise ends now.
        """
        if why in self._halts or (softly and why in self._fading):
            return
        if softly and self._can_fade and not self._schedule.timeline.is_between:
            since = self._withdraw()
            self._fading[why] = until = Nanoseconds(since + self._fade_from(since))
            self._schedule.fade(since, until)
            return
        self._fading.pop(why, None)
        self._silent_since = self._end_what_sounds()
        self._halts |= {why}

    def release(self, why: Halt) -> None:
        """Play on, unless there is another reason not to."""
        if self._fading.pop(why, None) is not None:
            if not self._fading:
                self._schedule.break_off_fade(self._withdraw())
            return
        self._halts -= {why}
        self._fresh = True

    def panic(self) -> None:
        """End whatever sounds on any channel, whoever began it, and pause: at once."""
        self._schedule.break_off_fade(self._withdraw())
        self.halt(Halt.PAUSED)
        self._output.sink.silence()
        self._output.release(range(MAX_CHANNEL + 1))

    def sink_changed(self, sink: Sink, change: Change) -> None:
        """The synth behind ``sink`` has gone, or is back."""
        if sink is not self._output.sink:
            return
        if change is Change.LOST:
            self._resume_point.remember(self._schedule.timeline, self._output.now())
            self.halt(Halt.NO_SYNTH)
            return
        # A sink forgets on reconnecting what it was sent.
        self._withdraw()
        if sink.reconnect():
            self._welcome()

    def use(self, sink: Sink) -> Sink:
        """Go on with another sink, opened and started; returns the one before, silenced."""
        self._withdraw()
        self._schedule.interrupt(self._output.now())
        before = self._output.sink
        before.silence()
        # Its note-offs have been sent; the new sink has heard nothing of them.
        self._schedule.take(self.reach())
        self._output.swap(sink)
        if sink.connected:
            self._welcome()
        else:
            self._halts |= {Halt.NO_SYNTH}
        return before

    def slept(self) -> None:
        """The machine was suspended: end what has sounded since, and go on at the next bar."""
        self._resume_point.remember(self._schedule.timeline, self._output.now())
        self._end_what_sounds()
        if not self.is_halted:
            self._output.sink.silence()
            self._welcome()

    def status(self) -> Status:
        """What is heard now."""
        now = self._output.now()
        cue = self._schedule.cue_at(now)
        starved = self._is_waiting and now > self._schedule.last
        halt = next((halt.value for halt in Halt if halt in self._halts), "")
        tempo_of = self._schedule.controls.tempo_of
        return Status(
            time=to_seconds(now),
            movement=cue.movement,
            tempo=tempo_of(cue.movement) if cue.movement else 0.0,
            bar=cue.bar,
            notes=cue.notes,
            resting=halt or cue.resting or (COMPOSING if starved else ""),
            rests=self._rests,
            rested=to_seconds(Nanoseconds(self._rested)),
            composed_ahead=self._queue.ahead,
        )

    def composed(self) -> list[StreamItem]:
        """All items that are composed and have not passed, in order."""
        coming = [one.item for one in self._coming]
        return [*self._schedule.composed(), *coming, *self._queue.composed()]

    def _withdraw(self, margin: Nanoseconds = MARGIN) -> Nanoseconds:
        """Take back what has not left; from the moment returned on everything can be different."""
        since = self._output.take_back(margin)
        self._coming.extendleft(reversed(self._schedule.rewind(since)))
        self._listener.withdrawn(since)
        return since

    def _after(self) -> Continuation:
        """How composing goes on after what stays as it is."""
        final = [one for one in self._coming if one.is_final]
        latest = final[-1] if final else self._schedule.latest
        return self._queue.start if latest is None else latest.then

    def _fade_from(self, since: Nanoseconds) -> Nanoseconds:
        """How long a fade lasts: a beat, or as long as one that has begun before."""
        before = self._schedule.fades_until
        if before is not None and before > since:
            return Nanoseconds(before - since)
        timeline = self._schedule.timeline
        beat = timeline.movement.meter.beat_ticks * timeline.pace if timeline.movement else 0
        return Nanoseconds(round(min(max(beat, SHORTEST), LONGEST)))

    @property
    def _can_fade(self) -> bool:
        """Whether there is music that can."""
        return self._output.keeps_time and not self.is_halted and self._schedule.has_begun

    def end_fade(self) -> None:
        """Where the music has faded, it halts."""
        if not self._fading or self._output.now() < min(self._fading.values()):
            return
        self._silent_since = self._end_what_sounds()
        self._halts |= self._fading.keys()
        self._fading.clear()

    def _end_what_sounds(self) -> Nanoseconds:
        """When it ends."""
        since = self._withdraw()
        self._schedule.interrupt(since)
        self.send(since)
        return since

    def _welcome(self) -> None:
        """A synth is there that knows nothing of us."""
        self._output.release(self._channels)
        self._channels = {self._schedule.controls.voice.channel}
        self._schedule.announce(self._output.now())
        self.release(Halt.NO_SYNTH)
