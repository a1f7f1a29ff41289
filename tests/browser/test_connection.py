"""Pages agree, say when the board has gone, come back by themselves, and ask for their link."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator

from tests.browser.conftest import Browser, OpenBrowser, Serve
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

_TOKEN = "a-token-of-enough-letters"  # noqa: S105 it opens nothing


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def _player(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The real program, which ends with the context however it does."""
    command = [
        sys.executable, "-m", "playbach", "play", "--sink", "none", "--bundle", str(TINY_BUNDLE),
        "--web", f"127.0.0.1:{port}",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as program:
        try:
            yield program
        finally:
            program.kill()


def _is_served(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_a_page_says_that_the_board_was_killed_and_goes_on_when_it_is_back(
    browser: Browser,
) -> None:
    port = _free_port()
    with _player(port) as program:
        browser.until(lambda: _is_served(port), "the program")
        browser.open_ready(f"http://127.0.0.1:{port}/")
        browser.click("#listen")
        program.kill()
        browser.until(lambda: browser.find("[data-connection=gone]"), "the word that it has gone")
        assert "does not answer" in browser.text("#connection")
        assert not browser.one("#play").is_enabled()
        assert not browser.one("#setting-volume").is_enabled()
    with _player(port):
        browser.until(lambda: browser.find("[data-connection=here]"), "the connection")
        browser.until(lambda: browser.ask("page.notes.all.length") > 3, "notes")
        browser.until(lambda: browser.ask("page.roll.drawn.notes") > 3, "notes that are drawn")
        browser.until(lambda: browser.one("#setting-volume").is_enabled(), "the controls")
        assert browser.ask("page.sound.isOn")


def test_two_browsers_show_the_same(browser: Browser, browsers: OpenBrowser, serve: Serve) -> None:
    other = browsers()
    with serve(settings={"form": "gigue"}) as served:
        for one in (browser, other):
            one.open_ready(served.base)
        browser.choose("#setting-program", "Harpsichord")
        other.until(
            lambda: (
                other.one("#setting-program").get_attribute("value")
                == browser.one("#setting-program").get_attribute("value")
            ),
            "the same instrument",
        )
        other.click("#play")
        browser.until(lambda: browser.text("#rest") == "paused", "the pause of the other")
        notes = [
            one.ask("page.notes.all.slice(-10).map((note) => [note.at, note.pitch])")
            for one in (browser, other)
        ]
        assert notes[0] == notes[1]
        assert browser.text("#movement") == other.text("#movement")
        browser.until(lambda: browser.text("#bar") == other.text("#bar"), "the same bar")
        browser.until(lambda: "\n2\n" in browser.text("#state"), "the number of pages")
    other.close()


def test_without_its_link_the_page_asks_for_it(browser: Browser, serve: Serve) -> None:
    with serve(token=_TOKEN) as served:
        browser.open(served.base)
        browser.until(lambda: "needs its link" in browser.text("#locked"), "the request")
        assert not browser.one("#page").is_displayed()
        browser.open_ready(f"{served.base}/#{_TOKEN}")
        assert _TOKEN not in browser.driver.current_url
        # The cookie opens it from now on.
        browser.open_ready(served.base)
        browser.click("#play")
        browser.until(lambda: browser.text("#rest") == "paused", "the pause")


def test_a_locked_page_takes_the_token_or_the_link_in_its_field(
    browser: Browser, serve: Serve
) -> None:
    with serve(token=_TOKEN) as served:
        browser.open(served.base, width=360)
        browser.until(lambda: browser.find("#locked:not([hidden])"), "the request")
        field = browser.one("#token")
        field.send_keys("wrong\n")
        browser.until(lambda: "not the token" in browser.text("#notice"), "the refusal")
        field.clear()
        field.send_keys(f"http://bach.local:8420/#{_TOKEN}\n")
        browser.until(lambda: browser.find("[data-connection=here]"), "the page")


def test_a_wrong_link_is_refused_in_a_line(browser: Browser, serve: Serve) -> None:
    with serve(token=_TOKEN) as served:
        browser.open(f"{served.base}/#wrong")
        browser.until(lambda: browser.text("#notice"), "the refusal")
        assert "not the token" in browser.text("#notice")
        browser.until(lambda: "needs its link" in browser.text("#locked"), "the request")
