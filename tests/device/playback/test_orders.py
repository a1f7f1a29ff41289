"""Every order in every state of the real player: it lives on, plays on, and leaves nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self

import pytest
from bench.virtual import VirtualSink
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.device.streams import Recorded, scales

from playbach.errors import PortError
from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import NOTE_ON, SYSTEM, TimedMessage
from playbach.playback import engine
from playbach.playback.controls import ChannelSettings, Controls
from playbach.playback.player import Player
from playbach.stream import Seconds, StreamItem

PATIENCE = 60.0
"""Seconds that anything may take on a busy machine."""
SPEED = 8
"""Seconds of the synth's time that pass in one of the machine's."""
TICK = 0.001
"""Seconds between two steps of the synth's time."""


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """A rest waits on the machine's time: as much less as the synth's runs faster."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_REFILL", engine._REFILL / SPEED)
        yield


class GatedSource(Recorded):
    """A composer that gives as many items as it is allowed to, as slowly as it is told to."""

    def __init__(self, stream: Iterator[StreamItem], allowed: int, delay: float = 0.0) -> None:
        super().__init__(stream)
        self._gate = threading.Condition()
        self._allowed = allowed
        self._delay = delay
        self.given = 0

    def pace(self, delay: float, items: int) -> None:
        """Give so many more items, each after so many seconds."""
        with self._gate:
            self._delay = delay
            self._allowed += items
            self._gate.notify_all()

    def stall(self) -> None:
        with self._gate:
            self._allowed = self.given

    def __next__(self) -> StreamItem:
        time.sleep(self._delay)
        with self._gate:
            self._gate.wait_for(lambda: self.given < self._allowed)
            self.given += 1
        return super().__next__()


FREE = 1 << 40
"""As many items as anybody wants."""


class RunningSink(VirtualSink):
    """A synth whose time runs by itself, several times as fast as the machine's."""

    def __init__(self, hear: Callable[[float, bytes], object]) -> None:
        super().__init__(hear, horizon=Seconds(1.0))
        self._lock = threading.RLock()
        self._present = True
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._over.wait(TICK):
            now = time.monotonic()
            with self._lock:
                self.pause((now - last) * SPEED)
            last = now

    def lose(self) -> None:
        self._present = False
        super().lose()

    def find(self) -> None:
        self._present = True
        super().find()

    def reconnect(self) -> bool:
        with self._lock:
            self._queue.clear()
            self.connected = self._present
            return self.connected

    def send(self, messages: Sequence[TimedMessage]) -> None:
        with self._lock:
            super().send(messages)

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:
        with self._lock:
            return super().cancel(after)

    def all_notes_off(self, channels: Iterable[int]) -> None:
        with self._lock:
            super().all_notes_off(channels)

    def silence(self) -> None:
        with self._lock:
            super().silence()

    def close(self) -> None:
        super().close()
        self._over.set()
        self._thread.join()


