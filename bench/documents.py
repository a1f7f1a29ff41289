"""The documents' tables of measured figures, made from the results that are kept with them.

python -m bench.documents
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bench.measurements import MEASUREMENTS
from bench.quoted import QUOTED
from bench.report import Figure
from bench.results import Results, Taken, read

from playbach.errors import InputError
from playbach.files import write_atomically

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "measurements.json"
PAGE = "docs/measurements.md"
BEGIN, END = "<!-- made by: make bench ARGS=--record -->", "<!-- end of what is made -->"
_MADE = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
_DIGITS = 4
"""Of a figure on the page: more are noise."""
_HEAD = """\
# Measurements

All figures of the bench, each with the machine it was taken on. *Load* is how many programs were
running or waiting, on average, in the minute before. `make bench` takes those of minutes on your
machine, and `make bench ARGS=--all` the others too. With `ARGS="--json FILE"` they are kept, and
`python -m bench compare A.json B.json` sets two machines, or two commits, side by side. `make bench
ARGS="NAME --record"` is how this page and the tables of other pages are made.
"""


def make(results: Results) -> None:
    """Write the page of all figures, and the tables of other documents.

    Raises:
        InputError: a figure that is quoted was not measured.
    """
    made = {name: with_table(name, results) for name in QUOTED} | {PAGE: page(results)}
    for name, text in made.items():
        write_atomically(ROOT / name, text.encode(), force=True)


def with_table(name: str, results: Results) -> str:
    """A document as it is, its table made anew.

    Raises:
        InputError: a figure that it quotes was not measured, or it has no place for the table.
    """
    text = (ROOT / name).read_text(encoding="utf-8")
    quoted = {of: taken for of, taken in results.items() if of in QUOTED[name].measurements}
    inside = "\n".join([*QUOTED[name].lines(results), "", f"Measured on {machines(quoted)}."])
    made, count = _MADE.subn(lambda _: f"{BEGIN}\n\n{inside}\n\n{END}", text)
    if count != 1:
        raise InputError(f"{name}: no place for the table, between the lines {BEGIN} and {END}")
    return made


def machines(results: Results) -> str:
    """What the figures were taken on, those of one machine said once."""
    return "; ".join(
        dict.fromkeys(
            f"{m['cores']} cores of {m['CPU']}, {m['system']}, Python {m['Python']}"
            for m in (taken.machine for taken in results.values())
        )
    )


def page(results: Results) -> str:
    """All figures, in Markdown."""
    known = (name for name in MEASUREMENTS if name in results)
    return "\n".join([_HEAD, *("\n".join(_section(name, results[name])) for name in known)])


def _section(name: str, taken: Taken) -> Iterator[str]:
    row = MEASUREMENTS[name]
    yield f"## {row.about}\n"
    yield "| what | measured | unit | wanted |"
    yield "| --- | ---: | --- | --- |"
    yield from (
        f"| {figure.what} | {number(figure)} | {figure.unit} | {figure.goal} |"
        for figure in taken.figures
    )
    when, load = taken.machine["date"], taken.machine["load"]
    yield f"\n`make bench ARGS={name}`, {when}, load {load}, {machines({name: taken})}.\n"


def number(figure: Figure) -> str:
    """Whole numbers as they are, others to a few digits, none below a thousandth."""
    if figure.value == int(figure.value):
        return f"{figure.value:,.0f}"
    whole = len(f"{abs(figure.value):.0f}") if abs(figure.value) >= 1 else 1
    return f"{figure.value:z,.{max(0, min(3, _DIGITS - whole))}f}"


if __name__ == "__main__":
    make(read(RESULTS))
