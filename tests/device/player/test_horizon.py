"""What is composed ahead is bounded in seconds and in number."""

import itertools
import threading

from tests.device.streams import note

from playbach.player.horizon import Composed
from playbach.stream import Seconds


def filled(composed: Composed, span: float) -> int:
    """How many items fit before putting one more would wait."""
    count = itertools.count(1)
    while not composed.refill(0):
        composed.put(note(0, 60), Seconds(span))
        next(count)
    return next(count) - 1


def test_it_holds_the_seconds_it_may_hold() -> None:
    composed = Composed(Seconds(2.0))
    assert filled(composed, 0.25) == 9
    assert composed.ahead == 2.0


def test_it_holds_a_number_of_items_at_most() -> None:
    assert filled(Composed(Seconds(2.0), max_items=50), 0.0) == 50


def test_one_item_fits_whatever_its_distance() -> None:
    composed = Composed(Seconds(0.0))
    assert composed.put(note(0, 60), Seconds(100.0))
    assert composed.take(0) == note(0, 60)


def test_items_come_out_in_order_and_then_it_is_over() -> None:
    composed = Composed(Seconds(9.0))
    for pitch in (60, 62, 64):
        composed.put(note(0, pitch), Seconds(0.1))
    composed.end()
    assert [composed.take(0) for _ in range(4)] == [note(0, 60), note(0, 62), note(0, 64), None]
    assert composed.is_over


def test_closing_wakes_who_waits_for_room() -> None:
    composed = Composed(Seconds(0.0))
    composed.put(note(0, 60), Seconds(0.0))
    answers: list[bool] = []
    waiting = threading.Thread(
        target=lambda: answers.append(composed.put(note(0, 62), Seconds(1.0)))
    )
    waiting.start()
    composed.close()
    waiting.join()
    assert answers == [False]
    assert composed.take(10.0) is None


def test_it_is_filled_again_when_half_empty() -> None:
    composed = Composed(Seconds(2.0))
    filled(composed, 0.25)
    done = threading.Event()

    def put() -> None:
        composed.put(note(0, 72), Seconds(0.25))
        done.set()

    threading.Thread(target=put, daemon=True).start()
    for _ in range(3):  # nine are held, the last 2 s after the first
        composed.take(0)
    assert not done.wait(0.05)
    composed.take(0)
    assert done.wait(30)


def test_what_was_composed_for_an_earlier_round_is_dropped() -> None:
    composed = Composed(Seconds(2.0))
    composed.put(note(0, 60), Seconds(0.1), 0)
    assert composed.restart() == [note(0, 60)]
    assert composed.put(note(0, 62), Seconds(0.1), 0)
    composed.put(note(0, 64), Seconds(0.1), composed.round)
    assert composed.take(0) == note(0, 64)


def test_a_nudge_ends_the_wait_for_an_item_once() -> None:
    composed = Composed(Seconds(2.0))
    composed.nudge()
    assert composed.take(60.0) is None
    assert not composed.refill(0.001)
