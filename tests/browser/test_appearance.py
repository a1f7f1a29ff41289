"""The page keeps nobody out, fits every screen, and asks nothing of other servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys
from tests.browser.conftest import Browser, Serve

_AXE = Path(__file__).parent / "vendor" / "axe.min.js"
_NAME = "document.activeElement.id || document.activeElement.textContent.trim()"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(browser: Browser, serve: Serve, scheme: str, width: int) -> None:
    with serve() as served:
        browser.open_ready(served.base, width=width, prefers_color_scheme=scheme)
        browser.driver.execute_script(_AXE.read_text())
        found = browser.ask("(await axe.run()).violations")
        assert [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found] == []


def test_axe_finds_nothing_in_the_request_for_the_link(browser: Browser, serve: Serve) -> None:
    with serve(token="a-token-of-enough-letters") as served:  # noqa: S106 it opens nothing
        browser.driver.delete_all_cookies()
        browser.open(served.base)
        browser.until(lambda: browser.text("#locked"), "the request")
        browser.driver.execute_script(_AXE.read_text())
        assert browser.ask("(await axe.run()).violations.map((one) => one.id)") == []


@pytest.mark.parametrize("width", [320, 360, 412, 768, 1024, 1920])
def test_nothing_is_wider_than_the_screen(browser: Browser, serve: Serve, width: int) -> None:
    with serve() as served:
        browser.open_ready(served.base, width=width)
        assert browser.ask("document.documentElement.scrollWidth") <= width


def test_everything_can_be_reached_by_keyboard(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        names = set()
        for _ in range(40):
            browser.driver.switch_to.active_element.send_keys(Keys.TAB)
            names.add(browser.ask(_NAME))
        controls = browser.ask(
            "[...document.querySelectorAll('button, input, select')].map((one) => one.id)"
        )
        assert len(controls) > 12
        assert {name for name in controls if name} <= names


def test_nothing_comes_from_elsewhere_and_nothing_is_refused(
    browser: Browser, serve: Serve
) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        browser.click("#listen")
        urls = browser.ask("performance.getEntriesByType('resource').map((one) => one.name)")
        assert len(urls) > 10
        assert [url for url in urls if not url.startswith(served.base)] == []
        assert browser.complaints() == []
