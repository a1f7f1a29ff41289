"""What is generated for the reference is Markdown that shows what the code says."""

from __future__ import annotations

import argparse
import html
import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("markdown_it", reason="the documentation's tools are not installed")

from docs.site.reference.bundle import RECORDS, bundle_reference
from docs.site.reference.commands import parsers
from docs.site.reference.markdown import attributes, code, plain, summary, terms
from markdown_it import MarkdownIt

SHOWN = st.text(st.sampled_from("ab 1*_<>[]|#&$~^{}`\\!()-+.'\":;"), max_size=30)


@dataclass(frozen=True)
class Example:
    """A thing with two fields, told of
    in two lines.

    Attributes:
        first: one.
        second: two, which takes
            two lines.

    More that is no field: at all.
    """

    first: int
    second: int = 2


@given(SHOWN)
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    written = f"x {plain(text)} x"
    shown = MarkdownIt("commonmark").renderInline(written)
    assert html.unescape(re.sub("<.*?>", "", shown)) == f"x {text} x"
    assert "<" not in re.sub(r"&lt;|&gt;", "", shown)


def test_code_may_hold_a_back_quote() -> None:
    assert code("--x N") == "`--x N`"
    assert MarkdownIt().renderInline(code("a`b")) == "<code>a`b</code>"


def test_a_docstring_tells_of_its_fields() -> None:
    assert attributes(Example) == {"first": "one.", "second": "two, which takes two lines."}
    assert summary(Example) == "A thing with two fields, told of in two lines."


def test_terms_are_a_list_of_definitions() -> None:
    assert terms([("`a`", "one"), ("`b`", "two")]) == "`a`\n: one\n\n`b`\n: two"


def test_every_command_has_a_parser() -> None:
    found = parsers()
    assert {"playbach save", "playbach-train evaluate", "playbach-convert check"} <= set(found)
    assert all(isinstance(parser, argparse.ArgumentParser) for parser in found.values())


def test_every_record_of_a_manifest_is_told_of() -> None:
    text = bundle_reference()
    for record in RECORDS:
        assert f"### {record.__name__}" in text
    assert "| `MAX_ENTRIES` | 128 |" in text
