"""A session on the tiny bundle that plays to a listener."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from tests.device.playback.listener import Listener
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.schema import changed
from playbach.session.session import Session
from playbach.session.settings import Settings
from playbach.sinks.paced import PacedSink

PATIENCE = 30.0

Play = Callable[..., AbstractContextManager[tuple[Session, Listener]]]


def until(reached: Callable[[], object], what: str) -> None:
    """Wait for something, for as long as a busy machine may need."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE:.0f} s"
        time.sleep(0.005)


@pytest.fixture
def play() -> Play:
    """Runs a session, and checks in the end that it left silence."""

    @contextmanager
    def playing(
        settings: dict[str, object] | None = None, **options: Any
    ) -> Iterator[tuple[Session, Listener]]:
        listener = Listener()
        values = {"bundle": str(TINY_BUNDLE), "tempo": 200, **(settings or {})}
        session = Session(changed(Settings(), values), sink=PacedSink(listener), seed=1, **options)
        with session:
            yield session, listener
        assert session.error is None
        assert listener.sounding == ()
        assert listener.closed

    return playing
