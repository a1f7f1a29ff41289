"""The page, out of the figures alone: the same figures give the same page.

What it says in words, what each measure means too, is in ``template.md`` and ``leakage.md``.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from bench.comparison.predicting import pooled
from bench.comparison.studies import BACH, BALLADS, Study

Figures = dict[str, Any]
TEMPLATE, LEAKAGE = (Path(__file__).with_name(name) for name in ("template.md", "leakage.md"))
BASELINE, REAL = "n-grams", "real"
NONE = "\N{EN DASH}"
NOT_YET = "Not measured here yet: `make compare` does it."
WIDTH = 100
_PROSE = re.compile(r"(?<=\n\n)[^|#!<\s-].*?(?=\n\n|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Column:
    """What stands above one column of the table.

    Attributes:
        name: of a network, or of what networks are set beside.
        row: figures of a network, empty for what is none.
        bits: movements as ``predicting.held_out`` gives them.
        composed: figures of music, as ``measuring.composed`` gives them.
        common: names of the movements that every network can read.
        sample: name of the files of its sample, without suffix; empty for what has none.
    """

    name: str
    row: Figures
    bits: Figures | None
    composed: Figures | None
    common: tuple[str, ...]
    sample: str = ""


Value = Callable[[Column], float | None]


@dataclass(frozen=True)
class Measure:
    """A line of the table; ``template.md`` says what it means.

    Attributes:
        title: what is measured, with its unit.
        value: of a column, ``None`` where it is not defined.
        show: how a number is written.
        best: ``min`` or ``max`` of the networks' values, ``None`` where neither is better.
    """

    title: str
    value: Value
    show: str
    best: Callable[[Sequence[float]], float] | None = None

    def cell(self, column: Column) -> str:
        """What stands in the table."""
        value = self.value(column)
        return NONE if value is None else format(value, self.show)


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


def page(figures: Figures, seen: str) -> str:
    """The page as Markdown.

    Args:
        figures: of all studies.
        seen: what a person has written of the samples; its first line names them by
            ``samples_digest``.
    """
    study: Figures = figures.get("bach", {"rows": {}})
    ballads: Figures = figures.get("ballads", {"rows": {}})
    columns, rows = columns_of(BACH, study), study["rows"].values()
    trainings = [row["training"] for row in rows]
    words = {
        "what": _what(study),
        "table": table(columns),
        "none": NONE,
        "real_movements": study.get("beside", {}).get("names", 0),
        "corpora": " and ".join(BACH.corpora),
        "chosen": max((one["held_out"] for one in trainings if one["is_chosen"]), default=0),
        "measured": ", ".join(f"`{name}`" for name in BACH.measured),
        "composed": max((row["composed"]["movements"] for row in rows), default=0),
        "leaders": leaders(columns),
        "seen": _seen(seen, {**study["rows"], **ballads["rows"]}),
        "machine": "; ".join(f"{key}: {said}" for key, said in figures.get("machine", {}).items()),
        "training": _trained(study),
        "leakage": _leakage(study),
        "samples": _samples(study),
        "ballads_corpus": BALLADS.corpora[0],
        "ballads": "\n\n".join((
            table(columns_of(BALLADS, ballads)), _trained(ballads), _samples(ballads),
        )) if ballads["rows"] else NOT_YET,
    }  # fmt: skip
    text = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(words)
    return _PROSE.sub(lambda found: _wrapped(found[0]), text.rstrip()) + "\n"


def columns_of(study: Study, figures: Figures) -> list[Column]:
    """A column for each network of the study, then for what they are set beside."""
    rows: Mapping[str, Figures] = figures["rows"]
    bits = {name: row["held_out"] for name, row in rows.items() if row["held_out"]}
    names = [set(one["movements"]) for one in bits.values()]
    common = tuple(sorted(set.intersection(*names))) if names else ()
    found = [
        Column(
            name=network,
            row=(row := rows.get(name, {})),
            bits=bits.get(name),
            composed=row.get("composed"),
            common=common,
            sample=name if row else "",
        )
        for name, network in study.names.items()
    ]
    beside = figures.get("beside", {})
    baseline = beside.get("baseline")
    return [
        *found,
        *([Column(BASELINE, {}, baseline, None, common)] if baseline else []),
        Column(REAL, {}, None, beside.get("real"), common),
    ]


def table(columns: Sequence[Column]) -> str:
    """All measures, a line each, in groups."""
    lines = [
        _line(["", *(column.name for column in columns)]),
        _line(["---", *("---:" for _ in columns)]),
    ]
    for title, measures in GROUPS.items():
        shown = [
            one for one in measures if any(one.value(column) is not None for column in columns)
        ]
        if shown:
            lines.append(_line([f"*{title}*", *("" for _ in columns)]))
        lines += [_line([measure.title, *_cells(measure, columns)]) for measure in shown]
    lines.append(_line(["*a sample*", *(_links(column.sample) for column in columns)]))
    return "\n".join(lines)


def leaders(columns: Sequence[Column]) -> str:
    """Which network is first in each measure that has a better end, and which second."""
    lines = []
    for measure in (one for group in GROUPS.values() for one in group if one.best):
        ranked = _ranked(measure, columns)
        if len(ranked) > 1:
            shown = ", then ".join(f"{one.name} ({measure.cell(one)})" for one in ranked[:2])
            lines.append(f"- **{measure.title}**: {shown}")
    return "By measure, the first and the second network:\n\n" + "\n".join(lines) if lines else ""


def samples_digest(rows: Mapping[str, Figures]) -> str:
    """What the samples are known by."""
    made = "\n".join(f"{name} {row['sample']['digest']}" for name, row in rows.items())
    return hashlib.sha256(made.encode()).hexdigest()[:12]


def _seen(written: str, rows: Mapping[str, Figures]) -> str:
    """What a person wrote who looked at the samples, if it is about these."""
    first, _, rest = written.partition("\n")
    digest = samples_digest(rows)
    if first.strip() != digest:
        return f"Nobody has described these samples yet (`{digest}`)." if rows else ""
    return rest.strip()


def _ranked(measure: Measure, columns: Sequence[Column]) -> list[Column]:
    networks = [one for one in columns if one.row and measure.value(one) is not None]
    key: Callable[[Column], float] = lambda one: measure.value(one) or 0.0  # noqa: E731 a name for what it is
    return sorted(networks, key=key, reverse=measure.best is max)


def _cells(measure: Measure, columns: Sequence[Column]) -> list[str]:
    best = _ranked(measure, columns)[:1] if measure.best else []
    alone = len(_ranked(measure, columns)) < 2
    return [
        f"**{measure.cell(one)}**" if one in best and not alone else measure.cell(one)
        for one in columns
    ]


def _links(sample: str) -> str:
    if not sample:
        return ""
    return f"[MIDI](comparison/{sample}.mid), [page](comparison/{sample}.png)"


def _what(study: Figures) -> str:
    rows = [(network, study["rows"].get(name)) for name, network in BACH.names.items()]
    return "\n".join(
        _wrapped(f"- **{network}**: {row['about'] if row else 'not trained here yet'}")
        for network, row in rows
    )


def _samples(study: Figures) -> str:
    lines = []
    for name, row in study["rows"].items():
        made = row["sample"]
        lines.append(
            f"### {name}\n\n{made['title']}, {made['meter']}: {made['notes']} notes in "
            f"{made['seconds']:.0f} seconds. [MIDI](comparison/{name}.mid)\n\n"
            f"![The first page of the sample of {name}](comparison/{name}.png)"
        )
    return "\n\n".join(lines)


def _trained(study: Figures) -> str:
    """How each network was trained here, and whether it was done."""
    lines = []
    for name, row in study["rows"].items():
        one = row["training"]
        speed = f"; {one['speed']:,.0f} {one['speed_of']} a second" if one["speed"] else ""
        better = (
            " Its last epoch was its best: it had not stopped getting better."
            if one["best_epoch"] == one["epochs"] and one["is_chosen"]
            else ""
        )
        lines.append(_wrapped(
            f"- **{name}**: {one['epochs']} of at most {one['most_epochs']} epochs "
            f"({one['ending']}), {one['seconds'] / 60:.0f} minutes{speed}.{better}"
        ))  # fmt: skip
    return "\n".join(lines) or NOT_YET


def _leakage(study: Figures) -> str:
    """A network on both splits, beside a lookup table."""
    leaking = {name: row for name, row in study["rows"].items() if row["leakage"]}
    nothing: Figures = {}
    name, row = next(iter(leaking.items()), ("", nothing))
    unseen = pooled(row["held_out"], row["held_out"]["movements"]) if row else None
    if unseen is None:
        return NOT_YET
    found = row["leakage"]
    best = next(one for one in found["epochs"] if one["epoch"] == found["best_epoch"])
    lookup, twice = found["lookup"], found["lookup_twice"]["random_windows"]
    words = {
        "name": name,
        "none": NONE,
        "random_top1": f"{best['random_windows']['top1']:.1%}",
        "random_bits": f"{best['random_windows']['bits']:.2f}",
        "unseen_top1": f"{unseen['top1']:.1%}",
        "unseen_bits": f"{unseen['pitch'] * unseen['notes'] / unseen['symbols']:.2f}",
        "lookup_random": f"{lookup['random_windows']:.1%}",
        "lookup_random_whole": f"{lookup['random_windows']:.0%}",
        "lookup_unseen": f"{lookup['held_out']:.1%}",
        "lookup_unseen_whole": f"{lookup['held_out']:.0%}",
        "lookup_twice": f"{twice:.1%}",
        "lookup_twice_whole": f"{twice:.0%}",
        "epochs": "\n".join(_epochs(found["epochs"])),
    }
    return Template(LEAKAGE.read_text(encoding="utf-8")).substitute(words).rstrip()


def _epochs(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    yield "| epoch | random windows: bits | top-1 | movements: bits | top-1 |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    for row in rows:
        cells = [f"{row[split][what]:{show}}" for split in ("random_windows", "held_out")
                 for what, show in (("bits", ".2f"), ("top1", ".1%"))]  # fmt: skip
        yield f"| {row['epoch']} | {' | '.join(cells)} |"


def _wrapped(text: str) -> str:
    """A paragraph or a point of a list, no line longer than the house's."""
    return textwrap.fill(
        " ".join(text.split()), WIDTH, subsequent_indent="  " if text.startswith("- ") else "",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
