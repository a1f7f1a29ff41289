"""A real browser, headless, and what a person does with the page in it.

Chromium, or Firefox where ``PLAYBACH_BROWSER=firefox`` asks for it (``make test-firefox``).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from tests.browser import firefox
from tests.device.session.conftest import Play, play
from tests.device.web.conftest import Serve, Served, serve

__all__ = ["AXE", "Browser", "OpenBrowser", "Play", "Serve", "Served", "play", "serve"]

PATIENCE = 60.0
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
"""Finds what keeps people out of a page."""
_CHROMIUM, _DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
_IS_FIREFOX = os.environ.get("PLAYBACH_BROWSER", "chromium") == "firefox"
_OPTIONS = (
    "--headless=new",
    "--disable-dev-shm-usage",
    # Nothing of the machine that tests is to be asked or told.
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)

_UNFOLD = "for (const fold of document.querySelectorAll('details')) fold.open = true"


class Chromium:
    """A Chromium of its own, headless; ``driver`` steers it as any other browser."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = cast(str, _CHROMIUM)
        for option in _OPTIONS:
            options.add_argument(option)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # which Chromium has not for this user
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options, Service(cast(str, _DRIVER)))

    def set_media(self, media: dict[str, str]) -> None:
        """Prefer what ``media`` says, and nothing else."""
        features = [
            {"name": name.replace("_", "-"), "value": value} for name, value in media.items()
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def set_size(self, width: int, height: int) -> None:
        """Size of the screen."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def complaints(self) -> list[str]:
        """What pages did wrong since it was asked last."""
        log = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def close(self) -> None:
        self.driver.quit()


_COME_TO_REST = """
const [element, done] = arguments;
let [place, still] = ["", 0];
const look = () => {
  element.scrollIntoView({ block: "center" });
  const { x, y } = element.getBoundingClientRect();
  still = place === `${x} ${y}` ? still + 1 : 0;
  place = `${x} ${y}`;
  if (still < 3) setTimeout(look, 30);
  else done();
};
look();
"""


class Browser:
    """One browser with one tab."""

    def __init__(self) -> None:
        self._program = firefox.Firefox() if _IS_FIREFOX else Chromium()
        self.driver = self._program.driver
        self.driver.set_script_timeout(PATIENCE)

    def open(self, url: str, *, width: int = 1280, height: int = 900, **media: str) -> None:
        """Load a page anew, on a screen of that size and with those media features."""
        self.driver.get("about:blank")
        self._program.set_size(width, height)
        self._program.set_media(media)
        self._program.complaints()
        self.driver.get(url)

    def open_ready(self, url: str, **options: Any) -> None:
        """Load the page, unfold it, and wait until it shows what plays, and its controls."""
        self.open(url, **options)
        self.until(lambda: self.find("[data-connection=here]"), "the connection")
        self.until(lambda: self.find("#setting-program optgroup"), "the controls")
        self.driver.execute_script(_UNFOLD)
        self.until(lambda: "Suite" in self.text("#suite"), "the name of the music")
        self.until(lambda: not self.find("[data-board]:disabled"), "that everything steers")

    def find(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.one(selector).text

    def press(self, selector: str, *keys: str) -> None:
        """Type at an element."""
        self.one(selector).send_keys(*keys)

    def click(self, selector: str) -> None:
        """Click on it when it has come to rest: what is still loading may move it away."""
        element = self.one(selector)
        self.driver.execute_async_script(_COME_TO_REST, element)
        element.click()

    def choose(self, selector: str, text: str) -> None:
        """Choose from a menu, which may ask the board for its list first."""
        self.press(selector, Keys.NULL)
        self.until(lambda: text in self.text(selector), f"{text} in the menu")
        Select(self.one(selector)).select_by_visible_text(text)

    def ask(self, script: str, *values: object) -> Any:
        """What an expression of the page's own modules is; ``page`` is the page."""
        done = self.driver.execute_async_script(
            "const values = [...arguments]; const done = values.pop();"
            # Firefox runs scripts beside the page's own, where an import would begin another page.
            "(async () => { const { page } = globalThis.wrappedJSObject"
            " ?? await import('/static/main.js');"
            f"return ({script}); }})()"
            ".then(value => done({ value }), error => done({ error: String(error.stack) }));",
            *values,
        )
        assert "error" not in done, done["error"]
        return done.get("value")

    def until(self, reached: Callable[[], object], what: str) -> None:
        """Wait for something, for as long as a busy machine may need."""
        deadline = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < deadline, f"{what}: not within {PATIENCE:.0f} s"
            time.sleep(0.05)

    def complaints(self) -> list[str]:
        """What the browser wrote to its console: mistakes, and breaches of the security policy."""
        return self._program.complaints()

    def close(self) -> None:
        self._program.close()


OpenBrowser = Callable[[], Browser]


@pytest.fixture(scope="module")
def browsers() -> Iterator[OpenBrowser]:
    """Starts browsers, and ends them: each file of tests has a fresh one."""
    if _IS_FIREFOX:
        assert firefox.PROGRAM, "no firefox here: apt install firefox-esr"
    elif _CHROMIUM is None or _DRIVER is None:
        pytest.skip("no chromium and chromedriver here: apt install chromium chromium-driver")
    opened: list[Browser] = []

    def start() -> Browser:
        opened.append(Browser())
        return opened[-1]

    try:
        yield start
    finally:
        for one in opened:
            one.close()


@pytest.fixture(scope="module")
def kept_browser(browsers: OpenBrowser) -> Browser:
    return browsers()


@pytest.fixture
def browser(kept_browser: Browser) -> Iterator[Browser]:
    """A browser that is left without a page and cookies: nothing is left to the next test."""
    try:
        yield kept_browser
    finally:
        kept_browser.driver.delete_all_cookies()
        kept_browser.driver.get("about:blank")
