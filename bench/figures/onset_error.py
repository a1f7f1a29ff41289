"""How late notes leave: the sink beside the loop that sleeps for durations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bench.figures.picture import Measured, Picture, Sources
from bench.figures.style import BLACK, BLUE, ORANGE, canvas, svg

INTERVAL = 0.125
"""Seconds from note to note."""
LOADS = {"idle": "no load added", "every core loaded": "other processes load every core"}
"""Of the bench, and what they are called here: a machine that measures may be busy anyway."""
WAYS = {"midi sink": (BLUE, ""), "sleep for the duration": (ORANGE, "///")}
_BINS = np.geomspace(0.01, 1000, 61)
"""Milliseconds."""


def measure(sources: Sources) -> Measured:
    # Here, because it needs rtmidi and a JACK server, and drawing does not.
    from bench.jack_ear import jack_server  # noqa: PLC0415
    from bench.onset import errors  # noqa: PLC0415

    from playbach.sinks.realtime import possible_timing, settle_process  # noqa: PLC0415

    settle_process()
    with jack_server():
        late = {
            load: {
                way: [round(1000 * s, 3) for s in errors(way, load, sources.notes, INTERVAL).ours]
                for way in WAYS
            }
            for load in LOADS
        }
    return {"milliseconds": late, "interval": INTERVAL, "timing": possible_timing()}


def draw(measured: Measured) -> bytes:
    figure, rows = canvas(4.2, 2, 1, sharex=True)
    for axes, (load, ways) in zip(rows, measured["milliseconds"].items(), strict=True):
        for way, (colour, hatch) in WAYS.items():
            _histogram(axes, ways[way], way, colour, hatch)
        axes.set_title(LOADS[load])
        axes.set_ylabel("notes")
    rows[0].legend(loc="upper center")
    rows[1].set(xscale="log", xlabel="onset error, ms: a note left so long after its nominal time")
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


def caption(measured: Measured) -> str:
    late = measured["milliseconds"]
    count = len(late["idle"]["midi sink"])
    worst = {way: max(late[load][way][-1] for load in LOADS) for way in WAYS}
    return (
        f"{count} notes for each curve, one every {1000 * measured['interval']:g} ms, into a port "
        f"of a JACK server. The loop that runs the network, sends the note and sleeps for its "
        f"duration falls behind with every note: its last one leaves {worst[list(WAYS)[1]]:.0f} ms "
        f"late, that of the sink {worst['midi sink']:.2f} ms. Note the logarithmic axis. The "
        f"sink's thread: {measured['timing']}."
    )


ONSET_ERROR = Picture(
    "onset-error.svg", "Histogram of the onset error, beside a loop that sleeps",
    ("notes",), measure, draw, caption, timed=True,
)  # fmt: skip
