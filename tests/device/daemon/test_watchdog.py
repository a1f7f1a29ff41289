"""Signs of life come from progress, and stop when it does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from playbach.daemon.supervisor import PATIENCE, Progress, Watchdog


@dataclass
class Machine:
    """A player and a manager, on a clock that only the test moves."""

    progress: Progress = field(default_factory=lambda: Progress(0, 0, waits=False))
    now: float = 1000.0
    fed: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watchdog = Watchdog(10.0, lambda: self.progress, lambda: self.fed.append(self.now))

    def run(self, seconds: float, *, beats: bool = True, notes: bool = True) -> None:
        for _ in range(round(seconds * 2)):
            self.now += 0.5
            beat, count = self.progress.beat + beats, self.progress.notes + notes
            self.progress = replace(self.progress, beat=beat, notes=count)
            self.watchdog.poll(self.now)


def longest_hunger(machine: Machine) -> float:
    return max(
        later - earlier for earlier, later in zip(machine.fed, machine.fed[1:], strict=False)
    )


def test_a_player_that_plays_is_fed_often_enough_and_no_more() -> None:
    machine = Machine()
    machine.run(100)
    assert 2.5 <= longest_hunger(machine) <= 5.0
    assert len(machine.fed) <= 41


def test_a_frozen_player_gets_nothing_and_then_again_when_it_moves() -> None:
    machine = Machine()
    machine.run(10)
    machine.run(5, beats=False, notes=False)  # what it did before still counts once
    machine.fed.clear()
    machine.run(60, beats=False, notes=False)
    assert machine.fed == []
    machine.run(5)
    assert machine.fed != []


def test_music_that_rests_for_a_reason_is_alive() -> None:
    machine = Machine()
    machine.run(3600, notes=False)
    assert longest_hunger(machine) <= 5.0


def test_a_composer_that_never_comes_back_is_a_hang() -> None:
    machine = Machine(Progress(0, 0, waits=True))
    machine.run(PATIENCE - 10, notes=False)
    assert longest_hunger(machine) <= 5.0
    machine.fed.clear()
    machine.run(60, notes=False)
    assert machine.fed[-1] < machine.now - 40


def test_a_composer_that_comes_back_in_time_is_none() -> None:
    machine = Machine(Progress(0, 0, waits=True))
    for _ in range(5):
        machine.run(PATIENCE - 20, notes=False)
        machine.run(1)
    assert longest_hunger(machine) <= 5.0
