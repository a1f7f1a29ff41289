"""Pictures of what others have measured: training, conversion, and the report."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.figures.picture import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    Measured,
    Picture,
    Sources,
    canvas,
    name_ends,
    svg,
)

from playbach.bundle import read_bundle
from playbach.errors import InputError
from playbach_train.runs.run import HISTORY, read_json, read_record

_PARTS = {
    "total": ("held out, all parts", BLACK, "-"),
    "pitch": ("held out, pitch", BLUE, "-"),
    "duration": ("held out, duration", ORANGE, "--"),
    "shift": ("held out, onset shift", GREEN, "-."),
}


def learning_measure(sources: Sources) -> Measured:
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


def learning_draw(measured: Measured) -> bytes:
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


def learning_caption(measured: Measured) -> str:
    unseen = measured["held out"]
    held_out = f"the {len(unseen)} held out are {', '.join(unseen)}" if unseen else "none held out"
    return (
        f"Bits per note after each epoch of training on {measured['trained on']} movements; "
        f"{held_out}. Training is measured while learning, with dropout and with movements "
        f"transposed at random. Trained on {measured['machine']}."
    )


LEARNING = Picture(
    "learning.svg", "Learning curves: bits per note, training and held out",
    ("run",), learning_measure, learning_draw, learning_caption,
)  # fmt: skip


REPORT = Path(__file__).parents[2] / "docs" / "report" / "report.json"
FEATURES = ("interval", "duration", "pitch_class", "notes_per_bar")
_LEAST_SHOWN = 0.004
_MUSIC = {"real": (BLUE, "Bach"), "generated": (ORANGE, "composed")}


def likeness_measure(sources: Sources) -> Measured:
    del sources
    if not REPORT.exists():
        raise InputError(f"{REPORT}: there is no report yet; run: make report")
    report = read_json(REPORT)
    kept = ("title", "values", "generated", "real", "overlap")
    return {
        "settings": report["settings"],
        "features": {
            name: {key: report["features"][name][key] for key in kept} for name in FEATURES
        },
    }


def likeness_draw(measured: Measured) -> bytes:
    figure, grid = canvas(5.2, 2, 2)
    for axes, found in zip(grid.flat, measured["features"].values(), strict=True):
        _distribution(axes, found)
    for axes in grid[:, 0]:
        axes.set_ylabel("share of notes")
    grid[1, 1].set_ylabel("share of bars")
    handles, names = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper right", ncols=2)
    return svg(figure)


def _distribution(axes: Any, found: Measured) -> None:
    """Bach as filled steps, what was composed as an outline: they differ without colour too."""
    rows = _shown(found)
    values = [int(row[0]) for row in rows]
    is_scale = values == list(range(values[0], values[-1] + 1))
    places = values if is_scale else list(range(len(rows)))
    edges = [place - 0.5 for place in (*places, places[-1] + 1)]
    for side, (name, (colour, label)) in enumerate(_MUSIC.items(), start=1):
        axes.stairs(
            [row[side] for row in rows], edges, label=label,
            color=colour, fill=name == "real", alpha=0.45 if name == "real" else 1, linewidth=1.6,
        )  # fmt: skip
    if not is_scale:
        axes.set_xticks(places, [str(value) for value in values])
    axes.set_xlabel(found["title"])
    axes.set_title(f"overlap {found['overlap']:.2f}", loc="right")


def _shown(found: Measured) -> list[tuple[float, float, float]]:
    """Value, share of Bach's, share of what was composed: all from the first to the last that is
    not rare, or, where many between them are, those that are not."""
    sides = [found["values"], found["real"], found["generated"]]
    rows = list(zip(*sides, strict=True))
    common = [at for at, row in enumerate(rows) if max(row[1:]) >= _LEAST_SHOWN]
    between = rows[common[0] : common[-1] + 1]
    return between if len(between) < 2 * len(common) else [rows[at] for at in common]


def likeness_caption(measured: Measured) -> str:
    settings = measured["settings"]
    forms = settings["forms"].values()
    composed, real = (sum(form[side] for form in forms) for side in ("generated", "real"))
    return (
        f"{composed} movements composed at temperature {json.loads(settings['temperature'])} (seed "
        f"{settings['seed']}) beside {real} by Bach of the same forms. The overlap is what the two "
        "distributions have in common, 1 for equal ones. From "
        "[the report](../report/index.html), which `make report` remakes."
    )


LIKENESS = Picture(
    "likeness.svg", "Distributions of composed music beside Bach's",
    (), likeness_measure, likeness_draw, likeness_caption,
)  # fmt: skip


_LEAST = 1e-8
"""Nats; a divergence below is nothing but the rounding of float32."""
_WAYS = {
    "reading the same music": (BLUE, "o", 0.1),
    "composing alone": (ORANGE, "D", -0.1),
}
"""Colour, mark, and how far up it is from the variant's line."""


def variants_measure(sources: Sources) -> Measured:
    verification = read_bundle(sources.bundle).manifest.verification
    if verification is None:
        raise InputError(f"{sources.bundle}: was not measured when it was made; convert again")
    return asdict(verification)


def variants_draw(measured: Measured) -> bytes:
    rows = measured["variants"][::-1]
    figure, axes = canvas(0.9 + 0.55 * len(rows))
    for (name, (colour, mark, up)), values in zip(_WAYS.items(), _divergences(rows), strict=True):
        places = [(value, at + up) for at, value in enumerate(values) if value is not None]
        axes.plot(
            [max(value, _LEAST) for value, _ in places], [at for _, at in places], mark,
            color=colour, markersize=8, label=name, clip_on=False,
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), [f"{row['variant']}\n{_kilobytes(row)}" for row in rows])
    axes.set(
        xscale="log", xlim=(_LEAST, 0.1), ylim=(-0.6, len(rows) - 0.4),
        xlabel="Kullback-Leibler divergence from the network as trained, nats per note",
    )  # fmt: skip
    axes.grid(visible=True, axis="both")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return svg(figure)


def _divergences(rows: list[Measured]) -> tuple[list[float | None], list[float | None]]:
    alone = [row["drift"] and row["drift"]["divergence"] for row in rows]
    return [row["divergence"] for row in rows], alone


def _kilobytes(row: Measured) -> str:
    return f"{row['size'] / 1000:,.0f} kB"


def variants_caption(measured: Measured) -> str:
    agreement = ", ".join(
        f"{row['variant']} {row['agreement']:.2%}" for row in measured["variants"]
    )
    steps = max((row["drift"]["steps"] for row in measured["variants"] if row["drift"]), default=0)
    return (
        f"Divergence of each variant's predictions from those of the network as trained, over "
        f"{measured['music']} ({measured['steps']:,} notes), and of {steps:,} notes that each "
        f"composes alone, from float32 hearing the same. The likeliest symbol is the same for: "
        f"{agreement}. Anything at the left edge is rounding."
    )


VARIANTS = Picture(
    "variants.svg", "Divergence of each variant from the network as trained",
    ("bundle",), variants_measure, variants_draw, variants_caption,
)  # fmt: skip
