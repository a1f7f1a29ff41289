"""``make screens``: takes the pictures of the page in ``docs``, of a player that it starts.

python -m tests.browser.pictures
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.web import address_of_page
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
_IS_LIT = (
    "page.notes.between(page.clock.now() - 14, page.clock.now() - 12).length > 0"
    " && page.notes.between(page.clock.now() - 0.5, page.clock.now())"
    ".some((note) => page.notes.recalledBy(note).some(({ weight }) => weight > 0.25))"
)


@contextlib.contextmanager
def player() -> Iterator[str]:
    """Address of a page that plays."""
    with subprocess.Popen(_PLAY, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield address_of_page(process)
        finally:
            process.terminate()


def main() -> None:
    browser = Browser()
    try:
        with player() as url:
            for name, (width, height, scheme) in _SCREENS.items():
                browser.open_ready(url, width=width, height=height, prefers_color_scheme=scheme)
                browser.until(lambda: browser.ask(_IS_LIT), "notes that are looked back to")
                browser.driver.save_screenshot(str(_DOCS / f"{name}.png"))
    finally:
        browser.close()


if __name__ == "__main__":
    main()
