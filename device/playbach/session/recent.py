"""What was played last, kept in memory that never grows, and given as a MIDI file on request."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Iterator

from playbach.clock import Nanoseconds, to_nanoseconds, to_seconds
from playbach.errors import InputError
from playbach.midi_messages import TimedMessage, note_off, note_on, program_change
from playbach.player.held import Sent
from playbach.sinks.file import file_bytes
from playbach.stream import Seconds

KEPT = 36_000
"""Notes: an hour and more of ten notes a second. At 20 bytes each, well under a megabyte."""
LONGEST = 60.0
"""Minutes that can be asked for."""


class Recent:
    """The notes played last. May be used from any thread."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        # All memory is taken now, so that a year of music takes no more than an hour.
        self._ons = array("q", bytes(8 * kept))
        self._offs = array("q", bytes(8 * kept))
        self._notes = array("I", bytes(array("I").itemsize * kept))
        self._count = 0
        self._lock = threading.Lock()

    def add(self, notes: Iterable[Sent]) -> None:
        """These notes have ended."""
        with self._lock:
            for note in notes:
                index = self._count % self._kept
                self._ons[index], self._offs[index] = note.on, note.off
                self._notes[index] = note.channel << 16 | note.pitch << 8 | note.velocity
                self._count += 1

    def midi(self, minutes: float, now: Seconds, program: int | None) -> bytes:
        """The notes of the last ``minutes`` before ``now`` as a MIDI file.

        Raises:
            InputError: ``minutes`` is not above 0 and at most ``LONGEST``, or nothing was played.
        """
        # Written so that NaN is refused too.
        if not 0 < minutes <= LONGEST:
            raise InputError(f"minutes {minutes}: it must be above 0 and at most {LONGEST:g}")
        since = Nanoseconds(to_nanoseconds(now) - to_nanoseconds(60 * minutes))
        with self._lock:
            notes = sorted(self._since(since))
        if not notes:
            raise InputError(f"nothing was played in the last {minutes:g} minutes; play first")
        return file_bytes(list(_messages(notes, program)))

    def _since(self, since: Nanoseconds) -> Iterator[tuple[int, int, int]]:
        for index in range(min(self._count, self._kept)):
            if self._ons[index] >= since:
                yield self._ons[index], self._offs[index], self._notes[index]


def _messages(notes: list[tuple[int, int, int]], program: int | None) -> Iterator[TimedMessage]:
    first = notes[0][0]
    channels = {packed >> 16 for _, _, packed in notes}
    if program is not None:
        for channel in sorted(channels):
            yield TimedMessage(Seconds(0.0), program_change(channel, program))
    timed = []
    for on, off, packed in notes:
        channel, pitch, velocity = packed >> 16, packed >> 8 & 0xFF, packed & 0xFF
        # At one moment what ends comes before what begins.
        timed += [
            (on - first, 1, note_on(channel, pitch, velocity)),
            (off - first, 0, note_off(channel, pitch)),
        ]
    for time, _, data in sorted(timed):
        yield TimedMessage(to_seconds(Nanoseconds(time)), data)
