"""Lines that come again and again are counted instead of written."""

from __future__ import annotations

import logging

import pytest

from playbach.log_limit import WINDOW, RepeatLimit


class Journal(logging.Handler):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class Scene:
    """A logger that is limited, on a clock of its own."""

    def __init__(self, most: int) -> None:
        self.time = 0.0
        self.limit = RepeatLimit(most, lambda: self.time)
        self.journal = Journal()
        self.log = logging.Logger("test")  # noqa: LOG001 one of its own, known to nobody else
        self.log.addFilter(self.limit)
        self.log.addHandler(self.journal)

    def refuse(self, name: str) -> None:
        self.log.warning("refused %s", name)


@pytest.fixture
def scene() -> Scene:
    return Scene(3)


def test_a_few_are_written_and_the_rest_are_counted(scene: Scene) -> None:
    for number in range(1_000):
        scene.refuse(f"{number}")
    scene.time = WINDOW + 1
    scene.refuse("another")
    assert scene.journal.lines == [
        "refused 0",
        "refused 1",
        "refused 2 (more like it are left out for up to 60 s)",
        "refused another (997 more like it were left out before)",
    ]


def test_lines_of_another_place_are_written(scene: Scene) -> None:
    for number in range(100):
        scene.refuse(f"{number}")
    scene.log.error("something else")
    assert scene.journal.lines[-1] == "something else"


def test_another_bug_at_the_same_line_of_the_log_is_written(scene: Scene) -> None:
    def raising(error: Exception) -> None:
        try:
            raise error
        except (ValueError, KeyError):
            scene.log.exception("a bug")

    for _ in range(100):
        raising(ValueError("one"))
    assert len(scene.journal.lines) == 3
    raising(KeyError("other"))
    assert len(scene.journal.lines) == 4


def test_a_line_a_while_is_always_written(scene: Scene) -> None:
    for _ in range(50):
        scene.refuse("x")
        scene.time += WINDOW / 1.5
    assert scene.journal.lines == 50 * ["refused x"]


def test_what_is_remembered_is_bounded(scene: Scene) -> None:
    for number in range(1_000):
        record = logging.LogRecord("test", logging.ERROR, "file", number, "x", None, None)
        assert scene.limit.filter(record)
    assert len(scene.limit._kinds) <= 200
