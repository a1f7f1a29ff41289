"""The documents' tables of measured figures, made from the results that are kept with them.

``tables.md`` has the table of each document, with ``{MEASUREMENT/WHAT:FORMAT}`` in place of the
value of a figure, in Python's format, and ``{MEASUREMENT/WHAT:goal}`` for what it is wanted to be.

    python -m bench.documents
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench.report import MEASUREMENTS, Figure, Result, Results, read

from playbach.errors import InputError
from playbach.files import write_atomically

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "measurements.json"
PAGE = "docs/measurements.md"
MARK, END = "<!-- made by: make {} -->", "<!-- end of what is made -->"
"""What stands before and after a part of a document that a command makes."""
BEGIN = MARK.format("bench ARGS=--record")
TABLES = Path(__file__).with_name("tables.md")
_TABLE = re.compile(r"^# (\S+)\n+((?:\|.*\n)+)", re.MULTILINE)
_FIGURE = re.compile(r"\{(?P<name>\w+)/(?P<what>[^{}]+):(?P<format>[^{}:]+)\}")
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


def tables() -> Mapping[str, str]:
    """By document, its table with the names of figures in place of their values."""
    return dict(_TABLE.findall(TABLES.read_text(encoding="utf-8")))


def quoted(table: str) -> set[str]:
    """The measurements that a table quotes."""
    return {found["name"] for found in _FIGURE.finditer(table)}


def filled_in(table: str, results: Results) -> str:
    """Text with each ``{MEASUREMENT/WHAT:FORMAT}`` replaced by its value."""
    return _FIGURE.sub(lambda found: _value(found, results), table)


def _value(found: re.Match[str], results: Results) -> str:
    name, what = found["name"], found["what"]
    figures = results[name].figures if name in results else ()
    figure = next((figure for figure in figures if figure.what == what), None)
    if figure is None:
        raise InputError(
            f"no figure {what!r} of {name}; run: python -m bench {name} --record, or correct what "
            "bench/tables.md calls it"
        )
    # What rounds to zero has no sign.
    return figure.goal if found["format"] == "goal" else f"{figure.value:z{found['format']}}"


def make(results: Results) -> None:
    """Write the page of all figures, and the tables of other documents."""
    made = {name: with_table(name, results) for name in tables()} | {PAGE: page(results)}
    for name, text in made.items():
        write_atomically(ROOT / name, text.encode(), force=True)


def with_table(name: str, results: Results) -> str:
    """A document as it is, its table made anew."""
    text = (ROOT / name).read_text(encoding="utf-8")
    table = tables()[name]
    on = machines({of: taken for of, taken in results.items() if of in quoted(table)})
    inside = f"{filled_in(table, results)}\nMeasured on {on}."
    made, count = remade(text, BEGIN, lambda _: inside)
    if count != 1:
        raise InputError(f"{name}: no place for the table, between the lines {BEGIN} and {END}")
    return made


def remade(text: str, mark: str, make: Callable[[re.Match[str]], str]) -> tuple[str, int]:
    """A document with what stands between marks and ``END`` made anew; how many marks there are.

    Args:
        text: of the document.
        mark: a regular expression.
        make: makes what is to stand there, of the match of the mark.
    """

    def anew(found: re.Match[str]) -> str:
        begin = found[0].partition("\n")[0]
        return f"{begin}\n\n{make(found)}\n\n{END}"

    return re.subn(rf"{mark}\n.*?{END}", anew, text, flags=re.DOTALL)


def machines(results: Results) -> str:
    """The machines of the measurements, each listed once."""
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


def _section(name: str, taken: Result) -> Iterator[str]:
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
    """A value with at most four significant digits and three decimals; whole numbers in full."""
    if figure.value == int(figure.value):
        return f"{figure.value:,.0f}"
    whole = len(f"{abs(figure.value):.0f}") if abs(figure.value) >= 1 else 1
    return f"{figure.value:z,.{max(0, min(3, _DIGITS - whole))}f}"


if __name__ == "__main__":
    make(read(RESULTS))
