"""Composes suites without end from any predictor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from playbach.bundle import PitchRange
from playbach.composer.draft import Draft
from playbach.composer.repeats import with_repeats
from playbach.composer.sampling import Sampling
from playbach.composer.suites import Wishes, movements
from playbach.music.note import Note, Ticks
from playbach.predictor import Predictor
from playbach.stream import Movement, MovementEnd, Seconds, StreamItem


@dataclass(frozen=True, slots=True)
class Settings:
    """What shapes the music.

    Attributes:
        wishes: form, key, meter, tempo and repeats of the movements to come.
        sampling: how boldly notes are chosen, from the next note on.
    """

    wishes: Wishes = field(default_factory=Wishes)
    sampling: Sampling = field(default_factory=Sampling)


class Composer:
    """Turns a predictor's answers into a stream of movements."""

    def __init__(
        self,
        predictor: Predictor,
        pitches: PitchRange,
        rng: np.random.Generator,
        settings: Callable[[], Settings],
    ) -> None:
        """``settings`` is asked before each movement and each note; its answer may change."""
        self._predictor = predictor
        self._pitches = pitches
        self._rng = rng
        self._settings = settings

    @property
    def variant(self) -> str:
        """The numeric form of the network that runs now."""
        return self._predictor.variant

    def stream(self) -> Iterator[StreamItem]:
        """Movement after movement, suite after suite."""
        for movement, rest in movements(lambda: self._settings().wishes, self._rng):
            yield from self.movement(movement, rest)

    def movement(self, movement: Movement, rest: Seconds) -> Iterator[StreamItem]:
        """One movement: itself, its notes, its end."""
        yield movement
        draft = Draft(self._predictor, self._pitches, movement, self._rng)
        notes: Iterator[Note] = iter(lambda: draft.next_note(self._settings().sampling), None)
        if movement.form.is_binary and self._settings().wishes.repeats:
            notes = with_repeats(notes, movement, draft.goal)
        end = 0
        for note in notes:
            end = max(end, note.end)
            yield note
        yield MovementEnd(whole_bars(movement, end), rest)


def whole_bars(movement: Movement, end: int) -> Ticks:
    """Ticks from the start of ``movement`` to the bar line at ``end`` or after it."""
    bar = movement.meter.bar_ticks
    return Ticks(end + (movement.pickup - end) % bar)
