"""Composes suites without end from any predictor, and can go back on what it composed."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, Self

import numpy as np

from playbach.bundle import PitchRange
from playbach.composer.draft import Draft
from playbach.composer.repeats import Repeats
from playbach.composer.settings import Sampling, Wishes
from playbach.composer.suites import chance, movement_at, rest_after
from playbach.composer.symbol_draft import SymbolDraft
from playbach.music.note import Note, Ticks
from playbach.music.theme import Theme
from playbach.predictor import AnyPredictor, Recalling, Restore, SymbolPredictor
from playbach.stateful import Stateful
from playbach.stream import (
    Movement,
    MovementEnd,
    Place,
    PlannedBar,
    Recall,
    RecallingNote,
    Seconds,
    StreamItem,
)

_log = logging.getLogger(__name__)

CHECKPOINT_ITEMS = 16
CHECKPOINT_SECONDS = 0.005
"""To come back to a place, items since the last checkpoint before it are composed again: at most so
many, and hardly more than take so long. A checkpoint copies all that composing needs, which takes
as long as two notes of the included model."""


@dataclass(frozen=True, slots=True)
class ComposerSettings:
    """What shapes the music.

    Attributes:
        wishes: form, key, meter, tempo and repeats of the movements to come.
        sampling: how boldly notes are chosen, from the next note on.
        recalls: whether notes carry their recalls, from the next note on; only a composer that
            ``tells_recalls`` heeds it.
        theme: with which the next movement begins, unless one has begun with it already; only a
            network that composes note by note heeds it.
    """

    wishes: Wishes = field(default_factory=Wishes)
    sampling: Sampling = field(default_factory=Sampling)
    recalls: bool = False
    theme: Theme | None = None


class Drafting(Protocol):
    """A movement being composed, whichever way the network composes."""

    @property
    def double_bar(self) -> Ticks:
        """Ticks from its beginning to its double bar, 0 if it has none."""

    @property
    def end(self) -> Ticks:
        """Ticks from its beginning to where it is to end."""

    @property
    def bars(self) -> tuple[PlannedBar, ...]:
        """What each bar is planned to be; empty where nothing is planned."""

    @property
    def given_up(self) -> tuple[str, ...]:
        """What could not be planned, a few words each."""

    def next_note(self, sampling: Sampling) -> Note | None:
        """The next note, ``None`` when the movement is over."""

    def copy(self) -> Self:
        """The same at this place; predictor and random generator are shared."""


class MovementGenerator(Stateful):
    """One movement, item by item: itself, its notes, and its end."""

    def __init__(
        self,
        predictor: AnyPredictor,
        pitches: PitchRange,
        movement: Movement,
        rest: Seconds,
        rng: np.random.Generator,
        *,
        repeats: bool,
        theme: Theme | None = None,
    ) -> None:
        """Before the first item.

        Args:
            predictor: the network.
            pitches: the range that all notes lie in.
            movement: what is asked for.
            rest: silence after it.
            rng: source of chance.
            repeats: whether each half is played twice.
            theme: with which it begins, in the movement's key and meter.
        """
        self._predictor = predictor
        self._pitches = pitches
        self._movement = movement
        self._theme = theme.fitted(pitches.lowest, pitches.highest) if theme else None
        self._before = 0
        self._rest = rest
        self._rng = rng
        self._draft: Drafting | None = None
        self._repeats: Repeats | None = None
        self._is_repeated = repeats
        self._ready: deque[StreamItem] = deque()
        self._composed = 0
        self._end = 0
        self.is_over = False
        """Whether the last item was the movement's end."""

    def next_item(self, settings: ComposerSettings, *, tells_recalls: bool) -> StreamItem:
        """The next item; none are left when it ``is_over``."""
        while not self._ready:
            self._compose(settings, tells_recalls=tells_recalls)
        item = self._ready.popleft()
        self.is_over = isinstance(item, MovementEnd)
        return item

    def snapshot(self) -> Restore | None:
        """What puts the predictor back to this place; ``None`` before the first note."""
        return self._predictor.snapshot() if self._draft else None

    def _compose(self, settings: ComposerSettings, *, tells_recalls: bool) -> None:
        draft = self._draft
        if draft is None:
            self._begin(settings)
            return
        note = draft.next_note(settings.sampling)
        if note is None:
            self._play(self._repeats.end() if self._repeats else [])
            waits = self._theme is not None and self._theme.bars_after is not None
            length = whole_bars(self._movement, self._end)
            self._ready.append(MovementEnd(length, self._rest, waits))
            return
        onset = Ticks(note.onset - self._before)
        if tells_recalls:
            recalls = self._recalls() if settings.recalls else ()
            note = RecallingNote(onset, note.pitch, note.duration, self._composed, recalls)
        elif self._before:
            note = replace(note, onset=onset)
        self._composed += 1
        self._play(self._repeats.add(note) if self._repeats else [note])

    def _begin(self, settings: ComposerSettings) -> None:
        predictor, movement = self._predictor, self._movement
        draft: Drafting
        if isinstance(predictor, SymbolPredictor):
            draft = SymbolDraft(predictor, self._pitches, movement, self._rng)
        else:
            draft = Draft(predictor, self._pitches, movement, self._rng, self._theme)
            if self._theme is not None and self._theme.is_heard:
                self._draft = draft
                self._begin_after(self._theme, draft, settings)
                return
        self._draft = draft
        for what in draft.given_up:
            _log.warning("%s is composed without what cannot be planned: %s", movement.title, what)
        line = draft.double_bar
        borders: tuple[Ticks, ...] = (line,) if line else ()
        if line and self._is_repeated:
            self._repeats = Repeats(line, Ticks(movement.meter.bar_ticks))
            borders = (line, Ticks(2 * line), Ticks(line + draft.end))
        self._ready.append(replace(movement, double_bar=line, borders=borders, bars=draft.bars))

    def _begin_after(self, theme: Theme, draft: Draft, settings: ComposerSettings) -> None:
        """What was played already is read; the movement begins with the bar after it."""
        for _ in theme.notes:
            draft.next_note(settings.sampling)
        self._before = theme.end
        bars = tuple(
            replace(bar, like=max(bar.like - theme.bars, 0)) for bar in draft.bars[theme.bars :]
        )
        self._movement = replace(self._movement, pickup=Ticks(0), bars=bars)
        self._ready.append(self._movement)

    def _play(self, notes: list[Note]) -> None:
        self._ready += notes
        self._end = max([self._end, *(note.end for note in notes)])

    def _recalls(self) -> tuple[Recall, ...]:
        if not isinstance(self._predictor, Recalling):
            return ()
        read = len(self._theme.notes) if self._theme and self._before else 0
        found = ((index - read, weight) for index, weight in self._predictor.recalled())
        return tuple(Recall(index, weight) for index, weight in found if index >= 0)


