"""Messages that the documents explain are those that the programs give."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

pytest.importorskip("markdown_it", reason="the documentation's tools are not installed")

from tests.docs.pages import ROOT

PAGE = "docs/how-to/recovering.md"
PROGRAMS = ("device", "train", "convert")
FOREIGN = ("activating (auto-restart)", "systemctl status")
"""What systemd says."""
_CELL = re.compile(r"^\| (?P<cell>[^|]*`[^|]*) \|", re.MULTILINE)
# What differs from case to case (places, names, values, what was left out), and what the system or
# Python says.
_VARIABLE = re.compile(
    r"\S*\d\S*|\[\w+\]|'\w+'|\(.*?\)|NAME\S*|\.\.\.|mean \w+\?|Address already in use|Cannot.*"
)
_SHORTEST = 5
"""Characters of what is looked for; less is found anywhere."""


def messages() -> list[str]:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    quoted = (message for cell in _CELL.findall(text) for message in re.findall(r"`(.+?)`", cell))
    return [message for message in quoted if message not in FOREIGN]


def fixed_parts(message: str) -> Iterator[str]:
    """What of a message is the same whenever it is given."""
    for part in re.split(r"[;:]\s", _VARIABLE.sub("; ", message)):
        words = part.strip(" :;?,")
        if len(words) >= _SHORTEST:
            yield words


@pytest.fixture(scope="module")
def sources() -> str:
    """All strings in the programs but docstrings, each on lines of its own."""
    files = (file for folder in PROGRAMS for file in sorted((ROOT / folder).rglob("*.py")))
    return "\n".join(text for file in files for text in strings(file.read_text(encoding="utf-8")))


def strings(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield str(node.value)


@pytest.mark.parametrize("message", messages())
def test_a_message_that_is_explained_is_one_that_is_given(message: str, sources: str) -> None:
    parts = list(fixed_parts(message))
    assert parts, f"{message}: nothing to look for"
    for part in parts:
        assert part in sources, f"{PAGE}: no program says {part!r}"


def test_there_are_messages() -> None:
    assert len(messages()) > 8
