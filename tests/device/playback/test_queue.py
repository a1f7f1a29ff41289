"""What is composed ahead is bounded in seconds, bars and number, and can be composed again."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator

import pytest
from tests.device.streams import Recorded, note

from playbach.clock import to_nanoseconds
from playbach.music.form import parse_form
from playbach.music.key import C_MAJOR
from playbach.music.meter import Meter
from playbach.playback.controls import Controls
from playbach.playback.queue import LookaheadQueue
from playbach.stream import Movement, StreamItem

PATIENCE = 60.0
START = Movement(1, 1, parse_form("prelude"), C_MAJOR, Meter(4, 4), 60.0)
"""A quarter of 24 ticks a second."""


def quarters(ticks: int = 24, count: int | None = None) -> Iterator[StreamItem]:
    """A note each so many ticks, a hundred pitches in turn."""
    yield START
    for index in itertools.count() if count is None else range(count):
        yield note(index * ticks, index % 100, 24)


class Queue(LookaheadQueue):
    """A queue whose composing thread runs."""

    def __init__(
        self, items: Iterable[StreamItem], seconds: float, bars: int = 0, most: int = 256
    ) -> None:
        self.source = Recorded(iter(items))
        ahead = to_nanoseconds(seconds)
        super().__init__(self.source, Controls, ahead=ahead, bars_ahead=bars, max_items=most)
        self.thread = threading.Thread(target=self.compose, daemon=True)
        self.thread.start()

    def until_full(self) -> int:
        """How many items are held once no more come."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._ended or not self._filling, PATIENCE)
            return len(self._items)

    def next(self) -> StreamItem:
        composed = self.take(PATIENCE)
        assert composed is not None
        return composed.item


@pytest.fixture
def queues() -> Iterator[list[Queue]]:
    made: list[Queue] = []
    yield made
    for queue in made:
        queue.close()
        queue.thread.join(PATIENCE)


def test_it_holds_the_seconds_it_may_hold(queues: list[Queue]) -> None:
    queues.append(queue := Queue(quarters(6), 2.0))
    # The movement, and nine notes from 0 to 2 s; what is known of a beat is known of all of it.
    assert queue.until_full() == 12
    assert queue.ahead == 2.5


def test_it_holds_two_bars_where_they_last_longer(queues: list[Queue]) -> None:
    queues.append(queue := Queue(quarters(), 2.0, bars=2))
    assert queue.until_full() == 10  # nine quarters: two bars of four seconds
    assert queue.ahead == 8.0


def test_it_holds_a_number_of_items_at_most(queues: list[Queue]) -> None:
    queues.append(queue := Queue(quarters(0), 2.0, most=50))
    assert queue.until_full() == 50


def test_one_item_fits_whatever_its_distance(queues: list[Queue]) -> None:
    queues.append(queue := Queue([START, note(1000, 60)], 0.0))
    assert [queue.next(), queue.next()] == [START, note(1000, 60)]


def test_items_come_out_in_order_and_then_it_is_over(queues: list[Queue]) -> None:
    queues.append(queue := Queue(quarters(count=3), 9.0))
    assert [queue.next() for _ in range(4)] == list(quarters(count=3))
    assert queue.take(PATIENCE) is None
    assert queue.is_over


def test_closing_wakes_who_waits_for_room(queues: list[Queue]) -> None:
    queues.append(queue := Queue(quarters(), 0.0))
    queue.until_full()
    queue.close()
    queue.thread.join(PATIENCE)
    assert not queue.thread.is_alive()
    assert queue.take(10.0) is None


def test_it_is_filled_again_when_half_empty(queues: list[Queue]) -> None:
    queues.append(queue := Queue(quarters(6), 2.0))
    queue.until_full()
    for _ in range(6):  # eleven notes are held after the movement, the last 2.5 s after the first
        queue.next()
    assert not queue._filling
    assert len(queue._items) == 6
    queue.next()
    assert queue.until_full() > 6


def test_what_was_composed_before_it_was_to_be_composed_again_is_dropped(
    queues: list[Queue],
) -> None:
    queues.append(queue := Queue(quarters(), 3.0))
    queue.next()
    second = queue.take(PATIENCE)
    assert second is not None
    queue.until_full()
    queue.compose_again(second.then)
    assert [queue.next() for _ in range(5)] == list(quarters(count=6))[2:]


def test_all_of_it_is_composed_again_from_the_start(queues: list[Queue]) -> None:
    queues.append(queue := Queue(quarters(), 3.0))
    queue.until_full()
    queue.compose_again(queue.start)
    assert [queue.next() for _ in range(5)] == list(quarters(count=4))


def test_a_movement_that_is_left_can_be_left_again_and_the_same_one_follows(
    queues: list[Queue],
) -> None:
    second = Movement(1, 2, parse_form("allemande"), C_MAJOR, Meter(4, 4), 60.0)
    items = [*quarters(count=9), second, note(0, 1), START, note(0, 2)]
    queues.append(queue := Queue(items, 90.0))
    first = queue.take(PATIENCE)
    assert first is not None
    queue.until_full()
    then = queue.leave_movement(first.then)
    assert [queue.next(), queue.next()] == [second, note(0, 1)]
    queue.leave_movement(then)
    assert [queue.next(), queue.next()] == [second, note(0, 1)]


def test_each_item_says_when_it_comes_at_the_tempo_it_is_played_at(queues: list[Queue]) -> None:
    queues.append(queue := Queue(quarters(), 3.0))
    queue.until_full()
    assert [one.at for one in queue.held()][:5] == [
        to_nanoseconds(seconds) for seconds in (0.0, 0.0, 1.0, 2.0, 3.0)
    ]


def test_a_nudge_ends_the_wait_for_an_item_once(queues: list[Queue]) -> None:
    gate = threading.Event()

    def late() -> Iterator[StreamItem]:
        gate.wait(PATIENCE)
        yield START

    queues.append(queue := Queue(late(), 2.0))
    queue.nudge()
    assert queue.take(60.0) is None
    assert not queue.refill(0.001)
    gate.set()
