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
from dataclasses import replace
from types import TracebackType
from typing import Self

from playbach.player.handover import Handover
from playbach.player.horizon import Composed
from playbach.player.performance import Spans, Voice
from playbach.sinks.base import Sink
from playbach.status import Status
from playbach.stream import Seconds, StreamItem

AHEAD = Seconds(2.0)
"""Music composed and not yet heard: what waits here and in the sink together."""
_JOIN = 0.3


class Player:
    """Plays a stream until it ends, its limit is reached, or it is stopped.

    Use it as a context manager, or call ``start``, ``wait`` and in ``finally`` ``stop``. Not to be
    called from inside a signal handler: let the handler raise, and ``wait`` pass that on.
    """

    def __init__(
        self,
        stream: Iterator[StreamItem],
        sink: Sink,
        *,
        voice: Voice | None = None,
        limit: Seconds | None = None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            stream: pulled from a thread of the player's own, and from nowhere else.
            sink: opened, started and closed by this player.
            voice: channel, instrument and loudness.
            limit: seconds of the sink's time after which it ends by itself.
        """
        self._stream = stream
        self._sink = sink
        in_sink = sink.horizon if math.isfinite(sink.horizon) else 0.0
        self._composed = Composed(Seconds(max(AHEAD - in_sink, 0.0)))
        self._stopping = threading.Event()
        self._done = threading.Event()
        self._handover = Handover(self._composed, sink, voice or Voice(), limit, self._stopping)
        self._stopped = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.error: BaseException | None = None
        """What ended a thread of the player or of the sink, if anything did."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open the sink and begin.

        Raises:
            PortError: the sink cannot be opened; nothing was started.
            OutputError: as above, for a file.
        """
        try:
            self._sink.open()
            self._sink.start(self._fail)
        except BaseException:
            self._sink.close()
            raise
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
        self._stopping.set()
        self._composed.close()
        for thread in self._threads:
            # The composing thread may be inside a long computation; it ends when it comes back.
            thread.join(_JOIN)
        try:
            self._sink.silence()
        finally:
            self._sink.close()

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
        return replace(self._handover.status(), lateness=self._sink.lateness, running=running)

    def _fail(self, error: BaseException) -> None:
        """A thread cannot go on: neither can the others."""
        self.error = self.error or error
        self._stopping.set()
        self._composed.close()

    def _compose(self) -> None:
        spans = Spans()
        try:
            for item in self._stream:
                if not self._composed.put(item, spans.to(item)):
                    return
        except BaseException as error:  # noqa: BLE001 raised again in the caller's thread, by wait
            self._fail(error)
        self._composed.end()

    def _play(self) -> None:
        for job in (self._handover.run, self._sink.silence):
            try:
                job()
            except BaseException as error:  # noqa: BLE001 raised again by wait; silence comes first
                self._fail(error)
        self._done.set()
