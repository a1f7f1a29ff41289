"""Nothing ever keeps sounding, and no thread dies alone."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.device.playback.listener import Listener
from tests.device.session.conftest import until
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

import playbach
from playbach.predictor import SymbolPredictor
from playbach.schema import changed
from playbach.session.commands import Command
from playbach.session.model import Model, load_model
from playbach.session.parts import Parts
from playbach.session.session import Session
from playbach.session.settings import Settings
from playbach.sinks.midi_input import Received
from playbach.sinks.paced import PacedSink

PACKAGE = Path(playbach.__file__).parent
SETTINGS = changed(Settings(), {"bundle": str(TINY_BUNDLE), "tempo": 400})


class BreakingError(Exception):
    """A bug."""


def broken(*_: object, **__: object) -> Any:
    raise BreakingError


def break_composer(session: Session) -> None:
    # The attribute of an instance comes before that of its class.
    session._model.predictor.advance = broken  # type: ignore[method-assign]


def break_player(session: Session) -> None:
    session._player._engine.send = broken  # type: ignore[method-assign]


def break_order(session: Session) -> None:
    session._player._engine.post(broken)


def break_sender(session: Session) -> None:
    sender = session._player.sink._sender  # type: ignore[attr-defined]
    sender._meter.record = broken


def break_recorder(session: Session) -> None:
    assert session._recorder is not None
    session._recorder._save = broken  # type: ignore[method-assign]
    # What is left in its first bars is not recorded.
    until(lambda: session.status().playing.bar > 4, "some bars")
    session.command(Command.NEXT_MOVEMENT)


def break_hours(session: Session) -> None:
    session._hours.look = broken  # type: ignore[method-assign]
    session._hours.wake()


def break_hands(session: Session) -> None:
    session._controller._act = broken  # type: ignore[method-assign]
    session.change({"controls": "panic=cc 1"})
    session._controller.hear(Received(0.0, bytes((0xB0, 1, 127))))


BREAKS: dict[str, Callable[[Session], None]] = {
    "playbach-compose": break_composer,
    "playbach-play": break_player,
    "playbach-play by an order": break_order,
    "playbach-midi": break_sender,
    "playbach-record": break_recorder,
    "playbach-hours": break_hours,
    "playbach-hands": break_hands,
}


def ours() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("playbach-")]


@pytest.mark.parametrize("thread", BREAKS)
def test_a_thread_that_dies_ends_all_with_its_reason_and_in_silence(
    thread: str, tmp_path: Path
) -> None:
    listener = Listener()
    session = Session(SETTINGS, sink=PacedSink(listener), seed=1, recordings=tmp_path / "kept")
    with session:
        until(lambda: listener.sounding, "a note")
        BREAKS[thread](session)
        with pytest.raises(BreakingError):
            session.wait()
        assert isinstance(session.error, BreakingError)
        until(lambda: listener.sounding == (), "silence")
    assert listener.closed
    until(lambda: not ours(), "the end of all threads")


def test_every_thread_of_the_package_is_in_that_table() -> None:
    """A thread that is new is broken here too, or by the tests of its sink."""
    of_sinks = {"playbach-fluidsynth", "playbach-watch"}
    names = {
        keyword.value.value
        for path in (PACKAGE / "playback", PACKAGE / "session")
        for module in path.glob("*.py")
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
    }
    names = {name for name in names if str(name).startswith("playbach-")}
    assert names <= {*BREAKS, *of_sinks}


def test_the_time_of_day_decides_nothing() -> None:
    """So a clock that is stepped, forwards or back, cannot be heard.

    It names files and lines of a log, and nothing else, but for the hours in which it plays: they
    are of the clock on the wall.
    """
    of_day = {"time", "time_ns", "now", "utcnow", "today", "localtime", "gmtime", "strftime"}
    found = {
        str(module.relative_to(PACKAGE))
        for module in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"time", "datetime", "date"}
        and node.func.attr in of_day
    }
    assert found <= {"session/kept.py", "daemon/logs.py"}


def gated(gate: threading.Event) -> Parts:
    """Parts whose composer stands still, at the next note, while the gate is closed."""

    def load(settings: Settings) -> Model:
        model = load_model(settings)
        assert not isinstance(model.predictor, SymbolPredictor)
        advance = model.predictor.advance

        def waiting(shift: int, pitch: int, duration: int) -> None:
            gate.wait(60)
            advance(shift, pitch, duration)

        model.predictor.advance = waiting  # type: ignore[method-assign]
        return replace(model)

    return Parts(load_model=load)


def test_a_composer_that_stalls_makes_a_rest_that_is_said_and_then_music_again() -> None:
    gate = threading.Event()
    gate.set()
    listener = Listener()
    session = Session(SETTINGS, sink=PacedSink(listener), seed=1, parts=gated(gate))
    with session:
        until(lambda: len(listener.notes) > 5, "notes")
        gate.clear()
        until(lambda: session.status().resting == "waiting for the composer", "the rest")
        until(lambda: listener.sounding == (), "silence")
        count, waited = len(listener.notes), session.now() + 3.0
        # Longer than from any note to the next at this tempo.
        until(lambda: session.now() > waited, "a note that would be late")
        gate.set()
        until(lambda: len(listener.notes) > count + 10, "music again")
        status = session.status()
        assert status.playing.rests >= 1
        assert status.playing.lateness is not None
    assert session.error is None
    assert listener.sounding == ()


STEERING: dict[str, Callable[[Session], object]] = {
    **{command.value: lambda s, c=command: s.command(c) for command in Command},  # type: ignore[misc]
    "form": lambda s: s.change({"form": "gigue"}),
    "key": lambda s: s.change({"key": "F minor"}),
    "form and key, twice": lambda s: (
        s.change({"form": "gigue", "key": "F minor"}),
        s.change({"form": "bourree", "key": "D major"}),
    ),
    "tempo": lambda s: s.change({"tempo": 90}),
    "temperature": lambda s: s.change({"temperature": 0.5}),
    "channel": lambda s: s.change({"channel": 7, "transpose": -3, "program": 20}),
    "clock": lambda s: s.change({"clock_out": True}),
    "bundle": lambda s: s.change({"bundle": None}),
}


@pytest.mark.parametrize("steer", STEERING.values(), ids=STEERING)
def test_what_is_ordered_while_the_composer_stands_still_ends_nothing(
    steer: Callable[[Session], object],
) -> None:
    gate = threading.Event()
    listener = Listener()
    session = Session(SETTINGS, sink=PacedSink(listener), seed=1, parts=gated(gate))
    with session:
        # Before the first note: where music has been heard and rests, the player's own tests are.
        steer(session)
        turns = session.turns + 3
        until(lambda: session.error or session.turns > turns, "turns")
        assert session.error is None
        gate.set()
        session.command(Command.PLAY)
        until(lambda: session.error or len(listener.notes) > 3, "notes")
        assert session.error is None
    assert listener.sounding == ()


def test_a_session_leaves_nothing_behind_however_often_it_is_begun() -> None:
    for _ in range(3):
        listener = Listener()
        session = Session(SETTINGS, sink=PacedSink(listener), seed=1)
        with session:
            until(lambda heard=listener: heard.sounding, "a note")  # type: ignore[misc]
        session.stop()
        assert listener.sounding == ()
    until(lambda: not ours(), "the end of all threads")


def test_the_tests_that_the_promises_name_are_there() -> None:
    root = PACKAGE.parents[1]
    named = set(re.findall(r"`(test_\w+)`", (root / "docs" / "live.md").read_text("utf-8")))
    tests = "\n".join(path.read_text("utf-8") for path in (root / "tests").rglob("test_*.py"))
    assert named
    assert {name for name in named if f"def {name}(" not in tests} == set()