class Concert:
    """A player on its own threads, a composer that can be held up, and a synth on virtual time."""

    def __init__(
        self,
        allowed: int = FREE,
        *,
        delay: float = 0.0,
        movements: int | None = None,
        rest: float = 0.3,
        limit: float | None = None,
    ) -> None:
        self.source = GatedSource(scales(movements, rest), allowed, delay)
        self.sounding = ActiveNotes()
        self.notes = 0
        self.struck_twice = 0
        self.sink = RunningSink(self._hear)
        self.player = Player(
            self.source,
            self.sink,
            limit=None if limit is None else Seconds(limit),
            absent_ok=True,
            pause=lambda seconds: time.sleep(seconds / SPEED),
        )

    def __enter__(self) -> Self:
        self.player.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.source.pace(0.0, FREE)
        self.player.stop()
        assert self.player.error is None or isinstance(self.player.error, PortError)
        # A synth that was out of reach in the end cannot be told anything.
        assert self.sounding.notes == () or not self.sink.connected

    def until(self, reached: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not reached():
            if self.player.error is not None:
                raise self.player.error
            assert time.monotonic() < deadline, f"{what}: not within {PATIENCE:.0f} s"
            time.sleep(0.001)

    def turn(self, times: int = 2) -> None:
        """Let the player's thread go round, so that what was ordered is done."""
        turns = self.player.turns + times
        self.until(lambda: self.player.turns >= turns or self.is_over, "a turn of the player")

    def rests(self, why: str) -> None:
        self.until(lambda: self.player.status().resting == why, why)

    def goes_on(self, notes: int = 6) -> None:
        """With every obstacle taken away, music is heard (or is over, where it has an end)."""
        self.source.pace(0.0, FREE)
        self.sink.find()
        self.player.resume()
        wanted = self.notes + notes
        self.until(lambda: self.notes >= wanted or self.is_over, "music that goes on")

    @property
    def is_over(self) -> bool:
        return self.player.wait(Seconds(0.0))

    def swap(self) -> None:
        """Another sink takes over, as when another port is chosen."""
        before, self.sink = self.sink, RunningSink(self._hear)
        self.player.use(self.sink)
        if self.player.sink is before:
            self.sink = before

    def _hear(self, _: float, data: bytes) -> None:
        if data[0] & 0xF0 == NOTE_ON and data[0] < SYSTEM:
            self.struck_twice += (data[0] & 0x0F, data[1]) in self.sounding.notes
            self.notes += 1
        self.sounding.hear(data)


Order = Callable[[Concert], object]

ORDERS: dict[str, Order] = {
    "next": lambda c: c.player.next_movement(),
    "next at the bar": lambda c: c.player.next_movement(at_bar=True),
    "compose again": lambda c: c.player.compose_again(),
    "pause": lambda c: c.player.pause(),
    "resume": lambda c: c.player.resume(),
    "panic": lambda c: c.player.panic(),
    "transpose": lambda c: c.player.control(Controls(ChannelSettings(transpose=5))),
    "channel": lambda c: c.player.control(Controls(ChannelSettings(channel=7, program=3))),
    "faster": lambda c: c.player.control(Controls(tempo=900.0)),
    "slower": lambda c: c.player.control(Controls(tempo=100.0)),
    "clock": lambda c: c.player.control(Controls(clock=True)),
    "no clock": lambda c: c.player.control(Controls(clock=False)),
    "lost": lambda c: c.sink.lose(),
    "found": lambda c: c.sink.find(),
    "another sink": lambda c: c.swap(),
    "suspended": lambda c: c.player._engine.post(c.player._engine.slept),
    "status": lambda c: c.player.status(),
}


def some_notes(concert: Concert) -> None:
    concert.until(lambda: concert.notes > 2, "notes")


STATES: dict[str, tuple[Callable[[], Concert], *tuple[Order, ...]]] = {
    # The composer has given nothing yet.
    "starting": (lambda: Concert(allowed=0), Concert.turn),
    # The movement is known, no note of it.
    "before the first note": (lambda: Concert(allowed=1), Concert.turn),
    # A note is known, and waits for more of them.
    "filling": (
        lambda: Concert(allowed=2),
        lambda c: c.until(lambda: c.player._engine.rest_until, "the wait for more"),
    ),
    # Each item comes alone, and late.
    "refilling": (
        lambda: Concert(delay=0.02),
        lambda c: c.until(lambda: c.player.status().rests, "a rest"),
    ),
    "playing": (Concert, some_notes),
    # The composer stands still in the middle of a movement.
    "resting": (lambda: Concert(allowed=6), lambda c: c.rests("waiting for the composer")),
    "paused": (Concert, lambda c: c.player.pause(), lambda c: c.rests("paused")),
    "without a synth": (Concert, ORDERS["lost"], lambda c: c.rests("waiting for the synth")),
    "between movements": (lambda: Concert(rest=2.0), lambda c: c.rests("between movements")),
    "leaving": (lambda: Concert(allowed=10), some_notes, ORDERS["next"], Concert.turn),
    "ending": (
        lambda: Concert(movements=1),
        lambda c: c.until(lambda: c.player._queue.is_over, "the end"),
    ),
    "at the limit": (
        lambda: Concert(limit=0.5),
        lambda c: c.until(lambda: c.player.now() > 0.4, "the end"),
    ),
    "reconnecting": (lambda: Concert(allowed=8), some_notes, ORDERS["lost"], ORDERS["found"]),
    "suspended": (Concert, some_notes, ORDERS["suspended"]),
    "over": (lambda: Concert(movements=1), lambda c: c.until(lambda: c.is_over, "the end")),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("order", ORDERS)
def test_every_order_in_every_state_leaves_a_player_that_plays(state: str, order: str) -> None:
    make, *way = STATES[state]
    with make() as concert:
        for step in [*way, ORDERS[order]]:
            step(concert)
        concert.turn()
        concert.goes_on()
        assert concert.struck_twice == 0


PACES: dict[str, Callable[[GatedSource], object]] = {
    "normal": lambda source: source.pace(0.0, FREE),
    "slow": lambda source: source.pace(0.01, FREE),
    "stalled": lambda source: source.stall(),
    "one item": lambda source: source.pace(0.0, 1),
}
deeds = st.lists(
    st.tuples(
        st.sampled_from(sorted(PACES)),
        st.sampled_from(sorted(ORDERS)),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=8,
)


@example(0, [("stalled", "next", 0)])
@example(2, [("stalled", "lost", 3), ("one item", "next", 2), ("normal", "found", 0)])
@settings(max_examples=25)
@given(st.integers(0, 20), deeds)
def test_orders_at_any_pace_of_the_composer_leave_a_player_that_plays(
    allowed: int, done: list[tuple[str, str, int]]
) -> None:
    with Concert(allowed=allowed) as concert:
        for pace, order, turns in done:
            PACES[pace](concert.source)
            ORDERS[order](concert)
            concert.turn(turns)
        concert.player.control(Controls(tempo=480.0))
        concert.goes_on()
        assert concert.struck_twice == 0
