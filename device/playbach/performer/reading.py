"""A movement read as it comes: note by note, two bars ahead of what is played. Pure.

What is read of a note or a beat depends on what comes before it and on the next
``LOOK_AHEAD_BARS`` bars, never on more. So music that is performed while it is still being composed
is performed as it would be if all of it were known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from playbach.music.meter import Meter
from playbach.music.note import Note, Pitch, Ticks
from playbach.music.performed import Lean
from playbach.performer.features import LOOK_AHEAD_BARS, BeatReader
from playbach.performer.model import PerformerModel, included
from playbach.performer.playing import LONGEST_ROLL, Gesture, GestureReader, Roll
from playbach.performer.tempo import Chances

_HELD = 0.75
"""Share of the last slowing that the last note keeps, so that the last bar is as broad as last bars
in which players can be measured: at .8 of the usual tempo."""


class Read(NamedTuple):
    """What a player does where an item of a movement comes.

    Attributes:
        gesture: with the note; ``None`` for the beginning of the movement.
        leans: to beats, those that begin until the next item does, and that were not said before.
    """

    gesture: Gesture | None = None
    leans: tuple[Lean, ...] = ()


NOTHING_READ = Read()


class Reading:
    """A movement as far as it is written, and what a player makes of it.

    reading = Reading(meter, pickup, borders, seed)
    for note in notes:
        reading.add(note)
        yield from reading.take()    # the beginning, then each note
    reading.close(end)
    yield from reading.take()
    """

    def __init__(
        self,
        meter: Meter,
        pickup: int,
        borders: Sequence[int],
        seed: int,
        model: PerformerModel | None = None,
    ) -> None:
        """Nothing is written yet.

        Args:
            meter: throughout.
            pickup: ticks before the first bar line.
            borders: ticks at which an inner section ends, in order.
            seed: of what is drawn.
            model: what is learned of players; ``None`` for the one included.
        """
        self._asked = meter, pickup, borders, seed, model
        learned = model or included()
        self._model = learned.tempo
        self._beats = BeatReader(meter, pickup, borders)
        self._gestures = GestureReader(meter, pickup, borders, seed, learned.slurs)
        self._chances = Chances(seed)
        self._view = max(1, meter.bar_ticks // meter.beat_ticks) * LOOK_AHEAD_BARS + 1
        self._notes: list[Note] = []
        self._places: list[tuple[int, int]] = []
        """For each note the number of its chord, and its place in it."""
        self._in_beat: list[int] = []
        """For each note the number of its beat."""
        self._chord: list[Note] = []
        self._last: dict[Pitch, int] = {}
        self._again: dict[int, int] = {}
        self._logs: dict[int, float] = {}
        self._end: int | None = None
        self._taken = self._leant = 0
        self._awaited = 0
        """How many beats must be read before something can be taken."""

    @property
    def taken(self) -> int:
        """How many items were taken, the beginning of the movement included."""
        return self._taken

    @property
    def leant(self) -> int:
        """How many beats were said of."""
        return self._leant

    def back_at(self, taken: int, leant: int) -> Reading:
        """Another, in which nothing is written after so many items and beats that were taken."""
        earlier = Reading(*self._asked)
        for note in self._notes[: max(taken - 1, 0)]:
            earlier.add(note)
        earlier._taken, earlier._leant = taken, leant
        return earlier

    def add(self, note: Note) -> None:
        """The note that comes next."""
        self._in_beat.append(self._beats.add(note))
        chord, pitch, number = self._chord, note.pitch, len(self._notes)
        if chord and note.onset != chord[0].onset:
            self._gestures.add(chord)
            chord = self._chord = []
        if pitch in self._last:
            self._again[self._last[pitch]] = number
        self._last[pitch] = number
        self._places.append((self._gestures.read, len(chord)))
        chord.append(note)
        self._notes.append(note)

    def close(self, end: int) -> None:
        """The movement ends at that tick."""
        if self._chord:
            self._gestures.add(self._chord)
        self._gestures.close(end)
        self._end = end
        self._beats.close(end)

    def take(self, *, hurried: bool = False) -> Iterator[Read]:
        """What comes next, as far as all is known that counts.

        Args:
            hurried: whether one more is wanted, with what is known; a note of which too little is
                known has no gesture.
        """
        if self._beats.read < self._awaited and self._end is None and not hurried:
            return
        while (last := self._last_beat(hurried=hurried)) is not None:
            number = self._taken - 1
            is_heard = self._end is not None or self._places[number][0] < self._gestures.read
            gesture = self._gesture(number) if number >= 0 and is_heard else None
            leans: tuple[Lean, ...] = ()
            if last >= self._leant:
                leans = tuple(map(self._lean, range(self._leant, last + 1)))
                self._leant = last + 1
            self._taken += 1
            yield Read(gesture, leans)
            hurried = False

    def _last_beat(self, *, hurried: bool) -> int | None:
        """The beat in which the item after the next one to be taken comes; ``None`` to wait."""
        taken, written = self._taken, len(self._notes)
        if taken < written:
            beat = self._in_beat[taken]
            if hurried or self._end is not None:
                return beat
            self._awaited = self._beats.seen_from(beat)
            if self._beats.read < self._awaited:
                return None
            # Of the chord after it is known whether it is slurred to this one.
            chord = self._places[taken - 1][0] if taken else -1
            return beat if chord + 1 < self._gestures.decided else None
        if taken > written:
            return None
        if self._end is not None:
            return self._beats.read - 1
        return self._in_beat[-1] if hurried and taken else None

    def _gesture(self, number: int) -> Gesture:
        note, gestures = self._notes[number], self._gestures
        view = self._beats.start_of(self._in_beat[number] + self._view)
        again, roll = self._again.get(number), None
        if again is not None and self._notes[again].onset < view:
            apart = self._notes[again].onset - note.onset
            chord, place = self._places[again]
            if chord < gestures.read:
                roll = gestures.roll(chord, place)
        else:
            # As if it came as soon as nobody sees it, in a chord that is broken.
            apart = max(view, note.end) - note.onset
            roll = Roll(-1, LONGEST_ROLL, apart)
        return gestures.gesture(note, *self._places[number], apart, roll)

    def _lean(self, number: int) -> Lean:
        return Lean(
            Ticks(self._beats.start_of(number)), self._log(number) + self._chances.at(number)
        )

    def _log(self, number: int) -> float:
        """What the model says; the last note lasts in about the tempo reached before it.

        How long players hold it no alignment says: each ends at the last onset.
        """
        if self._end is not None and self._notes:
            reached = max(self._in_beat[-1] - 1, 0)
            if number > reached:
                return _HELD * self._log(reached)
        if number not in self._logs:
            # In a hurry a beat may not be read yet.
            row = self._beats.features(number) if number < self._beats.read else None
            self._logs[number] = 0.0 if row is None else self._model.predict(row)
        return self._logs[number]
