"""The first page of the site: a movement that sounds in the browser, with no server behind it.

A page opened as a file may load no modules and no data, so the page's own instrument, the notes and
what plays them are put into it.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import mido
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
SOUND = ROOT / "device" / "playbach" / "web" / "static"
INSTRUMENT = ("room.js", "voices.js", "instrument.js")
"""The modules of the page that make sound, each after those that it imports."""
PLAYER = Path(__file__).with_name("player.js")
SAMPLE = ROOT / "docs" / "figures" / "sample.mid"
MOVEMENT = "Gigue"
"""Of the suite in ``SAMPLE``."""
_WIDTH, _HEIGHT = 1000, 150
"""Of the roll, in its own units."""


def repository() -> str:
    """The project's address, from ``pyproject.toml``; ``""`` as long as it has none there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project.get("urls", {}).get("Repository", ""))


def script() -> str:
    """The instrument and the player as one script that needs no modules."""
    texts = [*(SOUND / name for name in INSTRUMENT), PLAYER]
    joined = "\n".join(path.read_text(encoding="utf-8") for path in texts)
    bare = re.sub(r"^import .*;$", "", joined, flags=re.MULTILINE)
    return f"(() => {{\n{re.sub(r'^export ', '', bare, flags=re.MULTILINE)}\n}})();"


def notes(title: str) -> list[tuple[float, float, int, int]]:
    """Of the movement with that word in its title: onset and duration in s, pitch, velocity."""
    found: list[tuple[float, float, int, int]] = []
    struck: dict[int, tuple[float, int]] = {}
    now, start = 0.0, -1.0
    for message in mido.MidiFile(SAMPLE):
        now += message.time
        if message.type == "marker":
            start = now if title in message.text else -1.0
        if start < 0 or message.type not in {"note_on", "note_off"}:
            continue
        if message.note in struck:
            onset, velocity = struck.pop(message.note)
            found.append((onset, now - start - onset, message.note, velocity))
        if message.type == "note_on" and message.velocity:
            struck[message.note] = (now - start, message.velocity)
    return sorted(found)


def roll(played: list[tuple[float, float, int, int]]) -> str:
    """The notes as a picture: a rectangle each, time to the right, pitch upwards."""
    end = max(onset + duration for onset, duration, _, _ in played)
    low, high = (choose(pitch for _, _, pitch, _ in played) for choose in (min, max))
    step = _HEIGHT / (high - low + 1)
    bars = "".join(
        f'<rect x="{onset / end * _WIDTH:.1f}" y="{(high - pitch) * step:.1f}" '
        f'width="{max(duration / end * _WIDTH - 0.5, 1):.1f}" height="{step:.1f}"/>'
        for onset, duration, pitch, _ in played
    )
    return (
        f'<svg id="roll" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="The notes of the movement"><g>{bars}</g>'
        f'<line id="now" x1="0" x2="0" y1="0" y2="{_HEIGHT}"/></svg>'
    )


def fill(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Give the template of the first page what it shows."""
    if page != "index":
        return
    played = notes(MOVEMENT)
    rounded = [[round(onset, 3), round(length, 3), *rest] for onset, length, *rest in played]
    context |= {
        "script": script(),
        "notes": json.dumps(rounded, separators=(",", ":")),
        "roll": roll(played),
        "movement": MOVEMENT,
        "repository": repository(),
        "styles": (Path(__file__).parent / "static" / "home.css").read_text(encoding="utf-8"),
    }
