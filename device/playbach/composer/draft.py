"""A movement being composed: what has been, and the rules for what may follow."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import PitchRange
from playbach.composer.loops import LoopWatch
from playbach.composer.sampling import Sampling, choose
from playbach.music.encoding import END, ESCAPE, Heading, reference_pitch
from playbach.music.key import PITCH_CLASSES
from playbach.music.note import BarLines, Note, Pitch, Place, Ticks
from playbach.predictor import Predictor, Probabilities
from playbach.stream import Movement

MOST_TOGETHER = 4
"""Notes that may begin together: a cello has four strings."""

MOST_URGENT = 8
"""Bars over which an ending becomes more and more likely."""

BARS_OVER = 8
"""Bars beyond the form's most in which an ending is waited for before one is made."""


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
    """Asks the predictor for note after note and keeps its answers within the rules.

    Whatever the predictor answers: every note lies within the range, no pitch begins while it
    sounds, the first note begins in the first bar, no cell repeats for ever, and the movement ends.
    """

    def __init__(self, predictor: Predictor, pitches: PitchRange, movement: Movement) -> None:
        """Begin ``movement``, its notes within ``pitches``."""
        self._predictor = predictor
        self._encoding = encoding = predictor.encoding
        self._range = range(pitches.lowest, pitches.highest + 1)
        self._tonic = movement.key.tonic
        self._lines = BarLines(((Ticks(0), movement.meter),), movement.pickup)
        self._fewest, self._most = movement.form.bars
        self._goal = 0
        predictor.begin(heading_of(movement))
        self._shifts = _all_but_escape(encoding.shift_symbols)
        self._shift_ticks = np.array([0, 0, *encoding.shifts])
        self._zero = encoding.shift_symbol(0)
        self._durations = _all_but_escape(encoding.duration_symbols)
        self._onset = 0
        self._last = int(reference_pitch(movement.key))
        self._together = 0
        self._bass = -1
        self._sounding: dict[int, int] = {}
        self._end = 0
        self._closed = False
        self._loops = LoopWatch()

    @property
    def length(self) -> Ticks:
        """Ticks to the end of the bar in which the last note stops."""
        place = self._lines.place(self._end)
        return Ticks(self._end + -place.tick % place.meter.bar_ticks)

    def next_note(self, sampling: Sampling, rng: np.random.Generator) -> Note | None:
        """The next note, ``None`` when the movement is over."""
        place = self._lines.place(self._onset)
        if self._closed:
            return None
        if place.bar > self._most + BARS_OVER:
            return self._closing_note(place)
        encoding, predictor = self._encoding, self._predictor
        allowed = self._possible_shifts(place)
        if allowed.any():
            chances = self._urged(predictor.shift(), place.bar, rng)
            symbol = choose(chances, allowed, sampling.of("shift"), sampling.top_p, rng)
            if symbol == END:
                return None
            shift = int(encoding.shift_of(symbol))
        else:
            shift = self._forced_shift(place)
        pitch = self._next_pitch(shift, sampling, rng)
        chances = predictor.duration(shift, pitch)
        symbol = choose(chances, self._durations, sampling.of("duration"), sampling.top_p, rng)
        return self._accept(shift, pitch, encoding.duration_of(symbol))

    def _possible_shifts(self, place: Place) -> NDArray[np.bool_]:
        shifts = self._shifts
        shifts[END] = place.bar >= self._fewest and self._is_at_rest()
        if self._zero:
            shifts[self._zero] = self._together < MOST_TOGETHER and self._room_above()
        if not self._together:
            return shifts & (self._shift_ticks < place.meter.bar_ticks - place.tick)
        wait = self._until_free()
        return shifts & (self._shift_ticks >= wait) if wait else shifts

    def _urged(self, chances: Probabilities, bar: int, rng: np.random.Generator) -> Probabilities:
        """The chances of each shift, an ending the likelier the longer it is due.

        The network knows a cadence when it hears one but does not steer for it. So a length is
        drawn from those that movements of the form have, and from there on each bar makes an
        ending sixteen times as likely.
        """
        if not self._goal:
            # Not the very longest, so that there is time to find an ending.
            spare = (self._most - self._fewest) // 3
            self._goal = int(rng.integers(self._fewest, self._most - spare + 1))
        if bar < self._goal:
            return chances
        urged = chances.copy()
        urged[END] *= 16.0 ** min(bar - self._goal + 1, MOST_URGENT)
        return urged

    def _forced_shift(self, place: Place) -> int:
        """For when no symbol will do: at once, or at the next bar line or later if need be."""
        if not self._together:
            return 0
        return max(place.meter.bar_ticks - place.tick, self._until_free())

    def _next_pitch(self, shift: int, sampling: Sampling, rng: np.random.Generator) -> int:
        rising = not shift and self._together > 0
        allowed = self._playable(self._onset + shift, rising=rising)
        self._avoid_loops(allowed)
        if allowed.any():
            sampling = sampling.relieved(self._loops.boredom)
            chances = self._predictor.pitch(shift, sampling.memory)
            symbol = choose(chances, allowed, sampling.of("pitch"), sampling.top_p, rng)
            return self._last + self._encoding.interval_of(symbol)
        # The last note lies too far off for any interval: to the nearest pitch that will do.
        above = range(self._last + 1, self._range.stop) if rising else self._range
        return self._nearest_free(above, self._onset + shift)

    def _avoid_loops(self, allowed: NDArray[np.bool_]) -> None:
        """Take out what would go round in circles, unless nothing else is left."""
        for interval in self._loops.forbidden():
            symbol = self._encoding.pitch_symbol(interval)
            if np.count_nonzero(allowed) > 1:
                allowed[symbol] = False

    def _accept(self, shift: int, pitch: int, duration: int) -> Note:
        self._predictor.advance(shift, pitch, duration)
        first_of_chord = shift > 0 or not self._together
        self._together = 1 if first_of_chord else self._together + 1
        self._bass = pitch if first_of_chord else self._bass
        self._onset += shift
        self._loops.add(pitch - self._last)
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
        above = range(self._last + 1, self._range.stop)
        return not self._together or any(self._is_free(pitch, self._onset) for pitch in above)

    def _playable(self, onset: int, *, rising: bool) -> NDArray[np.bool_]:
        """Which interval symbols lead to a pitch in range that does not sound already."""
        allowed = np.zeros(self._encoding.pitch_symbols, np.bool_)
        unison = self._encoding.pitch_symbol(0)
        first = unison + 1 if rising else ESCAPE + 1
        of_pitch_0 = unison - self._last
        allowed[
            max(of_pitch_0 + self._range.start, first) : max(of_pitch_0 + self._range.stop, 0)
        ] = True
        for pitch, end in self._sounding.items():
            if end > onset and 0 <= of_pitch_0 + pitch < len(allowed):
                allowed[of_pitch_0 + pitch] = False
        return allowed

    def _is_free(self, pitch: int, onset: int) -> bool:
        return self._sounding.get(pitch, 0) <= onset

    def _until_free(self) -> int:
        """Ticks from the last onset until some pitch of the range does not sound."""
        if len(self._sounding) < len(self._range):
            return 0
        return max(min(self._sounding.values()) - self._onset, 0)

    def _nearest_free(self, pitches: Iterable[int], onset: int) -> int:
        free = (pitch for pitch in pitches if self._is_free(pitch, onset))
        return min(free, key=lambda pitch: abs(pitch - self._last))

    def _closing_note(self, place: Place) -> Note:
        """A tonic, a bar long, on the next bar line at which one does not sound already."""
        self._closed = True
        tonics = [pitch for pitch in self._range if pitch % PITCH_CLASSES == self._tonic]
        candidates = tonics or self._range
        free_from = min(self._sounding.get(pitch, 0) for pitch in candidates)
        bar = place.meter.bar_ticks
        shift = bar - place.tick
        shift += -(min(self._onset + shift - free_from, 0) // bar) * bar
        pitch = self._nearest_free(candidates, self._onset + shift)
        return self._accept(shift, pitch, bar)


def _all_but_escape(symbols: int) -> NDArray[np.bool_]:
    allowed = np.ones(symbols, np.bool_)
    allowed[ESCAPE] = False
    return allowed
