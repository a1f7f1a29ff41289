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
from dataclasses import replace

from playbach.clock import to_seconds
from playbach.lifetime import Lifetime
from playbach.player.audience import Audience, Nobody
from playbach.player.composing import Composing
from playbach.player.controls import Controls
from playbach.player.handover import Handover
from playbach.player.horizon import Composed
from playbach.player.outlet import Outlet
from playbach.player.source import PlainSource, Source
from playbach.player.stage import Halt, Stage
from playbach.sinks.base import Change, OnChange, Sink
from playbach.status import Status
from playbach.stream import Seconds, StreamItem

AHEAD = Seconds(0.7)
"""Seconds of music composed and not yet heard, here and in the sink together, beside the note in
hand and the gaps around it: few enough for a change of temperature to be heard within two."""
LEAST_AHEAD = Seconds(0.4)
"""Seconds of music composed ahead however long the sink's horizon is."""
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
        audience: Audience | None = None,
        absent_ok: bool = False,
        pause: Callable[[float], None] | None = None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            stream: pulled from a thread of the player's own, and from nowhere else.
            sink: opened, started and closed by this player.
            controls: how notes are sent, from the first one on.
            limit: seconds of the sink's time after which it ends by itself.
            audience: follows what is played.
            absent_ok: whether the synth may be missing at first, and come later.
            pause: waits for some seconds of the sink's time; for a sink on a time of its own.
        """
        self._absent_ok = absent_ok
        in_sink = sink.horizon if math.isfinite(sink.horizon) else 0.0
        self._composed = Composed(Seconds(max(AHEAD - in_sink, LEAST_AHEAD)))
        self._stopping = threading.Event()
        self._done = threading.Event()
        self._outlet = Outlet(sink)
        self._controls = controls or Controls()
        self._composing = Composing(
            stream if isinstance(stream, Source) else PlainSource(stream),
            self._composed,
            lambda: self._controls,
            stopping=self._stopping,
        )
        self._stage = Stage(self._composed, self._outlet, self._controls, audience or Nobody())
        self._handover = Handover(
            self._stage,
            self._composed,
            self._outlet,
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
        self._take_hold(self._outlet.sink, absent_ok=self._absent_ok)
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
            self._outlet.sink.silence()
        finally:
            self._outlet.sink.close()

    def control(self, controls: Controls) -> None:
        """The very next note is sent with these controls."""
        self._controls = controls
        self._handover.post(lambda: self._stage.control(controls))

    def pause(self) -> None:
        """Silence, until ``resume``."""
        self._handover.post(lambda: self._stage.halt(Halt.PAUSED))

    def resume(self) -> None:
        """Go on where the music was paused."""
        self._handover.post(lambda: self._stage.release(Halt.PAUSED))

    def next_movement(self, *, at_bar: bool = False) -> None:
        """Leave the movement for one that is composed from now on.

        Args:
            at_bar: whether a bar line that is near is waited for.
        """
        self._handover.post(lambda: self._stage.leave(at_bar=at_bar))

    def panic(self) -> None:
        """End whatever sounds on any channel, whoever began it, and pause."""
        self._handover.post(self._stage.panic)

    def use(self, sink: Sink) -> None:
        """Go on with another sink, which this player opens; the one before is silenced and closed.

        Returns when that is done; before the start, at once. It must keep time, as the present one
        does.

        Raises:
            PortError: the new one cannot be opened; the music goes on as it was.
            OutputError: as above.
        """
        if not self._threads:
            self._outlet.swap(sink)
            return
        self._take_hold(sink, absent_ok=False)
        before: Future[Sink] = Future()

        def swap() -> None:
            before.set_result(self._stage.use(sink))

        self._handover.post(swap)
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
        sink = self._outlet.sink
        return replace(self._stage.status(), lateness=sink.lateness, running=running)

    @property
    def sink(self) -> Sink:
        """The one that plays now."""
        return self._outlet.sink

    @property
    def turns(self) -> int:
        """Grows ten times a second and more as long as the player's thread is alive and well."""
        return self._handover.turns

    def now(self) -> Seconds:
        """Seconds since the start, on the clock that the audience's times refer to."""
        return to_seconds(self._outlet.now())

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
            self._handover.post(lambda: self._stage.sink_changed(sink, change))

        return changed

    def _end_threads(self) -> None:
        self._stopping.set()
        self._composed.close()
        self._handover.wake()

    def _compose(self) -> None:
        try:
            self._composing.run()
        except BaseException as error:  # noqa: BLE001 raised again in the caller's thread, by wait
            self.fail(error)

    def _play(self) -> None:
        for job in (self._handover.run, self._silence):
            try:
                job()
            except BaseException as error:  # noqa: BLE001 raised again by wait; silence comes first
                self.fail(error)
        self._done.set()

    def _silence(self) -> None:
        self._outlet.sink.silence()
