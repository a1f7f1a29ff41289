"""Takes the pictures of the page in ``docs``: ``python -m tests.browser.pictures``, at a player.

playbach play --sink none --seed 27 --web 127.0.0.1:8421
python -m tests.browser.pictures http://127.0.0.1:8421/
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.browser.conftest import Browser

_DOCS = Path(__file__).parents[2] / "docs"
_SCREENS = {"phone": (360, 780), "wide": (1280, 800)}
_IS_LIT = (
    "page.roll.drawn.notes > 12 && page.notes.between(page.clock.now() - 0.5, page.clock.now())"
    ".some((note) => page.notes.recalledBy(note).some(({ weight }) => weight > 0.25))"
)


def main() -> None:
    parser = argparse.ArgumentParser(description="pictures of the page, in docs")
    parser.add_argument("url", help="of a page that plays")
    url = parser.parse_args().url
    browser = Browser()
    try:
        for screen, (width, height) in _SCREENS.items():
            for scheme in ("light", "dark"):
                browser.open_ready(url, width=width, height=height, prefers_color_scheme=scheme)
                browser.until(lambda: browser.ask(_IS_LIT), "notes that are looked back to")
                browser.driver.save_screenshot(str(_DOCS / f"page-{screen}-{scheme}.png"))
    finally:
        browser.close()


if __name__ == "__main__":
    main()
