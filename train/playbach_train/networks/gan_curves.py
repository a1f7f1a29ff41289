"""Curves of a GAN's training, as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from playbach_train.networks.gan_training import Epoch


def gan_curves_png(history: Sequence[Epoch]) -> bytes:
    """A PNG of both losses, what the discriminator sees through, and how different phrases are."""
    # Here, because drawing is not needed to train and takes a second to import.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(8, 7), layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    epochs = [row.epoch for row in history]
    _draw(
        above, epochs, "cross-entropy, nats",
        {
            "generator": [row.generator_loss for row in history],
            "discriminator": [row.discriminator_loss for row in history],
        },
    )  # fmt: skip
    _draw(
        below, epochs, "share",
        {
            "real phrases taken for real": [row.real_accuracy for row in history],
            "generated phrases found out": [row.generated_accuracy for row in history],
            "rows in which two generated differ": [
                row.watched.generated.difference for row in history
            ],
            "rows in which two real differ": [row.watched.real.difference for row in history],
        },
    )  # fmt: skip
    below.set_xlabel("epoch")
    below.set_ylim(0, 1.05)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()


def _draw(axes: Any, epochs: Sequence[int], unit: str, lines: dict[str, list[float]]) -> None:
    for label, values in lines.items():
        axes.plot(epochs, values, label=label)
    axes.set_ylabel(unit)
    axes.legend()
    axes.grid(alpha=0.3)
