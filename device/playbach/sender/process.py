"""A sink whose port is owned by a process of its own, the sender, and by another if that dies."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from playbach import errors
from playbach.child import command
from playbach.errors import PlaybachError, PortError
from playbach.midi.messages import TimedMessage
from playbach.sender import pack, unpack
from playbach.sinks.base import Change, OnChange, OnFailure, Sink
from playbach.sinks.fluidsynth import Backoff
from playbach.sound.options import DEFAULT, SoundOptions
from playbach.timing import Lateness, Seconds

APART = ("alsa", "jack", "midi", "fluidsynth", "sound")
"""Sinks with a port that can be left sounding; they are driven by a process of their own."""
_OPENING = 60.0
"""Seconds that opening may take: libjack and a large sound font need some on a busy machine."""
_ANSWER = 10.0
"""Seconds after which a sender that does not answer is taken to hang, and is ended."""
_SIGN_OF_LIFE = 0.5
"""Seconds after which something is said to the sender even if there is nothing to send."""


def apart(sink: Sink, port: str | None, options: SoundOptions = DEFAULT) -> Sink:
    """``sink``, not opened yet, as it is to be used: one that has a port, in a process of its own.

    Args:
        sink: of the table of sinks.
        port: what it was made with.
        options: what it was made with, too.
    """
    return SenderSink(sink, port, options) if sink.name in APART else sink


class _Sender:
    """One process that sends, from its start to its end."""

    def __init__(
        self,
        on_report: Callable[[Mapping[str, Any]], object],
        on_end: Callable[[_Sender], object],
    ) -> None:
        # In a session of its own: what is typed at the terminal is not for it.
        self._process = subprocess.Popen(  # noqa: S603 this very Python, with a module of our own
            command("playbach.sender.__main__"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._on_report = on_report
        self._on_end = on_end
        self._writing = threading.Lock()
        self._waiting: dict[int, Future[Mapping[str, Any]]] = {}
        self._calls = 0
        self._last = 0.0
        self._ended = False
        self._reader = threading.Thread(target=self._read, name="playbach-sender", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it answers no more."""
        return self._ended

    def post(self, do: str, **said: object) -> None:
        """Say something that has no answer."""
        self._write({"do": do, **said})

    def live(self) -> None:
        """Say that whoever plays is alive, if nothing was said for a while."""
        if time.monotonic() - self._last > _SIGN_OF_LIFE:
            self.post("send", messages=[])

    def call(self, do: str, patience: float = _ANSWER, **said: object) -> Any:
        """Say something and wait for the answer; ``None`` if the sender ends instead.

        Raises:
            PlaybachError: the sink's own.
        """
        answer: Future[Mapping[str, Any]] = Future()
        with self._writing:
            if self._ended:
                return None
            self._calls += 1
            number = self._calls
            self._waiting[number] = answer
        self._write({"do": do, "id": number, **said})
        try:
            found = answer.result(patience)
        except TimeoutError:
            self.kill()
            return None
        finally:
            self._waiting.pop(number, None)
        if "error" in found:
            raise error_of(found)
        return found.get("result")

    def end(self) -> None:
        """Let it end by itself, in silence."""
        with contextlib.suppress(OSError), self._writing:
            if self._process.stdin:
                self._process.stdin.close()
        try:
            self._process.wait(_ANSWER)
        except subprocess.TimeoutExpired:
            self.kill()
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def _write(self, said: Mapping[str, object]) -> None:
        line = json.dumps(said).encode() + b"\n"
        # Its end is noticed by the thread that reads.
        with self._writing, contextlib.suppress(OSError, ValueError):
            self._last = time.monotonic()
            if self._process.stdin and not self._ended:
                self._process.stdin.write(line)
                self._process.stdin.flush()

    def _read(self) -> None:
        # On leaving, its pipes are closed, whatever it did not read, and it is waited for.
        with contextlib.suppress(BrokenPipeError), self._process as process:
            for line in process.stdout or ():
                if not line.endswith(b"\n"):
                    # It was killed while it said that.
                    break
                said = json.loads(line)
                self._on_report(said)
                waiting = self._waiting.get(said.get("id"))
                if waiting is not None:
                    waiting.set_result(said)
            with self._writing:
                self._ended = True
        for waiting in list(self._waiting.values()):
            if not waiting.done():
                waiting.set_result({})
        self._on_end(self)


