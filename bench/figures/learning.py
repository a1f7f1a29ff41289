"""Learning curves of a training run, from its history."""

from __future__ import annotations

from typing import Any

from bench.figures.picture import Measured, Picture, Sources
from bench.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, canvas, name_ends, svg

from playbach.errors import InputError
from playbach_train.runs.run import HISTORY, read_json, read_record

_PARTS = {
    "total": ("held out, all parts", BLACK, "-"),
    "pitch": ("held out, pitch", BLUE, "-"),
    "duration": ("held out, duration", ORANGE, "--"),
    "shift": ("held out, onset shift", GREEN, "-."),
}


def measure(sources: Sources) -> Measured:
    record, history = read_record(sources.run), read_json(sources.run / HISTORY)
    if not isinstance(history, list) or not history:
        raise InputError(f"{sources.run / HISTORY}: no epoch in it; train first")
    return {
        "history": history,
        "run": sources.run.resolve().name,
        "trained on": len(record["training"]),
        "held out": record["held_out"],
        "machine": record["machine"],
    }


def draw(measured: Measured) -> bytes:
    history = measured["history"]
    figure, axes = canvas(3.6)
    epochs = [row["epoch"] for row in history]
    training = [row["train_bits"] for row in history]
    axes.plot(epochs, training, color=GREY, linestyle=":", marker=".")
    ends = [(training[-1], f"training, all parts {training[-1]:.2f}", GREY)]
    for part, (name, colour, line) in _PARTS.items() if measured["held out"] else ():
        bits = [row["held_out"][part] for row in history]
        axes.plot(epochs, bits, color=colour, linestyle=line)
        ends.append((bits[-1], f"{name} {bits[-1]:.2f}", colour))
    name_ends(axes, epochs[-1], ends, max(training) / 20)
    axes.set(xlabel="epoch", ylabel="bits per note", ylim=(0, None))
    _room_for_names(axes, epochs)
    return svg(figure)


def _room_for_names(axes: Any, epochs: list[int]) -> None:
    first, last = epochs[0], epochs[-1]
    axes.set_xlim(first - 0.3, last + 0.38 * max(last - first, 1))
    axes.set_xticks(range(first, last + 1, max(1, len(epochs) // 10)))


def caption(measured: Measured) -> str:
    unseen = measured["held out"]
    held_out = f"the {len(unseen)} held out are {', '.join(unseen)}" if unseen else "none held out"
    return (
        f"Bits per note after each epoch of training on {measured['trained on']} movements; "
        f"{held_out}. Training is measured while learning, with dropout and with movements "
        f"transposed at random. Trained on {measured['machine']}."
    )


LEARNING = Picture(
    "learning.svg", "Learning curves: bits per note, training and held out",
    ("run",), measure, draw, caption,
)  # fmt: skip
