"""MIDI messages as bytes with a nominal time, and what they leave sounding.

The bytes are those of the MIDI 1.0 Detailed Specification, tables I to III.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from playbach.stream import Seconds

NOTE_OFF = 0x80
NOTE_ON = 0x90
CONTROL_CHANGE = 0xB0
PROGRAM_CHANGE = 0xC0
RESET_CONTROLLERS = 121
ALL_NOTES_OFF = 123
MAX_DATA = 0x7F
MAX_CHANNEL = 0x0F


@dataclass(frozen=True, slots=True, order=True)
class TimedMessage:
    """A message and when it is to leave for the synth.

    Attributes:
        time: nominal seconds since the sink's origin.
        data: one complete channel message, two or three bytes.
    """

    time: Seconds
    data: bytes


def note_on(channel: int, pitch: int, velocity: int) -> bytes:
    """``9c pp vv``: start a note; velocity 1 to 127."""
    return bytes((NOTE_ON | channel, pitch, velocity))


def note_off(channel: int, pitch: int) -> bytes:
    """``8c pp 40``: end a note, with the release velocity of a keyboard that has none."""
    return bytes((NOTE_OFF | channel, pitch, 0x40))


def control_change(channel: int, controller: int, value: int) -> bytes:
    """``Bc nn vv``: set a controller."""
    return bytes((CONTROL_CHANGE | channel, controller, value))


def program_change(channel: int, program: int) -> bytes:
    """``Cc pp``: choose an instrument, 0 to 127."""
    return bytes((PROGRAM_CHANGE | channel, program))


class Sounding:
    """What a synth is left with by the messages it was sent.

    Not safe between threads; its owner holds a lock.
    """

    def __init__(self) -> None:
        self._notes: dict[tuple[int, int], None] = {}
        self._channels: set[int] = set()

    @property
    def notes(self) -> tuple[tuple[int, int], ...]:
        """``(channel, pitch)`` of the notes that sound, oldest first."""
        return tuple(self._notes)

    def hear(self, data: bytes) -> None:
        """Take note of a message that was sent."""
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        self._channels.add(channel)
        if kind == NOTE_ON and data[2]:
            self._notes[channel, data[1]] = None
        elif kind in {NOTE_ON, NOTE_OFF}:
            self._notes.pop((channel, data[1]), None)

    def silencing(self, also: Iterable[tuple[int, int]] = ()) -> list[bytes]:
        """Messages that end everything: note-offs, then CC123 and CC121 on the channels used.

        Args:
            also: further notes that may sound.
        """
        notes = dict.fromkeys((*self._notes, *also))
        offs = [note_off(channel, pitch) for channel, pitch in notes]
        channels = sorted(self._channels | {channel for channel, _ in notes})
        resets = [
            control_change(channel, controller, 0)
            for channel in channels
            for controller in (ALL_NOTES_OFF, RESET_CONTROLLERS)
        ]
        return offs + resets

    def forget(self) -> None:
        """Start afresh: everything was silenced."""
        self._notes.clear()
        self._channels.clear()
