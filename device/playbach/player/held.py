"""Notes that were begun and may not have ended yet. Pure: no clock, no thread.

A note-off is sent ahead like everything else and may be taken back, so a note is let go only when
its end has passed. Pitch and channel are kept as they were sent: what is transposed or moved to
another channel meanwhile still ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from playbach.clock import Nanoseconds, to_seconds
from playbach.midi_messages import TimedMessage, note_off
from playbach.music.note import Ticks

_GAP = 15_000_000
"""Nanoseconds by which a note ends early, so that a repeated pitch is struck again."""
_GAP_SHARE = 10
"""A short note gives up at most one part in this many."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A note as it was sent.

    Attributes:
        channel: MIDI channel, 0 to 15.
        pitch: MIDI note number as sent, 0 to 127.
        velocity: 1 to 127.
        on: when it begins.
        off: when its note-off is due.
        end: tick of its movement at which it is written to end.
        ordinal: number of its movement in the stream, from 1.
    """

    channel: int
    pitch: int
    velocity: int
    on: Nanoseconds
    off: Nanoseconds
    end: Ticks
    ordinal: int

    @property
    def key(self) -> tuple[int, int]:
        """Channel and pitch, which its note-off names."""
        return self.channel, self.pitch


def articulated(onset: Nanoseconds, end: Nanoseconds) -> Nanoseconds:
    """When the note-off is sent for a note that is written to last until ``end``."""
    return Nanoseconds(end - max(0, min(_GAP, (end - onset) // _GAP_SHARE)))


class HeldNotes:
    """Which note-offs are still to be sent, and which may have to be sent again."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], Sent] = {}
        self._ending: list[Sent] = []

    @property
    def next_off(self) -> Nanoseconds | None:
        """When the next note-off that was not taken yet is due."""
        return min((note.off for note in self._open.values()), default=None)

    def begin(self, note: Sent) -> list[TimedMessage]:
        """A note begins; returns the note-off of one that it strikes again."""
        before = self._open.pop(note.key, None)
        self._open[note.key] = note
        # Written to sound once at a time, but a delay may have brought the two together.
        return [] if before is None else [self._end(before, min(before.off, note.on))]

    def take(self, until: Nanoseconds) -> list[TimedMessage]:
        """Note-offs due at ``until`` or before, not taken yet."""
        over = [note for note in self._open.values() if note.off <= until]
        for note in over:
            del self._open[note.key]
        return [self._end(note, note.off) for note in over]

    def rewind(self, since: Nanoseconds) -> None:
        """What is due at ``since`` or later was taken back."""
        self._open = {key: n for key, n in self._open.items() if n.on < since}
        again = [n for n in self._ending if n.on < since <= n.off]
        self._open |= {n.key: n for n in again}
        self._ending = [n for n in self._ending if n.off < since]

    def retime(self, ordinal: int, at: Callable[[Ticks], Nanoseconds], now: Nanoseconds) -> None:
        """The ends of open notes of a movement fall on other times; none before ``now``."""
        for key, note in self._open.items():
            if note.ordinal == ordinal:
                off = max(articulated(note.on, at(note.end)), now)
                self._open[key] = replace(note, off=Nanoseconds(off))

    def cut(self, limit: Nanoseconds) -> None:
        """Let no open note sound after ``limit``."""
        self._open = {
            key: replace(note, off=min(note.off, limit)) for key, note in self._open.items()
        }

    def settle(self, now: Nanoseconds) -> Iterable[Sent]:
        """Let go of the notes whose end has passed, and return them."""
        over = [note for note in self._ending if note.off < now]
        if over:
            self._ending = [note for note in self._ending if note.off >= now]
        return over

    def _end(self, note: Sent, off: Nanoseconds) -> TimedMessage:
        self._ending.append(replace(note, off=off))
        return TimedMessage(to_seconds(off), note_off(*note.key))
