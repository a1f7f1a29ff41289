"""The page, out of the figures alone: the same figures give the same page."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from bench.comparison.measures import (
    BOARD,
    COMPOSED,
    NONE,
    PREDICTED,
    TRAINED,
    Column,
    Measure,
)
from bench.comparison.prose import (
    ballads_text,
    leakage_text,
    protocol_text,
    seen_text,
    training_text,
)
from bench.comparison.studies import BACH, BALLADS, Study

Figures = dict[str, Any]
TEMPLATE = Path(__file__).with_name("template.md")
ANCHOR, REAL = "n-grams", "real"
GROUPS: Mapping[str, Sequence[Measure]] = {
    "training": TRAINED,
    "unseen movements": PREDICTED,
    "what it composes": COMPOSED,
    "on the board": BOARD,
}
WIDTH = 100


def page(figures: Figures, seen: str) -> str:
    """The page as Markdown.

    Args:
        figures: of all studies.
        seen: what a person has written of the samples; see ``prose.seen_text``.
    """
    study: Figures = figures.get("bach", {"rows": {}})
    ballads: Figures = figures.get("ballads", {"rows": {}})
    columns = columns_of(BACH, study)
    here = figures.get("machine", {})
    words = {
        "what": _what(study),
        "table": table(columns),
        "none": NONE,
        "real_movements": study.get("beside", {}).get("names", 0),
        "leaders": leaders(columns),
        "seen": seen_text(seen, {**study["rows"], **ballads["rows"]}),
        "protocol": protocol_text(study),
        "meanings": "\n".join(_meanings()),
        "machine": "; ".join(f"{key}: {value}" for key, value in here.items()),
        "training": training_text(study),
        "leakage": leakage_text(study),
        "samples": _samples(study),
        "ballads": ballads_text(ballads, table(columns_of(BALLADS, ballads)))
        + ("\n\n" + _samples(ballads) if ballads["rows"] else ""),
    }
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(words)


def columns_of(study: Study, figures: Figures) -> list[Column]:
    """A column for each network of the study, then for what they are set beside."""
    rows: Mapping[str, Figures] = figures["rows"]
    bits = {name: row["held_out"] for name, row in rows.items() if row["held_out"]}
    common = common_movements(list(bits.values()))
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
    anchor = beside.get("anchor")
    return [
        *found,
        *([Column(ANCHOR, {}, anchor, None, common)] if anchor else []),
        Column(REAL, {}, None, beside.get("real"), common),
    ]


def common_movements(measured: Sequence[Figures]) -> tuple[str, ...]:
    """Names of the movements that all have."""
    names = [set(one["movements"]) for one in measured]
    return tuple(sorted(set.intersection(*names))) if names else ()


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


def _meanings() -> Iterable[str]:
    for title, measures in GROUPS.items():
        yield f"**{title[0].upper()}{title[1:]}**\n"
        yield from (wrapped(f"- *{one.title}*: {one.says}.") for one in measures)
        yield ""


def _what(study: Figures) -> str:
    names = BACH.names
    rows = [(name, study["rows"].get(name)) for name in names]
    return "\n".join(
        wrapped(f"- **{names[name]}**: {row['about'] if row else 'not trained here yet'}")
        for name, row in rows
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


def wrapped(text: str) -> str:
    """Text of a paragraph or of a point of a list, no line longer than the house's."""
    return textwrap.fill(
        text, WIDTH, subsequent_indent="  " if text.startswith("- ") else "",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
