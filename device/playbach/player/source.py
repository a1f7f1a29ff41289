"""What the player plays: a stream that can be told to go on with another movement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from playbach.stream import Movement, StreamItem


@runtime_checkable
class Source(Protocol):
    """A stream of items, pulled and steered from the composing thread only."""

    def __iter__(self) -> Iterator[StreamItem]: ...

    def __next__(self) -> StreamItem:
        """The next item."""

    def skip(self) -> None:
        """Leave the present movement: the next item is a ``Movement``, composed afresh."""


class PlainSource:
    """A stream that cannot be steered: leaving a movement means pulling the rest of it."""

    def __init__(self, stream: Iterator[StreamItem]) -> None:
        self._stream = stream
        self._skipping = False

    def __iter__(self) -> Iterator[StreamItem]:
        return self

    def __next__(self) -> StreamItem:
        for item in self._stream:
            if not self._skipping or isinstance(item, Movement):
                self._skipping = False
                return item
        raise StopIteration

    def skip(self) -> None:
        """Leave the present movement."""
        self._skipping = True
