"""The commands in the documents name what exists; ``run_commands`` runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("markdown_it", reason="the documentation's tools are not installed")

from tests.docs.clone import Clone
from tests.docs.command_lines import WrongCommandError, check_commands
from tests.docs.pages import LANGUAGE, Block, Mark, blocks, pages

OURS = re.compile(
    r"^(sudo )?(\S*/)?(playbach(-train|-convert)?|make|python3?|pip|apt|git) ", re.MULTILINE
)
"""What a command begins with."""
PARSED_ONLY = ("README.md", "CONTRIBUTING.md")
"""Documents whose commands may be set off by indentation, in which they are parsed and not run."""


def commands_of(page: str) -> list[Block]:
    """The blocks of a document that hold commands."""
    wanted = (LANGUAGE, "") if page in PARSED_ONLY else (LANGUAGE,)
    return [block for block in blocks(page) if block.language in wanted]


@pytest.mark.parametrize("page", pages())
def test_every_command_names_what_exists(page: str) -> None:
    for block in commands_of(page):
        try:
            check_commands(block.text)
        except (WrongCommandError, ValueError) as error:
            pytest.fail(f"{block.where}: {error}")


@pytest.mark.parametrize("page", [page for page in pages() if page not in PARSED_ONLY])
def test_commands_stand_in_blocks_that_say_so(page: str) -> None:
    for block in blocks(page):
        if block.language != LANGUAGE:
            assert not OURS.search(block.text), f"{block.where}: begin the block with ```sh"


@pytest.mark.parametrize(
    "wrong",
    [
        "playbach sing",
        "playbach save x.mid --sed 7",
        "playbach-train --midi scores --epochs 3",
        "playbach-convert runs/x",
        "make pay",
        'make play ARGS="--tempi 80"',
        "cd x && sudo A=b playbach ports --all",
        "python train/trian.py",
        "python -m bench onsets",
    ],
)
def test_a_command_that_cannot_work_is_found(wrong: str) -> None:
    with pytest.raises(WrongCommandError):
        check_commands(wrong)


def test_a_command_that_fails_is_found(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    with pytest.raises(AssertionError, match=r"page:1: status 2:\n.*no such file"):
        clone.run(Block("page", 1, LANGUAGE, "playbach save a.mid --bundle missing.bundle", None))


def test_a_command_that_would_not_stop_is_interrupted(tmp_path: Path) -> None:
    mark = Mark("counts for ever", stopped_at="one")
    said = Clone(tmp_path).run(Block("page", 1, LANGUAGE, "echo one; sleep 300; echo two", mark))
    assert said == "one\n"
