"""verovio in a process of its own: it takes 30 MB, and all threads wait for it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from playbach.child import command
from playbach.errors import OutputError
from playbach.save.needs import require_library, run_program

Options = Mapping[str, str | int | float | bool]
"""As verovio names them."""
INSTALL = f"{sys.executable} -m pip install verovio"
_PATIENCE = 300.0
"""Seconds."""
_NICER = 10
"""What plays goes before what is looked at."""


@dataclass(frozen=True, slots=True)
class Engraved:
    """What verovio drew.

    Attributes:
        pages: for each score its pages, as SVG.
        glyphs: folder of the fonts that verovio brings, a file for each glyph.
    """

    pages: list[list[str]]
    glyphs: Path


def check() -> None:
    """Check that verovio is installed.

    Raises:
        OutputError: it is not.
    """
    require_library("verovio", "verovio")


def engraved(scores: Sequence[bytes], options: Options) -> Engraved:
    """Scores in MusicXML, engraved one after the other.

    Raises:
        OutputError: verovio does not run, or takes too long.
        RuntimeError: it does not read a score, which is a bug.
    """
    asked = json.dumps({"scores": [score.decode() for score in scores], "options": dict(options)})
    done = run_program(command(__name__), INSTALL, _PATIENCE, given=asked)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise OutputError(f"verovio failed: {said[-1] if said else 'killed'}; run: {INSTALL}")
    told = json.loads(done.stdout)
    if not all(told["pages"]):
        raise RuntimeError(f"verovio does not read our MusicXML: {done.stderr.strip()}")
    return Engraved(told["pages"], Path(told["glyphs"]))


def main(arguments: Sequence[str]) -> None:
    """The process: a request in JSON on its standard input, what it drew on its standard output."""
    del arguments
    import verovio  # noqa: PLC0415 only this process needs it

    if hasattr(os, "nice"):
        os.nice(_NICER)
    asked = json.load(sys.stdin)
    verovio.enableLog(verovio.LOG_ERROR)
    toolkit = verovio.toolkit()
    toolkit.setOptions(asked["options"])
    pages = []
    for score in asked["scores"]:
        numbers = range(1, toolkit.getPageCount() + 1) if toolkit.loadData(score) else ()
        pages.append([toolkit.renderToSVG(number) for number in numbers])
    json.dump({"pages": pages, "glyphs": toolkit.getResourcePath()}, sys.stdout)
