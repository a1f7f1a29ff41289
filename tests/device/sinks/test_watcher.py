"""Loss and return are told once each, in order, whatever happens in between."""

from __future__ import annotations

import itertools
import threading

from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.jack import until

from playbach.errors import PortError
from playbach.sinks.base import Change
from playbach.sinks.watcher import Watcher


class Plug:
    """A link that is there or not, as a test says."""

    def __init__(self, *, there: bool = True) -> None:
        self.there = there
        self.held = there

    def present(self) -> bool:
        return self.there

    def let_go(self) -> None:
        self.held = False

    def connect(self) -> None:
        if not self.there:
            raise PortError("it went again")
        self.held = True


def test_loss_and_return_are_told_once_each() -> None:
    plug = Plug()
    watcher = Watcher(plug, connected=True)
    assert watcher.look() is None
    plug.there = False
    assert [watcher.look() for _ in range(3)] == [Change.LOST, None, None]
    assert not watcher.connected
    assert not plug.held
    plug.there = True
    assert [watcher.look() for _ in range(3)] == [Change.FOUND, None, None]
    assert not watcher.connected
    assert watcher.reconnect()
    assert watcher.connected
    assert watcher.look() is None


def test_a_return_that_was_too_short_is_told_again() -> None:
    plug = Plug(there=False)
    watcher = Watcher(plug, connected=False)
    plug.there = True
    assert watcher.look() is Change.FOUND
    plug.there = False
    assert not watcher.reconnect()
    assert watcher.look() is None
    plug.there = True
    assert watcher.look() is Change.FOUND
    assert watcher.reconnect()


def test_a_failed_write_is_a_loss_although_the_port_is_listed() -> None:
    plug = Plug()
    watcher = Watcher(plug, connected=True)
    watcher.suspect()
    assert not watcher.connected
    # The player is told of the loss before it can connect again.
    assert not watcher.reconnect()
    assert [watcher.look(), watcher.look()] == [Change.LOST, Change.FOUND]
    assert watcher.reconnect()
    assert watcher.connected


@given(st.lists(st.sampled_from(["unplug", "plug", "look", "suspect", "reconnect"]), max_size=60))
def test_whatever_happens_losses_and_returns_alternate(events: list[str]) -> None:
    plug = Plug()
    watcher = Watcher(plug, connected=True)
    told = []
    for event in [*events, "plug", "look", "look"]:
        if event in {"plug", "unplug"}:
            plug.there = event == "plug"
        elif event == "suspect":
            watcher.suspect()
        elif event == "look":
            change = watcher.look()
            told += [change] if change else []
        else:
            watcher.reconnect()
        assert plug.held or not watcher.connected
    both_lost = (Change.LOST, Change.LOST)
    assert both_lost not in itertools.pairwise(told)
    assert watcher.connected or told[-1] is Change.FOUND


def test_the_thread_tells_and_a_bug_in_it_is_told_too() -> None:
    plug = Plug()
    told: list[object] = []
    watcher = Watcher(plug, connected=True)
    watcher.start(told.append, told.append)
    plug.there = False
    until(lambda: told == [Change.LOST], "the loss")
    broken = threading.Event()

    def present() -> bool:
        broken.set()
        raise ZeroDivisionError

    plug.present = present  # type: ignore[method-assign]
    assert broken.wait(10)
    until(lambda: isinstance(told[-1], ZeroDivisionError), "the failure")
    watcher.end()
