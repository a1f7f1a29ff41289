"""Composes suites without end from any predictor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, starmap
from typing import Protocol

import numpy as np

from playbach.bundle import PitchRange
from playbach.composer.draft import Draft
from playbach.composer.repeats import with_repeats
from playbach.composer.sampling import Sampling
from playbach.composer.suites import Wishes, movements
from playbach.composer.symbol_draft import SymbolDraft
from playbach.music.note import Note, Ticks
from playbach.predictor import AnyPredictor, Recalling, SymbolPredictor
from playbach.stream import (
    Movement,
    MovementEnd,
    Recall,
    RecallingNote,
    Seconds,
    StreamItem,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What shapes the music.

    Attributes:
        wishes: form, key, meter, tempo and repeats of the movements to come.
        sampling: how boldly notes are chosen, from the next note on.
        recalls: whether notes carry their recalls, from the next note on; only a composer that
            ``tells_recalls`` heeds it.
    """

    wishes: Wishes = field(default_factory=Wishes)
    sampling: Sampling = field(default_factory=Sampling)
    recalls: bool = False


class Drafting(Protocol):
    """A movement being composed, whichever way the network composes."""

    @property
    def goal(self) -> int:
        """The bar in which it is to end; it may be a few more or less."""

    def next_note(self, sampling: Sampling) -> Note | None:
        """The next note, ``None`` when the movement is over."""


class Composer:
    """Turns a predictor's answers into a stream of movements."""

    def __init__(
        self,
        predictor: AnyPredictor,
        pitches: PitchRange,
        rng: np.random.Generator,
        settings: Callable[[], Settings],
        *,
        tells_recalls: bool = False,
    ) -> None:
        """Prepare.

        Args:
            predictor: the network.
            pitches: the range that all notes lie in.
            rng: source of chance.
            settings: asked before each movement and each note; its answer may change.
            tells_recalls: whether the notes are of type ``RecallingNote``.
        """
        self._tells_recalls = tells_recalls
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
        """One movement: itself, its notes, and its end with the ``rest`` after it."""
        yield movement
        draft = self._draft(movement)
        notes = self._notes(draft)
        if movement.form.is_binary and self._settings().wishes.repeats:
            notes = with_repeats(notes, movement, draft.goal)
        end = 0
        for note in notes:
            end = max(end, note.end)
            yield note
        yield MovementEnd(whole_bars(movement, end), rest)

    def _draft(self, movement: Movement) -> Drafting:
        predictor = self._predictor
        if isinstance(predictor, SymbolPredictor):
            return SymbolDraft(predictor, self._pitches, movement, self._rng)
        return Draft(predictor, self._pitches, movement, self._rng)

    def _notes(self, draft: Drafting) -> Iterator[Note]:
        for index in count():
            settings = self._settings()
            note = draft.next_note(settings.sampling)
            if note is None:
                return
            if self._tells_recalls:
                recalls = self._recalls() if settings.recalls else ()
                note = RecallingNote(note.onset, note.pitch, note.duration, index, recalls)
            yield note

    def _recalls(self) -> tuple[Recall, ...]:
        if not isinstance(self._predictor, Recalling):
            return ()
        return tuple(starmap(Recall, self._predictor.recalled()))


def whole_bars(movement: Movement, end: int) -> Ticks:
    """Ticks from the start of ``movement`` to the bar line at ``end`` or after it."""
    bar = movement.meter.bar_ticks
    return Ticks(end + (movement.pickup - end) % bar)