class SenderSink:
    """A sink in a process of its own; see ``playbach.sinks.base.Sink`` for its methods.

    When that process dies, whatever it died of, another takes its place: to whoever plays it is
    a synth that was lost and is found again, and what sounded is ended first.
    """

    def __init__(self, sink: Sink, port: str | None, options: SoundOptions = DEFAULT) -> None:
        """``sink``: of the table of sinks, made with the other two and not opened."""
        self._unopened = sink
        self._port = port
        self._options = options
        self._sender: _Sender | None = None
        self._state: Mapping[str, Any] = {}
        self._lateness: Lateness | None = None
        self._origin: float | None = None
        self._shift = 0.0
        self._on_failure: OnFailure | None = None
        self._on_change: OnChange | None = None
        self._patience = Backoff()
        self._closing = threading.Event()
        self._swapping = threading.Lock()

    @property
    def name(self) -> str:
        return self._unopened.name

    @property
    def horizon(self) -> Seconds:
        return self._unopened.horizon

    @property
    def description(self) -> str:
        return str(self._state.get("description", self._unopened.description))

    @property
    def timing(self) -> str:
        return str(self._state.get("timing", ""))

    @property
    def connected(self) -> bool:
        return bool(self._state.get("connected"))

    @property
    def is_shared(self) -> bool:
        return bool(self._state.get("is_shared"))

    @property
    def lateness(self) -> Lateness | None:
        return self._lateness

    @property
    def pid(self) -> int | None:
        """Number of the process that sends; ``None`` while there is none."""
        return self._sender.pid if self._sender else None

    def open(self, *, absent_ok: bool = False) -> None:
        sender = self._sender = _Sender(self._reported, self._ended)
        self._patience.begun(time.monotonic())
        self._open(sender, absent_ok=absent_ok)

    def start(self, on_failure: OnFailure, on_change: OnChange | None = None) -> None:
        self._on_failure, self._on_change = on_failure, on_change
        if self._sender:
            self._start(self._sender, after_a_death=False)

    def now(self) -> Seconds:
        if self._origin is None:
            return Seconds(0.0)
        return Seconds(time.monotonic() - self._origin + self._shift)

    def send(self, messages: Sequence[TimedMessage]) -> None:
        sender = self._sender
        if sender is None:
            return
        if messages:
            sender.post("send", messages=pack(messages, -self._shift))
        else:
            sender.live()

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:
        taken = self._call("cancel", after=after - self._shift)
        return unpack(taken or [], self._shift)

    def all_notes_off(self, channels: Iterable[int]) -> None:
        if self._sender:
            self._sender.post("all_notes_off", channels=sorted(channels))

    def reconnect(self) -> bool:
        return bool(self._call("reconnect", _OPENING))

    def silence(self) -> None:
        self._call("silence")

    def close(self) -> None:
        self._closing.set()
        with self._swapping:
            sender, self._sender = self._sender, None
        if sender:
            sender.end()

    def _call(self, do: str, patience: float = _ANSWER, **said: object) -> Any:
        sender = self._sender
        return sender.call(do, patience, **said) if sender else None

    def _open(self, sender: _Sender, *, absent_ok: bool) -> None:
        said = {"sink": self.name, "port": self._port, "options": self._options}
        sender.call("open", _OPENING, **said, absent_ok=absent_ok)
        if sender.has_ended:
            raise PortError(f"sink {self.name}: the process that sends has ended; see the log")

    def _start(self, sender: _Sender, *, after_a_death: bool) -> None:
        listens = self._on_change is not None
        before = self.now()
        sender.call("start", listens=listens, after_a_death=after_a_death)
        self._shift = before
        self._settle_clock()

    def _reported(self, said: Mapping[str, Any]) -> None:
        """Called from the thread that reads, as are the next two."""
        state = said.get("state")
        if state is not None:
            self._state = state
            if "lateness" in state:
                late = state["lateness"]
                self._lateness = None if late is None else Lateness(*late)
            if self._origin is not None:
                self._settle_clock()
        if "change" in said:
            self._tell(Change(said["change"]))
        elif "error" in said and said.get("id") is None and self._on_failure:
            self._on_failure(error_of(said))

    def _settle_clock(self) -> None:
        """The sender's time, which may be the kernel's, by ours."""
        ours, theirs = self._state["clock"]
        self._origin = ours - theirs

    def _tell(self, change: Change) -> None:
        if self._on_change:
            self._on_change(change)

    def _ended(self, sender: _Sender) -> None:
        if self._closing.is_set() or sender is not self._sender or self._origin is None:
            return
        was_connected = self.connected
        self._state = {**self._state, "connected": False}
        if self._on_change is None:
            if self._on_failure:
                self._on_failure(PortError(f"{self.description}: the process that sends has ended"))
            return
        if was_connected:
            self._tell(Change.LOST)
        self._patience.failed(time.monotonic())
        thread = threading.Thread(
            target=self._start_again, name="playbach-sender-start", daemon=True
        )
        thread.start()

    def _start_again(self) -> None:
        while not self._closing.wait(self._patience.left(time.monotonic())):
            with self._swapping:
                if self._closing.is_set():
                    return
                sender = self._sender = _Sender(self._reported, self._ended)
            self._patience.begun(time.monotonic())
            try:
                self._open(sender, absent_ok=True)
                self._start(sender, after_a_death=True)
            except PlaybachError:
                self._patience.failed(time.monotonic())
                sender.end()
                continue
            if self.connected:
                self._tell(Change.FOUND)
            return


def error_of(said: Mapping[str, Any]) -> PlaybachError:
    """The error that a report names."""
    kind = getattr(errors, said["error"], PortError)
    return kind(said["text"])
