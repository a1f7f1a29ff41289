"""A movement being composed: what the predictor says, held against the rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from playbach.bundle import PitchRange
from playbach.composer.loops import LoopWatch
from playbach.composer.sampling import Sampling, choose
from playbach.composer.shape import Cadence, Shape
from playbach.composer.sounding import Mask, Sounding
from playbach.music.encoding import END, ESCAPE, Heading, reference_pitch
from playbach.music.note import MAX_PITCH, Note, Pitch, Ticks
from playbach.predictor import Predictor
from playbach.stream import Movement


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
    sounds, the movement opens as its form does, no cell repeats for ever, and the movement ends.
    """

    def __init__(
        self,
        predictor: Predictor,
        pitches: PitchRange,
        movement: Movement,
        rng: np.random.Generator,
    ) -> None:
        """Begin ``movement``, its notes within ``pitches``; ``rng`` is the source of all chance."""
        self._predictor = predictor
        self._encoding = encoding = predictor.encoding
        self._rng = rng
        self._shape = Shape(movement, rng)
        self._sounding = Sounding(pitches, int(reference_pitch(movement.key)))
        self._loops = LoopWatch()
        self._shifts = _all_but_escape(encoding.shift_symbols)
        self._shift_ticks = np.array([0, 0, *encoding.shifts])
        self._zero = encoding.shift_symbol(0)
        self._widest = encoding.widest
        self._durations = _all_but_escape(encoding.duration_symbols)
        self._duration_ticks = np.array([0, *encoding.durations])
        self._degrees = np.array([self._shape.degree(pitch) for pitch in range(MAX_PITCH + 1)])
        self._place = self._shape.lines.place(0)
        self._first = -1
        self._closed = False
        predictor.begin(heading_of(movement))

    @property
    def goal(self) -> int:
        """The bar in which the movement is to end; it may be a few more or less."""
        return self._shape.goal

    def next_note(self, sampling: Sampling) -> Note | None:
        """The next note, ``None`` when the movement is over."""
        if self._closed:
            return None
        if self._shape.is_overdue(self._place):
            return self._closing_note()
        shift = self._next_shift(sampling)
        if shift is None:
            return None
        cadence = None
        if shift:
            self._place = self._shape.lines.place(self._sounding.onset + shift)
            cadence = self._shape.cadence(self._place)
        pitch = self._next_pitch(shift, cadence, sampling)
        duration = self._next_duration(shift, pitch, cadence, sampling)
        return self._accept(shift, pitch, duration)

    def _next_shift(self, sampling: Sampling) -> int | None:
        """Ticks to the next note, ``None`` at the end."""
        wait = self._sounding.wait(playable=sampling.playable)
        allowed = self._possible_shifts(wait, sampling)
        if not allowed[allowed.argmax()]:
            # No symbol is allowed: the first note begins at once, others on the next bar line or,
            # if nothing may begin there, as soon as something may.
            line = self._place.meter.bar_ticks - self._place.tick
            return max(line, wait) if self._sounding.together else 0
        chances = self._predictor.shift()
        if allowed[END] and (urgency := self._shape.urgency(self._place)) > 1:
            chances = chances.copy()
            chances[END] *= urgency
        symbol = choose(chances, allowed, sampling.of("shift"), sampling.top_p, self._rng)
        return None if symbol == END else int(self._encoding.shift_of(symbol))

    def _possible_shifts(self, wait: int, sampling: Sampling) -> Mask:
        sounding, shifts = self._sounding, self._shifts
        lasts = sounding.end - sounding.onset
        shifts[END] = self._shape.may_end(sounding.bass, self._place, lasts)
        joins = sounding.can_join(playable=sampling.playable)
        if self._zero:
            shifts[self._zero] = joins
        latest = self._shape.latest_next(sounding.onset, first=not sounding.together)
        if latest is not None:
            shifts = shifts & (self._shift_ticks <= latest - sounding.onset)
        if wait > 1:
            shifts = shifts & (self._shift_ticks >= wait)
            shifts[self._zero] = joins and self._zero != ESCAPE
        return shifts

    def _next_pitch(self, shift: int, cadence: Cadence | None, sampling: Sampling) -> int:
        sounding = self._sounding
        pitches = sounding.allowed(shift, playable=sampling.playable)
        if shift or not sounding.together:
            self._narrow(pitches, self._shape.opening(sounding.onset, shift, self._first))
        allowed = self._symbols_of(pitches)
        self._avoid_loops(allowed)
        if not allowed[allowed.argmax()]:
            # No interval with a symbol leads to an allowed pitch: take the nearest of these.
            return min(np.flatnonzero(pitches).tolist(), key=lambda p: abs(p - sounding.last))
        boredom = self._loops.boredom
        chances = self._predictor.pitch(shift, sampling.memory_when(boredom))
        if cadence:
            rests = np.isin(self._degrees, cadence.degrees)
            chances = chances.copy()
            chances[self._symbols_of(rests)] *= cadence.urgency
        warmth = sampling.warmth_when(boredom)
        symbol = choose(chances, allowed, warmth, sampling.top_p, self._rng)
        return sounding.last + self._encoding.interval_of(symbol)

    def _next_duration(
        self, shift: int, pitch: int, cadence: Cadence | None, sampling: Sampling
    ) -> int:
        chances = self._predictor.duration(shift, pitch)
        if cadence and self._degrees[pitch] in cadence.degrees:
            chances = chances * cadence.favour(self._duration_ticks)
        warmth = sampling.of("duration")
        symbol = choose(chances, self._durations, warmth, sampling.top_p, self._rng)
        return int(self._encoding.duration_of(symbol))

    def _narrow(self, pitches: Mask, degrees: Sequence[int]) -> None:
        """Leave only pitches of these degrees, if there are any."""
        if degrees:
            fits = pitches & np.isin(self._degrees, degrees)
            if fits.any():
                pitches[:] = fits

    def _symbols_of(self, pitches: Mask) -> Mask:
        """The interval symbols that lead to these pitches."""
        last, widest = self._sounding.last, self._widest
        allowed = np.zeros(2 * widest + 2, np.bool_)
        lowest, highest = max(last - widest, 0), min(last + widest, MAX_PITCH)
        # The symbol of the widest interval down is 1.
        to_symbol = widest + 1 - last
        allowed[lowest + to_symbol : highest + to_symbol + 1] = pitches[lowest : highest + 1]
        return allowed

    def _avoid_loops(self, allowed: Mask) -> None:
        """Take out what would go round in circles, unless nothing else is left."""
        for interval in self._loops.forbidden():
            symbol = self._encoding.pitch_symbol(interval)
            if np.count_nonzero(allowed) > 1:
                allowed[symbol] = False

    def _accept(self, shift: int, pitch: int, duration: int) -> Note:
        self._predictor.advance(shift, pitch, duration)
        self._loops.add(pitch - self._sounding.last)
        self._sounding.add(shift, pitch, duration)
        self._first = pitch if self._first < 0 else self._first
        return Note(Ticks(self._sounding.onset), Pitch(pitch), Ticks(duration))

    def _closing_note(self) -> Note:
        """A tonic, a bar long, on the next bar line at which nothing sounds."""
        self._closed = True
        sounding, bar = self._sounding, self._place.meter.bar_ticks
        line = bar - self._place.tick
        left = sounding.end - sounding.onset - line
        pitches = sounding.in_range
        self._narrow(pitches, (0,))
        pitch = min(np.flatnonzero(pitches).tolist(), key=lambda p: abs(p - sounding.last))
        return self._accept(line + max(-(-left // bar), 0) * bar, pitch, bar)


def _all_but_escape(symbols: int) -> Mask:
    allowed = np.ones(symbols, np.bool_)
    allowed[ESCAPE] = False
    return allowed
