"""The interfaces between composer and network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from playbach.music.encoding import Encoding, Heading
from playbach.music.key import Mode
from playbach.music.symbols import Vocabulary

Probabilities: TypeAlias = NDArray[np.float32]
"""One probability a symbol; they sum to 1."""

Restore: TypeAlias = Callable[[], None]
"""Puts a predictor back to where it was. It may be called again and again, until the predictor was
put back to an earlier place and went on from there."""


class Predictor(Protocol):
    """A network that composes note by note.

    Call ``begin``; then for each note ``shift``, ``pitch``, ``duration`` with the parts chosen so
    far, and ``advance`` with all three. Shifts and durations are in ticks, pitches are MIDI note
    numbers. Any call may raise a ``PlaybachError`` when the device that runs the network is gone.
    """

    @property
    def encoding(self) -> Encoding:
        """What the symbols stand for."""

    @property
    def variant(self) -> str:
        """The variant that runs now; not the one asked for, once the processor took over."""

    def begin(self, heading: Heading) -> None:
        """Forget the last piece; the next is as ``heading`` says."""

    def shift(self) -> Probabilities:
        """The probability of each shift symbol ``(shift_symbols,)``."""

    def pitch(self, shift: int, memory: float = 1.0) -> Probabilities:
        """The probability of each interval symbol ``(pitch_symbols,)``.

        Args:
            shift: of the note asked for.
            memory: how strongly the piece returns to its own motifs: 1 as learned, 0 not at all.
        """

    def duration(self, shift: int, pitch: int) -> Probabilities:
        """The probability of each duration symbol ``(duration_symbols,)``.

        Args:
            shift: of the note asked for.
            pitch: of the same note.
        """

    def advance(self, shift: int, pitch: int, duration: int) -> None:
        """The next note is this."""

    def snapshot(self) -> Restore:
        """Remember this place between two notes, also beyond the next ``begin``."""


@runtime_checkable
class Recalling(Protocol):
    """A predictor that can tell which notes of the piece it looked back to."""

    def recalled(self) -> Sequence[tuple[int, float]]:
        """The notes that the last ``pitch`` drew on most, the most important first.

        Returns:
            their numbers in the piece, from 0, and their shares of all that was looked at.
        """


@runtime_checkable
class SymbolPredictor(Protocol):
    """A network that composes symbol by symbol: from a window, a grid, or a vector of noise.

    Call ``begin``; then for each symbol ``symbols`` and ``lasts``, and ``advance`` with what was
    chosen. Errors are those of ``Predictor``.
    """

    @property
    def variant(self) -> str:
        """The variant that runs now, as of ``Predictor``."""

    @property
    def vocabulary(self) -> Vocabulary:
        """What the symbols stand for."""

    @property
    def ticks(self) -> tuple[int, ...]:
        """How long a symbol may last: ticks until the next one, ascending.

        One member where all symbols last the same, as on a grid.
        """

    def begin(self, mode: Mode, rng: np.random.Generator) -> int:
        """Forget the last piece.

        Args:
            mode: what is asked for; the network may not be able to heed it.
            rng: source of chance, for how the piece starts and for noise; kept until the next call.

        Returns:
            the pitch class, 0 to 11, that a piece of that mode has for its tonic.
        """

    def symbols(self) -> Probabilities:
        """The probability of each symbol of the vocabulary ``(symbols,)``."""

    def lasts(self) -> Probabilities:
        """The probability of each member of ``ticks``: how long the symbol lasts."""

    def advance(self, symbol: int, last: int) -> None:
        """The next symbol has the number ``symbol`` and lasts ``ticks[last]``."""

    def snapshot(self) -> Restore:
        """Remember this place between two symbols, also beyond the next ``begin``.

        The state of the ``rng`` is for others to remember.
        """


AnyPredictor: TypeAlias = Predictor | SymbolPredictor
"""A network in a bundle, whichever way it composes."""
