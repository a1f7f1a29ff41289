"""What a service does without is tried again beside all else, until it is there."""

from __future__ import annotations

import threading

import pytest
from tests.device.session.conftest import PATIENCE, until

from playbach.daemon import retrying
from playbach.daemon.retrying import Retrying


def test_each_is_tried_until_nothing_is_left_of_it_and_then_no_more() -> None:
    tries: list[str] = []
    done = threading.Event()

    def soon() -> bool:
        tries.append("soon")
        return True

    def later() -> bool:
        tries.append("later")
        if tries.count("later") == 3:
            done.set()
        return done.is_set()

    part = Retrying([soon, later], first=0.01)
    part.start()
    assert done.wait(PATIENCE)
    until(lambda: not part._thread.is_alive(), "its end")
    part.stop()
    assert tries == ["soon", "later", "later", "later"]
    assert part.error is None


def test_a_bug_is_not_tried_again_but_said() -> None:
    def fail() -> bool:
        raise ZeroDivisionError("a bug")

    part = Retrying([fail], first=0.01)
    part.start()
    until(lambda: part.error, "its error")
    assert isinstance(part.error, ZeroDivisionError)
    part.stop()


def test_a_try_that_hangs_keeps_nothing_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "_JOIN", 0.1)
    hanging, begun = threading.Event(), threading.Event()
    after: list[bool] = []

    def hang() -> bool:
        begun.set()
        return hanging.wait(PATIENCE)

    def never() -> bool:
        after.append(True)
        return True

    part = Retrying([hang, never], first=0.01)
    part.start()
    assert begun.wait(PATIENCE)
    part.stop()
    assert part._thread.is_alive()
    hanging.set()
    until(lambda: not part._thread.is_alive(), "the end of its thread")
    assert after == []
