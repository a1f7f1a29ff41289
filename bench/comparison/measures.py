"""The measures of the table: one row each, with what it says and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.comparison.predicting import pooled

Figures = dict[str, Any]
NONE = "\N{EN DASH}"
LENGTHS = ("4", "8", "16")


@dataclass(frozen=True)
class Column:
    """What stands above one column of the table.

    Attributes:
        name: of a network, or of what networks are set beside.
        row: figures of a network, empty for what is none.
        bits: movements as ``predicting.held_out`` gives them.
        composed: figures of music, as ``composing`` gives them.
        common: names of the movements that every network can read.
        sample: name of the files of its sample, without suffix; empty for what has none.
    """

    name: str
    row: Figures
    bits: Figures | None
    composed: Figures | None
    common: tuple[str, ...]
    sample: str = ""


Value = Callable[[Column], float | None]


@dataclass(frozen=True)
class Measure:
    """A line of the table.

    Attributes:
        title: what is measured, with its unit.
        value: of a column, ``None`` where it is not defined.
        show: how a number is written.
        says: what it means, in a sentence or two.
        best: ``min`` or ``max`` of the networks' values, ``None`` where neither is better.
    """

    title: str
    value: Value
    show: str
    says: str
    best: Callable[[Sequence[float]], float] | None = None

    def cell(self, column: Column) -> str:
        """What stands in the table."""
        value = self.value(column)
        return NONE if value is None else format(value, self.show)


def _bits(key: str, *, common: bool = False) -> Value:
    def value(column: Column) -> float | None:
        if not column.bits:
            return None
        found = pooled(column.bits, column.common if common else column.bits["movements"])
        return None if found is None else found[key]

    return value


def _row(*path: str, scale: float = 1.0) -> Value:
    return lambda column: _at(column.row, path, scale)


def _music(*path: str) -> Value:
    return lambda column: _at(column.composed or {}, path, 1.0)


def _at(figures: Figures, path: Sequence[str], scale: float) -> float | None:
    found: Any = figures
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return None if found is None else found * scale


def _length(column: Column) -> float | None:
    found = column.composed
    return found["notes"] / found["movements"] if found else None


def _movements(column: Column) -> float | None:
    return len(column.bits["movements"]) if column.bits else None


TRAINED = (
    Measure(
        "parameters",
        _row("parameters"),
        ",.0f",
        "numbers that were learned and go to the board; of the GAN, those of its generator, which "
        "is the half that plays",
    ),
    Measure(
        "movements learned from",
        _row("training", "readable"),
        ".0f",
        "those that the network can read: not all fit a grid of sixteenths",
    ),
    Measure("epochs", _row("training", "epochs"), ".0f", "times the training music was read"),
    Measure(
        "best epoch",
        _row("training", "best_epoch"),
        ".0f",
        "the one whose weights are used: that with the fewest bits on movements held out for this "
        "choice; of the GAN, for which there is no such measure, the last",
    ),
    Measure(
        "training, minutes",
        _row("training", "seconds", scale=1 / 60),
        ".0f",
        "wall time of all epochs, from the times in the run's own log; see below for the machine",
    ),
)
PREDICTED = (
    Measure(
        "movements measured",
        _movements,
        ".0f",
        "how many of the measured ones the network can read; all figures of bits are over these",
    ),
    Measure(
        "bits per note, pitch",
        _bits("pitch"),
        ".2f",
        "-log2 of the probability that the network gave to what came, over notes 2 to the last of "
        "each movement: fewer is better. Only pitch: where a symbol is a chord, its bits are "
        "spread over its notes; where a symbol says rhythm too, pitch alone is not defined",
    ),
    Measure(
        "bits per note, all parts",
        _bits("all"),
        ".2f",
        "the same with rhythm; a network that does not choose rhythm has none",
    ),
    Measure(
        "bits per quarter note, all parts",
        _bits("per_quarter"),
        ".2f",
        "the same bits divided by the length of the music instead of its notes. This is the "
        "measure of a grid, which spends bits on every sixteenth whether a note begins or not; "
        "multiplied by the quarters and divided by the notes of the same movements it is the line "
        "above",
    ),
    Measure(
        "top-1",
        _bits("top1"),
        ".1%",
        "how often the likeliest was what came: of pitches given the rhythm, of whole chords, or "
        "of what happens at a sixteenth, where a hold is often an easy guess. So it compares a "
        "network with itself, not with its neighbours",
    ),
    Measure(
        "unknown symbols",
        _bits("unknown"),
        ".1%",
        "share of symbols without a number of their own. Each is charged what it takes to say "
        "*other*, and then log2(6) bits for how many notes it has and log2(88) for each pitch",
    ),
    Measure(
        "pitch, on what all can read",
        _bits("pitch", common=True),
        ".2f",
        "bits per note over those measured movements that every network can read",
        min,
    ),
    Measure(
        "all parts, on what all can read",
        _bits("all", common=True),
        ".2f",
        "likewise, with rhythm: the one fair comparison with the grid",
        min,
    ),
)
COMPOSED = (
    Measure(
        "notes in a movement",
        _length,
        ".0f",
        "the mean; the default network chooses its length by the form that was asked for, others "
        "end with the first border they draw, or where the form's usual length is over",
    ),
    Measure(
        "overlap with the corpus",
        _music("overlap"),
        ".2f",
        "what the distributions of seven features (pitch class above the tonic, interval, "
        "duration, place in the bar, notes in a bar, bars, last bass) have in common "
        "with those of the real movements: 1 is all, and the mean is shown. Real movements are "
        "compared with the other real ones, and reach what stands under *real*",
        max,
    ),
    Measure(
        "ends on the tonic",
        _music("on_tonic"),
        ".0%",
        "share of movements whose last bass is the tonic of the key that was asked for; the "
        "composer steers the default network there, and leaves the others as they are",
        max,
    ),
    *(
        Measure(
            f"repetition, {length} intervals",
            _music("repetition", length),
            ".3f",
            f"1 - distinct/total runs of {length} intervals within 256 notes, median over "
            "movements: near the real figure is good, more is going in circles, less is wandering",
        )
        for length in LENGTHS
    ),
    Measure(
        "longest run from the corpus",
        _music("originality", "longest_run"),
        ".0f",
        "intervals of the longest passage that is in the training music too. Real: the longest "
        "that a work shares with the other works",
    ),
    Measure(
        "8-grams from the corpus",
        _music("originality", "share"),
        ".1%",
        "share of runs of eight intervals that are in the training music too; much more than the "
        "real figure is copying",
    ),
)
BOARD = (
    Measure(
        "time per note, own form, ms",
        _row("time", "own", scale=1e3),
        ".2f",
        "processor time of composing a note with the variant `dynamic` on one thread, through the "
        "board's own composer, median of nine stretches of 64 notes. *Own form*: a window read "
        "again for every symbol, a phrase at once, or, for the default network, a step",
        min,
    ),
    Measure(
        "time per note, step form, ms",
        _row("time", "step", scale=1e3),
        ".2f",
        "the same network carrying its state from symbol to symbol (`--stepwise`), which is "
        "another function once a window is full",
        min,
    ),
    Measure(
        "size, weights in int8, kB",
        _row("size", "dynamic", "own", scale=1e-3),
        ",.0f",
        "the graphs of the network's own form in the variant `dynamic`",
        min,
    ),
    Measure(
        "size, everything in int8, kB",
        _row("size", "int8", "own", scale=1e-3),
        ",.0f",
        "the same in the variant `int8`; none where the converter found it too far from the "
        "network and left it out",
        min,
    ),
    Measure(
        "int8 agrees",
        _row("fidelity", "int8", "agreement"),
        ".1%",
        "how often the int8 variant finds the same symbol likeliest as the network as trained, as "
        "the converter measured it",
    ),
)
