"""Learning curves over epochs, as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

Curves = Mapping[str, Mapping[str, float]]
"""Values of one epoch by unit and name; what belongs to training is called ``training ...``."""


def picture(epochs: Sequence[int], curves: Sequence[Curves]) -> bytes:
    """A PNG with a panel for each unit; curves of training are dotted.

    Args:
        epochs: at least one.
        curves: of each epoch, all with the same units and names.
    """
    # Here, because drawing is not needed to train and takes a second to import.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(8, 3 + 2 * len(curves[0])), layout="constrained")
    panels = figure.subplots(len(curves[0]), sharex=True, squeeze=False)[:, 0]
    for axes, (unit, values) in zip(panels, curves[0].items(), strict=True):
        for name in values:
            line = "k:" if name.startswith("training") else "-"
            axes.plot(epochs, [one[unit][name] for one in curves], line, label=name)
        axes.set_ylabel(unit)
        axes.set_ylim(bottom=0)
        axes.legend()
        axes.grid(alpha=0.3)
    panels[-1].set_xlabel("epoch")
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
