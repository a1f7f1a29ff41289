"""The page of a listening test, opened from a disk: it plays, is rated, and gives the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver.common.keys import Keys
from tests.browser.conftest import Browser
from tests.train.listening.conftest import page, sources

from playbach_train.cli import main

__all__ = ["page", "sources"]

_AXE = Path(__file__).parent / "vendor" / "axe.min.js"

# Listens at the loudspeaker, and writes down when each string begins to sound, and how loud.
_TAP = """
window.heard = { starts: [], peaks: [], analyser: null };
const { connect } = AudioNode.prototype;
AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) {
        heard.analyser ??= new AnalyserNode(this.context, { fftSize: 4096 });
        connect.call(this, heard.analyser);
    }
    return connect.call(this, to, ...rest);
};
const { linearRampToValueAtTime } = AudioParam.prototype;
AudioParam.prototype.linearRampToValueAtTime = function (value, ...rest) {
    // What rocks a string by cents is above 1, what fades an excerpt ends at 0.
    if (value > 0 && value < 1) heard.peaks.push(value);
    return linearRampToValueAtTime.call(this, value, ...rest);
};
const { setPeriodicWave } = OscillatorNode.prototype;
OscillatorNode.prototype.setPeriodicWave = function (wave) {
    this.isString = true;
    return setPeriodicWave.call(this, wave);
};
const { start } = AudioScheduledSourceNode.prototype;
AudioScheduledSourceNode.prototype.start = function (when, ...rest) {
    if (this.isString) heard.starts.push([when, this.frequency.value]);
    return start.call(this, when, ...rest);
};
"""
_LEVEL = """
if (!heard.analyser) return 0;
const samples = new Float32Array(heard.analyser.fftSize);
heard.analyser.getFloatTimeDomainData(samples);
return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
"""


class Listener:
    """A person before the page."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser = browser
        self.url = (folder / "index.html").as_uri()
        self.reopen()
        self.script("localStorage.clear()")
        self.reopen()

    def reopen(self, **options: Any) -> None:
        self.browser.open(self.url, **options)

    def script(self, text: str) -> Any:
        return self.browser.driver.execute_script(text)

    @property
    def ids(self) -> list[str]:
        """Excerpts in the order in which this listener has them."""
        names: list[str] = self.script(
            "return [...document.querySelectorAll('.excerpt')]"
            ".map((one) => one.querySelector('[type=radio]').name)"
        )
        return names

    def excerpts(self) -> dict[str, dict[str, Any]]:
        told = self.script("return document.getElementById('survey').textContent")
        return {one["id"]: one for one in json.loads(told)["excerpts"]}

    def play(self, number: int) -> None:
        self.browser.click(f".excerpt:nth-child({number}) .play")

    def playing(self) -> list[str]:
        return [
            one.get_attribute("aria-label") or "" for one in self.browser.find("[data-playing]")
        ]

    def rate(self, number: int, rating: int) -> None:
        self.browser.click(f".excerpt:nth-child({number}) [value='{rating}']")

    def level(self) -> float:
        return float(self.script(_LEVEL))


@contextmanager
def opened(browser: Browser, folder: Path) -> Iterator[Listener]:
    """Somebody who has just opened a page."""
    tap = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _TAP})
    try:
        yield Listener(browser, folder)
        assert browser.complaints() == []
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", tap)


@pytest.fixture
def listener(browser: Browser, page: Path) -> Iterator[Listener]:
    """Somebody who has just opened the page of real and generated music."""
    with opened(browser, page) as someone:
        yield someone


def test_an_excerpt_sounds_as_it_is_written_and_ends(listener: Listener) -> None:
    listener.play(1)
    listener.browser.until(lambda: listener.level() > 0.01, "sound")
    assert listener.playing() == ["Stop excerpt 1"]
    listener.browser.until(lambda: not listener.playing(), "its end")
    listener.browser.until(lambda: listener.level() < 0.001, "silence")
    notes = listener.excerpts()[listener.ids[0]]["notes"]
    starts = listener.script("return heard.starts")
    first = starts[0][0]
    assert [round((when - first) * 1000) for when, _ in starts] == pytest.approx(
        [at for at, *_ in notes], abs=1
    )
    assert [frequency for _, frequency in starts] == pytest.approx(
        [440 * 2 ** ((pitch - 69) / 12) for _, _, pitch, _ in notes], rel=1e-4
    )


def test_one_excerpt_ends_another_and_a_second_tap_is_silent(listener: Listener) -> None:
    listener.play(1)
    listener.browser.until(lambda: listener.level() > 0.01, "sound")
    listener.play(2)
    assert listener.playing() == ["Stop excerpt 2"]
    listener.play(2)
    assert listener.playing() == []
    listener.browser.until(lambda: listener.level() < 0.001, "silence")


def _answer_all(listener: Listener) -> dict[str, int]:
    ratings = {name: number % 11 for number, name in enumerate(listener.ids, 3)}
    for number, rating in enumerate(ratings.values(), 1):
        listener.play(number)
        listener.rate(number, rating)
    listener.play(len(ratings))
    listener.browser.click(".excerpt:nth-child(2) [type=checkbox]")
    listener.browser.press("#years", "12", Keys.TAB)
    return ratings


