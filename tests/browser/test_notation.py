"""The score of what plays: the bar that sounds, and those that the network looks back to."""

from __future__ import annotations

import pytest
from tests.browser.conftest import AXE, Browser, Serve

pytest.importorskip("verovio", reason="the engraver is not installed")

_NOW = "[...document.querySelectorAll('#notation .now .ground')].length"
_FITS = """
[...document.querySelectorAll('#notation > div')].every((line, index, all) => {
    const { top, right } = line.getBoundingClientRect();
    return right <= innerWidth && (!index || top >= all[index - 1].getBoundingClientRect().bottom);
})
"""


def test_the_score_is_engraved_when_it_is_asked_for(browser: Browser, serve: Serve) -> None:
    with serve(settings={"tempo": 120}) as served:
        browser.open_ready(served.base, width=360)
        assert browser.one("#show-notation").get_attribute("aria-expanded") == "false"
        assert not browser.find("#notation svg")
        browser.click("#show-notation")
        browser.until(lambda: browser.ask(_NOW), "the bar that sounds")
        browser.until(lambda: browser.find("#notation .recalled"), "a bar that is looked back to")
        browser.until(lambda: len(browser.find("#notation svg")) > 1, "the lines around it")
        assert browser.ask(_FITS)
        browser.driver.execute_script(AXE.read_text())
        assert browser.ask("(await axe.run('#notation')).violations.map((one) => one.id)") == []
        title = browser.text("#movement")
        browser.click("#next")
        browser.until(lambda: browser.text("#movement") != title, "another movement")
        browser.until(lambda: browser.ask(_NOW), "its first bar")
        assert browser.complaints() == []
        browser.click("#show-notation")
        assert not browser.one("#notation").is_displayed()
