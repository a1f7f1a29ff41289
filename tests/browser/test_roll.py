"""The roll shows what is heard, when it is heard, and what the network looks back to."""

from __future__ import annotations

from tests.browser.conftest import Browser, Serve, Served

_COLOURED = """
(() => {
    const canvas = document.getElementById(values[0]);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const style = getComputedStyle(canvas).getPropertyValue(values[1]).trim();
    const wanted = [1, 3, 5].map((at) => parseInt(style.slice(at, at + 2), 16));
    let found = 0;
    for (let i = 0; i < data.length; i += 4) {
        found += data[i + 3] > 200 && wanted.every((part, k) => Math.abs(data[i + k] - part) < 9);
    }
    return found;
})()
"""


def test_the_notes_that_are_sent_are_drawn_and_scroll(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        browser.until(lambda: browser.ask("page.roll.drawn.notes") > 8, "notes")
        browser.until(lambda: browser.ask(_COLOURED, "roll", "--note") > 100, "their colour")
        browser.until(lambda: browser.ask(_COLOURED, "roll", "--accent") > 30, "one that sounds")
        browser.until(lambda: browser.ask(_COLOURED, "whole", "--note") > 10, "the whole")
        told = bytes(browser.ask("page.notes.all.map((note) => note.pitch)"))
        browser.until(lambda: told[:20] in bytes(served.listener.pitches), "the same notes")
        picture = browser.ask("document.getElementById('roll').toDataURL()")
        browser.until(
            lambda: browser.ask("document.getElementById('roll').toDataURL()") != picture, "motion"
        )
        assert browser.complaints() == []


def test_the_playhead_stands_at_the_boards_time(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        browser.until(lambda: browser.ask("page.clock.uncertainty < 0.02"), "a good answer")
        before = served.session.now()
        shown = browser.ask("page.clock.now()")
        after = served.session.now()
        assert before - 0.02 <= shown <= after + 0.02


def test_what_the_network_looks_back_to_lights_up(browser: Browser, serve: Serve) -> None:
    def lit() -> bool:
        # Of the notes that the page knows, some name earlier ones; those glow in time.
        return bool(browser.ask("page.roll.drawn.lit > 0"))

    with serve() as served:
        browser.open_ready(served.base)
        browser.until(lambda: browser.ask("page.notes.all.some((n) => n.recalls?.length)"), "light")
        browser.until(lit, "the picture of it")
        glows = browser.ask(
            "page.notes.all.flatMap((n) => page.notes.recalledBy(n).map("
            "({ note, weight }) => [n.at - note.at, weight]))"
        )
        assert all(distance >= 0 and 0 <= weight <= 1 for distance, weight in glows)
        assert len(served.listener.notes) > 0


def test_notes_that_are_taken_back_are_not_drawn(browser: Browser, serve: Serve) -> None:
    with serve() as served:
        browser.open_ready(served.base)
        known = browser.ask(
            "(() => { const now = page.clock.now(); page.hearWithdrawn({ after: now });"
            "return page.notes.between(now, Infinity).length; })()"
        )
        assert known == 0
        _music_goes_on(browser, served)


def test_without_motion_the_roll_turns_pages(browser: Browser, serve: Serve) -> None:
    with serve(settings={"tempo": 60}) as served:
        browser.open_ready(served.base, prefers_reduced_motion="reduce")
        browser.until(lambda: browser.ask("page.roll.drawn.notes") > 3, "notes")
        first = browser.ask("page.roll.drawn")
        browser.until(lambda: browser.ask("page.roll.drawn.now") > first["now"] + 0.2, "a picture")
        moments = browser.ask(
            "new Promise((done) => { const seen = new Set(); const end = performance.now() + 1000;"
            "const look = () => { seen.add(page.roll.drawn.now);"
            "performance.now() < end ? requestAnimationFrame(look) : done(seen.size); }; look(); })"
        )
        assert moments <= 6


def _music_goes_on(browser: Browser, served: Served) -> None:
    notes = len(served.listener.notes)
    browser.until(lambda: len(served.listener.notes) > notes + 2, "music")


def test_the_plan_has_a_mark_for_each_bar_and_shows_the_one_that_is_heard(
    browser: Browser, serve: Serve
) -> None:
    now = "[...document.querySelectorAll('#plan span')].findIndex((m) => m.matches('.now')) + 1"
    with serve() as served:
        browser.open_ready(served.base)
        browser.until(lambda: browser.ask(now) > 0, "the bar that is heard")
        assert browser.ask(f"{now} === page.status.bar")
        playing = served.session.status().playing.movement
        assert playing is not None
        marks = browser.ask("document.querySelectorAll('#plan span').length")
        assert marks == len(playing.bars)
        like = browser.ask("document.querySelectorAll('#plan .like').length")
        assert like == sum(bar.like > 0 for bar in playing.bars)
        assert browser.complaints() == []
