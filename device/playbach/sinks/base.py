"""What every sink does. Importing this costs nothing; the libraries are imported on opening."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from playbach.midi_messages import TimedMessage
from playbach.status import Lateness
from playbach.stream import Seconds

OnFailure = Callable[[BaseException], None]
"""Called once, from a sink's own thread, when that thread cannot go on."""


class Sink(Protocol):
    """A destination that owns its time base and plays timed messages on time.

    The order of calls is ``open``, ``start``, then ``send``, ``cancel`` and ``now`` from the
    player's thread, ``silence``, ``close``. ``silence`` and ``close`` may be called from any
    thread, more than once, and after a failure.
    """

    @property
    def name(self) -> str:
        """The word that chooses it, such as ``midi``."""

    @property
    def description(self) -> str:
        """Where it plays, such as ``MIDI port FluidSynth (JACK)``."""

    @property
    def horizon(self) -> Seconds:
        """How far ahead of their time messages should be sent; infinite if it keeps no time."""

    def open(self) -> None:
        """Take hold of the destination.

        Raises:
            PortError: it is missing or refuses; one line that says what to do.
            OutputError: a file cannot be written.
        """

    def start(self, on_failure: OnFailure) -> None:
        """Time 0 is now. ``on_failure`` hears of what goes wrong in a thread of the sink's own."""

    def now(self) -> Seconds:
        """Seconds since ``start``, on the clock that the messages' times refer to."""

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Queue messages, in order of time. May come before what an earlier call has queued.

        Raises:
            PortError: the destination has gone.
            OutputError: more than a file can hold.
        """

    def cancel(self) -> None:
        """Drop what has not sounded yet, note-offs included: re-send them, or ``silence``."""

    def silence(self) -> None:
        """End all that sounds: drop the queue, note-offs, CC123 and CC121, wait until they left."""

    def close(self) -> None:
        """Let go of the destination."""

    @property
    def lateness(self) -> Lateness | None:
        """How late messages left, ``None`` where that cannot be measured from here."""
