"""Loss and return are told once each, in order, whatever happens in between."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.jack import until

from playbach.errors import PortError
from playbach.sinks import connection_monitor
from playbach.sinks.base import Change
from playbach.sinks.connection_monitor import ConnectionMonitor


class Plug:
    """A link that is there or not, as a test says."""

    def __init__(self, *, there: bool = True) -> None:
        self.there = there
        self.held = there

    def present(self) -> bool:
        return self.there

    def detach(self) -> None:
        self.held = False

    def connect(self) -> None:
        if not self.there:
            raise PortError("it went again")
        self.held = True


def test_loss_and_return_are_told_once_each() -> None:
    plug = Plug()
    monitor = ConnectionMonitor(plug, connected=True)
    assert monitor.look() is None
    plug.there = False
    assert [monitor.look() for _ in range(3)] == [Change.LOST, None, None]
    assert not monitor.connected
    assert not plug.held
    plug.there = True
    assert [monitor.look() for _ in range(3)] == [Change.FOUND, None, None]
    assert not monitor.connected
    assert monitor.reconnect()
    assert monitor.connected
    assert monitor.look() is None


def test_a_return_that_was_too_short_is_told_again() -> None:
    plug = Plug(there=False)
    monitor = ConnectionMonitor(plug, connected=False)
    plug.there = True
    assert monitor.look() is Change.FOUND
    plug.there = False
    assert not monitor.reconnect()
    assert monitor.look() is None
    plug.there = True
    assert monitor.look() is Change.FOUND
    assert monitor.reconnect()


def test_a_failed_write_is_a_loss_although_the_port_is_listed() -> None:
    plug = Plug()
    monitor = ConnectionMonitor(plug, connected=True)
    monitor.suspect()
    assert not monitor.connected
    # The player is told of the loss before it can connect again.
    assert not monitor.reconnect()
    assert [monitor.look(), monitor.look()] == [Change.LOST, Change.FOUND]
    assert monitor.reconnect()
    assert monitor.connected


@given(st.lists(st.sampled_from(["unplug", "plug", "look", "suspect", "reconnect"]), max_size=60))
def test_whatever_happens_losses_and_returns_alternate(events: list[str]) -> None:
    plug = Plug()
    monitor = ConnectionMonitor(plug, connected=True)
    told = []
    for event in [*events, "plug", "look", "look"]:
        if event in {"plug", "unplug"}:
            plug.there = event == "plug"
        elif event == "suspect":
            monitor.suspect()
        elif event == "look":
            change = monitor.look()
            told += [change] if change else []
        else:
            monitor.reconnect()
        assert plug.held or not monitor.connected
    both_lost = (Change.LOST, Change.LOST)
    assert both_lost not in itertools.pairwise(told)
    assert monitor.connected or told[-1] is Change.FOUND


def test_the_thread_tells_and_a_bug_in_it_is_told_too() -> None:
    plug = Plug()
    told: list[object] = []
    monitor = ConnectionMonitor(plug, connected=True)
    monitor.start(told.append, told.append)
    plug.there = False
    until(lambda: told == [Change.LOST], "the loss")
    broken = threading.Event()

    def present() -> bool:
        broken.set()
        raise ZeroDivisionError

    plug.present = present  # type: ignore[method-assign]
    assert broken.wait(10)
    until(lambda: isinstance(told[-1], ZeroDivisionError), "the failure")
    monitor.end()


class Bell(Plug):
    """A link that says itself that there is something to look at."""

    def announce_to(self, tell: Callable[[], object]) -> None:
        self.tell = tell


def test_a_link_that_announces_is_looked_at_when_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_monitor, "_ANNOUNCED", 1e6)
    bell, changes = Bell(), queue.SimpleQueue[Change]()
    monitor = ConnectionMonitor(bell, connected=True)
    monitor.start(changes.put, lambda _: None)
    try:
        bell.there = False
        bell.tell()
        assert changes.get(timeout=30) is Change.LOST
    finally:
        monitor.end()
