"""A theme is tapped or given as a file, and the next movement begins with it."""

from __future__ import annotations

from pathlib import Path

from tests.browser.conftest import Browser, Serve

from playbach.midi.files import midi_bytes
from playbach.music.note import Note, Piece, Pitch, Ticks

TAPPED = ("D3", "F3", "E3", "A3")


def test_a_theme_is_tapped_shown_and_played(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "theme.mid"
    notes = tuple(Note(Ticks(24 * n), Pitch(48 + n), Ticks(24)) for n in range(8))
    file.write_bytes(midi_bytes(Piece(notes), tempo=90))
    with serve(settings={"tempo": 400}) as served:
        browser.open_ready(served.base)
        browser.click("[data-value='4']")
        for name in TAPPED:
            browser.click(f"[aria-label='{name}']")
        browser.click("[data-value=chord]")
        browser.click("[aria-label='C4']")
        assert browser.ask("document.querySelector('#theme-notes').value") == (
            "D3/4 F3/4 E3/4 A3+C4/4"
        )
        assert len(browser.find(".in-theme")) == 5
        browser.click(".give")
        browser.until(lambda: "5 notes in 1 bar" in browser.text("#theme"), "what is played")
        assert "5 notes in 1 bar" in served.session.status().theme
        browser.click("#next")
        browser.until(lambda: "has begun" in browser.text("#theme"), "that it began")
        browser.one("#theme-file").send_keys(str(file))
        browser.until(lambda: "8 notes in 2 bars" in browser.text("#theme"), "the file")
        browser.driver.execute_script("document.querySelector('#theme-notes').value = 'H3'")
        browser.click(".give")
        browser.until(lambda: "is no note" in browser.text("#notice"), "the reason")
