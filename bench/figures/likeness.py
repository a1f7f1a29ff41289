"""Composed music beside Bach's: four distributions out of the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.figures.picture import Measured, Picture, Sources
from bench.figures.style import BLUE, ORANGE, canvas, svg

from playbach.errors import InputError
from playbach_train.runs.run import read_json

REPORT = Path(__file__).parents[2] / "docs" / "report" / "report.json"
FEATURES = ("interval", "duration", "pitch_class", "notes_per_bar")
_LEAST_SHOWN = 0.004
_SIDES = {"real": (BLUE, "Bach"), "generated": (ORANGE, "composed")}


def measure(sources: Sources) -> Measured:
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


def draw(measured: Measured) -> bytes:
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
    for side, (name, (colour, label)) in enumerate(_SIDES.items(), start=1):
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


def caption(measured: Measured) -> str:
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
    (), measure, draw, caption,
)  # fmt: skip
