"""The suite as a list: where in it the music is, how to go elsewhere, and what is kept of it."""

from __future__ import annotations

from pathlib import Path

from tests.browser.conftest import Browser, Play
from tests.device.web.conftest import Served

from playbach.address import Address
from playbach.stream import Place
from playbach.web.server import Site, WebServer


def test_the_suite_is_a_list_to_go_about_in_and_what_was_loved_is_kept(
    browser: Browser, play: Play, tmp_path: Path
) -> None:
    with play({"tempo": 400}, kept=tmp_path) as (session, listener):
        server = WebServer(session, Site(Address("127.0.0.1", 0)))
        server.start()
        try:
            _go_about(browser, Served(session, listener, server))
        finally:
            server.stop()
    (kept,) = tmp_path.iterdir()
    assert kept.suffix == ".mid"


def _go_about(browser: Browser, served: Served) -> None:
    def fates() -> list[str]:
        rows = "[...document.querySelectorAll('#suite-list li')]"
        return list(browser.ask(f"{rows}.map((row) => row.dataset.fate)"))

    def is_at(number: int) -> bool:
        movement = served.session.status().playing.movement
        return movement is not None and movement.place == Place(1, number)

    browser.open_ready(served.base)
    browser.until(lambda: fates() == ["playing", *7 * ["coming"]], "the suite")
    assert browser.text("#suite-list li:nth-child(4) .name") == "IV Sarabande"
    browser.until(lambda: served.session.status().playing.bar > 4, "some bars")
    browser.click("#suite-list li:nth-child(4) a")
    browser.until(lambda: is_at(4), "the sarabande")
    there = ["played", "left out", "left out", "playing", *4 * ["coming"]]
    browser.until(lambda: fates() == there, "the suite from there")
    browser.click("#next-suite")
    browser.until(lambda: is_at(8), "the next suite")
    browser.until(lambda: browser.find(".star"), "what was played")
    browser.click(".star")
    browser.until(lambda: browser.find("#kept li"), "what is kept")
    browser.until(lambda: browser.text(".star") == "★", "a star")
    link = browser.one("#kept a").get_attribute("href")
    # Whoever opens a link is asked first.
    browser.open_ready(link or "")
    browser.until(lambda: "seed 1, movement 1" in browser.text("#asked"), "the question")
    assert is_at(8)
    browser.click("#asked-yes")
    browser.until(lambda: is_at(1), "the movement of the link")
    browser.press("#link", "play=nonsense")
    browser.click("#follow button")
    browser.until(lambda: "such as 42.18" in browser.text("#notice"), "why not")
