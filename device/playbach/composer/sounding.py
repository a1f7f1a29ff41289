"""What sounds while a movement is composed, and so what may begin."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import PitchRange
from playbach.composer.playable import playable_with
from playbach.music.key import PITCH_CLASSES
from playbach.music.note import MAX_PITCH
from playbach.stateful import Stateful

MOST_TOGETHER = 4
"""Notes that may begin together: a cello has four strings."""

PERFECT = (0, 7)
"""Octave and fifth, without octaves."""

Mask = NDArray[np.bool_]


class Sounding(Stateful):
    """Follows a movement note by note; answers which pitches may begin.

    A pitch may begin that lies within the range and does not sound already; in a chord, upwards.

    Attributes:
        onset: tick of the last note.
        last: its pitch.
        bass: pitch of the lowest of the notes that began with it, -1 before the first.
        together: how many began with it, itself included, 0 before the first.
        end: tick at which all notes have stopped.
    """

    def __init__(self, pitches: PitchRange, last: int) -> None:
        """Nothing sounds; ``last`` is what the first interval is counted from."""
        self._range = range(pitches.lowest, pitches.highest + 1)
        self._in_range = np.zeros(MAX_PITCH + 1, np.bool_)
        self._in_range[self._range.start : self._range.stop] = True
        self._on_cello = bool((self._in_range & _ON_CELLO).any())
        self.onset = 0
        self.last = last
        self.bass = -1
        self.together = 0
        self.end = 0
        self._before: tuple[int, int] | None = None
        self._until: dict[int, int] = {}
        self._chord: frozenset[int] = frozenset()

    @property
    def in_range(self) -> Mask:
        """The pitches of the range ``(128,)``; the caller may change it."""
        return self._in_range.copy()

    def add(self, shift: int, pitch: int, duration: int) -> None:
        """The next note: ticks from the last onset, MIDI note number, ticks."""
        if self.together > 1 and shift:
            self._before = self.bass, self.last
        if shift or not self.together:
            self.bass, self.together, self._chord = pitch, 0, frozenset()
        if shift:
            self.onset += shift
            self._until = {p: until for p, until in self._until.items() if until > self.onset}
        self.together += 1
        self.last = pitch
        self._chord |= {pitch}
        self._until[pitch] = self.onset + duration
        self.end = max(self.end, self.onset + duration)

    def allowed(self, shift: int, *, playable: bool) -> Mask:
        """Which of the pitches 0 to 127 may begin ``shift`` ticks after the last onset ``(128,)``.

        With ``playable`` only those that can be stopped together with what sounds, unless nothing
        of the range lies on a cello. The caller may change the mask.
        """
        allowed = self._in_range.copy()
        onset = self.onset + shift
        held = [pitch for pitch, until in self._until.items() if until > onset]
        for pitch in held:  # of which there are few: at once would take longer
            allowed[pitch] = False
        joins = not shift and self.together > 0
        if joins:
            allowed[: self.last + 1] = False
            self._avoid_parallels(allowed)
        if playable and self._on_cello:
            chord = self._chord if joins else frozenset()
            allowed &= _playable_mask(chord, frozenset(held) - chord)
        return allowed

    def _avoid_parallels(self, allowed: Mask) -> None:
        """Take out what makes fifths or octaves move in parallel, unless nothing else is left."""
        if self._before is None:
            return
        bass, top = self._before
        interval = (top - bass) % PITCH_CLASSES
        if interval not in PERFECT or bass == self.bass:
            return
        first = self.bass + interval
        parallel = range(first if interval else first + PITCH_CLASSES, MAX_PITCH + 1, PITCH_CLASSES)
        up = self.bass > bass
        others = allowed.copy()
        others[[pitch for pitch in parallel if pitch != top and (pitch > top) == up]] = False
        if others[others.argmax()]:
            allowed[:] = others

    def can_join(self, *, playable: bool) -> bool:
        """Whether one more note may begin together with the last."""
        if not self.together:
            return True
        if self.together == MOST_TOGETHER:
            return False
        if playable:
            return bool(self.allowed(0, playable=True).any())
        # What has ended was taken out.
        return any(pitch not in self._until for pitch in range(self.last + 1, self._range.stop))

    def wait(self, *, playable: bool) -> int:
        """Ticks from the last onset until some pitch may begin; 0 before the first, else from 1."""
        least = min(self.together, 1)
        if not playable and len(self._until) < len(self._range):
            return least
        ends = (until - self.onset for until in self._until.values())
        shifts = sorted({least, *(end for end in ends if end > least)})
        return next(s for s in shifts if self.allowed(s, playable=playable).any())


@lru_cache(maxsize=512)
def _playable_mask(chord: frozenset[int], held: frozenset[int]) -> Mask:
    fits = np.zeros(MAX_PITCH + 1, np.bool_)
    fits[list(playable_with(chord, held))] = True
    return fits


_ON_CELLO = _playable_mask(frozenset(), frozenset())