def test_the_answers_outlast_a_reload_and_are_what_the_survey_reads(
    listener: Listener, page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = listener.browser
    assert browser.text("#status") == "0 of 9 are rated."
    assert not browser.one("#download").is_enabled()
    assert not browser.one(".excerpt [value='5']").is_enabled()
    ratings = _answer_all(listener)
    assert browser.text("#status") == "All 9 are rated. Thank you!"
    order = listener.ids
    listener.browser.driver.refresh()
    assert listener.ids == order
    assert browser.text("#status") == "All 9 are rated. Thank you!"
    browser.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    browser.click("#download")
    browser.until(lambda: list(tmp_path.glob("answers-*.json")), "the file")
    said = json.loads(next(tmp_path.glob("answers-*.json")).read_bytes())
    assert said["ratings"] == ratings
    assert list(said["ratings"]) == order
    assert (said["years"], said["known"]) == (12, [order[1]])
    mail = urlsplit(browser.one("#mail").get_attribute("href") or "")
    assert (mail.scheme, mail.path) == ("mailto", "name@example.org")
    assert json.loads(parse_qs(mail.query)["body"][0]) == said

    key = page.with_name("page.key.json")
    capsys.readouterr()
    assert main(["survey", str(tmp_path), "--key", str(key), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["respondents"], found["known"], found["refused"]) == (1, 1, [])
    assert sum(row["ratings"] for row in found["sources"].values()) == 8


def test_the_next_listener_begins_anew_in_another_order(listener: Listener) -> None:
    listener.play(1)
    listener.rate(1, 10)
    before = listener.script("return JSON.parse(document.getElementById('results').value)")
    listener.browser.click("#clear")
    listener.browser.driver.switch_to.alert.accept()
    listener.browser.until(
        lambda: listener.browser.text("#status") == "0 of 9 are rated.", "an empty page"
    )
    after = listener.script("return JSON.parse(document.getElementById('results').value)")
    assert after["respondent"] != before["respondent"]
    assert after["ratings"] == {}


def test_everything_is_done_by_keyboard(listener: Listener) -> None:
    listener.browser.press(".excerpt:nth-child(1) .play", Keys.ENTER)
    assert listener.playing() == ["Stop excerpt 1"]
    focused = listener.browser.driver.switch_to
    focused.active_element.send_keys(Keys.TAB)
    focused.active_element.send_keys(Keys.SPACE)
    focused.active_element.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert listener.browser.text("#status") == "1 of 9 are rated."
    assert focused.active_element.get_attribute("value") == "2"
    assert "human" in listener.browser.one(".excerpt label:last-child").text
    listener.browser.press(".excerpt:nth-child(1) .play", Keys.SPACE)
    assert listener.playing() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    listener: Listener, scheme: str, width: int
) -> None:
    listener.reopen(width=width, prefers_color_scheme=scheme)
    listener.play(1)
    listener.rate(1, 4)
    listener.play(1)
    listener.script(_AXE.read_text())
    found = listener.browser.driver.execute_async_script(
        "const done = arguments[0]; axe.run().then(({ violations }) => done(violations.map("
        "(one) => [one.id, one.nodes[0].html])), (error) => done([String(error)]));"
    )
    assert found == []
    assert listener.script("return document.documentElement.scrollWidth") <= width


def test_a_player_is_heard_in_his_own_time_and_weight_and_compared_with_even_playing(
    browser: Browser, sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page"
    asked = ["listen", "--performing", "--real", sources / "bach", "--out", out,
             "--seconds", "5", "--excerpts", "1", "--seed", "7"]  # fmt: skip
    assert main([str(word) for word in asked]) == 0
    key = tmp_path / "page.key.json"
    ways = {name: row["source"] for name, row in json.loads(key.read_bytes())["excerpts"].items()}
    with opened(browser, out) as listener:
        assert browser.text("h1") == "How is it played?"
        assert not browser.find(".known")
        learned = next(at for at, name in enumerate(listener.ids) if ways[name] == "learned")
        notes = listener.excerpts()[listener.ids[learned]]["notes"]
        listener.play(learned + 1)
        browser.until(
            lambda: listener.script("return heard.starts.length") == len(notes), "all notes"
        )
        starts, peaks = listener.script("return [heard.starts, heard.peaks]")
        assert [round((when - starts[0][0]) * 1000) for when, _ in starts] == pytest.approx(
            [at for at, *_ in notes], abs=1
        )
        assert [peak / peaks[0] for peak in peaks] == pytest.approx(
            [(velocity / notes[0][3]) ** 1.4 for *_, velocity in notes], rel=1e-3
        )
        for number in range(1, 4):
            listener.play(number)
            listener.rate(number, 3 * number)
        said = listener.script("return document.getElementById('results').value")
    (tmp_path / "answers.json").write_text(said)
    capsys.readouterr()
    assert main(["survey", str(tmp_path / "answers.json"), "--key", str(key), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["sources"]) == ["even", "learned", "rules"]
    assert list(found["compared"]) == ["learned", "rules"]
    rated = {ways[name]: rating for name, rating in json.loads(said)["ratings"].items()}
    assert {label: row["rating"]["mean"] for label, row in found["sources"].items()} == rated
