"""Symbols in the key of a movement and the range of an instrument: what each of them would play."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import PitchRange
from playbach.composer.playable import is_playable
from playbach.composer.sounding import Mask
from playbach.music.key import PITCH_CLASSES
from playbach.music.note import MAX_PITCH
from playbach.music.symbols import BORDER, HOLD, OTHER, Symbol, Vocabulary, is_hold, pitches_of

_FARTHEST_DOWN = 5
_NONE = -1


def interval_to(tonic: int, home: int) -> int:
    """Semitones from a piece whose tonic is ``home`` to the nearest key on ``tonic``, -5 to 6."""
    return (tonic - home + _FARTHEST_DOWN) % PITCH_CLASSES - _FARTHEST_DOWN


def within(pitch: int, pitches: PitchRange) -> int:
    """``pitch`` moved by octaves into the range; its nearest end where no octave lies in it."""
    lowest, highest = pitches.lowest, pitches.highest
    if pitch < lowest:
        pitch += -(-(lowest - pitch) // PITCH_CLASSES) * PITCH_CLASSES
    elif pitch > highest:
        pitch -= -(-(pitch - highest) // PITCH_CLASSES) * PITCH_CLASSES
    return min(max(pitch, lowest), highest)


class TransposedSymbols:
    """A vocabulary, transposed.

    Attributes:
        begins: pitches that each symbol begins, ascending, each once; none for a rest or a hold.
        holds: the pitch that each symbol holds if it sounds, and else begins, -1 for none.
        hold: the number of the symbol that holds whatever sounds, -1 if there is none.
        border: the number of the symbol that ends a movement, -1 if there is none.
        lowest: lowest pitch that each symbol may begin, -1 for none ``(symbols,)``.
    """

    def __init__(self, vocabulary: Vocabulary, interval: int, pitches: PitchRange) -> None:
        """``interval`` in semitones; what leaves ``pitches`` is moved by octaves."""
        to = [within(pitch + interval, pitches) for pitch in range(MAX_PITCH + 1)]
        self.begins = [tuple(sorted({to[p] for p in pitches_of(symbol)})) for symbol in vocabulary]
        self.holds = [to[symbol[1]] if _holds_one(symbol) else _NONE for symbol in vocabulary]
        self.hold = vocabulary.number.get(HOLD, _NONE)
        self.border = vocabulary.number.get(BORDER, _NONE)
        self._silent = [number for s in _SILENT if (number := vocabulary.number.get(s)) is not None]
        lows = [chord[0] if chord else _NONE for chord in self.begins]
        self._held: NDArray[np.int64] = np.array(self.holds)
        self.lowest: NDArray[np.int64] = np.maximum(np.array(lows), self._held)
        self._strikes = np.array(lows) > _NONE

    def allowed(self) -> Mask:
        """All symbols but ``OTHER`` and the border ``(symbols,)``; the caller may change it."""
        allowed = np.ones(len(self.begins), np.bool_)
        allowed[self._silent] = False
        return allowed

    def beginning(self, sounding: frozenset[int]) -> Mask:
        """Which symbols begin a note while these pitches sound ``(symbols,)``."""
        held = self._held
        new: Mask = (held > _NONE) & ~np.isin(held, list(sounding))
        return new | self._strikes

    @cached_property
    def playable(self) -> Mask:
        """Which symbols a cellist's hand can stop ``(symbols,)``.

        All, if it can stop none that begins a note.
        """
        stops = np.array(
            [
                is_playable(chord) if chord else held == _NONE or is_playable((held,))
                for chord, held in zip(self.begins, self.holds, strict=True)
            ]
        )
        return stops if (stops & self._strikes).any() else np.ones_like(stops)


_SILENT = (OTHER, BORDER)


def _holds_one(symbol: Symbol) -> bool:
    return is_hold(symbol) and symbol != HOLD
