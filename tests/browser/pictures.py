"""``make screens``: takes the pictures of the page in ``docs``, of a player that it starts.

python -m tests.browser.pictures
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.web import address_of_page
from PIL import Image
from tests.browser.conftest import Browser

_DOCS = Path(__file__).parents[2] / "docs"
_PLAY = (
    sys.executable, "-m", "playbach", "play", "--sink", "none", "--seed", "27", "--web",
    "127.0.0.1:0", "--form", "allemande",
)  # fmt: skip
_SCREENS = {
    "page-wide-light": (1280, 800, "light"),
    "page-phone-light": (360, 780, "light"),
    "page-phone-dark": (360, 780, "dark"),
}
"""Width and height in pixels, and the colours that the visitor prefers."""
_COLOURS = 256
_IS_LIT = (
    "page.notes.between(page.clock.now() - 14, page.clock.now() - 12).length > 0"
    " && page.notes.between(page.clock.now() - 0.5, page.clock.now())"
    ".some((note) => page.notes.recalledBy(note).some(({ weight }) => weight > 0.25))"
)


_THEME = "D4/8 F4 E4 A4 G4 Bb4 A4/4."
_FAST = ("--tempo", "400", "--form", "auto", "--key", "D minor")


@contextlib.contextmanager
def player(*options: str) -> Iterator[str]:
    """Address of a page that plays."""
    with subprocess.Popen((*_PLAY, *options), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield address_of_page(process)
        finally:
            process.terminate()


def _is_shown(browser: Browser, numeral: str) -> bool:
    return browser.text("#movement").startswith(numeral)


def _picture_of_the_suite(browser: Browser, url: str) -> None:
    """Two movements played in part, the third playing, and another form wished for what comes."""
    browser.open_ready(url, width=1280, height=1200, prefers_color_scheme="light")
    for numeral in ("II ", "III "):
        browser.until(lambda: browser.ask("page.status.bar > 4"), "some bars")
        browser.click("#next")
        browser.until(partial(_is_shown, browser, numeral), "the next movement")
    browser.choose("#setting-key", "A minor")
    browser.until(lambda: browser.text("#wished span"), "what is wished")
    browser.until(lambda: browser.find("[data-fate=coming]"), "what comes")
    browser.until(lambda: "A minor" in browser.text("[data-fate=coming] .facts"), "its key")
    section = browser.one("section[data-module='suite.js']")
    browser.driver.execute_script("arguments[0].scrollIntoView()", section)
    section.screenshot(str(_DOCS / "page-suite.png"))


def _theme(browser: Browser, url: str) -> bytes:
    """Of the keyboard, with a theme typed and taken."""
    browser.open_ready(url, width=1280, height=1200, prefers_color_scheme="light")
    browser.until(lambda: browser.find("#theme-notes"), "the keyboard")
    browser.press("#theme-notes", _THEME)
    browser.click("#theme .give")
    browser.until(lambda: "7 notes" in browser.text("#theme"), "what is played")
    browser.ask("window.scrollTo(0, 0)")
    return browser.one("#theme").screenshot_as_png


def _save(picture: bytes, name: str) -> None:
    """Put it among the documents, in as few colours as it needs."""
    few = (
        Image.open(io.BytesIO(picture))
        .convert("RGB")
        .quantize(_COLOURS, Image.Quantize.MAXCOVERAGE)
    )
    few.save(_DOCS / f"{name}.png", optimize=True)


def _score(browser: Browser, url: str) -> bytes:
    """Of the score, a bar of it looked back to."""
    browser.open_ready(url, width=1280, height=800, prefers_color_scheme="light")
    browser.until(lambda: browser.one("#show-notation").is_displayed(), "the engraver")
    browser.click("#show-notation")
    browser.until(lambda: browser.find("#notation div:nth-child(3) .now"), "a bar that sounds")
    browser.until(lambda: browser.find("#notation .recalled"), "a bar that is looked back to")
    return browser.one(".notation").screenshot_as_png


def main() -> None:
    browser = Browser()
    try:
        with player() as url:
            for name, (width, height, scheme) in _SCREENS.items():
                browser.open_ready(url, width=width, height=height, prefers_color_scheme=scheme)
                browser.until(lambda: browser.ask(_IS_LIT), "notes that are looked back to")
                _save(browser.driver.get_screenshot_as_png(), name)
            _save(_score(browser, url), "page-score")
            _save(_theme(browser, url), "page-theme")
        with player(*_FAST) as url:
            _picture_of_the_suite(browser, url)
    finally:
        browser.close()


if __name__ == "__main__":
    main()
