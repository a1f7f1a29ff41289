"""The commands in the documents work: they are run, page by page. ``make test-docs``."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("markdown_it", reason="the documentation's tools are not installed")

from tests.docs.clone import Clone, missing, serves
from tests.docs.pages import blocks, pages

# Pages whose commands serve on the usual port are run one after another, by one process.
PAGES = [
    pytest.param(page, marks=pytest.mark.xdist_group("port") if any(map(serves, run)) else ())
    for page in pages()
    if (run := [block for block in blocks(page) if block.is_run])
]


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_can_be_followed(page: str, tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    absent: set[str] = set()
    for block in blocks(page):
        if not block.is_run:
            continue
        if lacks := missing(block):
            absent.update(lacks)
        else:
            clone.run(block)
    if absent:
        pytest.skip(f"not all was run, for want of {', '.join(sorted(absent))}")
