"""What every sink does. Importing this costs nothing; the libraries are imported on opening.

A synth may go and come back. The sink watches for that from a thread of its own and tells the
player, which alone decides what to do, from its own thread:

    LOST    nothing sent from now on is heard: pause the music (``cancel`` what waits)
    FOUND   call ``reconnect``; if it returns ``True``, call ``all_notes_off``, send programs and
            volumes again, and go on at the next bar

Time runs on meanwhile: ``now`` neither stops nor jumps while the synth is away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Protocol

from playbach.midi.messages import TimedMessage
from playbach.timing import Lateness, Seconds

CLIENT_NAME = "Play Bach"
"""What this program is called by other programs that use MIDI."""
ALSA_DEVICE = Path("/dev/snd/seq")
"""Where the ALSA sequencer is, if there is one."""
OnFailure = Callable[[BaseException], None]
"""Called once, from a sink's own thread, when that thread cannot go on."""


class Change(Enum):
    """What happened to a sink's destination."""

    LOST = "lost"
    """It has gone: the port vanished, or the synth behind it died."""
    FOUND = "found"
    """It is back, or another that was asked for is there: ``reconnect`` would succeed."""


OnChange = Callable[[Change], None]
"""Called from a sink's own thread at each change; must return at once and call no method of the
sink: set an event or put the change into a queue. ``LOST`` and ``FOUND`` alternate, except that
``FOUND`` is said again when the port went away once more before or during ``reconnect``."""


class Sink(Protocol):
    """A destination that owns its time base and plays timed messages on time.

    The order of calls is ``open``, ``start``, then ``send``, ``cancel``, ``all_notes_off``,
    ``reconnect`` and ``now`` from the player's thread, ``silence``, ``close``. ``silence`` and
    ``close`` may be called from any thread, more than once, and after a failure. ``connected``,
    ``is_shared``, ``description``, ``timing`` and ``lateness`` may be read from any thread.
    """

    @property
    def name(self) -> str:
        """The word that chooses it, such as ``midi``."""

    @property
    def description(self) -> str:
        """Where it plays, such as ``MIDI port FluidSynth (JACK)``; another after ``reconnect``."""

    @property
    def horizon(self) -> Seconds:
        """How far ahead of their time messages should be sent; infinite if it keeps no time."""

    @property
    def timing(self) -> str:
        """How messages are kept on time, such as ``thread at real-time priority 20``."""

    @property
    def connected(self) -> bool:
        """Whether what is sent is heard, as far as can be told; a loss shows within 0.5 s."""

    @property
    def is_shared(self) -> bool:
        """Whether another Play Bach plays to the same port, as far as can be told.

        It shows within a few seconds. One moment in which two are connected does not count: when
        another sink takes over, it is there before the last one has gone.
        """

    def open(self, *, absent_ok: bool = False) -> None:
        """Take hold of the destination.

        Args:
            absent_ok: whether a missing port is no error: the sink then opens unconnected, and
                says ``FOUND`` when the port appears.

        Raises:
            PortError: it is missing or refuses; one line that says what to do.
            OutputError: a file cannot be written.
        """

    def start(self, on_failure: OnFailure, on_change: OnChange | None = None) -> None:
        """Time 0 is now.

        Args:
            on_failure: hears of what goes wrong in a thread of the sink's own.
            on_change: hears of the loss and the return of the destination. Without it a loss is a
                failure: ``on_failure`` hears a ``PortError``.
        """

    def now(self) -> Seconds:
        """Seconds since ``start``, on the clock that the messages' times refer to."""

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Queue messages, in order of time. May come before what an earlier call has queued.

        Called several times a second, if there is nothing to send with no messages: a sign of life.
        While not connected they are dropped when their time comes, without an error.

        Raises:
            PortError: the destination has gone and nobody listens for that (no ``on_change``).
            OutputError: more than a file can hold.
        """

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:
        """Take back what is due at ``after`` or later and has not left yet, note-offs included.

        Returns:
            What was taken back, in order of time: exactly what will not leave. Send again what is
            still wanted (note-offs of notes that sound), or call ``silence``. A sink that cannot
            take anything back (a file keeps no time) returns nothing.
        """

    def all_notes_off(self, channels: Iterable[int]) -> None:
        """End at once whatever sounds on these channels (0 to 15), whoever began it.

        For a synth that may hold notes of a process that was killed: CC120, CC123, CC121 and
        note-offs for all keys, which takes 0.13 s per channel on a five-pin cable and nothing to
        speak of elsewhere. Leaves the queue as it is. Does nothing while not connected.
        """

    def reconnect(self) -> bool:
        """Take hold of the destination again after ``FOUND``; harmless when connected.

        Nothing is queued then: what was sent before is gone. Takes up to a second.

        Returns:
            Whether it is connected; if not, ``FOUND`` will be said again.
        """

    def silence(self) -> None:
        """End all that sounds: drop the queue, note-offs, CC123 and CC121, wait until they left."""

    def close(self) -> None:
        """Let go of the destination."""

    @property
    def lateness(self) -> Lateness | None:
        """How late messages left, ``None`` where that cannot be measured from here."""
