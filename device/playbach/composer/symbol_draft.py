"""A movement being composed symbol by symbol: what the predictor says, held against the rules."""

from __future__ import annotations

from collections import deque

import numpy as np

from playbach.bundle import PitchRange
from playbach.composer.chord_builder import ChordBuilder
from playbach.composer.loops import RepetitionGuard
from playbach.composer.sampling import choose
from playbach.composer.settings import Sampling
from playbach.composer.shape import Shape
from playbach.composer.sounding import Mask
from playbach.composer.transposed import TransposedSymbols, interval_to
from playbach.music.meter import TICKS_PER_WHOLE
from playbach.music.note import Note, Ticks
from playbach.predictor import SymbolPredictor
from playbach.stateful import Stateful
from playbach.stream import Movement, PlannedBar

PATIENCE = 3 * TICKS_PER_WHOLE
"""Ticks after a note within which the next must begin: three whole notes, as the longest note that
the included model has a symbol for."""


class SymbolDraft(Stateful):
    """Asks the predictor for symbol after symbol and plays them.

    A symbol that begins pitches ends what sounds; a hold lets it sound on, a rest ends it, a border
    ends the movement. The music is transposed to the movement's key, and pitches outside the range
    are moved by octaves into it.

    Whatever the predictor answers: every note lies within the range, no pitch begins while it
    sounds, the first note begins within the first bar and another at least every ``PATIENCE``
    ticks, no melody goes in circles, and the movement ends: at a border, which becomes likelier
    from the goal on, or at the latest, as other movements do, ``BARS_OVER`` bars after the most
    that its form has. Where the network knows no borders it ends with the bar that is the goal.
    """

    def __init__(
        self,
        predictor: SymbolPredictor,
        pitches: PitchRange,
        movement: Movement,
        rng: np.random.Generator,
    ) -> None:
        """Begin ``movement``, its notes within ``pitches``; ``rng`` is the source of all chance."""
        self._predictor = predictor
        self._rng = rng
        self._shape = Shape(movement, rng)
        home = predictor.begin(movement.key.mode, rng)
        interval = interval_to(movement.key.tonic, home)
        self._symbols = TransposedSymbols(predictor.vocabulary, interval, pitches)
        self._ticks = np.array(predictor.ticks)
        self._shortest = predictor.ticks[0]
        self._loops = RepetitionGuard()
        self._now = 0
        bar = movement.meter.bar_ticks
        self._latest = (movement.pickup or bar) - 1
        ends = self._shape.last_bar if self._symbols.border >= 0 else self._shape.goal
        self._line = Ticks(self._shape.line_after(self._shape.double_bar))
        self._stop = movement.pickup + ends * bar
        self._struck = ChordBuilder()
        self._ready: deque[Note] = deque()
        self._last = -1
        self._closed = False

    @property
    def double_bar(self) -> Ticks:
        """Ticks from the beginning to the double bar, 0 if there is none."""
        return self._line

    @property
    def end(self) -> Ticks:
        """Ticks from the beginning to where it is to end."""
        return Ticks(self._shape.line_after(self._shape.goal))

    @property
    def bars(self) -> tuple[PlannedBar, ...]:
        """Nothing: it has no plan."""
        return ()

    @property
    def given_up(self) -> tuple[str, ...]:
        """Nothing: it has no plan."""
        return ()

    def next_note(self, sampling: Sampling) -> Note | None:
        """The next note, ``None`` when the movement is over.

        How long a note lasts is known only when it ends: by then the symbol that ends it has been
        chosen, and none after that one.
        """
        while not self._ready:
            if self._closed:
                return None
            self._read(sampling)
        return self._ready.popleft()

    def _read(self, sampling: Sampling) -> None:
        """One symbol."""
        if self._now >= self._stop:
            self._close()
            return
        symbol = self._next_symbol(sampling)
        if symbol == self._symbols.border:
            self._close()
            return
        self._play(symbol)
        last = self._next_last(sampling)
        self._predictor.advance(symbol, last)
        now = min(self._now + int(self._ticks[last]), self._stop)
        if self._now < self._line <= now:
            # What sounds ends at the double bar, and so does the symbol.
            now = self._line
            self._ready += self._struck.end(now)
        self._now = now

    def _next_symbol(self, sampling: Sampling) -> int:
        chances = self._predictor.symbols()
        border = self._symbols.border
        urgency = self._shape.urgency(self._shape.lines.place(self._now))
        if border >= 0 and urgency > 1:
            chances = chances.copy()
            chances[border] *= urgency
        pitch = sampling.of("pitch")
        return choose(chances, self._allowed(sampling), pitch, sampling.top_p, self._rng)

    def _allowed(self, sampling: Sampling) -> Mask:
        symbols = self._symbols
        allowed = symbols.allowed()
        if sampling.playable:
            allowed &= symbols.playable
        beginning = symbols.beginning(self._struck.sounding)
        if self._now + self._shortest > self._latest:
            allowed &= beginning
        self._avoid_loops(allowed, beginning)
        if self._last >= 0 and symbols.border >= 0:
            allowed[symbols.border] = True
        return allowed

    def _avoid_loops(self, allowed: Mask, beginning: Mask) -> None:
        """Take out what would go round in circles, unless nothing else is left."""
        for interval in self._loops.forbidden():
            others = allowed & ~(beginning & (self._symbols.lowest == self._last + interval))
            if others.any():
                allowed[:] = others

    def _next_last(self, sampling: Sampling) -> int:
        if len(self._ticks) == 1:
            return 0
        chances = self._predictor.lasts()
        allowed: Mask = self._ticks <= max(self._latest - self._now, self._shortest)
        return choose(chances, allowed, sampling.of("shift"), sampling.top_p, self._rng)

    def _play(self, symbol: int) -> None:
        """Begin and end what the symbol begins and ends."""
        symbols = self._symbols
        begins, held = symbols.begins[symbol], symbols.holds[symbol]
        if held >= 0:
            if held in self._struck.sounding:
                self._ready += self._struck.end(self._now, keep=held)
                return
            begins = (held,)
        elif not begins and symbol == symbols.hold:
            return
        self._ready += self._struck.end(self._now)
        if begins:
            self._struck.begin(self._now, begins)
            self._latest = self._now + PATIENCE
            if self._last >= 0:
                self._loops.add(begins[0] - self._last)
            self._last = begins[0]

    def _close(self) -> None:
        self._closed = True
        self._ready += self._struck.end(self._now)
