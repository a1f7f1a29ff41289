"""A line for each event, with the priority that the journal understands."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from playbach.daemon import logs

PROGRAM = """
import logging
from playbach.daemon.logs import set_up_logging
set_up_logging("info")
log = logging.getLogger("playbach.test")
log.debug("not said"); log.info("a"); log.warning("b\\nc"); log.error("d")
try:
    1 / 0
except ZeroDivisionError:
    log.critical("e", exc_info=True)
"""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger("playbach")
    before = root.level, list(root.handlers), root.propagate
    yield
    root.level, root.propagate = before[0], before[2]
    root.handlers[:] = before[1]


def test_under_the_journal_each_line_has_a_priority(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with path.open("wb") as stream:
        target = os.fstat(stream.fileno())
        name = f"{target.st_dev}:{target.st_ino}"
        environment = {**os.environ, "JOURNAL_STREAM": name}
        subprocess.run(
            [sys.executable, "-c", PROGRAM], stderr=stream, env=environment, check=True, timeout=60
        )
    lines = path.read_text().splitlines()
    assert lines[:4] == ["<6>a", "<4>b\\nc", "<3>d", "<2>e"]
    assert lines[4] == "<2>Traceback (most recent call last):"
    assert all(line.startswith("<2>") for line in lines[4:])


def test_a_journal_that_is_somebody_elses_is_none() -> None:
    environment = {**os.environ, "JOURNAL_STREAM": "1:1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True, text=True, env=environment, check=True, timeout=60,
    )  # fmt: skip
    first = done.stderr.splitlines()[0]
    assert first[8:] == " info: a"
    assert first[2] == first[5] == ":"


def test_the_level_can_be_changed_and_lines_are_not_doubled() -> None:
    said = io.StringIO()
    root = logging.getLogger("playbach")
    root.handlers.clear()
    logs.set_up_logging("error", said)
    root.warning("no")
    logs.set_up_logging("debug")
    root.debug("yes")
    assert said.getvalue().count("\n") == 1
    assert said.getvalue().endswith("debug: yes\n")
