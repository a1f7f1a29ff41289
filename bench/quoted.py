"""The figures that documents quote: tables whose cells name what was measured.

``{MEASUREMENT/WHAT|FORMAT}`` in a cell stands for the value of that figure, in Python's format, and
``{MEASUREMENT/WHAT|goal}`` for what it is wanted to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bench.results import Results

from playbach.errors import InputError

_FIGURE = re.compile(r"\{(?P<name>\w+)/(?P<what>[^|{}]+)\|(?P<format>[^{}]+)\}")
GOAL = "goal"


@dataclass(frozen=True)
class Table:
    """A table of a document.

    Attributes:
        heads: of its columns; a last one for the commands is added.
        rows: of each measurement that is quoted the cells, without that last one.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def measurements(self) -> frozenset[str]:
        """The names of those that are quoted."""
        return frozenset(name for name, _ in self.rows)

    def lines(self, results: Results) -> Iterator[str]:
        """The table in Markdown.

        Raises:
            InputError: a figure was not measured.
        """
        yield _row(*self.heads, "printed by")
        yield _row(*["---"] * (len(self.heads) + 1))
        for name, cells in self.rows:
            filled = (filled_in(cell, results) for cell in cells)
            yield _row(*filled, f"`make bench ARGS={name}`")


def filled_in(cell: str, results: Results) -> str:
    """A cell with the values of the figures it names.

    Raises:
        InputError: one of them was not measured.
    """
    return _FIGURE.sub(lambda found: _value(found, results), cell)


def _value(found: re.Match[str], results: Results) -> str:
    name, what = found["name"], found["what"]
    figures = results[name].figures if name in results else ()
    figure = next((figure for figure in figures if figure.what == what), None)
    if figure is None:
        raise InputError(
            f"no figure {what!r} of {name}; run: python -m bench {name} --record, or correct what "
            "bench/quoted.py calls it"
        )
    # What rounds to zero has no sign.
    return figure.goal if found["format"] == GOAL else f"{figure.value:z{found['format']}}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


QUOTED: Mapping[str, Table] = MappingProxyType(
    {
        "README.md": Table(
            ("what", "Play Bach", "beside it", "wanted"),
            (
                ("bits", (
                    "bits per note, pitch, {bits/movements|.0f} unseen movements",
                    "{bits/pitch|.2f}",
                    "{bits/pitch, n-grams with a memory of the piece|.2f}: n-grams",
                    "{bits/pitch|goal}",
                )),
                ("note", (
                    "time for one note: step, heads, sampling",
                    "{note/one note, dynamic|.0f} µs",
                    "{note/window / one note|.1f} times that: a window of 40, re-run",
                    "{note/one note, dynamic|goal} µs; {note/window / one note|goal} times",
                )),
                ("onset", (
                    "onset error over JACK, p99",
                    "{onset/midi sink, idle: p99|.2f} ms",
                    "{onset/sleep for the duration, idle: p99|.0f} ms: a loop that sleeps",
                    "{onset/midi sink, idle: p99|goal} ms",
                )),
                ("onset", (
                    "the same with every core loaded",
                    "{onset/midi sink, every core loaded: p99|.2f} ms",
                    "{onset/sleep for the duration, every core loaded: p99|.0f} ms",
                    "{onset/midi sink, every core loaded: p99|goal} ms",
                )),
                ("onset", (
                    "drift over 20 seconds",
                    "{onset/midi sink, idle: drift|.2f} ms",
                    "{onset/sleep for the duration, idle: drift|.0f} ms",
                    "{onset/midi sink, idle: drift|goal}",
                )),
                ("kernel_queue", (
                    "onset error through the kernel's queue (ALSA, in a virtual machine), p99",
                    "{kernel_queue/idle: p99|.3f} ms",
                    "{kernel_queue/all cores loaded: p99|.3f} ms with the processor loaded",
                    "{kernel_queue/idle: p99|goal} ms",
                )),
                ("start", (
                    "from the start of the program to the first note",
                    "{start/start to first note sent, median of 5|.2f} s", "",
                    "{start/start to first note sent, median of 5|goal} s",
                )),
                ("start", (
                    "resident memory while playing, with the page",
                    "{start/resident, playing to JACK|.0f} MB", "",
                    "{start/resident, playing to JACK|goal} MB",
                )),
                ("playing", (
                    "share of one core while playing, without the page",
                    "{playing/of one core, playing to a port of JACK|.1f}%", "",
                    "{playing/of one core, playing to a port of JACK|goal}%",
                )),
                ("web", (
                    "memory that the page adds, opened once",
                    "{web/one page open: resident, more|.0f} MB",
                    "{web/a flood: resident, more|.0f} MB under a flood of 200 sockets",
                    "{web/one page open: resident, more|goal} MB",
                )),
                ("control", (
                    "from a change of tempo to the first note it shapes, longest",
                    "{control/tempo: longest|.2f} s", "", "the {control/tempo: longest|goal}",
                )),
                ("control", (
                    "the same for the temperature",
                    "{control/temperature: longest|.2f} s", "",
                    "{control/temperature: longest|goal} s",
                )),
                ("soak", (
                    "memory gained over a million notes and 30 days of events",
                    "{soak/difference|.1f} MB",
                    "{soak/of it after 100,000 notes|.1f} MB of it after the first 100,000",
                    "{soak/difference|goal} MB",
                )),
                ("loops", (
                    "repetition of 8 intervals within 256 notes, at temperature 1",
                    "{loops/temperature 1.0: repetition of 8|.3f}", "",
                    "Bach's: {loops/temperature 1.0: repetition of 8|goal}",
                )),
                ("save", (
                    "saving 10,000 notes as a MIDI file",
                    "{save/save --notes 10000, whole process|,.0f} notes/s", "",
                    "{save/save --notes 10000, whole process|goal} notes/s",
                )),
                ("train", (
                    "training, on one core",
                    "{train/training, a second of one core|,.0f} notes/s", "",
                    "{train/training, a second of one core|goal} notes/s",
                )),
            ),
        ),
        "docs/explanation/exact-clock.md": Table(
            ("", "p50", "p99", "drift"),
            (
                ("onset", (
                    "over JACK, idle", "{onset/midi sink, idle: p50|.2f} ms",
                    "{onset/midi sink, idle: p99|.2f} ms", "{onset/midi sink, idle: drift|.2f} ms",
                )),
                ("onset", (
                    "over JACK, other processes load every core",
                    "{onset/midi sink, every core loaded: p50|.2f} ms",
                    "{onset/midi sink, every core loaded: p99|.2f} ms",
                    "{onset/midi sink, every core loaded: drift|.2f} ms",
                )),
                ("onset", (
                    "a loop that sleeps for durations, idle",
                    "{onset/sleep for the duration, idle: p50|.0f} ms",
                    "{onset/sleep for the duration, idle: p99|.0f} ms",
                    "{onset/sleep for the duration, idle: drift|.0f} ms",
                )),
                ("kernel_queue", (
                    "the kernel's queue, in a virtual machine", "{kernel_queue/idle: p50|.3f} ms",
                    "{kernel_queue/idle: p99|.3f} ms", "",
                )),
            ),
        ),
    }
)  # fmt: skip
"""By document."""
