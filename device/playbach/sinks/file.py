"""Collects the music and writes a MIDI file at the end: as fast as it is composed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from playbach.errors import InputError, OutputError
from playbach.files import check_writable, write_atomically
from playbach.midi.active_notes import ActiveNotes
from playbach.midi.files import END_OF_TRACK, SET_TEMPO, TrackEvent, meta_event, serialise
from playbach.midi.messages import NOTE_OFF, NOTE_ON, SYSTEM, TimedMessage
from playbach.sinks.base import OnChange, OnFailure
from playbach.timing import Lateness, Seconds

TICKS_PER_SECOND = 10_000
_ONE_SECOND = 1_000_000  # microseconds to the quarter note, so that a quarter is a second
MAX_MESSAGES = 249_000
"""They are kept in memory until the end: hours of music."""


def _place(message: TimedMessage) -> tuple[Seconds, int]:
    """Where a message belongs: of one moment, other messages first, then notes, low ones first.

    Messages of one note stay as they came. How those of several came may depend on how far the
    music was composed when they were sent, and the same music is to be the same file.
    """
    kind, number = message.data[0] & 0xF0, message.data[1] if len(message.data) > 1 else 0
    return message.time, number if kind in {NOTE_ON, NOTE_OFF} else -1


def file_bytes(messages: Sequence[TimedMessage]) -> bytes:
    """A MIDI file that sounds as the messages would, to 0.1 ms."""
    tempo = meta_event(0, SET_TEMPO, _ONE_SECOND.to_bytes(3))
    events = [
        TrackEvent(round(message.time * TICKS_PER_SECOND), message.data[0], 0, message.data[1:])
        for message in sorted(messages, key=_place)
        # Clock and transport belong to a performance, not to a file.
        if message.data[0] < SYSTEM
    ]
    end = meta_event(events[-1].tick if events else 0, END_OF_TRACK)
    return serialise([tempo, *events, end], TICKS_PER_SECOND)


class FileSink:
    """A MIDI file; see ``playbach.sinks.base.Sink`` for its methods.

    Its time is that of the last message, so nobody ever waits for it.
    """

    name = "file"
    horizon = Seconds(math.inf)
    timing = "no time is kept"
    connected = True
    lateness: Lateness | None = None
    is_shared = False

    def __init__(self, path: Path, *, force: bool = False) -> None:
        """``force``: whether an existing file may be replaced."""
        self._path = path
        self._force = force
        self._messages: list[TimedMessage] = []
        self._is_open = False

    @property
    def description(self) -> str:
        return f"MIDI file {self._path}"

    def open(self, *, absent_ok: bool = False) -> None:  # noqa: ARG002 it is made here
        check_writable(self._path, force=self._force)
        self._is_open = True

    def start(self, on_failure: OnFailure, on_change: OnChange | None = None) -> None:
        """Nothing runs here that could fail by itself, and a file does not go away."""

    def now(self) -> Seconds:
        return max((message.time for message in self._messages[-1:]), default=Seconds(0.0))

    def send(self, messages: Sequence[TimedMessage]) -> None:
        if len(self._messages) + len(messages) > MAX_MESSAGES:
            raise OutputError(
                f"{self._path}: more than {MAX_MESSAGES:,} messages; give --seconds to end sooner"
            )
        self._messages += messages

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:  # noqa: ARG002 as below
        """Everything sent has sounded, as far as a file can tell."""
        return ()

    def all_notes_off(self, channels: Iterable[int]) -> None:
        """Nothing sounded before the file began."""

    def reconnect(self) -> bool:
        return True

    def silence(self) -> None:
        """Let what sounds end at the end of the file."""
        sounding = ActiveNotes()
        for message in sorted(self._messages, key=lambda message: message.time):
            sounding.hear(message.data)
        if sounding.notes:
            ends = sounding.release()[: len(sounding.notes)]
            self._messages += [TimedMessage(self._end(), data) for data in ends]

    def close(self) -> None:
        """Write the file, whole or not at all; not again when called again."""
        if self._is_open and self._messages:
            self._is_open = False
            write_atomically(self._path, file_bytes(self._messages), force=self._force)

    def _end(self) -> Seconds:
        return max(message.time for message in self._messages)


def file_sink(port: str | None) -> FileSink:
    """A sink that writes the file ``port``.

    Raises:
        InputError: none is named.
    """
    if port is None:
        raise InputError("sink file: name the MIDI file to be written, such as --port out.mid")
    return FileSink(Path(port))