@dataclass(frozen=True, slots=True)
class _Following:
    """What comes next.

    Attributes:
        place: of the next movement.
        wishes: what is asked of it alone; ``None`` for what the settings ask of all.
        theme: with which a movement has begun last.
        begun: the place of that.
    """

    place: Place
    wishes: Wishes | None = None
    theme: Theme | None = None
    begun: Place | None = None

    def moved(self, to: Place, wishes: Wishes | None) -> _Following:
        """Another place is next; a movement that began with the theme does so again."""
        return (
            _Following(to, wishes) if to == self.begun else replace(self, place=to, wishes=wishes)
        )


class _Checkpoint:
    """A copy of all that composing goes on from.

    Attributes:
        following: what comes after the movement.
        movement: at that moment; ``None`` between two.
        rng: the state of the source of chance.
        restore: puts the predictor back.
        settings: with which each of the items since was composed.
        seconds: that it took.
    """

    def __init__(
        self,
        following: _Following,
        movement: MovementGenerator | None,
        rng: dict[str, Any],
    ) -> None:
        self.following = following
        self.movement = None if movement is None else movement.copy()
        self.rng = rng
        self.restore = None if movement is None else movement.snapshot()
        self.settings: list[ComposerSettings] = []
        self.seconds = 0.0

    @property
    def is_far(self) -> bool:
        """Whether so much was composed since that another one is due."""
        return len(self.settings) >= CHECKPOINT_ITEMS or self.seconds > CHECKPOINT_SECONDS


