"""Notes that were begun and may not have ended yet. Pure: no clock, no thread.

A note-off is sent ahead like everything else and may be taken back, so a note is let go only when
its end has passed. Pitch and channel are kept as they were sent: what is transposed or moved to
another channel meanwhile still ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from playbach.clock import Nanoseconds
from playbach.midi.messages import EXPRESSION, control_change, note_off
from playbach.music.performed import FULL, PerformedNote, swelling

_GAP = 15_000_000
"""Nanoseconds by which a note ends early, so that a repeated pitch is struck again."""
_GAP_SHARE = 10
"""A short note gives up at most one part in this many."""
_NEVER = Nanoseconds(1 << 62)
TimeOf: TypeAlias = Callable[[int | Fraction], Nanoseconds]
"""From ticks of a movement to their times."""


class Outgoing(NamedTuple):
    """A MIDI message and its nominal time."""

    time: Nanoseconds
    data: bytes


@dataclass(slots=True)
class SentNote:
    """A note as it is sent.

    Attributes:
        channel: MIDI channel, 0 to 15.
        pitch: MIDI note number as sent, 0 to 127.
        velocity: 1 to 127.
        on: when it begins.
        off: when its note-off is due.
        played: as it is played.
        ordinal: number of its movement in the stream, from 1.
        is_even: whether it is sent as it is written, a little shorter.
        is_ended: whether its note-off was handed over.
        swelled: until when its swell was handed over.
        latest: when it ends at the latest.
        again: when its pitch is struck again.
    """

    channel: int
    pitch: int
    velocity: int
    on: Nanoseconds
    off: Nanoseconds
    played: PerformedNote
    ordinal: int
    is_even: bool = True
    is_ended: bool = False
    swelled: int = -1
    latest: Nanoseconds = _NEVER
    again: Nanoseconds = _NEVER


def end_of(played: PerformedNote, on: Nanoseconds, at: TimeOf, *, is_even: bool) -> Nanoseconds:
    """When a note ends that begins at ``on``; ``at`` gives the times of the ticks."""
    if is_even:
        return articulated(on, at(played.note.end))
    return Nanoseconds(max(played.ends(at), on + 1))


def articulated(onset: Nanoseconds, end: Nanoseconds) -> Nanoseconds:
    """When the note-off is sent for a note that is written to last until ``end``."""
    return Nanoseconds(end - max(0, min(_GAP, (end - onset) // _GAP_SHARE)))


class SentNotes:
    """Which note-offs are still to be handed over, and which may have to be once more."""

    def __init__(self) -> None:
        self._notes: list[SentNote] = []

    @property
    def next_off(self) -> Nanoseconds | None:
        """When the next note-off that was not handed over is due."""
        return min((note.off for note in self._open()), default=None)

    @property
    def last_off(self) -> Nanoseconds:
        """When the last note-off that was not handed over is due."""
        return max((note.off for note in self._open()), default=Nanoseconds(0))

    def busy_until(self, channel: int, pitch: int) -> Nanoseconds:
        """Until when a pitch sounds whose note-off was handed over; 0 if there is none."""
        return max(
            (
                note.off
                for note in self._notes
                if note.is_ended and (note.channel, note.pitch) == (channel, pitch)
            ),
            default=Nanoseconds(0),
        )

    def begin(self, note: SentNote) -> list[Outgoing]:
        """A note begins, and ends one that it strikes again.

        Returns:
            The note-off of one that began at the same moment, to be handed over between the two;
            any other is taken with what is taken next, as the new note is.
        """
        again = [
            before
            for before in self._open()
            if (before.channel, before.pitch) == (note.channel, note.pitch)
        ]
        for before in again:
            # Written to sound once at a time, but a delay may have brought the two together.
            before.again = note.on
            before.off = min(before.off, note.on)
        self._notes.append(note)
        return [message for one in again if one.on >= note.on for message in _end(one)]

    def take(self, until: Nanoseconds) -> list[Outgoing]:
        """Note-offs and swells due at ``until`` or before, or in time for a note begun again."""
        messages = []
        for note in self._open():
            if note.played.swell:
                messages += _swell(note, until)
            # One that was struck again ends before that leaves, however far ahead it is.
            if note.off <= until or note.again < _NEVER:
                messages += _end(note)
        return messages

    def rewind(self, since: Nanoseconds) -> None:
        """What is due at ``since`` or later was taken back."""
        self._notes = [note for note in self._notes if note.on < since]
        for note in self._notes:
            note.is_ended = note.is_ended and note.off < since
            note.swelled = min(note.swelled, since - 1)
            if note.again >= since:
                note.again = _NEVER

    def retime(self, ordinal: int, at: TimeOf, now: Nanoseconds) -> None:
        """The ends of a movement's open notes fall on other times; none before ``now``."""
        for note in self._open():
            if note.ordinal == ordinal:
                off = end_of(note.played, note.on, at, is_even=note.is_even)
                note.off = min(max(off, now), note.latest, note.again)

    def cut(self, limit: Nanoseconds) -> None:
        """Let no open note sound after ``limit``."""
        for note in self._open():
            note.latest = min(note.latest, limit)
            note.off = min(note.off, limit)

    def settle(self, now: Nanoseconds) -> list[SentNote]:
        """Let go of the notes whose end has passed, and return them."""
        over = [note for note in self._notes if note.is_ended and note.off < now]
        if over:
            self._notes = [n for n in self._notes if not (n.is_ended and n.off < now)]
        return over

    def _open(self) -> list[SentNote]:
        return [note for note in self._notes if not note.is_ended]


def _end(note: SentNote) -> list[Outgoing]:
    note.is_ended = True
    messages = [Outgoing(note.off, note_off(note.channel, note.pitch))]
    if note.played.swell:
        full = control_change(note.channel, EXPRESSION, FULL)
        messages.append(Outgoing(note.off, full))
    return messages


def _swell(note: SentNote, until: Nanoseconds) -> list[Outgoing]:
    """What of the swell is due; that it is over belongs to the end of the note."""
    since, note.swelled = note.swelled, max(note.swelled, until)
    return [
        Outgoing(Nanoseconds(time), control_change(note.channel, EXPRESSION, value))
        for time, value in swelling(note.played.swell, note.on, note.off)
        if since < time <= until and time < note.off
    ]
