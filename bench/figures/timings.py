"""Pictures of what is timed here: how late notes leave, and how long a note takes.

A network of each size is made for the occasion: how fast it is does not depend on what it learned.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from bench.figures.picture import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    Measured,
    Picture,
    Sources,
    sheet,
    svg,
)

from playbach.bundle import Bundle, read_bundle
from playbach.errors import PlaybachError
from playbach.midi.files import midi_bytes
from playbach.music.note import Note, Piece, Pitch, Ticks

INTERVAL = 0.125
"""Seconds from note to note."""
LOADS = {"idle": "no load added", "every core loaded": "other processes load every core"}
"""Of the bench, and what they are called here: a machine that measures may be busy anyway."""
WAYS = {"jack sink": (BLUE, ""), "sleep for the duration": (ORANGE, "///")}
_BINS = np.geomspace(0.01, 1000, 61)
"""Milliseconds."""


def onset_measure(sources: Sources) -> Measured:
    # Here, because it needs rtmidi and a JACK server, and drawing does not.
    from bench.jack_ear import jack_server  # noqa: PLC0415
    from bench.onset import errors  # noqa: PLC0415

    from playbach.sinks.realtime import possible_timing, settle_process  # noqa: PLC0415

    settle_process()
    with jack_server():
        late = {
            load: {
                way: [round(1000 * s, 3) for s in errors(way, load, sources.notes, INTERVAL)[0]]
                for way in WAYS
            }
            for load in LOADS
        }
    return {"milliseconds": late, "interval": INTERVAL, "timing": possible_timing()}


def onset_draw(measured: Measured) -> bytes:
    figure = sheet(4.2)
    rows: Any = figure.subplots(2, 1, sharex=True)
    for axes, (load, ways) in zip(rows, measured["milliseconds"].items(), strict=True):
        for way, (colour, hatch) in WAYS.items():
            _histogram(axes, ways[way], way, colour, hatch)
        axes.set_title(LOADS[load])
        axes.set_ylabel("notes")
    rows[0].legend(loc="upper center")
    rows[1].set(
        xscale="log", xlabel="onset error, ms: a note arrives so long after its nominal time"
    )
    rows[1].set_xticks([0.01, 0.1, 1, 10, 100, 1000], ["0.01", "0.1", "1", "10", "100", "1000"])
    return svg(figure)


def _histogram(axes: Any, late: Sequence[float], way: str, colour: str, hatch: str) -> None:
    # What is early, or late by less than the first bin, belongs into the first.
    shown = np.clip(late, _BINS[0], _BINS[-1])
    counts, edges = np.histogram(shown, _BINS)
    axes.stairs(counts, edges, fill=True, color=colour, alpha=0.35)
    axes.stairs(counts, edges, color=colour, linewidth=1, hatch=hatch, label=way)
    middle = float(np.median(shown))
    axes.axvline(middle, color=colour, linestyle=":", linewidth=1.2)
    digits = 0 if middle > 1 else 2
    axes.annotate(
        f"p50 {np.median(late):.{digits}f} ms", (middle, axes.get_ylim()[1]), (4, -10),
        textcoords="offset points", color=BLACK, size=8,
    )  # fmt: skip


ONSET_ERROR = Picture("onset-error.svg", ("notes",), onset_measure, onset_draw)


UNITS = (48, 96, 192, 384, 768)
VARIANTS = ("float32", "dynamic")
ROUNDS = 3
_WEIGHT = re.compile(r"(kernel|recurrent|bias)$")
_CURVES = {
    "window": (ORANGE, "s", "window of 40 notes, float32"),
    "float32": (BLUE, "o", "one step, float32"),
    "dynamic": (GREEN, "D", "one step, int8 weights"),
}


@dataclass(frozen=True)
class _Made:
    """A network that was made to be timed."""

    units: int  # of its LSTM layer
    weights: int  # that take part in a step
    bundle: Bundle  # of it
    window: bytes  # a graph of the same layers and widths that reads a window


def sizes_measure(sources: Sources) -> Measured:
    del sources
    # So that nothing else is going on then, all are made before the first is timed.
    made = list(map(_made, UNITS))
    return {"networks": list(map(_timed, made))}


def _timed(made: _Made) -> Measured:
    from bench.note import one_note, one_window  # noqa: PLC0415 needs the runtime, drawing does not

    return {
        "units": made.units,
        "weights": made.weights,
        "window": _least(partial(one_window, made.window)),
        **{name: _least(partial(one_note, made.bundle, name)) for name in VARIANTS},
    }


def _least(median: Callable[[], float]) -> float:
    """The least of some medians, in microseconds: the one that others disturbed least."""
    return round(min(median() for _ in range(ROUNDS)) * 1e6, 1)


def _made(units: int) -> _Made:
    """The included network in another size.

    It has read a few scales once: how fast it is does not depend on what it learned.
    """
    from bench.note import window_graph  # noqa: PLC0415 needs TensorFlow, drawing does not

    from playbach_convert.cli import main as convert  # noqa: PLC0415 as above
    from playbach_train.cli import main as train  # noqa: PLC0415
    from playbach_train.networks.table import load_run  # noqa: PLC0415

    print(f"  making a network of {units} units", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        scores, run, out = (Path(folder) / name for name in ("scores", "run", "made.bundle"))
        scores.mkdir()
        for number in range(2):
            (scores / f"{number}.mid").write_bytes(midi_bytes(_scales(number), tempo=80))
        _quietly(train, ["--midi", str(scores), "--run", str(run), *_options(units)])
        variants = ["--quantise", ",".join(VARIANTS), "--drift", "200"]
        _quietly(convert, [str(run), "-o", str(out), *variants])
        bundle = read_bundle(out)
        sizes = {name: array.size for name, array in load_run(run).weights.items()}
    weights = sum(size for name, size in sizes.items() if _WEIGHT.search(name))
    return _Made(units, weights, bundle, window_graph(bundle)[0])


def _options(units: int) -> list[str]:
    """Of training: the proportions of the included network, one epoch."""
    network = {"units": units, "embedding": units // 2, "head": units * 2 // 3}
    sizes = [word for name, size in network.items() for word in (f"--network.{name}", str(size))]
    return [*sizes, "--training.epochs", "1", "--training.held_out", "0", "--licence", "MIT"]


def _quietly(program: Callable[[list[str]], int], arguments: list[str]) -> None:
    """Run one of our commands; what it says is of interest only when it fails."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = program(arguments)
    if status:
        last = said.getvalue().strip().splitlines()[-1]
        raise PlaybachError(f"sizes: a network of another size could not be made: {last}")


