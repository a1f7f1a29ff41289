"""The report as a page of HTML without scripts, and its pictures, as PNG."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from string import Template
from typing import Any

from playbach_train.report.comparison import LEAST_SHARE

REPETITION_PNG = "repetition.png"

SIDES = ("generated", "real")
MET = {True: "met", False: "missed", None: "not measured"}

_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Generated movements beside Bach's</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: CanvasText; background: Canvas; }
h2 { margin-top: 2.5rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-size: .95rem; }
caption { text-align: left; font-weight: bold; padding-bottom: .3rem; }
th, td { padding: .25rem 1rem .25rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid color-mix(in srgb, GrayText 40%, Canvas); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.met { color: light-dark(#17652b, #7fd894); }
td.missed { color: light-dark(#a3201a, #ff9a90); font-weight: bold; }
section { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1rem; }
figure { margin: 0; }
figcaption { font-weight: bold; }
img { display: block; max-width: 100%; height: auto; background: white; border-radius: .3rem; }
summary { cursor: pointer; }
</style>
</head>
<body>
<h1>Generated movements beside Bach's</h1>
<p>$made</p>
<p>Orange is generated, blue is Bach; both sides are measured in the same way.</p>
$headline
<h2>Distributions</h2>
<p>Every movement is compared with real movements pooled: a real one with the others, a generated
one with the same, one real movement left out in turn. Figures are means over the movements of a
form, then over forms. Overlap is the sum of the smaller of two shares, 1 for equal distributions.
KL is Kullback and Leibler's divergence in bits, no share of the pool being taken for less than
$floor.</p>
<section>
$features
</section>
$alike
$bars
<h2>Repetition</h2>
<p>1 &minus; distinct/total groups of intervals, in windows of 256 notes.</p>
<section>
<figure><img src="$repetition_png" alt="Repetition, generated beside real; see the table."></figure>
$repetition
</section>
<h2>Originality</h2>
<p>Runs and groups of 8 intervals that are found in other music: of generated movements in all real
ones, of each real work in all the others.</p>
$originality
<h2>Movements</h2>
<details><summary>What was generated</summary>
$movements
</details>
<p>All figures: <a href="report.json">report.json</a>.</p>
</body>
</html>
""")
LEAST_SHOWN = 0.002
"""Values with a smaller share on both sides are left out of a picture."""
MOST_LABELS = 16
GENERATED, REAL = "#c4572b", "#3b6ea5"
WIDTH = 0.42
DOTS_PER_INCH = 110


def page_of(report: Mapping[str, Any]) -> str:
    """The page; its pictures lie beside it as ``NAME.png``."""
    return _PAGE.substitute(
        made=escape(_made(report["settings"])),
        headline=_headline(report["headline"]),
        floor=f"{LEAST_SHARE:g}",
        alike=_alike(report["features"]),
        features="\n".join(_feature(name, row) for name, row in report["features"].items()),
        bars=_bars(report["bars_by_form"]),
        repetition_png=REPETITION_PNG,
        repetition=_repetition(report["repetition"]),
        originality=_originality(report["originality"]),
        movements=_movements(report["movements"]),
    )


def _made(settings: Mapping[str, Any]) -> str:
    forms = ", ".join(
        f"{form} ({row['generated']} / {row['real']})" for form, row in settings["forms"].items()
    )
    return (
        f"{settings['bundle']}, seed {settings['seed']}, temperature {settings['temperature']}. "
        f"Movements generated / real: {forms}."
    )


