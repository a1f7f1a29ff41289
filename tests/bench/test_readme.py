"""The figures of the README can be repeated: each names a command that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bench.__main__ import MEASUREMENTS

from playbach_train import cli as train

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def rows() -> list[list[str]]:
    """The table of figures, a row a list of cells, without its head."""
    text = README.read_text(encoding="utf-8")
    section = text.partition("\n## How it compares\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def exists(command: str) -> bool:
    """Whether a measurement, a command of ours or a target of make is of that name."""
    words = command.split()
    if words[0] == "make":
        return words[1] in _TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    if words[1:3] == ["-m", "bench"]:
        return words[3] in MEASUREMENTS
    return words[0].endswith("playbach-train") and words[1] in train.COMMANDS


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:40])
def test_each_figure_names_a_command_that_exists(row: list[str]) -> None:
    command = re.fullmatch(r"`([^`]+)`", row[-1])
    assert command, row
    assert exists(command[1]), command[1]


def test_every_measurement_has_a_figure_in_the_readme() -> None:
    named = {match[1] for row in rows() if (match := re.search(r"-m bench ([a-z]+)", row[-1]))}
    assert named == set(MEASUREMENTS)


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_measurement_is_a_program(name: str) -> None:
    source = (ROOT / "bench" / f"{name}.py").read_text(encoding="utf-8")
    assert 'if __name__ == "__main__":' in source
