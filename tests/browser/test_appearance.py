"""The page keeps nobody out, fits every screen, and asks nothing of other servers."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys
from tests.browser.conftest import AXE, Browser, Serve

_SMALL = """
[...document.querySelectorAll("a, button, input, select, summary, .toggle label")]
    .filter((one) => !one.matches(".skip, [type=checkbox], [aria-label=Keyboard] *"))
    .filter((one) => one.checkVisibility())
    .map((one) => [one.textContent.trim() || one.id, one.getBoundingClientRect()])
    .filter(([, { width, height }]) => Math.min(width, height) < 44)
    .map(([name, { width, height }]) => `${name} ${width} x ${height}`)
"""
"""What a finger may miss; a label switches its switch too, and piano keys are narrow."""
_NAME = "document.activeElement.id || document.activeElement.textContent.trim()"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_and_a_finger_everything(
    browser: Browser, serve: Serve, scheme: str, width: int
) -> None:
    with serve() as served:
        browser.open_ready(served.base, width=width, prefers_color_scheme=scheme)
        browser.driver.execute_script(AXE.read_text())
        found = browser.ask("(await axe.run()).violations")
        assert [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found] == []
        assert browser.ask(_SMALL) == []
        browser.driver.execute_script("window.scrollTo(0, document.body.scrollHeight)")
        top, bottom = browser.ask(
            "(({ top, bottom }) => [top, bottom])(document.getElementById('panic')"
            ".getBoundingClientRect())"
        )
        assert 0 <= top < bottom < 100, "silence is within reach"


def test_axe_finds_nothing_in_the_request_for_the_link(browser: Browser, serve: Serve) -> None:
    with serve(token="a-token-of-enough-letters") as served:  # noqa: S106 it opens nothing
        browser.open(served.base)
        browser.until(lambda: browser.text("#locked"), "the request")
        browser.driver.execute_script(AXE.read_text())
        assert browser.ask("(await axe.run()).violations.map((one) => one.id)") == []


@pytest.mark.parametrize("width", [320, 360, 412, 768, 1024, 1920])
def test_nothing_is_wider_than_the_screen(browser: Browser, serve: Serve, width: int) -> None:
    with serve() as served:
        browser.open_ready(served.base, width=width)
        assert browser.ask("document.documentElement.scrollWidth") <= width


def test_everything_can_be_reached_by_keyboard(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        controls = browser.ask(
            "[...document.querySelectorAll('button, input, select')]"
            ".filter((one) => one.checkVisibility()).map((one) => one.id)"
        )
        assert len(controls) > 12
        left = {name for name in controls if name}
        for _ in range(3 * len(controls)):
            browser.driver.switch_to.active_element.send_keys(Keys.TAB)
            left.discard(browser.ask(_NAME))
            if not left:
                break
        assert not left


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
