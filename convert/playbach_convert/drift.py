"""A variant left to itself: does its state stay in bounds, and does it stay near float32?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Drift, PitchRange
from playbach.music.encoding import Encoding, Heading, reference_pitch
from playbach.predictor import Probabilities
from playbach.predictor.lstm_copy import LstmCopyPredictor
from playbach_convert.distributions import divergence

SEED = 1685
_FIRST_SHIFT, _FIRST_VALUE = 2, 1  # before them: escape and end; escape


@dataclass
class _Sums:
    """What is added up over the distributions of all notes."""

    divergence: float = 0.0
    agreement: int = 0

    def add(self, wanted: Probabilities, found: Probabilities) -> None:
        self.divergence += divergence(wanted[None], found[None])
        self.agreement += int(wanted.argmax() == found.argmax())


def free_run(
    variant: LstmCopyPredictor,
    reference: LstmCopyPredictor,
    heading: Heading,
    pitches: PitchRange,
    steps: int,
) -> Drift:
    """Let ``variant`` compose one piece of ``steps`` notes, at temperature 1 and without an end.

    ``reference`` hears the same notes; what both expect next is compared at every step.
    """
    rng = np.random.default_rng(SEED)
    encoding = variant.encoding
    both = (reference, variant)
    for predictor in both:
        predictor.begin(heading)
    sums, largest = _Sums(), 0.0
    pitch = int(reference_pitch(heading.key))
    for _ in range(steps):
        wanted, found = (predictor.shift() for predictor in both)
        sums.add(wanted, found)
        allowed = np.arange(len(found)) >= _FIRST_SHIFT
        # A chord is read upwards, so nothing could join the highest pitch.
        allowed[encoding.shift_symbol(0)] &= pitch < pitches.highest
        shift = encoding.shift_of(_draw(found, allowed, rng))
        wanted, found = (predictor.pitch(shift) for predictor in both)
        sums.add(wanted, found)
        inside = _inside(encoding, pitch, pitches, rising=shift == 0)
        pitch += encoding.interval_of(_draw(found, inside, rng))
        wanted, found = (predictor.duration(shift, pitch) for predictor in both)
        sums.add(wanted, found)
        duration = encoding.duration_of(_draw(found, np.arange(len(found)) >= _FIRST_VALUE, rng))
        for predictor in both:
            predictor.advance(shift, pitch, duration)
        largest = max(largest, *(float(np.abs(cell).max()) for cell in variant.state[1::2]))
    return Drift(steps, sums.divergence / steps, sums.agreement / (3 * steps), largest)


def _inside(
    encoding: Encoding, pitch: int, pitches: PitchRange, *, rising: bool
) -> NDArray[np.bool_]:
    """Which interval symbols lead to a pitch that may be used."""
    symbols = np.arange(encoding.pitch_symbols)
    there = pitch + symbols - encoding.widest - 1
    lowest = max(pitches.lowest, pitch + 1) if rising else pitches.lowest
    return (symbols >= _FIRST_VALUE) & (lowest <= there) & (there <= pitches.highest)


def _draw(
    probabilities: Probabilities, allowed: NDArray[np.bool_], rng: np.random.Generator
) -> int:
    """One of the allowed symbols by its probability; all alike where none has any."""
    weights = probabilities * allowed
    heaped = np.cumsum(weights if weights.any() else allowed.astype(np.float32))
    drawn = int(heaped.searchsorted(rng.random() * heaped[-1], side="right"))
    # Rounding may lead past the last that is allowed.
    return min(drawn, int(np.flatnonzero(allowed)[-1]))
