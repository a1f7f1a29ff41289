"""What the composer asks of any network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from playbach.music.encoding import Encoding, Heading

Probabilities: TypeAlias = NDArray[np.float32]
"""One probability a symbol; they sum to 1."""


class Predictor(Protocol):
    """A network that composes note by note.

    Call ``begin``; then for each note ``shift``, ``pitch``, ``duration`` with the parts chosen so
    far, and ``advance`` with all three.
    """

    @property
    def encoding(self) -> Encoding:
        """What the symbols stand for."""

    @property
    def variant(self) -> str:
        """The variant that runs now: another than was asked for, where the processor took over."""

    def begin(self, heading: Heading) -> None:
        """Forget the last piece; the next is as ``heading`` says."""

    def shift(self) -> Probabilities:
        """Of each shift symbol."""

    def pitch(self, shift: int, memory: float = 1.0) -> Probabilities:
        """Of each interval symbol, for a note ``shift`` ticks from the last.

        ``memory`` is how strongly the piece returns to its own motifs; 1 as learned, 0 not at all.
        """

    def duration(self, shift: int, pitch: int) -> Probabilities:
        """Of each duration symbol, for that shift and pitch."""

    def advance(self, shift: int, pitch: int, duration: int) -> None:
        """The next note is this: ticks, MIDI note number, ticks."""


@runtime_checkable
class Recalling(Protocol):
    """A predictor that can tell which notes of the piece it looked back to."""

    def recalled(self) -> Sequence[tuple[int, float]]:
        """The notes that the last ``pitch`` drew on most, the most important first.

        Returns:
            their numbers in the piece, from 0, and their shares of all that was looked at.
        """
