"""The composing thread: fills the horizon, and begins anew when another movement is wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable

from playbach.player.controls import Controls
from playbach.player.horizon import Composed
from playbach.player.source import Source
from playbach.player.timeline import Spans


class Composing:
    """The loop, to be run by one thread."""

    def __init__(
        self,
        source: Source,
        composed: Composed,
        controls: Callable[[], Controls],
        *,
        stopping: threading.Event,
    ) -> None:
        """Prepare.

        Args:
            source: pulled from the thread that runs this, and from nowhere else.
            composed: where the items go.
            controls: how they will be played, as far as is known.
            stopping: ends the loop at the next item.
        """
        self._source = source
        self._composed = composed
        self._controls = controls
        self._stopping = stopping

    def run(self) -> None:
        """Compose until the stream is over, nothing more is taken, or the event is set."""
        while not self._stopping.is_set() and self._round():
            pass

    def _round(self) -> bool:
        """Compose until another movement is wanted; False if nothing more is."""
        spans, composed, now = Spans(), self._composed, self._composed.round
        if now:
            self._source.skip()
        for item in self._source:
            if not composed.put(item, spans.to(item, self._controls()), now):
                return False
            if composed.round != now:
                return True
        composed.end(now)
        return composed.await_round(now)
