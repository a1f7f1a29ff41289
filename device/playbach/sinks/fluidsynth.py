"""A fluidsynth process, started and stopped here and spoken to through its shell.

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

from playbach.errors import PortError
from playbach.midi_messages import (
    CONTROL_CHANGE,
    NOTE_OFF,
    NOTE_ON,
    PITCH_BEND,
    PROGRAM_CHANGE,
    values_of,
)
from playbach.sinks.base import OnFailure
from playbach.sinks.paced import PacedSink
from playbach.sinks.soundfont import INSTALL, require_driver, require_font, require_program
from playbach.stream import Seconds

GAIN = 0.8
"""Louder than fluidsynth's own 0.2: there is only one instrument."""
_START_TIMEOUT = 20.0
_QUIT_TIMEOUT = 0.4
_JACK_NAME = "playbach"
_READY = "playbach-is-ready"
_NO_BEND = 8192
_COMMANDS = {
    NOTE_ON: "noteon {channel} {0} {1}\n",
    NOTE_OFF: "noteoff {channel} {0}\n",
    CONTROL_CHANGE: "cc {channel} {0} {1}\n",
    PROGRAM_CHANGE: "prog {channel} {0}\n",
    PITCH_BEND: "pitch_bend {channel} {0}\n",
}


def shell_command(data: bytes) -> bytes:
    """The line of fluidsynth's shell that does what a message does; empty for clock, transport."""
    template = _COMMANDS.get(data[0] & 0xF0, "")
    values = values_of(data)
    if data[0] & 0xF0 == PITCH_BEND:
        values = (values[0] + _NO_BEND,)
    return template.format(*values, channel=data[0] & 0x0F).encode()


class FluidsynthOutput:
    """A fluidsynth process."""

    name = "fluidsynth"
    drain = Seconds(0.03)  # its shell reads at once; a period or two of audio

    def __init__(self, font: Path | None = None, driver: str | None = None) -> None:
        """``font`` and ``driver`` (fluidsynth's word) are looked for when not given."""
        self._font = font
        self._driver = driver
        self._process: subprocess.Popen[bytes] | None = None
        self._readers: list[threading.Thread] = []
        self._last_words: deque[str] = deque(maxlen=8)
        self._ready = threading.Event()
        self._has_font = False
        self._closing = False
        self._on_failure: OnFailure | None = None

    @property
    def description(self) -> str:
        font = self._font.name if self._font else "its sound font"
        return f"fluidsynth with {font} (audio: {self._driver or 'automatic'})"

    def open(self, on_failure: OnFailure) -> None:
        program = require_program()
        self._font = self._font or require_font()
        self._driver = self._driver or require_driver(program)
        self._on_failure = on_failure
        self._start(self._arguments(program, self._font, self._driver))
        self._command(f"fonts\necho {_READY}\n".encode())
        if not self._ready.wait(_START_TIMEOUT) or self._process is None:
            raise PortError(f"sink fluidsynth: not ready after {_START_TIMEOUT:.0f} s; try again")
        if self._process.poll() is not None:
            raise self._death()
        if not self._has_font:
            raise PortError(
                f"sink fluidsynth: {self._font} is not a sound font that it can load; name "
                f"another with SOUNDFONT, or {INSTALL}"
            )

    def write(self, data: bytes) -> None:
        if command := shell_command(data):
            self._command(command)

    def close(self) -> None:
        process, self._process = self._process, None
        self._closing = True
        if process is None:
            return
        with contextlib.suppress(OSError):
            os.write(_pipe(process.stdin).fileno(), b"quit\n")
        for harder in (process.terminate, process.kill):
            try:
                process.wait(_QUIT_TIMEOUT)
            except subprocess.TimeoutExpired:
                harder()
        process.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (process.stdin, process.stdout, process.stderr):
            _pipe(pipe).close()

    @staticmethod
    def _arguments(program: str, font: Path, driver: str) -> list[str]:
        settings = {
            "synth.dynamic-sample-loading": 1,  # load the cello, not all 128 instruments
            "audio.jack.id": _JACK_NAME,
            "audio.jack.autoconnect": 1,
        }
        options = [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]
        return [program, "-q", "-n", "-g", str(GAIN), "-a", driver, *options, str(font)]

    def _start(self, arguments: list[str]) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 no shell; the program found on the PATH
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env={**os.environ, "JACK_NO_START_SERVER": "1"},
                # Ctrl-C is for us: we end the notes first.
                start_new_session=True,
            )
        except OSError as error:
            raise PortError(f"sink fluidsynth: {arguments[0]} does not start: {error}") from error
        self._process = process
        # A synth that stops reading must not make us wait.
        os.set_blocking(_pipe(process.stdin).fileno(), False)
        followed: tuple[tuple[IO[bytes], Callable[[IO[bytes]], None]], ...] = (
            (_pipe(process.stderr), self._follow_errors),
            (_pipe(process.stdout), self._follow),
        )
        for pipe, follow in followed:
            reader = threading.Thread(
                target=follow, args=(pipe,), name="playbach-fluidsynth", daemon=True
            )
            reader.start()
            self._readers.append(reader)

    def _command(self, line: bytes) -> None:
        process = self._process
        if process is None:
            return
        try:
            sent = os.write(_pipe(process.stdin).fileno(), line)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise self._death() from error
        if sent != len(line):
            raise PortError("sink fluidsynth: it does not read what it is sent; start again")

    def _follow(self, pipe: IO[bytes]) -> None:
        """Read what it says until it ends, which is unexpected unless we are closing."""
        for line in pipe:
            # Its shell repeats commands after a prompt, so only the bare word is the answer.
            said = line.strip()
            if said.endswith(os.fsencode(str(self._font))):
                self._has_font = True
            elif said == _READY.encode():
                self._ready.set()
        starting = not self._ready.is_set()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_QUIT_TIMEOUT)
        self._ready.set()
        if not self._closing and not starting and self._on_failure:
            self._on_failure(self._death())

    def _follow_errors(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            kind, _, words = line.decode(errors="replace").partition(": ")[2].partition(": ")
            if kind in {"error", "panic"}:
                self._last_words.append(words.strip())

    def _death(self) -> PortError:
        status = self._process.poll() if self._process else None
        said = f": {self._last_words[-1]}" if self._last_words else ""
        return PortError(f"sink fluidsynth: fluidsynth ended (status {status}){said}")


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the process was started without this pipe")
    return pipe


def fluidsynth_sink(font: Path | None = None, driver: str | None = None) -> PacedSink:
    """A sink over a fluidsynth process of its own."""
    return PacedSink(FluidsynthOutput(font, driver))
