"""The documents: where they are, and the commands and links in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
LANGUAGE = "sh"
"""What a block of commands says it is."""
RUN = (LANGUAGE, "python")
"""What a block that is run says it is."""
_MARK = re.compile(
    r"<!-- (?P<what>not run|stopped at \"(?P<stop>[^\"]+)\"|needs (?P<needs>[^:]+)"
    r"|may end with (?P<status>\d+)): (?P<why>\S.*?) -->\s*$",
    re.DOTALL,
)
_COMMENT = "<!--"
_PARSER = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Mark:
    """What a comment before a block says of it.

    Attributes:
        reason: why it is marked.
        stopped_at: interrupt the commands when they print this.
        needs: programs on the PATH, and absolute paths of files, without which they cannot run.
        status: exit status that the last command may have beside 0.
        is_run: whether the commands are run, here or where there is what they need.
    """

    reason: str
    stopped_at: str | None = None
    needs: tuple[str, ...] = ()
    status: int = 0
    is_run: bool = True


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        page: the document, below the repository's root.
        line: its first line in the document, counted from 1.
        language: what it says it is, ``""`` if it is set off by indentation or says nothing.
        text: what stands in it.
        mark: what the comment before it says, ``None`` if there is none.
    """

    page: str
    line: int
    language: str
    text: str
    mark: Mark | None

    @property
    def where(self) -> str:
        """For a reader who looks for it."""
        return f"{self.page}:{self.line}"

    @property
    def is_run(self) -> bool:
        """Whether a test runs it."""
        return self.language in RUN and (self.mark is None or self.mark.is_run)


@dataclass(frozen=True)
class Reconnectable:
    """A link or picture.

    Attributes:
        page: the document it stands in, below the repository's root.
        target: as written.
    """

    page: str
    target: str


def pages() -> list[str]:
    """Every document, below the repository's root."""
    files = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    return sorted(file.relative_to(ROOT).as_posix() for file in files)


@cache
def _tokens(page: str) -> Sequence[Token]:
    return _PARSER.parse((ROOT / page).read_text(encoding="utf-8"))


def blocks(page: str) -> list[Block]:
    """The blocks of code of a document, in order."""
    return list(_blocks(page, _tokens(page)))


def _blocks(page: str, tokens: Sequence[Token]) -> Iterator[Block]:
    before: Token | None = None
    for token in tokens:
        if token.type in ("fence", "code_block"):
            line = (token.map or [0])[0] + 1
            language = token.info.split(" ")[0]
            yield Block(page, line, language, token.content, _mark(f"{page}:{line}", before))
        before = token


def _mark(where: str, before: Token | None) -> Mark | None:
    if before is None or before.type != "html_block" or _COMMENT not in before.content:
        return None
    found = _MARK.search(before.content)
    assert found, f"{where}: what it says is none of what is understood"
    return Mark(
        reason=" ".join(found["why"].split()),
        stopped_at=found["stop"],
        needs=tuple((found["needs"] or "").split()),
        status=int(found["status"] or 0),
        is_run=found["what"] != "not run",
    )


def links(page: str) -> list[Reconnectable]:
    """The links and pictures of a document, in order."""
    return [
        Reconnectable(page, str(child.attrs.get("href", child.attrs.get("src", ""))))
        for token in _tokens(page)
        for child in token.children or ()
        if child.type in ("link_open", "image")
    ]


@cache
def anchors(page: str) -> frozenset[str]:
    """The anchors that a forge gives to the headings of a document."""
    found: set[str] = set()
    tokens = _tokens(page)
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            text = "".join(child.content for child in inline.children or ())
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            number = 1
            unique = slug
            while unique in found:
                unique = f"{slug}-{number}"
                number += 1
            found.add(unique)
    return frozenset(found)
