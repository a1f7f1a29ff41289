"""The page that shows all pictures and says how each was made."""

from __future__ import annotations

import textwrap
from pathlib import Path

from bench.figures.picture import Measured
from bench.figures.table import PICTURES

from playbach_train.runs.run import read_json

_HEAD = """\
# Figures

`make figures` draws every picture here, and writes this page, from the figures in `data/`, which
were measured with the command given below each picture (in `.venv-dev/bin`). `make figures
ARGS="NAME --measure"` takes those of one anew on your machine, for which NAME is one of
{names}.
"""


def page(folder: Path) -> str:
    """The page in Markdown, of the pictures that have figures in ``folder``.

    Raises:
        InputError: the figures of one cannot be read.
    """
    kept = {name: folder / "data" / f"{name}.json" for name in PICTURES}
    sections = [section(name, read_json(path)) for name, path in kept.items() if path.exists()]
    head = _HEAD.format(names=", ".join(f"`{name}`" for name in PICTURES))
    return "\n".join([head, *sections])


def section(name: str, kept: Measured) -> str:
    """A picture, what it shows, and how it was made."""
    picture, machine = PICTURES[name], kept["machine"]
    # What was read off a file does not depend on it, what was timed does.
    load = (
        f" Programs running or waiting in the minute before, on average: {machine['load']}."
        if picture.timed
        else ""
    )
    measured = (
        f"Measured with `{kept['command']}` on {machine['date']}: {machine['cores']} cores of "
        f"{machine['CPU']}, {machine['system']}, Python {machine['Python']}.{load}"
    )
    text = f"{_wrapped(picture.caption(kept['figures']))}\n\n{_wrapped(measured)}"
    return f"## {picture.about}\n\n![{picture.about}]({picture.file})\n\n{text}\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
