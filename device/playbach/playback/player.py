"""Plays a stream of music on a sink: one thread composes ahead, one hands over on time.

The composing thread may be late by seconds; the player thread then lets the music rest on purpose
and goes on from a fresh origin, so that nothing is played late or in a burst.
"""

from __future__ import annotations

import atexit
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial

from playbach.clock import to_seconds
from playbach.lifetime import Lifetime
from playbach.performer.model import PerformerModel
from playbach.playback.controls import Controls
from playbach.playback.engine import Halt, PlaybackEngine
from playbach.playback.output import Listener, NullListener, SinkClock
from playbach.playback.queue import LookaheadQueue, PlainSource, Source, included_performer
from playbach.sinks.base import Change, OnChange, Sink
from playbach.status import Status
from playbach.stream import Movement, Seconds, StreamItem

_PATIENCE = Seconds(0.2)
"""Seconds for which music waits at most until what a player would look ahead to is composed."""
_JOIN = 0.3
"""Seconds that one wait for another thread lasts at most."""


class Player(Lifetime):
    """Plays a stream until it ends, its limit is reached, or it is stopped.

    Use it as a context manager, or call ``start``, ``wait`` and in ``finally`` ``stop``. Not to be
    called from inside a signal handler: let the handler raise, and ``wait`` pass that on.
    """

    def __init__(
        self,
        stream: Source | Iterator[StreamItem],
        sink: Sink,
        *,
        controls: Controls | None = None,
        limit: Seconds | None = None,
        listener: Listener | None = None,
        absent_ok: bool = False,
        pause: Callable[[float], None] | None = None,
        performer: Callable[[], PerformerModel | None] = included_performer,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            stream: pulled from a thread of the player's own, and from nowhere else.
            sink: opened, started and closed by this player.
            controls: how notes are sent, from the first one on.
            limit: seconds of the sink's time after which it ends by itself.
            listener: follows what is played.
            absent_ok: whether the synth may be missing at first, and come later.
            pause: waits for some seconds of the sink's time; for a sink on a time of its own.
            performer: who plays the next movement; ``None`` for the one included.
        """
        self._absent_ok = absent_ok
        self._stopping = threading.Event()
        self._done = threading.Event()
        self._output = SinkClock(sink)
        self._controls = controls or Controls()
        self._queue = LookaheadQueue(
            stream if isinstance(stream, Source) else PlainSource(stream),
            lambda: self._controls,
            performer=performer,
            patience=_PATIENCE if self._output.keeps_time else None,
        )
        self._engine = PlaybackEngine(
            self._queue,
            self._output,
            self._controls,
            listener or NullListener(),
            limit=limit,
            stopping=self._stopping,
            pause=pause,
        )
        self._stopped = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.error: BaseException | None = None
        """What ended a thread of the player or of the sink, if anything did."""

    def start(self) -> None:
        """Open the sink and begin.

        Raises:
            PortError: the sink cannot be opened; nothing was started.
            OutputError: as above, for a file.
        """
        self._take_hold(self._output.sink, absent_ok=self._absent_ok)
        # Daemon threads run on until the interpreter's very end, so this still finds them.
        atexit.register(self.stop)
        for name, job in (("compose", self._compose), ("play", self._play)):
            thread = threading.Thread(target=job, name=f"playbach-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Leave silence and close the sink. Takes less than a second; may be called again.

        Raises:
            OutputError: the sink is a file, and writing it failed.
        """
        if not self._threads or not self._stopped.acquire(blocking=False):
            return
        atexit.unregister(self.stop)
        self._end_threads()
        for thread in self._threads:
            # The composing thread may be inside a long computation; it ends when it comes back.
            thread.join(_JOIN)
        try:
            self._output.sink.silence()
        finally:
            self._output.sink.close()

    def control(self, controls: Controls) -> None:
        """The very next note is sent with these controls."""
        self._controls = controls
        self._engine.post(lambda: self._engine.control(controls))

    def pause(self) -> None:
        """Silence, after a beat in which the music fades, until ``resume``."""
        self._engine.post(lambda: self._engine.halt(Halt.PAUSED, softly=True))

    def resume(self) -> None:
        """Go on where the music was paused."""
        self._engine.post(lambda: self._engine.release(Halt.PAUSED))

    def listen(self) -> None:
        """Silence, as somebody else plays, until ``answer`` or ``go_on``."""
        self._engine.post(lambda: self._engine.halt(Halt.LISTENING))

    def answer(self) -> None:
        """Play a movement that is composed from now on, at once; nobody else plays any more."""
        self._engine.post(self._engine.answer)

    def go_on(self) -> None:
        """Play on, whoever was listened to."""
        self._engine.post(lambda: self._engine.release(Halt.LISTENING))

    def close(self) -> None:
        """As ``pause``, whether it is paused or not, until ``reopen``."""
        self._engine.post(lambda: self._engine.halt(Halt.CLOSED, softly=True))

    def reopen(self) -> None:
        """Play on, unless it is paused."""
        self._engine.post(lambda: self._engine.release(Halt.CLOSED))

    def next_movement(
        self,
        *,
        at_bar: bool = False,
        unless: Callable[[Movement], bool] = lambda _: False,
        skip: Callable[[], object] | None = None,
    ) -> None:
        """Leave the movement, which fades, for one that is composed from now on.

        Args:
            at_bar: whether a bar line that is near is waited for.
            unless: says whether a movement need not be left; what follows is composed again.
            skip: as of ``LookaheadQueue.leave_movement``.
        """
        leave = partial(self._engine.leave, at_bar=at_bar, unless=unless, skip=skip, softly=True)
        self._engine.post(leave)

    def compose_again(self) -> None:
        """What was composed and is not heard at once is composed anew, as is wanted now."""
        self._engine.post(self._engine.compose_again)

    def panic(self) -> None:
        """End whatever sounds on any channel, whoever began it, and pause."""
        self._engine.post(self._engine.panic)

    def use(self, sink: Sink) -> None:
        """Go on with another sink, which this player opens; the one before is silenced and closed.

        Returns when that is done; before the start, at once. It must keep time, as the present one
        does.

        Raises:
            PortError: the new one cannot be opened; the music goes on as it was.
            OutputError: as above.
        """
        if not self._threads:
            self._output.swap(sink)
            return
        self._take_hold(sink, absent_ok=False)
        before: Future[Sink] = Future()

        def swap() -> None:
            before.set_result(self._engine.use(sink))

        self._engine.post(swap)
        while not self._done.is_set():
            try:
                before.result(_JOIN).close()
            except TimeoutError:
                continue
            return
        sink.close()

    def wait(
        self,
        timeout: Seconds | None = None,
        watch: Callable[[Status], None] | None = None,
        interval: Seconds = Seconds(0.25),
    ) -> bool:
        """Wait until the music is over.

        Args:
            timeout: seconds after which to return all the same; ``None`` for as long as it takes.
            watch: called every ``interval`` seconds, in this thread, with the status.
            interval: seconds.

        Returns:
            Whether the music is over.

        Raises:
            BaseException: whatever ended a thread of the player or the sink.
        """
        until = math.inf if timeout is None else time.monotonic() + timeout
        # With a time limit even on the longest wait, so that signals are seen on all systems.
        while not self._done.wait(max(0.0, min(interval, until - time.monotonic()))):
            if time.monotonic() >= until:
                break
            if watch is not None:
                watch(self.status())
        if self.error is not None:
            raise self.error
        return self._done.is_set()

    def status(self) -> Status:
        """What is heard now."""
        running = bool(self._threads) and not self._done.is_set()
        sink = self._output.sink
        return replace(self._engine.status(), lateness=sink.lateness, running=running)

    def composed(self) -> list[StreamItem]:
        """All items that are composed and have not passed, in order; none before the start."""
        items: Future[list[StreamItem]] = Future()
        if not self._threads:
            return []
        self._engine.post(lambda: items.set_result(self._engine.composed()))
        while not self._done.is_set():
            with suppress(TimeoutError):
                return items.result(_JOIN)
        return []

    @property
    def sink(self) -> Sink:
        """The one that plays now."""
        return self._output.sink

    @property
    def turns(self) -> int:
        """Grows four times a second and more as long as the player's thread is alive and well."""
        return self._engine.turns

    def now(self) -> Seconds:
        """Seconds since the start, on the clock that the listener's times refer to."""
        return to_seconds(self._output.now())

    def fail(self, error: BaseException) -> None:
        """End the music because a thread, of this player or beside it, cannot go on.

        Args:
            error: what ended that thread; the first is kept in ``error`` and raised by ``wait``.
        """
        self.error = self.error or error
        self._end_threads()

    def _take_hold(self, sink: Sink, *, absent_ok: bool) -> None:
        try:
            sink.open(absent_ok=absent_ok)
            sink.start(self.fail, self._listener(sink))
        except BaseException:
            sink.close()
            raise

    def _listener(self, sink: Sink) -> OnChange:
        def changed(change: Change) -> None:
            self._engine.post(lambda: self._engine.sink_changed(sink, change))

        return changed

    def _end_threads(self) -> None:
        self._stopping.set()
        self._queue.close()
        self._engine.wake()

    def _compose(self) -> None:
        try:
            self._queue.compose()
        except BaseException as error:  # noqa: BLE001 raised again in the caller's thread, by wait
            self.fail(error)

    def _play(self) -> None:
        for job in (self._engine.run, self._silence):
            try:
                job()
            except BaseException as error:  # noqa: BLE001 raised again by wait; silence comes first
                self.fail(error)
        self._done.set()

    def _silence(self) -> None:
        self._output.sink.silence()
