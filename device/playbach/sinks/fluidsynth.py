"""A fluidsynth of our own: started here, and started again when it dies."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from playbach.errors import PortError
from playbach.midi.messages import (
    CONTROL_CHANGE,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM_CHANGE,
    values_of,
)
from playbach.sinks.fluidsynth_process import FluidsynthProcess
from playbach.sinks.paced import PacedSink
from playbach.sinks.soundfont import require_driver, require_font, require_program
from playbach.sound.options import DEFAULT, SoundOptions
from playbach.timing import Seconds

_START_TIMEOUT = 20.0
"""Seconds that a start may take, in which the sound font is loaded."""
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 30.0
_STEADY = 10.0
"""Seconds after which a run no longer counts as a failed start: the next pause is short again."""
_COMMANDS = {
    NOTE_ON: "noteon {channel} {0} {1}\n",
    NOTE_OFF: "noteoff {channel} {0}\n",
    CONTROL_CHANGE: "cc {channel} {0} {1}\n",
    PROGRAM_CHANGE: "prog {channel} {0}\n",
}


def shell_command(data: bytes) -> bytes:
    """The line of fluidsynth's shell that does what a message does; empty for a system message."""
    template = _COMMANDS.get(data[0] & 0xF0, "")
    return template.format(*values_of(data), channel=data[0] & 0x0F).encode()


class Backoff:
    """How long to wait before something that failed is tried again: longer each time."""

    def __init__(self) -> None:
        self._pause = _FIRST_PAUSE
        self._began = 0.0
        self._until = 0.0

    def begun(self, now: float) -> None:
        """It was started at ``now``."""
        self._began = now

    def failed(self, now: float) -> None:
        """It ended, or could not be started."""
        if now - self._began >= _STEADY:
            self._pause = _FIRST_PAUSE
        self._until = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def is_over(self, now: float) -> bool:
        """Whether it may be tried."""
        return now >= self._until

    def left(self, now: float) -> float:
        """Seconds until it may be tried."""
        return max(0.0, self._until - now)


class FluidsynthOutput:
    """A fluidsynth process, and after its death another."""

    name = "fluidsynth"
    drain = Seconds(0.03)  # its shell reads at once; a period or two of audio

    def __init__(self, options: SoundOptions = DEFAULT, driver: str | None = None) -> None:
        """Sound font and ``driver`` (fluidsynth's name of it) are looked for when not given.

        A driver is looked for again at each start: what led to the loudspeaker may have gone.
        """
        self._options = options
        self._font: Path | None = None
        self._wanted_driver = driver
        self._driver = driver
        self._process: FluidsynthProcess | None = None
        self._patience = Backoff()
        # A command is not to be written into a pipe that is being closed.
        self._using = threading.Lock()

    @property
    def description(self) -> str:
        font = self._font.name if self._font else "its sound font"
        return f"fluidsynth with {font} (audio: {self._driver or 'automatic'})"

    def open(self) -> None:
        self._start()
        if self._process:
            self._process.wait(_START_TIMEOUT)
        try:
            self.connect()
        except PortError:
            self.close()
            raise

    def write(self, data: bytes) -> None:
        command = shell_command(data)
        with self._using:
            if command and self._process:
                self._process.command(command)

    def close(self) -> None:
        self.detach()

    def present(self) -> bool:
        """Whether it runs and is ready; starts another if it has ended."""
        if self._process is not None and not self._process.alive:
            self.detach()
        if self._process is None:
            if self._patience.is_over(time.monotonic()):
                self._start_again()
            return False
        return self._process.answered

    def detach(self) -> None:
        with self._using:
            process, self._process = self._process, None
        if process is not None:
            self._patience.failed(time.monotonic())
            process.close()

    def connect(self) -> None:
        if self._process is None:
            raise PortError("sink fluidsynth: fluidsynth ended")
        if not self._process.answered:
            raise PortError(f"sink fluidsynth: not ready after {_START_TIMEOUT:.0f} s; try again")
        self._process.check()

    def _start_again(self) -> None:
        try:
            self._start()
        except PortError:
            self._patience.failed(time.monotonic())

    def _start(self) -> None:
        program = require_program()
        self._font = self._font or require_font(self._options.soundfont)
        self._driver = self._wanted_driver or require_driver(program)
        self._patience.begun(time.monotonic())
        self._process = FluidsynthProcess(program, self._font, self._driver, self._options.gain)


def fluidsynth_sink(options: SoundOptions = DEFAULT, driver: str | None = None) -> PacedSink:
    """A sink over a fluidsynth process of its own."""
    return PacedSink(FluidsynthOutput(options, driver))
