"""Parts start in order and stop in reverse, whatever fails."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest
from tests.device.session.conftest import PATIENCE, until

from playbach.daemon import components
from playbach.daemon.components import Retrying, running
from playbach.errors import PortError


@dataclass
class Part:
    name: str
    log: list[str]
    fails_to: str = ""
    error: BaseException | None = None

    def start(self) -> None:
        self._do("start")

    def stop(self) -> None:
        self._do("stop")

    def _do(self, what: str) -> None:
        self.log.append(f"{what} {self.name}")
        if self.fails_to == what:
            raise PortError(f"{self.name} cannot {what}")


def test_the_last_to_start_is_the_first_to_stop() -> None:
    log: list[str] = []
    with running([Part("a", log), Part("b", log)]):
        log.append("run")
    assert log == ["start a", "start b", "run", "stop b", "stop a"]


def test_what_has_started_is_stopped_when_another_cannot_start() -> None:
    log: list[str] = []
    parts = [Part("a", log), Part("b", log, fails_to="start"), Part("c", log)]
    with pytest.raises(PortError, match="b cannot start"), running(parts):
        pytest.fail("it must not run")
    assert log == ["start a", "start b", "stop a"]


def test_one_that_cannot_stop_does_not_keep_the_others_from_it() -> None:
    log: list[str] = []
    parts = [Part("a", log), Part("b", log, fails_to="stop")]
    with pytest.raises(PortError, match="b cannot stop"), running(parts):
        pass
    assert log[-2:] == ["stop b", "stop a"]


def test_a_failure_while_running_stops_all() -> None:
    log: list[str] = []
    with pytest.raises(ZeroDivisionError), running([Part("a", log), Part("b", log)]):
        raise ZeroDivisionError
    assert log[-2:] == ["stop b", "stop a"]


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
    monkeypatch.setattr(components, "_JOIN", 0.1)
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
