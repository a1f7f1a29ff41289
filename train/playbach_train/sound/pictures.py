"""What an effect does, as a picture: waves, spectra, and what its hidden units say."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from playbach_train.sound.pairs import Samples

_SHOWN = 0.04
"""Seconds of waves."""
_NOTE = 0.5
"""Seconds of hidden units."""
_SECONDS = 4.0
"""Of spectrograms."""


def picture(dry: Samples, wet: Samples, output: Samples, hidden: Samples, rate: int) -> bytes:
    """A PNG.

    Args:
        dry: what goes in.
        wet: what is to come out.
        output: what does come out.
        hidden: of each unit at each sample, from the first sample on.
        rate: samples per second.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 takes a second
    from matplotlib.figure import Figure  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415 comes with matplotlib

    figure = Figure(figsize=(11, 12), layout="constrained")
    panels = figure.subplots(5, 1)
    loudest = int(np.argmax(np.abs(wet[: -round(_SHOWN * rate)])))
    cut = slice(loudest, loudest + round(_SHOWN * rate))
    times = 1000 * np.arange(cut.stop - cut.start) / rate
    for name, samples, line in (
        ("dry", dry, ":"), ("target", wet, "-"), ("output", output, "--"),
        ("difference", wet - output, "-"),
    ):  # fmt: skip
        panels[0].plot(times, samples[cut], line, label=name, linewidth=1)
    panels[0].set_xlabel("milliseconds")
    panels[0].legend(loc="upper right", ncols=4)
    shown = slice(0, round(_SECONDS * rate))
    for axes, name, samples in zip(
        panels[1:4], ("target", "output", "difference"), (wet, output, wet - output), strict=True
    ):
        _spectrogram(axes, name, samples[shown], rate)
    until = round(_NOTE * rate)
    step = max(1, until // 2000)
    panels[4].plot(np.arange(0, len(hidden), step) / rate, hidden[::step], linewidth=0.5)
    panels[4].set_ylabel("hidden units")
    panels[4].set_xlabel("seconds")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    # In 256 colours a spectrogram looks the same and takes a sixth of the room.
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    buffer = io.BytesIO()
    image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(buffer, "PNG")
    return buffer.getvalue()


def _spectrogram(axes: Any, name: str, samples: Samples, rate: int) -> None:
    size, hop = 2048, 512
    starts = range(0, len(samples) - size, hop)
    frames = np.stack([samples[start : start + size] for start in starts]) * np.hanning(size)
    loudness = 20 * np.log10(np.abs(np.fft.rfft(frames)) + 1e-6).T
    top = 10_000 * size // rate
    axes.imshow(
        loudness[:top], origin="lower", aspect="auto", vmin=-60, vmax=40, cmap="magma",
        extent=(0, len(samples) / rate, 0, 10),
    )  # fmt: skip
    axes.set_ylabel(f"{name}, kHz")
