"""The tables of the page, out of the figures alone: the same figures give the same tables.

Everything else in ``docs/comparison.md`` is written by hand, what each measure means too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.comparison.predicting import pooled
from bench.comparison.studies import STUDIES, Study
from bench.documents import MARK, remade

from playbach.errors import InputError

Figures = dict[str, Any]
BASELINE, REAL = "n-grams", "real"
NONE = "\N{EN DASH}"
NOT_YET = "Not measured here yet: `make compare` does it."
_MARK = MARK.format(r"compare: (\S+) (\w+)")


@dataclass(frozen=True)
class Column:
    """What stands above one column of the table."""

    name: str  # of a network, or of what networks are set beside
    row: Figures  # figures of a network, empty for what is none
    bits: Figures | None  # movements as ``predicting.held_out`` gives them
    composed: Figures | None  # figures of music, as ``measuring.composed`` gives them
    common: tuple[str, ...]  # names of the movements that every network can read


Value = Callable[[Column], float | None]


@dataclass(frozen=True)
class Measure:
    """A line of the table."""

    title: str  # what is measured, with its unit
    value: Value  # of a column, ``None`` where it is not defined
    show: str  # how a number is written
    # ``min`` or ``max`` of the networks' values, ``None`` where neither is better
    best: Callable[[Iterable[float]], float] | None = None


def _bits(key: str, *, common: bool = False) -> Value:
    def value(column: Column) -> float | None:
        if not column.bits:
            return None
        found = pooled(column.bits, column.common if common else column.bits["movements"])
        return None if found is None else found[key]

    return value


def _row(*path: str, scale: float = 1.0) -> Value:
    return lambda column: _at(column.row, path, scale)


def _music(*path: str) -> Value:
    return lambda column: _at(column.composed or {}, path, 1.0)


def _at(figures: Figures, path: Sequence[str], scale: float) -> float | None:
    found: Any = figures
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return None if found is None else found * scale


def _length(column: Column) -> float | None:
    found = column.composed
    return found["notes"] / found["movements"] if found else None


def _movements(column: Column) -> float | None:
    return len(column.bits["movements"]) if column.bits else None


GROUPS: Mapping[str, Sequence[Measure]] = {
    "training": (
        Measure("parameters", _row("parameters"), ",.0f"),
        Measure("movements learned from", _row("training", "readable"), ".0f"),
        Measure("epochs", _row("training", "epochs"), ".0f"),
        Measure("best epoch", _row("training", "best_epoch"), ".0f"),
        Measure("training, minutes", _row("training", "seconds", scale=1 / 60), ".0f"),
    ),
    "unseen movements": (
        Measure("movements measured", _movements, ".0f"),
        Measure("bits per note, pitch", _bits("pitch"), ".2f"),
        Measure("bits per note, all parts", _bits("all"), ".2f"),
        Measure("bits per quarter note, all parts", _bits("per_quarter"), ".2f"),
        Measure("top-1", _bits("top1"), ".1%"),
        Measure("unknown symbols", _bits("unknown"), ".1%"),
        Measure("pitch, on what all can read", _bits("pitch", common=True), ".2f", min),
        Measure("all parts, on what all can read", _bits("all", common=True), ".2f", min),
    ),
    "what it composes": (
        Measure("notes in a movement", _length, ".0f"),
        Measure("overlap with the corpus", _music("overlap"), ".2f", max),
        Measure("ends on the tonic", _music("on_tonic"), ".0%", max),
        *(
            Measure(f"repetition, {length} intervals", _music("repetition", length), ".3f")
            for length in ("4", "8", "16")
        ),
        Measure("longest run from the corpus", _music("originality", "longest_run"), ".0f"),
        Measure("8-grams from the corpus", _music("originality", "share"), ".1%"),
    ),
    "on the board": (
        Measure("time per note, own form, ms", _row("time", "own", scale=1e3), ".2f", min),
        Measure("time per note, step form, ms", _row("time", "step", scale=1e3), ".2f", min),
        Measure(
            "size, weights in int8, kB", _row("size", "dynamic", "own", scale=1e-3), ",.0f", min
        ),
        Measure(
            "size, everything in int8, kB", _row("size", "int8", "own", scale=1e-3), ",.0f", min
        ),
        Measure("int8 agrees", _row("fidelity", "int8", "agreement"), ".1%"),
    ),
}


def with_tables(text: str, figures: Figures) -> str:
    """The page as it is, what stands in it between marks made anew."""

    def made(found: re.Match[str]) -> str:
        title, section = found.groups()
        if title not in STUDIES or section not in SECTIONS:
            raise InputError(
                f"the page asks for {title} {section}: there are {', '.join(STUDIES)}, each with "
                f"{', '.join(SECTIONS)}"
            )
        study = figures.get(title)
        known = {"machine": figures.get("machine", {}), **(study or {})}
        return "\n".join(SECTIONS[section](STUDIES[title], known)).rstrip() if study else NOT_YET

    return remade(text, _MARK, made)[0]


def columns_of(study: Study, figures: Figures) -> list[Column]:
    """A column for each network of the study, then for what they are set beside."""
    rows: Mapping[str, Figures] = figures["rows"]
    names = [set(row["held_out"]["movements"]) for row in rows.values() if row["held_out"]]
    common = tuple(sorted(set.intersection(*names))) if names else ()
    found = [
        Column(network, row := rows.get(name, {}), row.get("held_out"), row.get("composed"), common)
        for name, network in study.names.items()
    ]
    beside = figures.get("beside", {})
    if baseline := beside.get("baseline"):
        found.append(Column(BASELINE, {}, baseline, None, common))
    return [*found, Column(REAL, {}, None, beside.get("real"), common)]


def table(study: Study, figures: Figures) -> Iterator[str]:
    """All measures, a line each, in groups."""
    columns = columns_of(study, figures)
    yield _line(["", *(column.name for column in columns)])
    yield _line(["---", *("---:" for _ in columns)])
    for title, measures in GROUPS.items():
        rows = [(one, [one.value(column) for column in columns]) for one in measures]
        shown = [(one, values) for one, values in rows if any(v is not None for v in values)]
        if shown:
            yield _line([f"*{title}*", *("" for _ in columns)])
        for measure, values in shown:
            yield _line([measure.title, *_cells(measure, columns, values)])


def _cells(
    measure: Measure, columns: Sequence[Column], values: Sequence[float | None]
) -> Iterator[str]:
    """The best of several networks is bold."""
    pairs = list(zip(columns, values, strict=True))
    rivals = [value for column, value in pairs if column.row and value is not None]
    best = measure.best(rivals) if measure.best and len(rivals) > 1 else None
    for column, value in pairs:
        cell = NONE if value is None else format(value, measure.show)
        yield f"**{cell}**" if column.row and value is not None and value == best else cell


def training(study: Study, figures: Figures) -> Iterator[str]:
    """How each network was trained here, and whether it was done."""
    del study
    yield "| | epochs | at most | ended | minutes | speed of the middle epoch |"
    yield "| --- | ---: | ---: | --- | ---: | ---: |"
    for name, row in figures["rows"].items():
        one = row["training"]
        speed = f"{one['speed']:,.0f} {one['speed_of']} a second" if one["speed"] else NONE
        cells = [name, one["epochs"], one["most_epochs"], one["ending"]]
        yield _line([*map(str, cells), f"{one['seconds'] / 60:.0f}", speed])


def leakage(study: Study, figures: Figures) -> Iterator[str]:
    """A network on both splits at the epoch kept, beside a lookup table; then epoch by epoch."""
    del study
    name, row = next((name, row) for name, row in figures["rows"].items() if row["leakage"])
    found, measured = row["leakage"], row["held_out"]
    unseen = pooled(measured, measured["movements"])
    best = next(one for one in found["epochs"] if one["epoch"] == found["best_epoch"])
    apart, lookup = best["random_windows"], found["lookup"]
    bits = unseen["pitch"] * unseen["notes"] / unseen["symbols"] if unseen else 0.0
    top1 = unseen["top1"] if unseen else 0.0
    twice = found["lookup_twice"]["random_windows"]
    yield "| | a random tenth of the windows | the movements measured |"
    yield "| --- | ---: | ---: |"
    yield f"| {name}, top-1 | {apart['top1']:.1%} | {top1:.1%} |"
    yield f"| {name}, bits per symbol | {apart['bits']:.2f} | {bits:.2f} |"
    yield f"| a lookup table, top-1 | {lookup['random_windows']:.1%} | {lookup['held_out']:.1%} |"
    yield f"| a lookup table, each movement played twice, top-1 | {twice:.1%} | {NONE} |"
    yield ""
    yield "| epoch | random windows: bits | top-1 | movements: bits | top-1 |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    for one in found["epochs"]:
        cells = [f"{one[split][what]:{show}}" for split in ("random_windows", "held_out")
                 for what, show in (("bits", ".2f"), ("top1", ".1%"))]  # fmt: skip
        yield _line([str(one["epoch"]), *cells])


def samples(study: Study, figures: Figures) -> Iterator[str]:
    """What each sample is, and its first page."""
    del study
    for name, row in figures["rows"].items():
        made = row["sample"]
        yield (
            f"**{name}**: {made['title']}, {made['meter']}: {made['notes']} notes in "
            f"{made['seconds']:.0f} seconds. [MIDI](comparison/{name}.mid)\n\n"
            f"![The first page of the sample of {name}](comparison/{name}.png)\n"
        )


def machine(study: Study, figures: Figures) -> Iterator[str]:
    """What the times depend on."""
    del study
    yield f"Times are of {'; '.join(f'{key}: {said}' for key, said in figures['machine'].items())}."


SECTIONS: Mapping[str, Callable[[Study, Figures], Iterator[str]]] = {
    "table": table,
    "training": training,
    "leakage": leakage,
    "samples": samples,
    "machine": machine,
}
"""What can stand between marks, by the name in the mark."""


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
