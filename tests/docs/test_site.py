"""The site as it is built: complete, consistent, and readable without a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("myst_parser", reason="the documentation's tools are not installed")

from docs.site.contents import SECTIONS
from docs.site.reference.commands import parsers
from tests.docs.pages import ROOT, pages

from playbach.config.schema import SECTIONS as CONFIGURATION
from playbach.session.settings import TABLE
from playbach.web.description import description
from playbach_train.networks.table import NETWORKS

PATIENCE = 900
LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
"""Elements that a browser fetches by itself, and where they say from where."""
STYLES = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")
SPOKEN = re.compile(r"fetch\(\s*[\"'`]https?:|new WebSocket\(|XMLHttpRequest\(\)\.open")


@dataclass
class Document(HTMLParser):
    """What a page of the site refers to.

    Attributes:
        anchors: what links may lead to.
        links: targets of links.
        loaded: what a browser fetches with the page.
        words: the text.
    """

    anchors: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    loaded: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attrs if value}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        where = LOADED.get(tag)
        if where in found and found.get("rel") not in {"search", "index", "next", "prev"}:
            self.loaded.add(found[where])

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages, built as ``make docs`` does; a warning fails."""
    folder = tmp_path_factory.mktemp("site")
    away = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    words = ["-q", "-W", "--keep-going", "-c", "docs/site", "-d", str(folder / "trees")]
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, ".", folder / "html"], cwd=ROOT,
        env={**os.environ, **away}, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def documents(site: Path) -> dict[Path, Document]:
    """Every page of the site."""
    found = {}
    for file in site.rglob("*.html"):
        found[file] = Document()
        found[file].feed(file.read_text(encoding="utf-8"))
    return found


def inside(file: Path, targets: set[str]) -> Iterator[tuple[str, Path, str]]:
    """Of some targets those in the site: as written, the file, the anchor."""
    for target in targets:
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc:
            path = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            yield target, path, unquote(parts.fragment)


def test_every_document_is_a_page(site: Path) -> None:
    for page in pages():
        assert (site / page).with_suffix(".html").is_file(), page
    assert (site / "index.html").is_file()


def test_every_page_can_be_reached_from_the_first(documents: dict[Path, Document]) -> None:
    home = next(file for file in documents if file.parts[-2:] == ("docs", "README.html"))
    reached = {path for _, path, _ in inside(home, documents[home].links)}
    for page in pages():
        assert any(path.as_posix().endswith(f"html/{page[:-3]}.html") for path in reached), page


def test_every_link_leads_to_a_page_and_a_place_on_it(documents: dict[Path, Document]) -> None:
    checked = 0
    for file, document in documents.items():
        for target, path, anchor in inside(file, document.links):
            assert path.is_file(), f"{file}: {target}"
            if anchor and path in documents and anchor != "":
                assert anchor in documents[path].anchors, f"{file}: {target}"
            checked += 1
    assert checked > 1_000


def test_pages_load_nothing_from_elsewhere(documents: dict[Path, Document], site: Path) -> None:
    for file, document in documents.items():
        for target in document.loaded:
            assert not re.match(r"(\w+:)?//", target), f"{file}: {target}"
        for target, path, _ in inside(file, document.loaded):
            assert path.is_file(), f"{file}: {target}"
    for style in site.rglob("*.css"):
        for found in STYLES.finditer(style.read_text(encoding="utf-8")):
            assert not re.match(r"(https?:)?//", found[1] or found[2]), f"{style}: {found[0]}"
    for script in site.rglob("*.js"):
        assert not SPOKEN.search(script.read_text(encoding="utf-8")), script


def reference(documents: dict[Path, Document], name: str) -> str:
    file = next(file for file in documents if file.parts[-2:] == ("reference", f"{name}.html"))
    return documents[file].text


def test_the_reference_has_every_option_of_every_command(documents: dict[Path, Document]) -> None:
    text = reference(documents, "commands")
    assert len(parsers()) >= 15
    for name, parser in parsers().items():
        assert name in text
        for option in re.findall(r"--[\w.-]+", parser.format_usage()):
            assert option in text, f"{name} {option}"


def test_the_reference_has_every_key_of_the_configuration(documents: dict[Path, Document]) -> None:
    text = reference(documents, "configuration")
    for section, keys in CONFIGURATION.items():
        assert f"[{section}]" in text
        for key in keys.values():
            assert f"{key.name} = " in text, key.name
    for name in NETWORKS:
        assert f"Training: {name}" in text
    assert "averaging = " in text


def test_the_reference_has_every_request_and_setting(documents: dict[Path, Document]) -> None:
    text = reference(documents, "interface")
    for path in description()["paths"]:
        assert path in text
    for row in TABLE.values():
        assert row.name in text


def test_the_contents_name_pages_that_exist_once() -> None:
    named = [page for section in SECTIONS for page in section.pages]
    assert len(named) == len(set(named))
    assert {f"{page}.md" for page in named} <= set(pages())
