"""All figures of a report, and which targets are met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from playbach.music.note import Piece
from playbach_train.report import Figures
from playbach_train.report.comparison import Likeness, divergence, likeness, overlap, tables
from playbach_train.report.distributions import (
    DISTRIBUTIONS,
    Distribution,
    bars,
    final_degree,
    opens_on_tonic,
)
from playbach_train.report.originality import (
    LENGTHS,
    Originals,
    Shared,
    pooled,
    repetition,
    shared_by_work,
)
from playbach_train.report.told_apart import of_corpus, of_network, told_apart

MOST_TOLD_APART = {"movements": 0.93, "excerpts": 0.80}
"""The classifier's area under the curve."""
LEAST_OVERLAP = 0.9
MOST_SHARED = 0.065
"""Share of 8-grams of intervals that the most derivative cello suite has from the other five."""
LONGEST_RUN = 24
LEAST_ON_TONIC = 0.9
LEAST_AS_LONG = 0.9
MEASURES = {"overlap": overlap, "kl": divergence}
POOLS = {"against_all": False, "against_form": True}
PERCENTILES = (10, 50, 90)


@dataclass(frozen=True, slots=True)
class Sets:
    """What is compared."""

    generated: Sequence[Piece]  # movements from the network, at least one of each of ``forms``
    real: Sequence[Piece]  # real movements of ``forms``, each of at least one note
    forms: Sequence[str]  # names of the forms that are compared
    all_real: Mapping[str, Piece]  # every real movement by name, whatever its form


def figures_of(sets: Sets) -> Figures:
    """Everything that is measured; ``headline`` has a row for each target."""
    shared = list(map(Originals(sets.all_real.values()).shared, sets.generated))
    figures: Figures = {
        "told_apart": told_apart(of_network(sets.generated), of_corpus(sets.all_real, sets.forms)),
        "distributions": (found := {one.name: _distribution(one, sets) for one in DISTRIBUTIONS}),
        "bars_by_form": (lengths := {form: _bars(form, sets) for form in sets.forms}),
        "as_long_as_real": _as_long(sets.generated, lengths),
        "repetition": {str(length): _repetition(length, sets) for length in LENGTHS},
        "originality": {
            "generated": _shared(pooled(shared)),
            "real": {work: _shared(row) for work, row in shared_by_work(sets.all_real).items()},
        },
        "on_tonic": {
            "generated": _on_tonic(sets.generated),
            "real": _on_tonic(sets.real),
        },
        "opens_on_tonic": {
            "generated": _opens_on_tonic(sets.generated),
            "real": _opens_on_tonic(sets.real),
        },
        "movements": [_movement(*pair) for pair in zip(sets.generated, shared, strict=True)],
    }
    figures["mean_overlap"] = {pool: _mean_overlap(found, pool) for pool in POOLS}
    return {"headline": headline(figures), **figures}


def _distribution(distribution: Distribution, sets: Sets) -> Figures:
    generated, real = tables(distribution, sets.generated, sets.real)
    spread = generated.spread(sets.forms), real.spread(sets.forms)
    found: Figures = {
        "title": distribution.title,
        "values": list(generated.values),
        "generated": spread[0].tolist(),
        "real": spread[1].tolist(),
    }
    for name, measure in MEASURES.items():
        found[name] = float(measure(*spread))
    for pool, own_form in POOLS.items():
        found[pool] = {
            name: _pair(likeness(measure, generated, real, sets.forms, own_form=own_form))
            for name, measure in MEASURES.items()
        }
    return found


def _pair(found: Likeness | None) -> Figures | None:
    return None if found is None else asdict(found)


def _mean_overlap(distributions: Figures, pool: str) -> Figures | None:
    """Mean overlap over all distributions, and generated as a share of real."""
    rows = [row[pool]["overlap"] for row in distributions.values() if row[pool]["overlap"]]
    if not rows:
        return None
    generated, real = (
        float(np.mean([row[side] for row in rows])) for side in ("generated", "real")
    )
    return {"generated": generated, "real": real, "ratio": generated / real if real else None}


def _bars(form: str, sets: Sets) -> Figures:
    """Bars of the shortest, the middle and the longest movement."""
    sides = {"generated": sets.generated, "real": sets.real}
    counts = {
        side: sorted(bars(piece) for piece in pieces if piece.form.name == form)
        for side, pieces in sides.items()
    }
    return {
        side: {"least": row[0], "median": float(np.median(row)), "most": row[-1]}
        for side, row in counts.items()
    }


def _as_long(generated: Sequence[Piece], lengths: Figures) -> float:
    """Share of movements between the shortest and the longest real one of their form."""
    count = 0
    for piece in generated:
        real = lengths[piece.form.name]["real"]
        count += real["least"] <= bars(piece) <= real["most"]
    return count / len(generated)


