"""What is composed ahead: a source, the thread that pulls it, and the queue that it fills.

Each item carries the place in the music from which composing can go on after it. So whatever was
composed and not handed over may be dropped at any time and composed again otherwise.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias, runtime_checkable

from playbach.clock import Nanoseconds, to_nanoseconds, to_seconds
from playbach.music.note import Note
from playbach.performer.model import PerformerModel
from playbach.performer.reading import NOTHING_READ, Read, Reading
from playbach.playback.controls import Controls
from playbach.playback.timeline import Timeline
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem

AHEAD = to_nanoseconds(4.0)
BARS_AHEAD = 2
"""So much music is composed ahead, whichever of the two is longer."""
MAX_ITEMS = 256
"""Items held at most, however short their notes."""
ENOUGH = to_nanoseconds(0.7)
"""So much must be there before music goes on that had to rest."""
_AVERAGED = 16
"""Items."""

GoBack: TypeAlias = Callable[[], None]
"""Makes a source go on from a place it has passed, as if nothing had been composed since."""


@runtime_checkable
class Source(Protocol):
    """A stream of items, pulled and steered from the composing thread only."""

    def __iter__(self) -> Iterator[StreamItem]: ...

    def __next__(self) -> StreamItem:
        """The next item."""

    def skip(self) -> None:
        """Leave the present movement: the next item is a ``Movement``, composed afresh."""

    def bookmark(self) -> GoBack | None:
        """The place after the last item; ``None`` if it cannot be come back to.

        It is good until the source has gone on from an earlier one.
        """


class PlainSource:
    """A stream that cannot be steered: leaving a movement means pulling the rest of it."""

    def __init__(self, stream: Iterator[StreamItem]) -> None:
        self._stream = stream
        self._skipping = False

    def __iter__(self) -> Iterator[StreamItem]:
        return self

    def __next__(self) -> StreamItem:
        for item in self._stream:
            if not self._skipping or isinstance(item, Movement):
                self._skipping = False
                return item
        raise StopIteration

    def skip(self) -> None:
        """Leave the present movement."""
        self._skipping = True

    def bookmark(self) -> None:
        """What was pulled cannot be pulled again."""


def included_performer() -> None:
    """Says that the included performer plays."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """How composing goes on after an item.

    Attributes:
        go_back: called before; ``None`` if it cannot be done.
        timeline: nominal times of what follows, at the movements' own tempo.
        skips: whether a movement is left there.
        reading: of the movement that goes on there, with how many items and beats were taken.
    """

    go_back: GoBack | None
    timeline: Timeline = field(default_factory=Timeline)
    skips: bool = False
    reading: tuple[Reading, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """An item that was composed.

    Attributes:
        item: of the stream.
        at: its nominal time, were all music played as it was composed: to tell how much is held.
        then: how composing goes on after it.
        is_final: whether it is not to be composed again: it ends a movement that was left.
        read: what a player makes of it.
    """

    item: StreamItem
    at: Nanoseconds
    then: Continuation
    is_final: bool = False
    read: Read = NOTHING_READ


class LookaheadQueue:
    """Items composed and not yet played, each with what a player makes of it.

    That depends on what follows: an item can be taken when as much is composed beyond it as a
    player looks ahead, or when ``patience`` is at its end.

    One thread runs ``compose``, one takes. Once full the queue is filled again when it is half
    empty, so that the two take turns about once a second and not at each note. Whoever takes may
    drop what is held and have it composed anew; ``round`` counts how often that was done.
    """

    def __init__(
        self,
        source: Source,
        controls: Callable[[], Controls],
        *,
        ahead: Nanoseconds = AHEAD,
        bars_ahead: int = BARS_AHEAD,
        max_items: int = MAX_ITEMS,
        performer: Callable[[], PerformerModel | None] = included_performer,
        patience: Seconds | None = None,
    ) -> None:
        """Nothing is composed yet.

        Args:
            source: pulled from the thread that runs ``compose``, and from nowhere else.
            controls: how items will be played, as far as is known.
            ahead: so much music is held, or one item.
            bars_ahead: so many bars, if they last longer.
            max_items: and so many items at most.
            performer: who plays the next movement; ``None`` for the one included.
            patience: seconds for which whoever takes waits until all is known of the next item
                that counts, before it comes as far as it is known; ``None`` for ever.
        """
        self._source = source
        self._controls = controls
        self._performer = performer
        self._ahead_wanted = ahead
        self._bars_ahead = bars_ahead
        self._max_items = max_items
        self._items: deque[Composed] = deque()
        self._unread: deque[Composed] = deque()
        """Composed, and to be taken when it is known what follows."""
        self._reading: Reading | None = None
        self._patience = math.inf if patience is None else patience
        self._released = time.monotonic()
        self._changed = threading.Condition()
        self._start = self._next = Continuation(None)
        self._round = 0
        self._ended = False
        self._closed = False
        self._nudged = False
        self._filling = True
        self.seconds_per_item = 0.0
        """How long composing an item took, on an average of the last ones."""

    @property
    def start(self) -> Continuation:
        """How composing began; it cannot be gone back to before it has."""
        return self._start

    @property
    def ahead(self) -> Seconds:
        """Seconds of music held, from the first item to the last."""
        with self._changed:
            return to_seconds(self._ahead())

    def composed(self) -> list[StreamItem]:
        """All items held, in order, whether they can be taken yet or not."""
        with self._changed:
            return [one.item for one in (*self._items, *self._unread)]

    @property
    def is_over(self) -> bool:
        """Whether nothing is held and nothing more will come."""
        with self._changed:
            return self._closed or (self._ended and not self._items)

    def compose(self) -> None:
        """Compose until the queue is closed; run by one thread."""
        self._start = Continuation(self._source.bookmark())
        round_, timeline = 0, self._start.timeline
        while not self._closed:
            self._compose_round(round_, timeline)
            round_, timeline = self._begin_round_after(round_)

    def _forget(self) -> None:
        self._items.clear()
        self._unread.clear()
        self._reading = None

    def take(self, timeout: float) -> Composed | None:
        """The next item, waiting up to ``timeout`` seconds for it; ``None`` if there is none."""
        with self._changed:
            self._wait(lambda: bool(self._items) or self._ended, timeout)
            if timeout and not self._items:
                late = time.monotonic() - self._released > self._patience
                self._release(hurried=late)
            if self._closed or not self._items:
                return None
            taken = self._items.popleft()
            if not self._filling and self._is_half_empty():
                self._filling = True
                self._changed.notify_all()
            return taken

    def refill(self, timeout: float) -> bool:
        """Wait until enough is held to go on, or nothing more will come; False if time is up."""
        with self._changed:
            self._filling = not self._is_full()
            self._changed.notify_all()
            return self._wait(lambda: self._ended or self._is_enough(), timeout)

    def held(self) -> list[Composed]:
        """What is held now, in order, before it is composed again."""
        with self._changed:
            self._flush()
            return list(self._items)

    def compose_again(self, after: Continuation) -> None:
        """Drop what is held; what follows is composed as ``after`` says."""
        with self._changed:
            self._round += 1
            self._next = after
            self._forget()
            self._ended = False
            self._filling = True
            self._changed.notify_all()

    def leave_movement(
        self, after: Continuation, skip: Callable[[], object] | None = None
    ) -> Continuation:
        """Drop what is held; another movement follows, the same however often it is asked for.

        Args:
            after: what stays; composing would go on from there.
            skip: makes the source go on with the other movement, on the composing thread; ``None``
                for the one that comes next.

        Returns:
            How composing goes on, to be gone back to.
        """
        if after.skips and skip is None:
            self.compose_again(after)
            return after

        def leave() -> None:
            if after.go_back is not None:
                after.go_back()
            (skip or self._source.skip)()

        following = Continuation(leave, after.timeline, skips=True)
        self.compose_again(following)
        return following

    def nudge(self) -> None:
        """Whoever waits for an item looks up once: there is something else to do."""
        with self._changed:
            self._nudged = True
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more will be taken: wakes whoever waits."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def _compose_round(self, round_: int, timeline: Timeline) -> None:
        """Compose until the stream is over or another round is wanted."""
        began = time.monotonic()
        for item in self._source:
            took = time.monotonic() - began
            self.seconds_per_item += (took - self.seconds_per_item) / _AVERAGED
            at = timeline.due(item)
            tempo = self._controls().tempo_of(item) if isinstance(item, Movement) else None
            timeline = timeline.after(item, tempo)
            then = Continuation(self._source.bookmark(), timeline)
            if not self._put(Composed(item, at, then), round_):
                return
            began = time.monotonic()
        with self._changed:
            if round_ == self._round:
                self._flush()
                self._ended = True
            self._changed.notify_all()

    def _begin_round_after(self, round_: int) -> tuple[int, Timeline]:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._round != round_)
            # Not kept, as megabytes may hang on it.
            after, self._next = self._next, Continuation(None)
            round_ = self._round
        if after.go_back is not None and not self._closed:
            after.go_back()
        if after.reading is not None:
            reading, taken, leant = after.reading
            again = reading.back_at(taken, leant)
            with self._changed:
                self._reading = again if round_ == self._round else None
        return round_, after.timeline

    def _put(self, composed: Composed, round_: int) -> bool:
        """Add an item, waiting for room; False if nothing more of its round is wanted."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or round_ != self._round or self._filling,
            )
            if self._closed or round_ != self._round:
                return False
            self._read(composed)
            self._filling = not self._is_full()
            self._changed.notify_all()
            return True

    def _read(self, composed: Composed) -> None:
        item = composed.item
        self._unread.append(composed)
        if isinstance(item, Movement):
            if len(self._unread) > 1:
                # The one before has no end.
                self._unread.pop()
                self._flush()
                self._unread.append(composed)
            seed, performer = item.place.playing_seed, self._performer()
            self._reading = Reading(item.meter, item.pickup, item.borders, seed, performer)
        elif self._reading is not None:
            if isinstance(item, Note):
                self._reading.add(item)
            else:
                self._reading.close(item.length)
        self._release()
        if len(self._unread) >= self._max_items:
            self._flush()

    def _flush(self) -> None:
        """Let all be taken, with what is known of it."""
        count = len(self._unread) + 1
        while len(self._unread) < count:
            count = len(self._unread)
            self._release(hurried=True)
        self._reading = None
        self._release()

    def _release(self, *, hurried: bool = False) -> None:
        """Let be taken what all is known of that counts; in a hurry, one item more."""
        unread, reading = self._unread, self._reading
        before = len(unread)
        if reading is not None:
            taken, leant = reading.taken, reading.leant
            for read in reading.take(hurried=hurried):
                one = unread.popleft()
                taken, leant = taken + 1, leant + len(read.leans)
                then = replace(one.then, reading=(reading, taken, leant))
                self._items.append(replace(one, read=read, then=then))
        if reading is None or (unread and isinstance(unread[0].item, MovementEnd)):
            self._items += unread
            unread.clear()
        if len(unread) < before:
            self._released = time.monotonic()

    def _wait(self, reached: Callable[[], bool], timeout: float) -> bool:
        """Whether ``reached`` or closed within ``timeout``; a nudge ends the wait."""
        until = time.monotonic() + timeout
        while not (self._closed or reached()):
            left = until - time.monotonic()
            if left <= 0 or self._nudged:
                self._nudged = False
                return False
            self._changed.wait(left)
        return True

    def _ahead(self) -> Nanoseconds:
        return Nanoseconds(self._items[-1].at - self._items[0].at if self._items else 0)

    def _wanted(self) -> Nanoseconds:
        timeline = self._items[-1].then.timeline
        return max(self._ahead_wanted, timeline.bars_last(self._bars_ahead))

    def _is_enough(self) -> bool:
        return self._is_full() or (bool(self._items) and self._ahead() >= ENOUGH)

    def _is_full(self) -> bool:
        if len(self._items) >= self._max_items:
            return True
        return bool(self._items) and self._ahead() >= self._wanted()

    def _is_half_empty(self) -> bool:
        if not self._items:
            return True
        return len(self._items) <= self._max_items // 2 and self._ahead() <= self._wanted() // 2
