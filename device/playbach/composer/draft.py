"""A movement being composed: what the predictor says, held against the rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from playbach.bundle import PitchRange
from playbach.composer.guide import Guide
from playbach.composer.loops import RepetitionGuard
from playbach.composer.phrases import OPEN
from playbach.composer.plan import draw_plan
from playbach.composer.sampling import choose
from playbach.composer.settings import HIGHEST_TEMPERATURE, Sampling
from playbach.composer.shape import LAST_LASTS, Rest, Shape
from playbach.composer.sounding import Mask, Sounding
from playbach.music.encoding import END, ESCAPE, Heading, reference_pitch
from playbach.music.note import MAX_PITCH, Note, Pitch, Ticks
from playbach.music.theme import Theme
from playbach.predictor import Predictor
from playbach.stateful import Stateful
from playbach.stream import Movement, PlannedBar

WARMTH = 1.2
"""Factor of the temperature of pitches, which the weights of the plan would else lower."""


def heading_of(movement: Movement) -> Heading:
    """What is asked of the network for ``movement``."""
    return Heading(
        keys=((Ticks(0), movement.key),),
        meters=((Ticks(0), movement.meter),),
        form=movement.form,
        pickup=movement.pickup,
        title=movement.title,
    )


class Draft(Stateful):
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
        theme: Theme | None = None,
    ) -> None:
        """Begin a movement.

        Args:
            predictor: the network.
            pitches: its notes lie within that range.
            movement: what is asked for.
            rng: source of all chance.
            theme: its first notes, within the range, in its key and meter, after its pickup.
        """
        self._predictor = predictor
        self._encoding = encoding = predictor.encoding
        self._rng = rng
        self._shape = shape = Shape(movement, rng, theme)
        self.plan = draw_plan(movement, shape.goal, shape.double_bar, pitches, rng, theme=theme)
        self._given = theme.notes if theme else ()
        self._taken = 0
        self._resumes = 0
        self._answers = False
        if theme is not None:
            self._answers = theme.is_heard
            self._resumes = theme.end if theme.is_heard else theme.length
        self._rests = [
            shape.rest(bar, self.plan.rests_on(bar), self.plan.rests_at(bar))
            for bar in (shape.double_bar, shape.goal)
            if bar
        ]
        self._rested = False
        self._guide = Guide(self.plan, encoding)
        self._sounding = Sounding(self.plan.pitches, int(reference_pitch(movement.key)))
        self._loops = RepetitionGuard()
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
    def double_bar(self) -> Ticks:
        """Ticks from the beginning to the double bar, 0 if there is none."""
        return Ticks(self._shape.line_after(self._shape.double_bar))

    @property
    def end(self) -> Ticks:
        """Ticks from the beginning to where it is to end."""
        return Ticks(self._shape.line_after(self._shape.goal))

    @property
    def bars(self) -> tuple[PlannedBar, ...]:
        """What each bar is planned to be."""
        return tuple(
            PlannedBar(bar.key, bar.like.bar if bar.like else 0, bar.closes != OPEN)
            for bar in self.plan.bars
        )

    @property
    def given_up(self) -> tuple[str, ...]:
        """What could not be planned, a few words each."""
        return self.plan.given_up

    def next_note(self, sampling: Sampling) -> Note | None:
        """The next note, ``None`` when the movement is over."""
        if self._closed:
            return None
        if self._taken < len(self._given):
            return self._next_given()
        if self._shape.is_overdue(self._place):
            return self._closing_note()
        # What no hand can stop is seldom chosen, so it is looked for afterwards.
        shift = self._next_shift(sampling, playable=False)
        if shift is None:
            return None
        pitches = self._sounding.allowed(shift, playable=sampling.playable)
        if not pitches[pitches.argmax()]:
            strict = self._next_shift(sampling, playable=True)
            if strict is None:
                return None
            shift, pitches = strict, self._sounding.allowed(strict, playable=sampling.playable)
        if shift:
            self._place = self._shape.lines.place(self._sounding.onset + shift)
            self._pass_rests(shift)
        rest = self._rest_at(shift)
        pitch = self._next_pitch(shift, pitches, rest, sampling)
        duration = self._next_duration(shift, pitch, rest, sampling)
        return self._accept(shift, pitch, duration)

    def _next_given(self) -> Note:
        note = self._given[self._taken]
        self._taken += 1
        self._place = self._shape.lines.place(note.onset)
        shift = note.onset - self._sounding.onset
        # What it would have chosen does not count, but how it looks back from here does.
        self._predictor.pitch(shift)
        return self._accept(shift, note.pitch, note.duration)

    def _pass_rests(self, shift: int) -> None:
        """The double bar lies behind the next note."""
        if len(self._rests) > 1 and self._sounding.onset + shift >= self._rests[0].line:
            del self._rests[0]
            self._rested = False

    def _rest_at(self, shift: int) -> Rest | None:
        """The rest that is made with the next note; also while its chord is built."""
        rest = self._rests[0]
        return rest if self._sounding.onset + shift == rest.latest else None

    def _next_shift(self, sampling: Sampling, *, playable: bool) -> int | None:
        """Ticks to the next note, ``None`` at the end."""
        wait = self._sounding.wait(playable=playable)
        if self._rested and len(self._rests) == 1:
            more = self._sounding.together < self.plan.habits.final
            return 0 if more and self._rest_grows(playable=sampling.playable) else None
        allowed = self._possible_shifts(wait, playable=playable)
        if not allowed[allowed.argmax()]:
            return self._unusual_shift(wait)
        chances = self._predictor.shift()
        chances = self._guide.shift(self._place, self._sounding.together, chances, sampling.plan)
        symbol = choose(chances, allowed, sampling.of("shift"), sampling.top_p, self._rng)
        return int(self._encoding.shift_of(symbol))

    def _rest_grows(self, *, playable: bool) -> bool:
        """Whether one more note of its chord may be added to what is rested on."""
        if self._zero == ESCAPE or not self._sounding.can_join(playable=playable):
            return False
        pitches = self._sounding.allowed(0, playable=playable)
        return bool((pitches & np.isin(self._degrees, self._rests[0].degrees)).any())

    def _unusual_shift(self, wait: int) -> int:
        """Ticks to the next note where no symbol is allowed.

        The first note begins at once, others at the double bar when all before it is over, or on
        the next bar line or, if nothing may begin there, as soon as something may.
        """
        if not self._sounding.together:
            return 0
        if self._sounding.onset < self._resumes:
            return max(self._resumes - self._sounding.onset, wait)
        if self._rested:
            return max(self._rests[0].line - self._sounding.onset, wait)
        return max(self._place.meter.bar_ticks - self._place.tick, wait)

    def _possible_shifts(self, wait: int, *, playable: bool) -> Mask:
        sounding, shifts = self._sounding, self._shifts
        joins = sounding.can_join(playable=playable)
        if self._place.bar <= self.plan.alone and sounding.together:
            joins = False
        if self._zero:
            shifts[self._zero] = joins
        rest, onset = self._rests[0], sounding.onset
        latest = self._shape.latest_next(onset, first=not sounding.together)
        if self._rested:
            shifts = shifts & (self._shift_ticks == rest.line - onset)
            joins = joins and self._rest_grows(playable=playable)
            shifts[self._zero] = joins and self._zero != ESCAPE
        elif latest is not None or onset < rest.latest:
            left = (rest.latest if latest is None else latest) - onset
            if left < self._shift_ticks[-1]:
                shifts = shifts & (self._shift_ticks <= left)
        if onset < self._resumes:
            joins, wait = False, max(self._resumes - onset, wait)
            if self._answers:
                shifts = shifts & (self._shift_ticks == wait)
        if wait > 1:
            shifts = shifts & (self._shift_ticks >= wait)
            shifts[self._zero] = joins and self._zero != ESCAPE
        shifts[END] = False
        return shifts

    def _next_pitch(self, shift: int, pitches: Mask, rest: Rest | None, sampling: Sampling) -> int:
        sounding = self._sounding
        if shift or not sounding.together:
            self._narrow(pitches, self._shape.opening(sounding.onset, shift, self._first))
        if rest:
            self._narrow(pitches, rest.degrees if self._rested else rest.degrees[:1])
        allowed = self._symbols_of(pitches)
        self._avoid_loops(allowed)
        if not allowed[allowed.argmax()]:
            # No interval with a symbol leads to an allowed pitch: take the nearest of these.
            return min(np.flatnonzero(pitches).tolist(), key=lambda p: abs(p - sounding.last))
        memory = sampling.memory_when(self._loops.repetition)
        stack = 0 if shift else sounding.together
        chances = self._predictor.pitch(shift, memory)
        chances = chances * self._guide.pitch(self._place, sounding.last, stack, sampling.plan)
        pitch_temperature = min(WARMTH * sampling.of("pitch"), HIGHEST_TEMPERATURE)
        symbol = choose(chances, allowed, pitch_temperature, sampling.top_p, self._rng)
        return sounding.last + self._encoding.interval_of(symbol)

    def _next_duration(self, shift: int, pitch: int, rest: Rest | None, sampling: Sampling) -> int:
        onset = self._sounding.onset + shift
        chances = self._predictor.duration(shift, pitch)
        durations, ticks = self._durations, self._duration_ticks
        part = self._rests[0]
        rests_here = rest is not None and self._degrees[pitch] in rest.degrees
        stack = 0 if shift else self._sounding.together
        room = part.line - onset if rests_here else 0
        chances = self._guide.duration(self._place, stack, room, chances, sampling.plan)
        # What is not rested on is over when the rest must be made.
        until = part.line if rests_here or onset >= part.latest else part.latest
        if 0 < until - onset < ticks[-1]:
            durations = _if_any(durations & (ticks <= until - onset), durations)
        if rests_here:
            durations = _if_any(durations & (ticks >= _long(part.line - onset)), durations)
        symbol = choose(chances, durations, sampling.of("duration"), sampling.top_p, self._rng)
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
        stack = 0 if shift else self._sounding.together
        self._guide.add(self._place, pitch, duration, stack)
        self._loops.add(pitch - self._sounding.last)
        self._sounding.add(shift, pitch, duration)
        self._first = pitch if self._first < 0 else self._first
        onset = self._sounding.onset
        self._rested = self._rest_at(0) is not None
        return Note(Ticks(onset), Pitch(pitch), Ticks(duration))

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


def _long(room: int) -> int:
    """Ticks from which on a note is long enough to rest on, where so many are left."""
    return max(room // 2, LAST_LASTS)


def _if_any(some: Mask, otherwise: Mask) -> Mask:
    return some if some[some.argmax()] else otherwise


def _all_but_escape(symbols: int) -> Mask:
    allowed = np.ones(symbols, np.bool_)
    allowed[ESCAPE] = False
    return allowed
