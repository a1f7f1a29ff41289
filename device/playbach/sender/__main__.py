"""The program that sends: it drives one sink, as the process that started it says.

    python -m playbach.sender

It knows neither the network nor the page, so neither can make a note late. No signal ends it: the
end of its input does, and then nothing is left sounding.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from playbach.errors import PlaybachError
from playbach.midi.messages import MAX_CHANNEL, TimedMessage
from playbach.sender import pack, unpack
from playbach.signals import listen_to_none
from playbach.sinks.base import Change, Sink
from playbach.sinks.realtime import settle_process
from playbach.sinks.table import find_kind
from playbach.sound.options import SoundOptions
from playbach.timing import Seconds

REPORT_INTERVAL = 0.5
"""Seconds between two reports; of the clock there is always news, since it drifts from ours."""
QUIET = 2.0
"""Seconds without a word after which whoever plays is taken to hang: what sounds is ended."""


class Sender:
    """One sink, and what is said of it."""

    def __init__(self, reports: BinaryIO) -> None:
        """``reports``: where answers and news go, a line each."""
        self._reports = reports
        self._writing = threading.Lock()
        self._sink: Sink | None = None
        self._failed = threading.Event()
        self._heard = time.monotonic()
        self._calls: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "open": self._open,
            "start": self._start,
            "send": self._send,
            "cancel": self._cancel,
            "all_notes_off": lambda said: self.sink.all_notes_off(said["channels"]),
            "reconnect": lambda _: self.sink.reconnect(),
            "silence": lambda _: self.sink.silence(),
        }

    @property
    def sink(self) -> Sink:
        """The one that was opened."""
        if self._sink is None:
            raise RuntimeError("nothing was opened")
        return self._sink

    def run(self, commands: BinaryIO) -> None:
        """Obey until there are no more commands; leave silence."""
        threading.Thread(target=self._watch, name="playbach-report", daemon=True).start()
        try:
            for line in commands:
                self._heard = time.monotonic()
                self._obey(json.loads(line))
        finally:
            if self._sink is not None:
                # The synth may have gone; there is nobody left to tell.
                with contextlib.suppress(PlaybachError):
                    self._sink.silence()
                self._sink.close()

    def _obey(self, said: Mapping[str, Any]) -> None:
        try:
            result = self._calls[said["do"]](said)
        except PlaybachError as error:
            self._report(id=said.get("id"), error=type(error).__name__, text=str(error))
            return
        if "id" in said:
            self._report(id=said["id"], state=self._state(), result=result)

    def _open(self, said: Mapping[str, Any]) -> None:
        sink = find_kind(said["sink"]).make(said["port"], SoundOptions(*said["options"]))
        # Closed by ``run``, whatever comes of it.
        self._sink = sink
        sink.open(absent_ok=said["absent_ok"])

    def _start(self, said: Mapping[str, Any]) -> None:
        self.sink.start(self._fail, self._change if said["listens"] else None)
        if said["after_a_death"]:
            # What the sender before began, on whatever channel.
            self.sink.all_notes_off(range(MAX_CHANNEL + 1))
        settle_process()

    def _send(self, said: Mapping[str, Any]) -> None:
        messages = unpack(said["messages"])
        if messages:
            self.sink.send(messages)

    def _cancel(self, said: Mapping[str, Any]) -> list[list[object]]:
        taken: list[TimedMessage] = list(self.sink.cancel(Seconds(said["after"])))
        return pack(taken)

    def _change(self, change: Change) -> None:
        self._report(state=self._state(), change=change.value)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, PlaybachError):
            self._report(error=type(error).__name__, text=str(error))
            return
        # A bug: where it is belongs into the log. Whoever plays starts another sender.
        sys.excepthook(type(error), error, error.__traceback__)
        os._exit(1)

    def _watch(self) -> None:
        """Report how things stand, and end what sounds when whoever plays hangs."""
        silenced = 0.0
        while True:
            time.sleep(REPORT_INTERVAL)
            heard = self._heard
            if self._sink is None:
                continue
            if time.monotonic() - heard > QUIET and silenced != heard:
                silenced = heard
                with contextlib.suppress(PlaybachError):
                    self._sink.silence()
            lateness = self._sink.lateness
            self._report(state={**self._state(), "lateness": lateness})

    def _state(self) -> dict[str, object]:
        sink = self.sink
        return {
            "description": sink.description,
            "connected": sink.connected,
            "timing": sink.timing,
            "is_shared": sink.is_shared,
            "clock": clock_of(sink),
        }

    def _report(self, **said: object) -> None:
        line = json.dumps(said).encode() + b"\n"
        # Whoever listens may be gone, which the end of the commands says too.
        with self._writing, contextlib.suppress(BrokenPipeError):
            self._reports.write(line)


def clock_of(sink: Sink) -> tuple[float, float]:
    """``time.monotonic`` and the sink's time at one moment.

    Of several looks the quickest: between two clocks, this thread may be held up.
    """
    looks = []
    for _ in range(3):
        before, now, after = time.monotonic(), sink.now(), time.monotonic()
        looks.append((after - before, (before + after) / 2, now))
    _, at, now = min(looks)
    return at, now


def main(arguments: Sequence[str] = ()) -> None:
    """Send until the input ends; there are no ``arguments``."""
    del arguments
    listen_to_none()
    # What a library prints is not to be taken for a report.
    reports = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    Sender(reports).run(sys.stdin.buffer)


if __name__ == "__main__":
    main()
