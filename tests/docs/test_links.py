"""Links in the documents as they are read on a forge, or in a clone."""

from __future__ import annotations

import pytest

pytest.importorskip("markdown_it", reason="the documentation's tools are not installed")

from tests.docs.pages import ROOT, anchors, links, pages

INSIDE = [(link.page, link.target) for page in pages() for link in links(page)
          if "://" not in link.target and not link.target.startswith("mailto:")]  # fmt: skip


@pytest.mark.parametrize("page", pages())
def test_every_link_leads_to_a_file_of_the_repository_and_a_heading_in_it(page: str) -> None:
    for target in (target for inside, target in INSIDE if inside == page):
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert not path.startswith("/"), f"{page}: {target} begins at no page"
        assert file.exists(), f"{page}: {target} is not there"
        assert file.resolve().is_relative_to(ROOT), f"{page}: {target} leaves the repository"
        if anchor and file.suffix == ".md":
            name = file.resolve().relative_to(ROOT).as_posix()
            assert anchor in anchors(name), f"{page}: {target} has no such heading"


@pytest.mark.parametrize("page", [page for page in pages() if page.startswith("docs/")])
def test_the_list_of_documents_has_every_document(page: str) -> None:
    listed = {link.target for link in links("docs/README.md")}
    assert page == "docs/README.md" or page.removeprefix("docs/") in listed, page


def test_headings_have_the_anchors_that_forges_give_them() -> None:
    assert {"from-a-phone", "who-may-use-it", "the-interface"} <= anchors("docs/page.md")
    assert "manifestjson" in anchors("docs/bundle-format.md")


def test_there_are_links_to_check() -> None:
    assert len(INSIDE) > len(pages())
