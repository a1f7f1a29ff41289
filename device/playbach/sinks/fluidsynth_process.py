"""One run of fluidsynth, spoken to through its shell.

Its shell reads commands from a pipe, so this needs no MIDI system at all; and when this process
dies, however it dies, the pipe ends and fluidsynth with it: nothing keeps sounding.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

from playbach.errors import PortAbsentError, PortError
from playbach.sinks.soundfont import INSTALL

_QUIT_TIMEOUT = 0.4
"""Seconds between being asked to end and being made to."""
_JACK_NAME = "playbach"
_READY = "playbach-is-ready"
SILENT = (
    "Failed to create the audio driver",
    "The audio device error",
    "Failed to prepare the audio device",
    "Failed to resume the audio device",
    "Lost the connection to the JACK server",
    "Error writing to PulseAudio connection",
)
"""What it says when it sounds nothing (any more); after most of these it goes on all the same."""


def arguments(program: str, font: Path, driver: str, gain: float) -> list[str]:
    """The command line of a run."""
    settings = {
        "synth.dynamic-sample-loading": 1,  # load the cello, not all 128 instruments
        "audio.jack.id": _JACK_NAME,
        "audio.jack.autoconnect": 1,
    }
    options = [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]
    return [program, "-q", "-n", "-g", str(gain), "-a", driver, *options, str(font)]


class FluidsynthProcess:
    """A child process from its start to its end."""

    def __init__(self, program: str, font: Path, driver: str, gain: float) -> None:
        """Start it; it is ready some time later.

        Raises:
            PortError: it does not start.
        """
        self._font = font
        self._last_words: deque[str] = deque(maxlen=8)
        self._answered = threading.Event()
        self._has_font = False
        self._is_silent = False
        self._process = _start(arguments(program, font, driver, gain))
        # A synth that stops reading must not make us wait.
        os.set_blocking(_pipe(self._process.stdin).fileno(), False)
        self._readers = [
            self._read(_pipe(self._process.stderr), self._follow_errors),
            self._read(_pipe(self._process.stdout), self._follow),
        ]
        with contextlib.suppress(PortError):
            # If it has died already, ``check`` says so.
            self.command(f"fonts\necho {_READY}\n".encode())

    @property
    def alive(self) -> bool:
        """Whether it runs, ready or not."""
        return self._process.poll() is None

    @property
    def answered(self) -> bool:
        """Whether it has said what became of the sound font, or ended."""
        return self._answered.is_set()

    def wait(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds for its answer; whether it came."""
        return self._answered.wait(timeout)

    def check(self) -> None:
        """Make sure that it can be played, once it has answered.

        Raises:
            PortAbsentError: it has no sound card or sound server, or no longer.
            PortError: it ended otherwise, or has no sound font.
        """
        if not self.alive:
            raise self._death()
        if not self._has_font:
            raise PortError(
                f"sink fluidsynth: {self._font} is not a sound font that it can load; name "
                f"another with SOUNDFONT, or {INSTALL}"
            )

    def command(self, line: bytes) -> None:
        """Send a line to its shell.

        Raises:
            PortError: it has ended, or does not read.
        """
        try:
            sent = os.write(_pipe(self._process.stdin).fileno(), line)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise self._death() from error
        if sent != len(line):
            # Half a command would spoil the next.
            self._process.kill()
            raise PortError(
                "sink fluidsynth: fluidsynth does not read what it is sent; start again"
            )

    def close(self) -> None:
        """End it, in a second at most."""
        with contextlib.suppress(OSError):
            os.write(_pipe(self._process.stdin).fileno(), b"quit\n")
        for harder in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(_QUIT_TIMEOUT)
            except subprocess.TimeoutExpired:
                harder()
        self._process.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            _pipe(pipe).close()

    @staticmethod
    def _read(pipe: IO[bytes], follow: Callable[[IO[bytes]], None]) -> threading.Thread:
        thread = threading.Thread(
            target=follow, args=(pipe,), name="playbach-fluidsynth", daemon=True
        )
        thread.start()
        return thread

    def _follow(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            # Its shell repeats commands after a prompt, so only the bare word is the answer.
            said = line.strip()
            if said.endswith(os.fsencode(str(self._font))):
                self._has_font = True
            elif said == _READY.encode():
                self._answered.set()
        # It closes its output a moment before it is gone.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_QUIT_TIMEOUT)
        self._answered.set()

    def _follow_errors(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            text = line.decode(errors="replace")
            kind, _, words = text.partition(": ")[2].partition(": ")
            if kind in {"error", "panic"}:
                self._last_words.append(words.strip())
            if any(phrase in text for phrase in SILENT):
                # It would take notes and sound none.
                self._is_silent = True
                self._process.kill()

    def _death(self) -> PortError:
        # What it said last may still be on its way.
        self._readers[0].join(_QUIT_TIMEOUT)
        said = f": {self._last_words[-1]}" if self._last_words else ""
        if self._is_silent:
            return PortAbsentError(
                f"sink fluidsynth: nothing would be heard{said}; see to the sound card, or to the "
                "sound server if there is one"
            )
        status = self._process.poll()
        return PortError(f"sink fluidsynth: fluidsynth ended (status {status}){said}")


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 no shell; the program found on the PATH
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, "JACK_NO_START_SERVER": "1"},
            # Ctrl-C is for us: we end the notes first.
            start_new_session=True,
        )
    except OSError as error:
        raise PortError(f"sink fluidsynth: {command[0]} does not start: {error}") from error


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the process was started without this pipe")
    return pipe