def _repetition(length: int, sets: Sets) -> Figures:
    return {
        "generated": _percentiles(sets.generated, length),
        "real": _percentiles(sets.real, length),
    }


def _percentiles(pieces: Sequence[Piece], length: int) -> Figures | None:
    rows = [row for piece in pieces if (row := repetition(piece, length)) is not None]
    if not rows:
        return None
    values = np.percentile(rows, PERCENTILES).tolist()
    return dict(zip([f"p{percent}" for percent in PERCENTILES], values, strict=True))


def _shared(row: Shared) -> Figures:
    return {"longest_run": row.longest, "share": row.share, "groups": row.groups}


def _on_tonic(pieces: Sequence[Piece]) -> float:
    return sum(final_degree(piece) == 0 for piece in pieces) / len(pieces)


def _opens_on_tonic(pieces: Sequence[Piece]) -> float:
    return sum(map(opens_on_tonic, pieces)) / len(pieces)


def _movement(piece: Piece, shared: Shared) -> Figures:
    return {
        "form": piece.form.name,
        "key": str(piece.keys[0][1]),
        "meter": str(piece.meters[0][1]),
        "bars": bars(piece),
        "notes": len(piece.notes),
        "ends_on": final_degree(piece),
        "longest_run": shared.longest,
        "share": shared.share,
    }


def headline(figures: Figures) -> list[Figures]:
    """A row for each target: what it is about, the figure, the target, whether it is met."""
    rows = _told_apart_rows(figures["told_apart"])
    for pool, title in (("against_all", "all"), ("against_form", "those of the same form")):
        found = figures["mean_overlap"][pool]
        ratio = found and found["ratio"]
        about = f"mean overlap with real movements, {title}: generated as a share of real"
        rows.append(
            _row(about, ratio, f"at least {LEAST_OVERLAP}", _at_least(ratio, LEAST_OVERLAP))
        )
    rows += [_repetition_row(length, row) for length, row in figures["repetition"].items()]
    rows += _originality_rows(**figures["originality"])
    opens, real = (figures["opens_on_tonic"][side] for side in ("generated", "real"))
    about = "movements whose first note or first full bar is on the tonic"
    target = f"at least {real:.3f}, as of real movements"
    rows.append(_row(about, opens, target, opens >= real))
    ends = figures["on_tonic"]["generated"]
    target = f"at least {LEAST_ON_TONIC}"
    rows.append(_row("movements that end on the tonic", ends, target, ends >= LEAST_ON_TONIC))
    as_long = figures["as_long_as_real"]
    about = "movements no shorter and no longer than real ones of their form"
    rows.append(_row(about, as_long, f"at least {LEAST_AS_LONG}", as_long >= LEAST_AS_LONG))
    return rows


def _told_apart_rows(found: Figures) -> list[Figures]:
    rows = []
    for name, title in (("movements", "whole movements"), ("excerpts", "eight bars")):
        about = f"told apart by a classifier, {title}: area under the curve"
        row, most = found[name], MOST_TOLD_APART[name]
        if row is None:
            rows.append(_row(about, None, "none: there are too few movements or works", None))
            continue
        target = f"at most {most}; two halves of the real works: {row['halves']['mean']:.2f}"
        rows.append(_row(about, row["area"], target, row["area"] <= most))
    return rows


def _repetition_row(length: str, found: Figures) -> Figures:
    about = f"repetition of {length} intervals, median"
    generated, real = found["generated"], found["real"]
    if generated is None or real is None:
        return _row(about, generated and generated["p50"], "none: movements are too short", None)
    target = f"{real['p10']:.3f} to {real['p90']:.3f}, 10th to 90th percentile of real movements"
    met = real["p10"] <= generated["p50"] <= real["p90"]
    return _row(about, generated["p50"], target, met)


def _originality_rows(generated: Figures, real: Figures) -> list[Figures]:
    longest = generated["longest_run"]
    about = "8-grams of intervals found in the real movements, share"
    run = _row(
        "longest run of intervals shared with the real movements",
        longest,
        f"at most {LONGEST_RUN}",
        longest <= LONGEST_RUN,
    )
    target = f"at most {MOST_SHARED}, as of the most derivative of Bach's cello suites"
    if real:
        work = max(real, key=lambda name: real[name]["share"])
        target += f"; here most in {work}: {real[work]['share']:.3f}"
    return [_row(about, generated["share"], target, generated["share"] <= MOST_SHARED), run]


def _at_least(figure: float | None, least: float) -> bool | None:
    return None if figure is None else figure >= least


def _row(about: str, figure: float | None, target: str, met: bool | None) -> Figures:
    return {"about": about, "figure": figure, "target": target, "met": met}