def _scales(number: int) -> Piece:
    notes = (
        Note(Ticks(6 * n), Pitch(48 + number + (0, 2, 4, 5, 7, 9, 11, 12)[n % 8]), Ticks(6))
        for n in range(256)
    )
    return Piece(tuple(notes))


def sizes_draw(measured: Measured) -> bytes:
    rows = measured["networks"]
    figure = sheet(3.8)
    axes = figure.subplots()
    for name, (colour, mark, label) in _CURVES.items():
        times = [row[name] for row in rows]
        axes.plot([row["weights"] for row in rows], times, color=colour, marker=mark, label=label)
    included = next((row for row in rows if row["units"] == 192), None)
    if included:
        _name(axes, included)
    axes.set(
        xscale="log", yscale="log", xlabel="weights that take part in a step",
        ylabel="microseconds per note",
    )  # fmt: skip
    axes.grid(visible=True, axis="both")
    axes.legend()
    return svg(figure)


def _name(axes: Any, included: Mapping[str, Any]) -> None:
    axes.axvline(included["weights"], color=BLACK, linestyle=":", linewidth=1)
    axes.annotate(
        "included", (included["weights"], 1), (4, -4), xycoords=("data", "axes fraction"),
        textcoords="offset points", va="top", size=9,
    )  # fmt: skip


SIZES = Picture("sizes.svg", (), sizes_measure, sizes_draw)
