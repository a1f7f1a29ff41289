"""Bookkeeping of somebody else's queue: what it was given, what has left it, what waits."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence

from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON, TimedMessage, note_off


def _time(message: TimedMessage) -> float:
    return message.time


class QueueMirror:
    """What was handed to a queue of limited size, what it has sent by now, and what waits for room.

    Times are on the queue's clock. Pure: the time is passed in.
    """

    def __init__(self, capacity: int) -> None:
        """``capacity``: how many messages the queue may hold, at least 1."""
        self._capacity = capacity
        self._waiting: list[TimedMessage] = []
        self._held: list[TimedMessage] = []
        self._sent = ActiveNotes()

    @property
    def waiting(self) -> int:
        """How many messages wait for room."""
        return len(self._waiting)

    def add(self, messages: Iterable[TimedMessage]) -> None:
        """Messages that the queue is to have, sooner or later."""
        # Sorting keeps messages of one time in the order in which they came.
        self._waiting = sorted([*self._waiting, *messages], key=_time)

    def hand_over(self, now: float) -> Sequence[TimedMessage]:
        """The next messages to be handed to the queue, as many as it has room for."""
        self._settle(now)
        room = max(self._capacity - len(self._held), 0)
        batch, self._waiting = self._waiting[:room], self._waiting[room:]
        self._held = sorted([*self._held, *batch], key=_time)
        return batch

    def take_back(self, after: float) -> list[TimedMessage]:
        """What is due at ``after`` or later was removed from the queue: these messages."""
        held = bisect.bisect_left(self._held, after, key=_time)
        waiting = bisect.bisect_left(self._waiting, after, key=_time)
        taken = sorted([*self._held[held:], *self._waiting[waiting:]], key=_time)
        del self._held[held:], self._waiting[waiting:]
        return taken

    def release(self, now: float) -> list[bytes]:
        """What ends all that sounds, after everything was taken back."""
        self._settle(now)
        messages = self._sent.release()
        self._sent.forget()
        return messages

    def heard(self, messages: Iterable[bytes]) -> None:
        """These left past the queue."""
        for data in messages:
            self._sent.hear(data)

    def _settle(self, now: float) -> None:
        left = bisect.bisect_right(self._held, now, key=_time)
        self.heard(message.data for message in self._held[:left])
        del self._held[:left]


def ends_of(messages: Iterable[TimedMessage]) -> list[bytes]:
    """A note-off for each note that these messages begin."""
    return [
        note_off(message.data[0] & 0x0F, message.data[1])
        for message in messages
        if message.data[0] & 0xF0 == NOTE_ON
    ]
