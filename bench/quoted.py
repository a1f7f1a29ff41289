"""The figures that documents quote: tables whose cells name what was measured.

``{MEASUREMENT/WHAT|FORMAT}`` in a cell stands for the value of that figure, in Python's format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bench.results import Results

from playbach.errors import InputError

_FIGURE = re.compile(r"\{(?P<name>\w+)/(?P<what>[^|{}]+)\|(?P<format>[^{}]+)\}")


@dataclass(frozen=True)
class Table:
    """A table of a document.

    Attributes:
        heads: of its columns; a last one for the commands is added.
        rows: of each measurement that is quoted the cells, without that last one.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]

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
    value = next((figure.value for figure in figures if figure.what == what), None)
    if value is None:
        raise InputError(f"no figure {what!r} of {name}: python -m bench {name} --record")
    # What rounds to zero has no sign.
    return f"{value:z{found['format']}}"


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
                    "under 2.6",
                )),
                ("note", (
                    "time for one note: step, heads, sampling",
                    "{note/one note, dynamic|.0f} µs",
                    "{note/window / one note|.1f} times that: a window of 40, re-run",
                    "under 150 µs; 30 times",
                )),
                ("onset", (
                    "onset error over JACK, p99",
                    "{onset/midi sink, idle: p99|.2f} ms",
                    "{onset/sleep for the duration, idle: p99|.0f} ms: a loop that sleeps",
                    "under 2 ms",
                )),
                ("onset", (
                    "the same with every core loaded",
                    "{onset/midi sink, every core loaded: p99|.2f} ms",
                    "{onset/sleep for the duration, every core loaded: p99|.0f} ms",
                    "under 5 ms",
                )),
                ("onset", (
                    "drift over 20 seconds",
                    "{onset/midi sink, idle: drift|.2f} ms",
                    "{onset/sleep for the duration, idle: drift|.0f} ms",
                    "none",
                )),
                ("kernel_queue", (
                    "onset error through the kernel's queue (ALSA, in a virtual machine), p99",
                    "{kernel_queue/idle: p99|.3f} ms",
                    "{kernel_queue/all cores loaded: p99|.3f} ms with the processor loaded",
                    "under 0.1 ms",
                )),
                ("start", (
                    "from the start of the program to the first note",
                    "{start/start to first note sent, median of 5|.2f} s", "", "under 1 s",
                )),
                ("start", (
                    "resident memory while playing, with the page",
                    "{start/resident, playing to JACK|.0f} MB", "", "under 90 MB",
                )),
                ("playing", (
                    "share of one core while playing, without the page",
                    "{playing/of one core, playing to a port of JACK|.1f}%", "", "under 4%",
                )),
                ("web", (
                    "memory that the page adds, opened once",
                    "{web/one page open: resident, more|.0f} MB",
                    "{web/a flood: resident, more|.0f} MB under a flood of 200 sockets",
                    "under 25 MB",
                )),
                ("control", (
                    "from a change of tempo to the first note it shapes, longest",
                    "{control/tempo: longest|.2f} s", "", "the next note",
                )),
                ("control", (
                    "the same for the temperature",
                    "{control/temperature: longest|.2f} s", "", "under 2 s",
                )),
                ("soak", (
                    "memory gained over a million notes and 30 days of events",
                    "{soak/difference|.1f} MB",
                    "{soak/of it after 100,000 notes|.1f} MB of it after the first 100,000",
                    "under 3 MB",
                )),
                ("loops", (
                    "repetition of 8 intervals within 256 notes, at temperature 1",
                    "{loops/temperature 1.0: repetition of 8|.3f}", "", "Bach's: 0.003 to 0.157",
                )),
                ("save", (
                    "saving 10,000 notes as a MIDI file",
                    "{save/save --notes 10000, whole process|,.0f} notes/s", "", "over 4,000",
                )),
                ("train", (
                    "training, on one core",
                    "{train/training, a second of one core|,.0f} notes/s", "", "over 1,000",
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