class Composer:
    """The endless stream of movements: an iterator of stream items.

    To be used from one thread, but for ``use``.
    """

    def __init__(
        self,
        predictor: AnyPredictor,
        pitches: PitchRange,
        seed: int,
        settings: Callable[[], ComposerSettings],
        *,
        tells_recalls: bool = False,
    ) -> None:
        """Prepare.

        Args:
            predictor: the network.
            pitches: the range that all notes lie in.
            seed: 0 or more: the same seed gives the same music.
            settings: asked before each item; its answer may change.
            tells_recalls: whether the notes are of type ``RecallingNote``.
        """
        self._network = predictor, pitches
        self._settings = settings
        self._tells_recalls = tells_recalls
        self._following = _Following(Place(seed, 1))
        # One for all, as the network may hold on to it; each movement sets a state of its own.
        self._rng = np.random.default_rng()
        self._movement: MovementGenerator | None = None
        self._checkpoint: _Checkpoint | None = None

    @property
    def variant(self) -> str:
        """The numeric form of the network that runs now."""
        return self._network[0].variant

    def use(self, predictor: AnyPredictor, pitches: PitchRange) -> None:
        """The next movement is composed by another network, in another range."""
        self._network = predictor, pitches

    def has_begun(self, theme: Theme) -> bool:
        """Whether a movement was begun with this theme, if it is the last one given."""
        return theme is self._following.theme

    def __iter__(self) -> Iterator[StreamItem]:
        return self

    def __next__(self) -> StreamItem:
        """The next item of a movement, or the next movement: ``StreamItem`` gives the order."""
        settings, checkpoint = self._settings(), self._checkpoint
        if checkpoint is None:
            return self._next_item(settings)
        began = time.perf_counter()
        checkpoint.settings.append(settings)
        item = self._next_item(settings)
        checkpoint.seconds += time.perf_counter() - began
        if checkpoint.is_far or isinstance(item, Movement):
            # Never across the beginning of a movement, when the network may have been changed.
            self._checkpoint = None
        return item

    def skip(self, to: Place | None = None, wishes: Wishes | None = None) -> None:
        """Leave the present movement: the next item is a ``Movement``.

        Args:
            to: its place; ``None`` for the one after the present.
            wishes: what is asked of it alone; ``None`` for what the settings ask of all.
        """
        if to is not None:
            self._following = self._following.moved(to, wishes)
        self._movement = self._checkpoint = None

    def bookmark(self) -> Restore:
        """The place after the last item: called, it goes on from there, as if nothing had followed.

        It is good until composing has gone on from an earlier one.
        """
        if self._checkpoint is None:
            state = dict(self._rng.bit_generator.state)
            self._checkpoint = _Checkpoint(self._following, self._movement, state)
        return partial(self._resume, self._checkpoint, len(self._checkpoint.settings))

    def _resume(self, checkpoint: _Checkpoint, items: int) -> None:
        self._checkpoint = checkpoint
        self._following = checkpoint.following
        self._movement = None if checkpoint.movement is None else checkpoint.movement.copy()
        self._rng.bit_generator.state = checkpoint.rng
        if checkpoint.restore is not None:
            checkpoint.restore()
        del checkpoint.settings[items:]
        for settings in checkpoint.settings:
            self._next_item(settings)

    def _next_movement(self, settings: ComposerSettings) -> MovementGenerator:
        following, place = self._following, self._following.place
        wishes = following.wishes or settings.wishes
        theme = None if settings.theme is following.theme else settings.theme
        following = replace(following, place=place.next, wishes=None)
        if theme is not None:
            following = replace(following, theme=theme, begun=place)
        self._following = following
        self._rng.bit_generator.state = chance(place).bit_generator.state
        movement = movement_at(place, wishes, theme)
        return MovementGenerator(
            *self._network,
            movement,
            rest_after(movement),
            self._rng,
            repeats=wishes.repeats,
            theme=theme,
        )

    def _next_item(self, settings: ComposerSettings) -> StreamItem:
        movement = self._movement
        if movement is None:
            movement = self._movement = self._next_movement(settings)
        item = movement.next_item(settings, tells_recalls=self._tells_recalls)
        if movement.is_over:
            self._movement = None
        return item


def whole_bars(movement: Movement, end: int) -> Ticks:
    """Ticks from the start of ``movement`` to the bar line at ``end`` or after it."""
    bar = movement.meter.bar_ticks
    return Ticks(end + (movement.pickup - end) % bar)
