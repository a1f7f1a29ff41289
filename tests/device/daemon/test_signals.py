"""Signals and deaths arrive in the main thread, one by one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from playbach.daemon.supervisor import Death, EventQueue
from playbach.signals import TABLE, Asked, numbers

MEANINGS = {row.name: row.of_service for row in TABLE if row.of_service is not Asked.FAULT}
HEARD = [name for name, asked in MEANINGS.items()
         if asked is not Asked.NOTHING and hasattr(signal, name)]  # fmt: skip


@pytest.fixture
def events() -> Iterator[EventQueue]:
    hook = threading.excepthook
    handlers = {
        number: signal.getsignal(number)
        for row in TABLE
        if row.name in MEANINGS
        for number in numbers(row)
    }
    events = EventQueue()
    events.listen()
    yield events
    threading.excepthook = hook
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("name", HEARD)
def test_a_signal_says_what_it_asks(events: EventQueue, name: str) -> None:
    os.kill(os.getpid(), getattr(signal, name))
    assert events.take(10) is MEANINGS[name]


def test_signals_that_come_together_are_all_kept(events: EventQueue) -> None:
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
        signal.raise_signal(number)
    assert [events.take(10) for _ in range(3)] == [Asked.RELOAD, Asked.STOP, Asked.RELOAD]


def test_without_an_event_the_wait_ends(events: EventQueue) -> None:
    assert events.take(0.01) is None


def test_no_thread_dies_unheard(events: EventQueue) -> None:
    error = ZeroDivisionError("a bug")

    def fail() -> None:
        raise error

    thread = threading.Thread(target=fail, name="somebody")
    thread.start()
    thread.join()
    assert events.take(10) == Death("somebody", error)
