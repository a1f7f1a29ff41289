"""Learning curves: bits over epochs, as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from playbach_train.network import PARTS


def curves_png(history: Sequence[dict[str, Any]]) -> bytes:
    """A PNG of training and held-out bits per note.

    Args:
        history: rows with ``epoch``, ``train_bits`` and, if there were held-out movements,
            ``held_out`` with bits by part and ``total``.
    """
    lines = {"training, all parts": [row["train_bits"] for row in history]}
    if history and history[0].get("held_out"):
        for part in ("total", *PARTS):
            lines[f"held out, {part}"] = [row["held_out"][part] for row in history]
    return picture([row["epoch"] for row in history], lines, "bits per note")


def picture(epochs: Sequence[int], lines: Mapping[str, Sequence[float]], unit: str) -> bytes:
    """A PNG of curves over epochs, by name, in ``unit``; the first, of training, is dotted."""
    # Here, because drawing is not needed to train and takes a second to import.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    for n, (name, values) in enumerate(lines.items()):
        axes.plot(epochs, values, "-" if n else "k:", label=name)
    axes.set_xlabel("epoch")
    axes.set_ylabel(unit)
    axes.set_ylim(bottom=0)
    axes.legend()
    axes.grid(alpha=0.3)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
