"""Every control changes what holds, and what is sent to the synth."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from tests.browser.conftest import Browser, Serve, Served
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.session.commands import Command
from playbach.session.session import Session
from playbach.session.status import NoteAhead, Transport


def _next_notes(session: Session, wanted: int, browser: Browser) -> list[NoteAhead]:
    """Notes as they are going to be heard, from now on."""
    notes: list[NoteAhead] = []
    with session.subscribe() as subscription:

        def enough() -> bool:
            notes.extend(event for event in subscription.take() if isinstance(event, NoteAhead))
            return len(notes) >= wanted

        browser.until(enough, f"{wanted} notes")
    return notes


def _wait_for_setting(browser: Browser, served: Served, name: str, value: object) -> None:
    def holds() -> bool:
        settings: dict[str, Any] = browser.ask("page.status.settings")
        return bool(getattr(served.session.settings, name) == value == settings[name])

    browser.until(holds, f"{name} {value}")


def test_the_name_of_the_music_is_shown_as_it_is(browser: Browser, serve: Serve) -> None:
    def same() -> bool:
        movement = served.session.status().playing.movement
        shown = f"{browser.text('#suite')}, {browser.text('#movement')}"
        return movement is not None and shown == movement.title

    with serve() as served:
        browser.open_ready(served.base)
        browser.until(same, "the name")
        browser.until(lambda: browser.text("#bar").startswith("bar "), "the bar")


def test_the_pause_is_silent_and_ends(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        browser.click("#play")
        browser.until(lambda: browser.text("#rest") == "paused", "the word for it")
        assert served.session.status().transport is Transport.PAUSED
        browser.until(lambda: served.listener.sounding == (), "silence")
        assert browser.one("#play").get_attribute("aria-label") == "Play"
        notes = len(served.listener.notes)
        assert not browser.ask("page.notes.between(page.clock.now() + 0.5, Infinity).length")
        assert len(served.listener.notes) == notes
        browser.press("body", " ")
        browser.until(lambda: len(served.listener.notes) > notes, "music")
        assert browser.one("#play").get_attribute("aria-label") == "Pause"


def test_the_next_movement_begins(browser: Browser, serve: Serve) -> None:
    with serve(settings={"tempo": 400}) as served:
        browser.open_ready(served.base)
        before = browser.text("#movement")
        browser.until(lambda: served.session.status().playing.bar > 4, "some bars")
        browser.click("#next")
        browser.until(lambda: browser.text("#movement") != before, "another movement")
        browser.until(lambda: browser.find("#pieces a[download]"), "the movement before")
        link = browser.one("#pieces a[download]").get_attribute("href")
        assert link is not None
        assert link.endswith(".mid")
        content = browser.ask(
            "[...new Uint8Array(await (await fetch(values[0])).arrayBuffer())]", link
        )
        assert bytes(content[:4]) == b"MThd"


def test_keys_steer_as_in_the_terminal_and_can_be_turned_off(
    browser: Browser, serve: Serve
) -> None:
    with serve(settings={"tempo": 100}) as served:
        browser.open_ready(served.base)
        browser.press("body", "+")
        _wait_for_setting(browser, served, "tempo", 105)
        browser.press("body", "-", "-")
        browser.until(lambda: (served.session.settings.tempo or 100) < 100, "a slower tempo")
        before = browser.text("#movement")
        # A border lies between what sounded of one movement and the next.
        sounded = "page.notes.between(page.clock.now() - 9, page.clock.now()).length"
        browser.until(lambda: browser.ask(sounded) > 3, "notes of the first movement")
        browser.press("#setting-form", "n")
        browser.press("body", "n")
        browser.until(lambda: browser.text("#movement") != before, "another movement")
        browser.until(lambda: browser.ask("page.roll.drawn.borders.length"), "its name in the roll")
        browser.press("body", "?")
        browser.until(lambda: browser.one("#keys").is_displayed(), "the list of keys")
        browser.press("#keys-on", " ")
        browser.click("#keys button")
        browser.press("body", " ", "?")
        assert not browser.one("#keys").is_displayed()
        assert served.session.status().transport is Transport.PLAYING
        browser.driver.execute_script("localStorage.clear()")


def test_everything_can_be_silenced(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        browser.click("#panic")
        browser.until(lambda: browser.text("#rest") == "paused", "the pause")
        # All notes off, on every channel.
        wanted = [bytes([0xB0 | channel, 123, 0]) for channel in range(16)]
        browser.until(lambda: set(wanted) <= set(served.listener.heard), "the messages")


def _pace(notes: list[NoteAhead]) -> float:
    """Notes a second."""
    return (len(notes) - 1) / (notes[-1].at - notes[0].at)


def test_tempo(browser: Browser, serve: Serve) -> None:
    with serve(settings={"tempo": 160, "form": "gigue"}) as served:
        browser.open_ready(served.base)
        before = _pace(_next_notes(served.session, 15, browser))
        browser.press("#setting-tempo", Keys.END)
        _wait_for_setting(browser, served, "tempo", 400)
        assert _pace(_next_notes(served.session, 25, browser)) > 1.5 * before
        assert browser.text("#pace") == "400 beats a minute"
        browser.click("[data-setting=tempo] .auto")
        _wait_for_setting(browser, served, "tempo", None)


def test_transposition(browser: Browser, serve: Serve) -> None:
    with serve(settings={"tempo": 400, "form": "gigue"}) as served:
        browser.open_ready(served.base)
        before = [note.pitch for note in _next_notes(served.session, 20, browser)]
        browser.press("#setting-transpose", Keys.END)
        _wait_for_setting(browser, served, "transpose", 24)
        sent = len(served.listener.notes)
        browser.until(lambda: len(served.listener.notes) > sent + 20, "notes")
        after = served.listener.pitches[sent + 1 :]
        assert sum(after) / len(after) > sum(before) / len(before) + 12


def test_how_it_is_played(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        for name in ("expression", "dynamics", "articulation"):
            browser.press(f"#setting-{name}", Keys.HOME)
            _wait_for_setting(browser, served, name, 0)


def test_volume(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        browser.press("#setting-volume", Keys.HOME)
        _wait_for_setting(browser, served, "volume", 0)
        browser.until(lambda: b"\xb0\x07\x00" in served.listener.heard, "controller 7")


def test_the_instrument_by_name_and_family(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        families = [one.get_attribute("label") for one in browser.find("#setting-program optgroup")]
        assert len(families) == 16
        assert len(browser.find("#setting-program optgroup option")) == 128
        browser.choose("#setting-program", "Church Organ")
        _wait_for_setting(browser, served, "program", 19)
        browser.until(lambda: b"\xc0\x13" in served.listener.heard, "the program change")


def _movement(served: Served) -> Any:
    return served.session.status().playing.movement


def test_form(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        browser.choose("#setting-form", "Gigue")
        browser.until(lambda: "on: Gigue" in browser.text("#wished"), "what comes next")
        browser.click("#now")
        browser.until(lambda: _movement(served).form.name == "gigue", "a gigue")
        browser.until(lambda: "Gigue" in browser.text("#movement"), "its name")


def test_key(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        browser.choose("#setting-key", "B♭ major")
        _wait_for_setting(browser, served, "key", "Bb major")
        served.session.command(Command.NEXT_MOVEMENT)
        browser.until(lambda: str(_movement(served).key) == "Bb major", "the key")
        browser.until(lambda: "B♭ major" in browser.text("#suite"), "its name")


def test_every_key_of_the_menu_is_one(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        options = browser.ask(
            "(await import('/static/choices.js')).choicesOf((await (await "
            "fetch('/api/v1/settings/table')).json()).find(({ name }) => name === 'key')).load()"
        )
        keys = [option["settings"]["key"] for option in options]
        assert len(keys) == 25
        for key in keys:
            assert served.session.change({"key": key}).key == key


def _asked(served: Served) -> dict[str, object]:
    """What the composer heeds from the next note or movement on."""
    wanted = served.session._wanted
    return {
        "temperature": wanted.sampling.temperature,
        "memory": wanted.sampling.memory,
        "playable": wanted.sampling.playable,
        "repeats": wanted.wishes.repeats,
    }


@pytest.mark.parametrize(
    ("name", "act", "value"),
    [
        ("temperature", lambda page: page.press("#setting-temperature", Keys.HOME), 0.05),
        ("temperature", lambda page: page.press("#setting-temperature", Keys.END), 5),
        ("memory", lambda page: page.press("#setting-memory", Keys.HOME), 0),
        ("memory", lambda page: page.press("#setting-memory", Keys.END), 2),
        ("playable", lambda page: page.press("#setting-playable", " "), False),
        ("repeats", lambda page: page.click("[data-setting=repeats] label"), True),
    ],
)
def test_the_composer_is_asked_for_what_was_set(
    browser: Browser, serve: Serve, name: str, act: Callable[[Browser], None], value: object
) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        act(browser)
        _wait_for_setting(browser, served, name, value)
        assert _asked(served)[name] == value
        assert len(_next_notes(served.session, 5, browser)) >= 5


def test_model(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    shutil.copy(TINY_BUNDLE, tmp_path / "another.bundle")
    with serve(models=tmp_path) as served:
        browser.open_ready(served.base)
        browser.choose("#setting-bundle", "another")
        _wait_for_setting(browser, served, "bundle", str(tmp_path / "another.bundle"))
        browser.click("#next")
        sent = len(served.listener.notes)
        browser.until(lambda: len(served.listener.notes) > sent + 3, "its music")
        assert not served.session.status().problem


def test_port(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        browser.choose("#setting-port", "Nothing but this page")
        _wait_for_setting(browser, served, "sink", "none")
        browser.until(lambda: "nowhere" in browser.text("#state"), "the sink")
        assert served.listener.sounding == ()


def test_a_slider_that_is_dragged_sends_its_last_place(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        browser.press("#setting-volume", *([Keys.ARROW_LEFT] * 30))
        _wait_for_setting(browser, served, "volume", 70)
        assert browser.text("[data-setting=volume] output") == "70"
