"""Dances with their repeats: each part is played twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from playbach.music.note import Note, Ticks
from playbach.stateful import Stateful


class Repeats(Stateful):
    """Plays both parts of a movement twice."""

    def __init__(self, line: Ticks, bar: Ticks) -> None:
        """Before the first note.

        Args:
            line: ticks from the beginning to the double bar, at which the second part begins.
            bar: ticks in a bar.
        """
        self._line, self._bar = line, bar
        self._part: list[Note] = []
        self._is_second = False

    def add(self, note: Note) -> list[Note]:
        """The next note as composed; returns what is played then.

        Onsets of notes to be played are from the start of the movement as played. A note that
        sounds on over the double bar ends there.
        """
        line = self._line
        if note.onset < line:
            note = note if note.end <= line else replace(note, duration=Ticks(line - note.onset))
            self._part.append(note)
            return [note]
        again: list[Note] = []
        if not self._is_second:
            again, self._part = _later(self._part, line), []
            self._is_second = True
        self._part.append(note)
        return [*again, *_later([note], line)]

    def end(self) -> list[Note]:
        """The movement as composed is over; returns what is still played."""
        if not self._is_second:
            return []
        length = max(note.end for note in self._part) - self._line
        return _later(self._part, self._line + -(-length // self._bar) * self._bar)


def _later(notes: Iterable[Note], ticks: int) -> list[Note]:
    return [replace(note, onset=Ticks(note.onset + ticks)) for note in notes]
