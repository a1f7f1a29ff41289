"""The service says in its status that nobody hears it, and only when that is certain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, Self

import pytest
from tests.fixtures.jack import until

from playbach.daemon import listening
from playbach.daemon.listening import Listening
from playbach.errors import PortError
from playbach.music.form import OTHER
from playbach.music.key import C_MAJOR
from playbach.music.meter import COMMON_TIME
from playbach.session.history import Subscription
from playbach.session.status import NoteAhead, Withdrawn
from playbach.sound.ears import NOTES, Heard, Played
from playbach.stream import Movement, Seconds

MOVEMENT = Movement(1, 1, OTHER, C_MAJOR, COMMON_TIME, 60.0)


class World:
    """A session and ears, both scripted: each look finds what comes next."""

    def __init__(self, found: Sequence[int | str]) -> None:
        self.found: Iterator[int | str] = iter(found)
        self.asked: list[list[Played]] = []
        self.said: list[str] = []
        self.seconds = 0.0
        self.over = False

    def session(self) -> Any:
        def subscribe() -> Any:
            music = Subscription()
            for n in range(2 * NOTES):
                at, lasts = Seconds(101.0 + 0.2 * n), Seconds(0.15)
                music.put(NoteAhead(at, lasts, 50 + n % 12, 80, 1, MOVEMENT))
            music.put(Withdrawn(Seconds(101.0 + 0.2 * (NOTES + 4) - 0.1)))
            return nullcontext(music)

        return SimpleNamespace(
            now=lambda: Seconds(100.0 + self.seconds),
            subscribe=subscribe,
            report=lambda name, problem: self.said.append(f"{name}: {problem}"),
        )

    def ear(self, source: str) -> Any:
        world = self

        class Ear:
            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None:
                world.seconds = 0.0

            def end(self) -> None:
                pass

            @property
            def seconds(self) -> float:
                world.seconds += 2.0
                return world.seconds - 2.0

            def find(self, notes: list[Played]) -> Heard:
                world.asked.append(notes)
                found = next(world.found, None)
                if found is None:
                    world.over = True
                    return Heard(0, 0, 0.0)
                if isinstance(found, str):
                    raise PortError(found)
                return Heard(found, NOTES, 0.1)

        assert source == "mic"
        return Ear()


@pytest.fixture
def listens(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[int | str]], World]:
    monkeypatch.setattr(listening, "_INTERVAL", 0.0)
    monkeypatch.setattr(listening, "_TURN", 0.0)

    def run(found: Sequence[int | str]) -> World:
        world = World(found)
        monkeypatch.setattr(listening, "Ear", world.ear)
        with Listening(world.session(), "mic") as ears:
            until(lambda: world.over or ears.error is not None, "all looks")
        assert ears.error is None
        return world

    return run


def test_a_miss_is_not_said_two_are_and_a_hit_ends_it(
    listens: Callable[[Sequence[int | str]], World],
) -> None:
    world = listens([24, 3, 24, 3, 2, 1, 20])
    hears = "ears: "
    nobody = "ears: nobody hears it by mic; see to the cable, the volume and the microphone"
    assert world.said == [hears, hears, nobody, nobody, hears]


def test_a_source_that_is_not_there_is_said_and_tried_again(
    listens: Callable[[Sequence[int | str]], World],
) -> None:
    world = listens([3, "JACK has no port mic", 3, 24])
    assert world.said == ["ears: nobody listens: JACK has no port mic", "ears: "]


def test_only_notes_that_are_played_are_looked_for(
    listens: Callable[[Sequence[int | str]], World],
) -> None:
    (notes,) = listens([24]).asked[:1]
    assert [note.key for note in notes] == [50 + n % 12 for n in range(NOTES + 4)]
    assert {round(note.lasts, 2) for note in notes} == {0.15}
