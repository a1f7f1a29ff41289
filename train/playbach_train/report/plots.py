"""The pictures of a report, as PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

LEAST_SHOWN = 0.002
"""Values with a smaller share on both sides are left out of a picture."""

MOST_LABELS = 16
GENERATED, REAL = "#c4572b", "#3b6ea5"
WIDTH = 0.42
DOTS_PER_INCH = 110


def feature_png(found: Mapping[str, Any]) -> bytes:
    """Shares of each value of a feature, generated beside real; ``found`` as in the figures."""
    rows = [
        row
        for row in zip(found["values"], found["generated"], found["real"], strict=True)
        if max(row[1:]) >= LEAST_SHOWN
    ]
    figure, axes = _canvas()
    for side, (label, colour) in enumerate((("generated", GENERATED), ("real", REAL)), start=1):
        places = [index + (side - 1.5) * WIDTH for index in range(len(rows))]
        axes.bar(places, [row[side] for row in rows], WIDTH, color=colour, label=label)
    step = -(-len(rows) // MOST_LABELS)
    axes.set_xticks(range(0, len(rows), step), [str(row[0]) for row in rows[::step]])
    axes.set_xlabel(found["title"])
    axes.set_ylabel("share")
    return _png(figure, axes)


def repetition_png(found: Mapping[str, Any]) -> bytes:
    """Medians of repetition, with the 10th and 90th percentile, for each length of n-grams."""
    figure, axes = _canvas()
    for side, (label, colour) in enumerate((("generated", GENERATED), ("real", REAL))):
        rows = [
            (index + (side - 0.5) * WIDTH, row[label])
            for index, row in enumerate(found.values())
            if row[label]
        ]
        middles = [row["p50"] for _, row in rows]
        reach = [
            [row["p50"] - row["p10"] for _, row in rows],
            [row["p90"] - row["p50"] for _, row in rows],
        ]
        places = [place for place, _ in rows]
        axes.bar(places, middles, WIDTH, color=colour, label=label)
        axes.errorbar(places, middles, reach, fmt="none", ecolor="black", capsize=4)
    axes.set_xticks(range(len(found)), list(found))
    axes.set_xlabel("Intervals in a group; bars: 10th to 90th percentile of movements")
    axes.set_ylabel("share of groups there before")
    return _png(figure, axes)


def _canvas() -> tuple[Any, Any]:
    # Here, because matplotlib takes a second to import.
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(6, 3), layout="constrained", facecolor="white")
    return figure, figure.add_subplot()


def _png(figure: Any, axes: Any) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

    axes.legend(frameon=False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    buffer = io.BytesIO()
    figure.set_dpi(DOTS_PER_INCH)
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
