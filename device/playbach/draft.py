"""A movement being composed: what has been, and the rules for what may follow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import PitchRange
from playbach.music.encoding import END, ESCAPE, Heading, reference_pitch
from playbach.music.key import PITCH_CLASSES
from playbach.music.note import BarLines, Note, Pitch, Ticks
from playbach.predictor import Predictor
from playbach.sampling import Sampling, choose
from playbach.stream import Movement

MOST_TOGETHER = 4
"""Notes that may begin together: a cello has four strings."""

BARS_OVER = 8
"""Bars beyond the form's most in which an ending is waited for before one is made."""

_TOGETHER = 2
"""The symbol of shift 0: the first after ESCAPE and END."""


def heading_of(movement: Movement) -> Heading:
    """What is asked of the network for ``movement``."""
    return Heading(
        keys=((Ticks(0), movement.key),),
        meters=((Ticks(0), movement.meter),),
        form=movement.form,
        pickup=movement.pickup,
        title=movement.title,
    )


class Draft:
    """Asks the predictor for note after note and keeps its answers within the rules."""

    def __init__(self, predictor: Predictor, pitches: PitchRange, movement: Movement) -> None:
        """Begin ``movement``, its notes within ``pitches``."""
        self._predictor = predictor
        self._encoding = encoding = predictor.encoding
        self._pitches = pitches
        self._tonic = movement.key.tonic
        self._lines = BarLines(((Ticks(0), movement.meter),), movement.pickup)
        self._fewest, self._most = movement.form.bars
        predictor.begin(heading_of(movement))
        self._steps = np.arange(encoding.pitch_symbols) - encoding.widest - 1
        self._shifts = _all_but_escape(encoding.shift_symbols)
        self._durations = _all_but_escape(encoding.duration_symbols)
        self._onset = 0
        self._last = int(reference_pitch(movement.key))
        self._together = 0
        self._bass = -1
        self._sounding: dict[int, int] = {}
        self._end = 0
        self._closed = False

    @property
    def length(self) -> Ticks:
        """Ticks to the end of the bar in which the last note stops."""
        place = self._lines.place(self._end)
        return Ticks(self._end + -place.tick % place.meter.bar_ticks)

    def next_note(self, sampling: Sampling, rng: np.random.Generator) -> Note | None:
        """The next note, ``None`` when the movement is over."""
        bar = self._lines.place(self._onset).bar
        if self._closed:
            return None
        if bar > self._most + BARS_OVER:
            return self._closing_note()
        encoding, predictor = self._encoding, self._predictor
        self._shifts[END] = bar >= self._fewest and self._is_at_rest()
        self._shifts[_TOGETHER] = self._together < MOST_TOGETHER and self._room_above()
        symbol = choose(predictor.shift(), self._shifts, sampling, rng)
        if symbol == END:
            return None
        shift = encoding.shift_of(symbol)
        symbol = choose(predictor.pitch(shift), self._playable(shift), sampling, rng)
        pitch = self._last + encoding.interval_of(symbol)
        symbol = choose(predictor.duration(shift, pitch), self._durations, sampling, rng)
        return self._accept(shift, pitch, encoding.duration_of(symbol))

    def _accept(self, shift: int, pitch: int, duration: int) -> Note:
        self._predictor.advance(shift, pitch, duration)
        first_of_chord = shift > 0 or not self._together
        self._together = 1 if first_of_chord else self._together + 1
        self._bass = pitch if first_of_chord else self._bass
        self._onset += shift
        self._last = pitch
        end = self._onset + duration
        self._sounding[pitch] = end
        self._end = max(self._end, end)
        return Note(Ticks(self._onset), Pitch(pitch), Ticks(duration))

    def _is_at_rest(self) -> bool:
        """Whether the movement could end here: the last bass note is the tonic."""
        return self._bass % PITCH_CLASSES == self._tonic

    def _room_above(self) -> bool:
        """Whether a note above the last is left to join it."""
        free = range(self._last + 1, self._pitches.highest + 1)
        return not self._together or any(self._is_free(pitch, self._onset) for pitch in free)

    def _playable(self, shift: int) -> NDArray[np.bool_]:
        """Which interval symbols lead to a pitch in range that does not sound already."""
        pitches = self._last + self._steps
        allowed = (pitches >= self._pitches.lowest) & (pitches <= self._pitches.highest)
        if not shift and self._together:
            allowed &= self._steps > 0
        allowed[ESCAPE] = False
        onset = self._onset + shift
        for pitch in [held for held, end in self._sounding.items() if end > onset]:
            allowed &= pitches != pitch
        if not allowed.any():
            # The last note lies too far outside the range for any interval to lead back.
            nearest = np.abs(pitches - np.clip(pitches, *self._bounds())).argmin()
            allowed[max(int(nearest), 1)] = True
        return allowed

    def _bounds(self) -> tuple[int, int]:
        return self._pitches.lowest, self._pitches.highest

    def _is_free(self, pitch: int, onset: int) -> bool:
        return self._sounding.get(pitch, 0) <= onset

    def _closing_note(self) -> Note:
        """A tonic on the next bar line, a bar long."""
        self._closed = True
        place = self._lines.place(self._onset)
        bar = place.meter.bar_ticks
        shift = bar - place.tick
        tonics = [
            pitch
            for pitch in range(self._pitches.lowest, self._pitches.highest + 1)
            if pitch % PITCH_CLASSES == self._tonic and self._is_free(pitch, self._onset + shift)
        ]
        pitch = min(tonics, key=lambda one: abs(one - self._last), default=self._last)
        return self._accept(shift, pitch, bar)


def _all_but_escape(symbols: int) -> NDArray[np.bool_]:
    allowed = np.ones(symbols, np.bool_)
    allowed[ESCAPE] = False
    return allowed
