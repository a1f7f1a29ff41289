"""A real Chromium, headless, and what a person does with the page in it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from tests.device.session.conftest import play
from tests.device.web.conftest import Serve, Served, serve

__all__ = ["Browser", "OpenBrowser", "Serve", "Served", "play", "serve"]

PATIENCE = 60.0
_CHROMIUM, _DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
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


class Browser:
    """One browser with one tab."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = cast(str, _CHROMIUM)
        for option in _OPTIONS:
            options.add_argument(option)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # which Chromium has not for this user
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options, Service(cast(str, _DRIVER)))
        self.driver.set_script_timeout(PATIENCE)

    def open(self, url: str, *, width: int = 1280, height: int = 900, **media: str) -> None:
        """Load a page anew, on a screen of that size and with those media features."""
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        features = [
            {"name": name.replace("_", "-"), "value": value} for name, value in media.items()
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        self.driver.get(url)

    def open_ready(self, url: str, **options: Any) -> None:
        """Load the page and wait until it shows what plays, and its controls."""
        self.open(url, **options)
        self.until(lambda: self.find("[data-connection=here]"), "the connection")
        self.until(lambda: self.find("#setting-program optgroup"), "the controls")
        self.until(lambda: "Suite" in self.text("#suite"), "the name of the music")

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
        element = self.one(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
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
            "(async () => { const { page } = await import('/static/main.js');"
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
        log = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def close(self) -> None:
        self.driver.quit()


OpenBrowser = Callable[[], Browser]


@pytest.fixture(scope="session")
def browsers() -> Iterator[OpenBrowser]:
    """Starts browsers, and ends them."""
    if _CHROMIUM is None or _DRIVER is None:
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


@pytest.fixture(scope="session")
def kept_browser(browsers: OpenBrowser) -> Browser:
    return browsers()


@pytest.fixture
def browser(kept_browser: Browser) -> Iterator[Browser]:
    """A browser that is left without a page, so that nothing goes on behind the next test."""
    try:
        yield kept_browser
    finally:
        kept_browser.driver.get("about:blank")
