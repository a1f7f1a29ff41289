"""Only the thread that sends gets real-time priority, and what it got is said."""

from __future__ import annotations

import gc
import os
import sys

import pytest

from playbach.sinks import realtime
from playbach.sinks.paced import none_sink
from playbach.sinks.realtime import possible_timing, settle_process

needs_fifo = pytest.mark.skipif(not hasattr(os, "SCHED_FIFO"), reason="no SCHED_FIFO here")


@needs_fifo
def test_trying_changes_nothing_here_and_says_what_a_sender_would_get() -> None:
    before = os.sched_getscheduler(0)
    said = possible_timing()
    assert said.startswith(("thread at real-time priority ", "thread at normal priority ("))
    assert os.sched_getscheduler(0) == before
    sink = none_sink()
    sink.open()
    sink.start(lambda _: None)
    assert sink.timing == said
    assert os.sched_getscheduler(0) == before
    sink.close()


@needs_fifo
def test_without_permission_it_is_normal_priority_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert "LimitRTPRIO=" in possible_timing()


def test_a_system_without_such_priorities_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "SCHED_FIFO", raising=False)
    assert possible_timing() == "thread at normal priority (this system has no SCHED_FIFO)"


@pytest.mark.usefixtures("unsettled")
def test_a_settled_process_looks_at_nothing_old_and_takes_short_turns() -> None:
    settle_process()
    assert sys.getswitchinterval() == pytest.approx(realtime.SWITCH_INTERVAL)
    assert gc.get_freeze_count() > 1000
    assert len(gc.get_objects()) < 1000
