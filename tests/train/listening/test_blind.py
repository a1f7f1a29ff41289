"""The page holds all it needs, and nothing that tells real from generated."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.train.listening.conftest import COUNT, words

from playbach_train.cli import main
from playbach_train.listening.blind import WHO_WROTE_IT, Blind, page_of, script_of


class Page(HTMLParser):
    """The elements of a page and what is in its scripts and styles."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.text = (folder / "index.html").read_text(encoding="utf-8")
        self.attributes: list[tuple[str, str, str]] = []
        self.inside: dict[str, str] = {}
        self._open = ""
        self.feed(self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        self._open = "survey" if dict(attributes).get("id") == "survey" else tag

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside[self._open] = self.inside.get(self._open, "") + data

    @property
    def policy(self) -> str:
        return next(value for _, _, value in self.attributes if "default-src" in value)

    @property
    def told(self) -> Any:
        return json.loads(self.inside["survey"])


def test_the_page_is_one_file_that_refers_to_nothing(page: Path) -> None:
    assert [path.name for path in page.iterdir()] == ["index.html"]
    read = Page(page)
    links = [value for _, name, value in read.attributes if name in ("src", "href", "action")]
    assert links == ["data:,"]
    assert re.findall(r"(?:https?:)?//[a-z]", read.text.replace("http://www.w3.org", "")) == []
    assert "fetch(" not in read.text
    assert not re.search(r"^\s*(import|export)\b", read.inside["script"], re.MULTILINE)


def test_its_policy_allows_its_own_script_and_style_and_nothing_to_be_sent(page: Path) -> None:
    read = Page(page)
    for kind in ("script", "style"):
        digest = hashlib.sha256(read.inside[kind].encode()).digest()
        assert f"{kind}-src 'sha256-{base64.b64encode(digest).decode()}'" in read.policy
    assert read.policy.startswith("default-src 'none'; ")
    assert "form-action 'none'" in read.policy
    assert "unsafe" not in read.policy


def test_every_excerpt_of_the_page_is_in_the_key_and_each_source_has_its_count(
    page: Path, key: dict[str, Any]
) -> None:
    told = Page(page).told
    assert told["survey"] == key["survey"]
    assert {one["id"] for one in told["excerpts"]} == set(key["excerpts"])
    labels = [row["source"] for row in key["excerpts"].values()]
    assert {label: labels.count(label) for label in labels} == dict.fromkeys(
        ("real", "net", "foreign"), COUNT
    )
    assert set(key["sources"]) == set(labels)


def test_the_page_names_no_source_movement_form_or_seed(page: Path, key: dict[str, Any]) -> None:
    told = Page(page).told
    assert set(told) == {
        "survey", "program", "question", "fade", "mail", "excerpts",
    }  # fmt: skip
    for one in told["excerpts"]:
        assert set(one) == {"id", "length", "notes"}
        assert re.fullmatch("[b-df-hj-np-tv-xz]{6}", one["id"])
    in_html = re.sub(r"<(script|style).*?</\1>", "", Page(page).text, flags=re.DOTALL)
    rows = key["excerpts"].values()
    for secret in {row[name] for row in rows for name in ("source", "movement", "form")}:
        assert not re.search(rf"\b{re.escape(secret)}\b", in_html + Page(page).inside["survey"])


def test_the_excerpts_of_a_source_do_not_stand_together(key: dict[str, Any]) -> None:
    labels = [row["source"] for row in key["excerpts"].values()]
    changes = sum(before != after for before, after in pairwise(labels))
    assert changes > 2


def test_networks_are_asked_for_the_forms_of_the_real_excerpts(key: dict[str, Any]) -> None:
    forms = {
        label: sorted(row["form"] for row in key["excerpts"].values() if row["source"] == label)
        for label in ("real", "net")
    }
    assert forms["real"] == forms["net"]


def test_the_key_says_which_network_composed(key: dict[str, Any]) -> None:
    net = key["sources"]["net"]
    assert (net["kind"], net["run"], net["file"]) == ("network", "tiny", "tiny.bundle")
    assert re.fullmatch("[0-9a-f]{64}", net["sha256"])
    assert key["sources"]["foreign"]["kind"] == "scores"
    assert key["seed"] == 7


def test_the_same_seed_makes_the_same_page_and_another_seed_another(
    page: Path, sources: Path, tmp_path: Path
) -> None:
    mail = ("--mail", "name@example.org")
    assert main(words(sources, tmp_path / "again", *mail)) == 0
    again = (tmp_path / "again" / "index.html").read_bytes()
    assert again == (page / "index.html").read_bytes()
    assert (tmp_path / "again.key.json").read_bytes() == page.with_name(
        "page.key.json"
    ).read_bytes()
    assert main(words(sources, tmp_path / "other", *mail, "--seed", "8")) == 0
    assert (tmp_path / "other" / "index.html").read_bytes() != again


def test_without_a_seed_two_pages_differ(sources: Path, tmp_path: Path) -> None:
    pages = set()
    for name in ("one", "two"):
        given = words(sources, tmp_path / name)
        del given[given.index("--seed") : given.index("--seed") + 2]
        assert main(given) == 0
        pages.add((tmp_path / name / "index.html").read_bytes())
    assert len(pages) == 2


def test_an_address_cannot_leave_the_script_it_stands_in() -> None:
    text = page_of(Blind("0" * 16, ()), WHO_WROTE_IT, mail="</script><b>@example.org")
    assert "</script><b>" not in text


@pytest.mark.parametrize("name", ["class Instrument", "const voiceOf", "function roomAnswer"])
def test_the_synth_is_that_of_the_boards_page(name: str) -> None:
    assert script_of().count(name) == 1
