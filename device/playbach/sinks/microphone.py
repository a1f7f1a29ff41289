"""Records what is to be heard, from JACK or ALSA, and looks for notes in it: a process of its own.

A client of JACK must answer within a period, and computing must not keep those waiting that play.
So neither is done where music is composed or sent.
"""

from __future__ import annotations

import array
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from playbach.child import command
from playbach.errors import BundleError, PortAbsentError, PortError
from playbach.signals import listen_to_none
from playbach.sinks.base import CLIENT_NAME
from playbach.sinks.jack_queue import frames_between
from playbach.sinks.jack_server import detach, jack_library, open_client
from playbach.sinks.pcm import CHANNELS, Pcm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from playbach.sound.ears import Heard, Played

MICROPHONE = "microphone"
"""The source that stands for the first microphone of JACK if that runs, else ALSA's ``default``."""
_RATE = 48_000
_BLOCK = 1024
_LATENCY = 0.1
"""Seconds that the card's buffer holds."""
_MOST = 30.0
"""Seconds that are recorded at most."""
_PATIENCE = 60.0
"""Seconds after which a process that listens is taken to hang."""


class Ear:
    """A process that records while the context lasts, and then looks for notes in what it heard."""

    def __init__(self, source: str, sounds: Path | None = None) -> None:
        """Start the process.

        Args:
            source: ``MICROPHONE``, part of the name of a JACK port, or a device of ALSA.
            sounds: a classifier of sounds, for what is heard before the notes.
        """
        self._process = subprocess.Popen(  # noqa: S603 this very Python, with a module of our own
            command(
                "playbach.sinks.microphone", source, *([] if sounds is None else [str(sounds)])
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # A thread for each processor would take memory and be of no use.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        assert self._process.stdin is not None  # noqa: S101 for the type checker
        assert self._process.stdout is not None  # noqa: S101 for the type checker
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        # A library that hangs must not keep waiting who listens.
        self._patience = threading.Timer(_PATIENCE, self._process.kill)
        self._patience.daemon = True
        self._patience.start()
        self._began = 0.0

    def __enter__(self) -> Self:
        """Record.

        Raises:
            PortError: there is no such source, or the classifier cannot be used.
        """
        try:
            self._began = float(self._answer()["began"])
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    @property
    def seconds(self) -> float:
        """How long it has recorded."""
        return time.monotonic() - self._began

    def find(self, notes: Sequence[Played]) -> Heard:
        """Look for notes, whose times are those of the recording, which ends here.

        Raises:
            PortError: the source went away.
        """
        from playbach.sound.ears import Heard  # noqa: PLC0415 brings numpy, which who plays has

        # Its end is noticed by the answer that does not come.
        with suppress(OSError, ValueError):
            self._stdin.write(json.dumps(notes).encode() + b"\n")
            self._stdin.flush()
        return Heard(**self._answer())

    def _answer(self) -> dict[str, Any]:
        line = self._stdout.readline()
        if not line.endswith(b"\n"):
            raise PortError("the process that listens has ended; it is started again")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PortError(answer["error"])
        return answer

    def end(self) -> None:
        """Let the process end; whoever waits for its answer gets an error. From any thread."""
        with suppress(OSError):
            self._stdin.close()

    def _close(self) -> None:
        self.end()
        # Not killed: a client of JACK that does not say goodbye is waited for by all others.
        with self._process:
            self._process.wait()
        self._patience.cancel()


class _Recording:
    """What has been recorded so far: 32-bit floats, interleaved."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate = rate
        self.channels = channels
        self.parts: list[bytes] = []
        self.began = threading.Event()
        self.at = 0.0
        """``time.monotonic`` of its first sample."""
        self._room = int(_MOST * rate) * channels * 4

    def take(self, part: bytes, left_out: int = 0) -> None:
        """More of it, which has just been heard, after so many frames that were left out."""
        if not self.parts:
            self.at = time.monotonic() - len(part) / (4 * self.channels * self.rate)
            self.began.set()
        missing = bytes(4 * self.channels * left_out)
        self._room -= len(missing) + len(part)
        if self._room >= 0:
            self.parts += [missing, part] if missing else [part]


def main(arguments: Sequence[str]) -> None:
    """``SOURCE [SOUNDS]``: record from it and say since when; then look for the notes of the input.

    It ends with its input.
    """
    source, *sounds = arguments
    listen_to_none()
    try:
        tell = _teller(Path(sounds[0])) if sounds else None
        with _recording(source) as heard:
            heard.began.wait()
            _say(began=heard.at)
            line = sys.stdin.buffer.readline()
    except (PortError, BundleError) as error:
        _say(error=str(error))
        return
    if line:
        _say(**_found(heard, json.loads(line), tell))


Tell: TypeAlias = "Callable[[NDArray[np.float32], int], dict[str, float]]"


def _teller(sounds: Path) -> Tell:
    from playbach.sound.classifier import Classifier  # noqa: PLC0415 brings the runtime

    return Classifier(sounds).shares


def _found(heard: _Recording, notes: Sequence[Sequence[Any]], tell: Tell | None) -> dict[str, Any]:
    # Not before: a client of JACK is to be there at once.
    import numpy as np  # noqa: PLC0415

    from playbach.sound.ears import Played, listen  # noqa: PLC0415

    whole = np.frombuffer(b"".join(heard.parts), np.float32).reshape(-1, heard.channels)
    samples = whole.mean(axis=1)
    played = [Played(*note) for note in notes]
    found = listen(samples, heard.rate, played)
    before = samples[: round(played[0].at * heard.rate)] if played else samples
    return {
        "notes": found.notes,
        "of": found.of,
        "delay": found.delay,
        "before": tell(before, heard.rate) if tell else {},
    }


def _say(**said: object) -> None:
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
    sys.stdout.buffer.flush()


@contextmanager
def _recording(source: str) -> Iterator[_Recording]:
    """A context in which a recording grows.

    Raises:
        PortAbsentError: there is no such source.
    """
    jack = jack_library()
    client = open_client(jack, f"{CLIENT_NAME} ears") if jack is not None else None
    if client is not None:
        with _from_jack(jack, client, source) as found:
            yield found
        return
    pcm = Pcm("default" if source == MICROPHONE else source, _RATE, _LATENCY, capture=True)
    found, over = _Recording(_RATE, CHANNELS), threading.Event()

    def read() -> None:
        part = array.array("f", bytes(4 * CHANNELS * _BLOCK))
        while not over.is_set():
            pcm.read(part.buffer_info()[0], _BLOCK)
            found.take(part.tobytes())

    thread = threading.Thread(target=read, name="playbach-ears", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
        pcm.close()


@contextmanager
def _from_jack(jack: Any, client: Any, source: str) -> Iterator[_Recording]:
    found = _Recording(int(client.samplerate), 1)
    ear = client.inports.register("in")
    expected: list[int] = []

    def process(frames: int) -> None:
        start = int(client.last_frame_time)
        left_out = frames_between(expected.pop(), start) if expected else 0
        expected.append(start + frames)
        found.take(bytes(ear.get_buffer()), max(0, left_out))

    client.set_process_callback(process)
    client.activate()
    try:
        is_any = source == MICROPHONE
        ports = client.get_ports(is_audio=True, is_output=True, is_physical=is_any)
        names = [port.name for port in ports if is_any or source in port.name]
        if not names:
            raise PortAbsentError(
                f"JACK has no port {'of a microphone' if is_any else source} to listen to; name "
                "one of those that jack_lsp lists, such as playbach:left"
            )
        try:
            client.connect(names[0], ear)
        except jack.JackError as error:
            raise PortAbsentError(
                f"JACK port {names[0]}: cannot be listened to: {error}"
            ) from error
        yield found
    finally:
        detach(client.close)
