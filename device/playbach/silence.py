"""What a synth is left sounding by the messages it was sent, and those that end it."""

from __future__ import annotations

from collections.abc import Iterable

from playbach.midi_messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    MAX_DATA,
    NOTE_OFF,
    NOTE_ON,
    RESET_CONTROLLERS,
    SYSTEM,
    control_change,
    note_off,
)


def hushing(channels: Iterable[int]) -> list[bytes]:
    """Messages that end everything on these channels (0 to 15), whoever began it.

    All Sound Off, All Notes Off and Reset All Controllers first, which most synths know; then, for
    the others, a note-off for each key.
    """
    wanted = sorted(set(channels))
    controllers = (ALL_SOUND_OFF, ALL_NOTES_OFF, RESET_CONTROLLERS)
    return [
        *(control_change(channel, number, 0) for channel in wanted for number in controllers),
        *(note_off(channel, key) for channel in wanted for key in range(MAX_DATA + 1)),
    ]


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
        if data[0] >= SYSTEM:
            return
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        self._channels.add(channel)
        if kind == NOTE_ON and data[2]:
            self._notes[channel, data[1]] = None
        elif kind in {NOTE_ON, NOTE_OFF}:
            self._notes.pop((channel, data[1]), None)

    def silencing(self) -> list[bytes]:
        """Messages that end everything: note-offs, then CC123 and CC121 on the channels used."""
        offs = [note_off(channel, pitch) for channel, pitch in self._notes]
        resets = [
            control_change(channel, controller, 0)
            for channel in sorted(self._channels)
            for controller in (ALL_NOTES_OFF, RESET_CONTROLLERS)
        ]
        return offs + resets

    def forget(self) -> None:
        """Start afresh: everything was silenced."""
        self._notes.clear()
        self._channels.clear()