def _headline(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [(r["about"], r["figure"], r["target"], MET[r["met"]]) for r in rows]
    return _table("Targets", ("", "figure", "target", ""), cells)


def _alike(features: Mapping[str, Any]) -> str:
    head = ("", *(f"{measure}, {side}" for measure in ("overlap", "KL") for side in SIDES))
    tables = [
        _table(title, head, [[_short(row), *_pairs(row[pool])] for row in features.values()])
        for pool, title in (
            ("against_all", "Against all real movements"),
            ("against_form", "Against real movements of the same form"),
        )
    ]
    sums = [(_short(row), row["overlap"], row["kl"]) for row in features.values()]
    tables.append(_table("All generated against all real ones", ("", "overlap", "KL"), sums))
    return "\n".join(tables)


def _pairs(compared: Mapping[str, Any]) -> Iterable[float | None]:
    for measure in ("overlap", "kl"):
        pair = compared[measure] or dict.fromkeys(SIDES)
        yield from (pair[side] for side in SIDES)


def _short(feature: Mapping[str, Any]) -> str:
    """The title without its unit."""
    return str(feature["title"]).partition(",")[0]


def _feature(name: str, row: Mapping[str, Any]) -> str:
    caption = escape(_short(row))
    alt = f"{escape(row['title'])}: shares, generated beside real; figures in report.json."
    return (
        f"<figure><figcaption>{caption}</figcaption>\n"
        f'<img src="{escape(name)}.png" alt="{alt}"></figure>'
    )


def _bars(forms: Mapping[str, Any]) -> str:
    rows = [
        (f"{form}, {side}", *row[side].values()) for form, row in forms.items() for side in SIDES
    ]
    return _table("Bars in a movement", ("", "least", "median", "most"), rows)


def _repetition(found: Mapping[str, Any]) -> str:
    rows = []
    for length, row in found.items():
        for side in SIDES:
            percentiles = row[side] or {"p10": None, "p50": None, "p90": None}
            rows.append([f"{length} intervals, {side}", *percentiles.values()])
    return _table("Percentiles of movements", ("", "10th", "50th", "90th"), rows)


def _originality(found: Mapping[str, Any]) -> str:
    works = [("generated", found["generated"]), *found["real"].items()]
    rows = [(name, row["longest_run"], row["share"], row["groups"]) for name, row in works]
    head = ("", "longest shared run, intervals", "share of 8-grams found", "8-grams")
    return _table("Shared with other music", head, rows)


def _movements(rows: Sequence[Mapping[str, Any]]) -> str:
    head = ("form", "key", "meter", "bars", "notes", "ends on", "longest shared run", "share")
    return _table(
        "ends on: semitones above the tonic",
        head,
        [list(row.values()) for row in rows],
    )


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f"<div><table>\n<caption>{escape(caption)}</caption>\n"
        f"<tr>{heads}</tr>\n{body}\n</table></div>"
    )


def _cell(content: str | float | None) -> str:
    if isinstance(content, str):
        kind = f' class="{content}"' if content in ("met", "missed") else ""
        return f"<td{kind}>{escape(content)}</td>"
    return f'<td class="number">{number(content)}</td>'


def number(figure: float | None) -> str:
    """A figure as it is shown: counts whole, shares and bits with three places."""
    if figure is None:
        return "&ndash;"
    return str(figure) if isinstance(figure, int) else f"{figure:.3f}"


def feature_png(found: Mapping[str, Any]) -> bytes:
    """Shares of each value of a feature, generated beside real; ``found`` as in the figures."""
    rows = [
        row
        for row in zip(found["values"], found["generated"], found["real"], strict=True)
        if max(row[1:]) >= LEAST_SHOWN
    ]
    figure, axes = _canvas()
    for side, (label, colour) in enumerate((("generated", GENERATED), ("real", REAL)), start=1):
        places = [index + (side - 1.5) * WIDTH for index in range(len(rows))]
        axes.bar(places, [row[side] for row in rows], WIDTH, color=colour, label=label)
    step = -(-len(rows) // MOST_LABELS)
    axes.set_xticks(range(0, len(rows), step), [str(row[0]) for row in rows[::step]])
    axes.set_xlabel(found["title"])
    axes.set_ylabel("share")
    return _png(figure, axes)


def repetition_png(found: Mapping[str, Any]) -> bytes:
    """Medians of repetition, with the 10th and 90th percentile, for each length of n-grams."""
    figure, axes = _canvas()
    for side, (label, colour) in enumerate((("generated", GENERATED), ("real", REAL))):
        rows = [
            (index + (side - 0.5) * WIDTH, row[label])
            for index, row in enumerate(found.values())
            if row[label]
        ]
        middles = [row["p50"] for _, row in rows]
        reach = [
            [row["p50"] - row["p10"] for _, row in rows],
            [row["p90"] - row["p50"] for _, row in rows],
        ]
        places = [place for place, _ in rows]
        axes.bar(places, middles, WIDTH, color=colour, label=label)
        axes.errorbar(places, middles, reach, fmt="none", ecolor="black", capsize=4)
    axes.set_xticks(range(len(found)), list(found))
    axes.set_xlabel("Intervals in a group; bars: 10th to 90th percentile of movements")
    axes.set_ylabel("share of groups there before")
    return _png(figure, axes)


def _canvas() -> tuple[Any, Any]:
    # Here, because matplotlib takes a second to import.
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(6, 3), layout="constrained", facecolor="white")
    return figure, figure.add_subplot()


def _png(figure: Any, axes: Any) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

    axes.legend(frameon=False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    buffer = io.BytesIO()
    figure.set_dpi(DOTS_PER_INCH)
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
