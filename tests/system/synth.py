"""A synth on JACK in a process of its own: it can be switched off and on, and counts what it hears.

python -m tests.system.synth NAME
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON
from playbach.sinks.jack_server import detach


class Synth:
    """A synth that can be switched off, and on again; it counts what it hears."""

    def __init__(self, name: str) -> None:
        """``name``: of its JACK client."""
        self.name = name
        self.notes = 0
        self.doubled = 0
        self.on_heard: Callable[[bytes], object] = lambda _: None
        """Told of each message, in a thread of its own."""
        self.ready = threading.Event()
        """Set once its port is there after it was switched on."""
        self._lock = threading.Lock()
        self._sounding = ActiveNotes()
        self._process: subprocess.Popen[str] | None = None

    @property
    def is_on(self) -> bool:
        return self._process is not None

    @property
    def sounding(self) -> tuple[tuple[int, int], ...]:
        with self._lock:
            return self._sounding.notes

    def switch_on(self) -> None:
        if self._process is not None:
            return
        self.ready.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.synth", self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._hearing = threading.Thread(target=self._hear, args=(self._process,), daemon=True)
        self._hearing.start()

    def switch_off(self, *, by_force: bool = False) -> None:
        """A synth without power is silent, and remembers nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        if by_force:
            process.kill()
        elif process.stdin:
            process.stdin.close()
        # All that it said is heard before it is forgotten.
        self._hearing.join()
        process.wait()
        with self._lock:
            self._sounding.forget()

    def _hear(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            if line.startswith("ready"):
                self.ready.set()
                continue
            data = bytes.fromhex(line)
            self.on_heard(data)
            with self._lock:
                if data[0] & 0xF0 == NOTE_ON and len(data) > 2 and data[2]:
                    self.notes += 1
                    self.doubled += (data[0] & 0x0F, data[1]) in self._sounding.notes
                self._sounding.hear(data)


def listen(name: str) -> None:
    """In the synth's process: say each message that arrives, in hexadecimal, until told to end."""
    import rtmidi  # noqa: PLC0415 only this process needs it

    client = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=name)
    client.open_virtual_port("in")
    client.set_callback(lambda event, _: print(bytes(event[0]).hex(), flush=True))
    print("ready", flush=True)
    sys.stdin.readline()
    client.cancel_callback()
    detach(client.delete)


if __name__ == "__main__":
    listen(sys.argv[1])
