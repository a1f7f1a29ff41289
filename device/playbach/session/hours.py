"""The hours in which music is played: ``mon-fri 9:00-22:00, sat sun 10:00-1:00``, in local time."""

from __future__ import annotations

import functools
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from playbach.errors import InputError
from playbach.lifetime import Lifetime

MEANING = (
    "days and times, such as 9:00-22:00, or mon-fri 9:00-12:30, sat sun 10:00-1:00 over midnight"
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = r"([01]?\d|2[0-4])[:.]([0-5]\d)"
_SPAN = re.compile(
    rf"((?:(?:{'|'.join(_DAYS)})(?:-(?:{'|'.join(_DAYS)}))?\s+)*){_TIME}\s*-\s*{_TIME}", re.ASCII
)
_HOUR, _DAY = 60, 24 * 60
_LOOK = 1.0
"""Seconds between looks at the clock on the wall, which may be set."""
Minute: TypeAlias = int
"""Of a day, from 0 to 1,440."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time of some days."""

    days: tuple[int, ...]  # on which it begins, from 0 for Monday, in order
    begin: Minute
    end: Minute  # of the same day, or of the next if it is not after ``begin``

    def holds(self, day: int, minute: Minute) -> bool:
        """Whether it is within it, on a day from 0 for Monday."""
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        into = day in self.days and minute >= self.begin
        return into or ((day - 1) % len(_DAYS) in self.days and minute < self.end)

    def __str__(self) -> str:
        days = "" if len(self.days) == len(_DAYS) else " ".join(_runs(self.days)) + " "
        return f"{days}{_text(self.begin)}-{_text(self.end)}"


@functools.lru_cache(maxsize=16)
def parse_hours(text: str) -> tuple[Span, ...]:
    """The times that a text says.

    Raises:
        InputError: it says none.
    """
    return tuple(_span(part.strip().lower()) for part in text.split(","))


def canonical_hours(text: str) -> str:
    """The one spelling of a text of hours."""
    return ", ".join(map(str, parse_hours(text)))


def is_within(hours: str | None, now: time.struct_time) -> bool:
    """Whether music is to be played; always if no hours are given."""
    if hours is None:
        return True
    minute = now.tm_hour * _HOUR + now.tm_min
    return any(span.holds(now.tm_wday, minute) for span in parse_hours(hours))


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise InputError(f"hours {text[:40]!r}: they must be {MEANING}")
    begin, end = (int(found[at]) * _HOUR + int(found[at + 1]) for at in (2, 4))
    if begin >= _DAY or end > _DAY or begin == end:
        raise InputError(f"hours {text[:40]!r}: they begin before 24:00 and end at another time")
    days = sorted({day for word in found[1].split() for day in _days(word)})
    return Span(tuple(days) or tuple(range(len(_DAYS))), begin, end)


def _days(word: str) -> Iterator[int]:
    first, _, last = word.partition("-")
    day, end = _DAYS.index(first), _DAYS.index(last or first)
    while day != end:
        yield day
        day = (day + 1) % len(_DAYS)
    yield end


def _runs(days: tuple[int, ...]) -> Iterator[str]:
    for day in days:
        if day - 1 in days:
            continue
        end = day
        while end + 1 in days:
            end += 1
        yield _DAYS[day] if day == end else f"{_DAYS[day]}-{_DAYS[end]}"


def _text(minute: Minute) -> str:
    return f"{minute // _HOUR}:{minute % _HOUR:02}"


class HoursKeeper(Lifetime):
    """Says when hours begin and end, on a thread of its own."""

    name = "hours"

    def __init__(
        self,
        hours: Callable[[], str | None],
        changed: Callable[[bool], object],
        on_failure: Callable[[BaseException], object],
        now: Callable[[], time.struct_time] = time.localtime,
    ) -> None:
        """Nothing is looked at before ``start``.

        Args:
            hours: those that hold now.
            changed: told whether music is to be played, at the start and when that changes.
            on_failure: hears of a bug that ends the thread.
            now: the local time.
        """
        self._hours, self._changed, self._now = hours, changed, now
        self._on_failure = on_failure
        self._is_open = True
        self._ended, self._news = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="playbach-hours", daemon=True)

    def start(self) -> None:
        """Look for the first time before this returns."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more; may be called again."""
        self._ended.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """The hours may be others."""
        self._news.set()

    def look(self) -> None:
        """Say whether music is to be played, if that has changed."""
        is_open = is_within(self._hours(), self._now())
        if is_open != self._is_open:
            self._is_open = is_open
            self._changed(is_open)

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                # Without hours there is nothing to wait for but these.
                self._news.wait(None if self._hours() is None else _LOOK)
                self._news.clear()
                self.look()
        except BaseException as error:  # noqa: BLE001 no thread dies alone: the session ends with it
            self._on_failure(error)
