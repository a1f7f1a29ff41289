"""Notes that sound on a synth after the messages sent to it, and messages that end them."""

from __future__ import annotations

from collections.abc import Iterable

from playbach.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL_CHANGE,
    EXPRESSION,
    MAX_DATA,
    NOTE_OFF,
    NOTE_ON,
    RESET_CONTROLLERS,
    SYSTEM,
    control_change,
    note_off,
)


def all_notes_off(channels: Iterable[int]) -> list[bytes]:
    """Messages that end all notes on these channels (0 to 15), whoever started them.

    All Sound Off, All Notes Off and Reset All Controllers first, which most synths know; then, for
    the others, a note-off for each key.
    """
    wanted = sorted(set(channels))
    controllers = (ALL_SOUND_OFF, ALL_NOTES_OFF, RESET_CONTROLLERS)
    return [
        *(control_change(channel, number, 0) for channel in wanted for number in controllers),
        *(note_off(channel, key) for channel in wanted for key in range(MAX_DATA + 1)),
    ]


class ActiveNotes:
    """Tracks which notes sound, from the messages sent. Not thread-safe."""

    def __init__(self) -> None:
        self._notes: dict[tuple[int, int], None] = {}
        self._channels: set[int] = set()
        self._swelling: set[int] = set()

    @property
    def notes(self) -> tuple[tuple[int, int], ...]:
        """``(channel, pitch)`` of the notes that sound, oldest first."""
        return tuple(self._notes)

    def hear(self, data: bytes) -> None:
        """Update from a message that was sent."""
        if data[0] >= SYSTEM:
            return
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        self._channels.add(channel)
        if kind == NOTE_ON and data[2]:
            self._notes[channel, data[1]] = None
        elif kind in {NOTE_ON, NOTE_OFF}:
            self._notes.pop((channel, data[1]), None)
        elif kind == CONTROL_CHANGE and data[1] == EXPRESSION:
            (self._swelling.discard if data[2] == MAX_DATA else self._swelling.add)(channel)

    def release(self) -> list[bytes]:
        """Note-offs for the notes that sound, then CC123 and CC121 on the channels used.

        The latter puts expression, CC11, back; where a note swelled that is said besides.
        """
        offs = [note_off(channel, pitch) for channel, pitch in self._notes]
        resets = [
            control_change(channel, controller, 0)
            for channel in sorted(self._channels)
            for controller in (ALL_NOTES_OFF, RESET_CONTROLLERS)
        ]
        full = [control_change(channel, EXPRESSION, MAX_DATA) for channel in sorted(self._swelling)]
        return offs + resets + full

    def forget(self) -> None:
        """Clear, because all notes were ended."""
        self._notes.clear()
        self._channels.clear()
        self._swelling.clear()
