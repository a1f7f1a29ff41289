"""Notes that began together, kept until the last of them has ended and all durations are known."""

from __future__ import annotations

from collections.abc import Sequence

from playbach.music.note import Note, Pitch, Ticks
from playbach.stateful import Stateful


class ChordBuilder(Stateful):
    """One note or chord at a time."""

    def __init__(self) -> None:
        """Nothing sounds."""
        self._onset = 0
        self._ended: list[Note] = []
        self.sounding: frozenset[int] = frozenset()
        """Pitches that sound."""

    def begin(self, onset: int, pitches: Sequence[int]) -> None:
        """These begin at tick ``onset``, in silence: ``end`` was called before."""
        self._onset = onset
        self.sounding = frozenset(pitches)

    def end(self, now: int, keep: int = -1) -> list[Note]:
        """End what sounds, but for one pitch.

        Args:
            now: tick, later than the onset.
            keep: what sounds on, -1 for nothing.

        Returns:
            all that began together, upwards, if nothing of it sounds any more; else nothing.
        """
        onset = Ticks(self._onset)
        ending = self.sounding - {keep}
        self._ended += [Note(onset, Pitch(p), Ticks(now - onset)) for p in ending]
        self.sounding -= ending
        if self.sounding:
            return []
        ended, self._ended = sorted(self._ended, key=lambda note: note.pitch), []
        return ended
