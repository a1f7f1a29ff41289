"""Learning curves: bits per note over epochs, as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from playbach_train.network import PARTS


def curves_png(history: Sequence[dict[str, Any]]) -> bytes:
    """A PNG of training and held-out bits per note.

    Args:
        history: rows with ``epoch``, ``train_bits`` and, if there were held-out movements,
            ``held_out`` with bits by part and ``total``.
    """
    # Here, because drawing is not needed to train and takes a second to import.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    epochs = [row["epoch"] for row in history]
    axes.plot(epochs, [row["train_bits"] for row in history], "k:", label="training, all parts")
    if history and history[0].get("held_out"):
        for part in ("total", *PARTS):
            bits = [row["held_out"][part] for row in history]
            axes.plot(epochs, bits, label=f"held out, {part}")
    axes.set_xlabel("epoch")
    axes.set_ylabel("bits per note")
    axes.set_ylim(bottom=0)
    axes.legend()
    axes.grid(alpha=0.3)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
