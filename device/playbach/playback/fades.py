"""A fade: the loudness of a channel goes to nothing, and comes back when nothing sounds any more.

It is said by the expression controller (11), which every part of a note's own loudness is beside:
velocity is as it was struck, and the volume (controller 7) is the listener's.
"""

from __future__ import annotations

from dataclasses import dataclass

from playbach.clock import Nanoseconds, to_nanoseconds
from playbach.midi.messages import CONTROL_CHANGE, EXPRESSION, control_change
from playbach.music.performed import FULL
from playbach.playback.sent_notes import Outgoing

SHORTEST, LONGEST = to_nanoseconds(0.3), to_nanoseconds(0.9)
"""Nanoseconds that a fade lasts, which is otherwise a beat."""
_STEPS = 16
_AFTER = to_nanoseconds(0.25)
"""Nanoseconds for which what was struck dies away before the loudness is put back."""


@dataclass(slots=True)
class Fade:
    """Its messages, to be taken in order of time and taken back.

    Attributes:
        channel: MIDI channel, 0 to 15.
        begin: when the loudness begins to go.
        end: when it is gone.
        back: when it is put back.
        taken: until when messages were handed over.
    """

    channel: int
    begin: Nanoseconds
    end: Nanoseconds
    back: Nanoseconds
    taken: int = -1

    @classmethod
    def between(cls, channel: int, begin: Nanoseconds, end: Nanoseconds) -> Fade:
        """A whole fade."""
        return cls(channel, begin, end, Nanoseconds(end + _AFTER))

    def broken_off(self, at: Nanoseconds) -> Fade:
        """What is left of it if the music goes on: ``at`` that moment all is as it was."""
        return Fade(self.channel, at, at, at)

    def take(self, until: Nanoseconds) -> list[Outgoing]:
        """Messages due at ``until`` or before and not taken yet."""
        since, self.taken = self.taken, max(self.taken, until)
        steps = _STEPS if self.end > self.begin else 0
        values = [
            (self.begin + (self.end - self.begin) * step // steps, FULL * (steps - step) // steps)
            for step in range(1, steps + 1)
        ]
        return [
            Outgoing(Nanoseconds(time), control_change(self.channel, EXPRESSION, value))
            for time, value in (*values, (self.back, FULL))
            if since < time <= until
        ]

    def rewind(self, since: Nanoseconds) -> None:
        """What is due at ``since`` or later was taken back."""
        self.taken = min(self.taken, since - 1)

    def covers(self, message: Outgoing) -> bool:
        """Whether a message would say otherwise how loud the channel is meanwhile."""
        says = bytes((CONTROL_CHANGE | self.channel, EXPRESSION))
        return self.begin <= message.time <= self.back and message.data.startswith(says)

    def is_over(self, now: Nanoseconds) -> bool:
        """Whether all of it was handed over and has passed."""
        return self.back < now and self.back <= self.taken
