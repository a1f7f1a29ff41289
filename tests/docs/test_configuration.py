"""What documents say may stand in a configuration is what the program accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("markdown_it", reason="the documentation's tools are not installed")

from tests.docs.pages import Block, blocks, pages

from playbach.config import load_config

EXAMPLES = [block for page in pages() for block in blocks(page) if block.language == "toml"]


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.where)
def test_an_example_is_accepted(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(block.text, encoding="utf-8")
    assert load_config(path).origins


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 3
