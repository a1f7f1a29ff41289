"""Parts start in order and stop in reverse, whatever fails."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from playbach.daemon.components import running
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
