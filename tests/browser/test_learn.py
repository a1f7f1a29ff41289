"""A knob is learned by touching it, on the page."""

from __future__ import annotations

from tests.browser.conftest import Browser, Play
from tests.fixtures.midi_source import GivenSource

from playbach.address import Address
from playbach.session.parts import Parts
from playbach.sinks.midi_input import MidiInput, Received
from playbach.web.server import Site, WebServer


def test_a_knob_is_learned_by_touching_it(browser: Browser, play: Play) -> None:
    surface = GivenSource()

    def touch(*messages: str) -> None:
        surface.coming += [Received(0.0, bytes.fromhex(data)) for data in messages]

    def learn(what: str) -> None:
        browser.choose("#learn-what", what)
        browser.click("#learn")
        browser.until(lambda: what in browser.text("#learn-about"), "the question")

    parts = Parts(make_input=lambda _name: MidiInput(surface))
    with play({"control_in": "a surface"}, parts=parts) as (session, _):
        server = WebServer(session, Site(Address("127.0.0.1", 0)))
        server.start()
        try:
            browser.open_ready(f"http://127.0.0.1:{server.port}")
            learn("Volume")
            touch("90 3c 40")
            browser.until(lambda: "cannot be turned" in browser.text("#learn-about"), "a refusal")
            touch("b1 15 02")
            browser.until(lambda: session.settings.controls == "volume=cc 21 on 2", "the knob")
            browser.until(lambda: browser.find("#mapped li"), "its row")
            assert browser.text("#mapped .facts") == "cc 21 on 2"
            touch("b1 15 63", "b1 15 65", "b1 15 31")
            browser.until(lambda: session.settings.volume == 0x31, "the volume")
            learn("Silence everything")
            touch("90 3c 40")
            wanted = "volume=cc 21 on 2, panic=note 60 on 1"
            browser.until(lambda: session.settings.controls == wanted, "the key")
            browser.until(lambda: len(browser.find("#mapped li")) == 2, "both")
            browser.click("#mapped li:last-child button")
            browser.until(lambda: session.settings.controls == "volume=cc 21 on 2", "one")
        finally:
            server.stop()
