"""The report as a page of HTML without scripts, and its pictures, as PNG."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import starmap
from string import Template
from typing import Any

from playbach_train.report.comparison import LEAST_SHARE
from playbach_train.report.features import FEATURES
from playbach_train.report.told_apart import HALVES

GIVEN_AWAY_PNG = "given_away.png"
REPETITION_PNG = "repetition.png"

SIDES = ("generated", "real")
WITHIN = {True: "yes", False: "no", None: "not measured"}
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
<h2>Told apart</h2>
<p>A classifier (a random forest on $columns features of a movement's notes) is shown generated and
real movements and then judges others, of works and seeds that it has not seen. The area under the
curve is how likely it takes a generated movement for generated more surely than a real one: .5 if
it cannot tell them apart, 1 if it always can. Forms weigh alike on both sides; intervals are by
bootstrap over works and seeds. Halves: the same classifier on real works divided in two by chance,
$halves times.</p>
$told_apart
<h3>What gives it away</h3>
<p>Cliff's delta: how much likelier a generated movement has more of it than a real one than less,
&minus;1 to 1. The formulas are in report.json.</p>
<figure><img src="$given_away_png" alt="Cliff's delta of each feature; see the table."></figure>
$given_away
<h2>Distributions</h2>
<p>Every movement is compared with real movements pooled: a real one with the others, a generated
one with the same, one real movement left out in turn. Figures are means over the movements of a
form, then over forms. Overlap is the sum of the smaller of two shares, 1 for equal distributions.
KL is Kullback and Leibler's divergence in bits, no share of the pool being taken for less than
$floor.</p>
<section>
$distributions
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
        columns=len(FEATURES),
        halves=HALVES,
        told_apart=_told_apart(report["told_apart"]),
        given_away_png=GIVEN_AWAY_PNG,
        given_away=_given_away(report["told_apart"]["given_away_by"]),
        floor=f"{LEAST_SHARE:g}",
        alike=_alike(report["distributions"]),
        distributions="\n".join(starmap(_distribution, report["distributions"].items())),
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


def _told_apart(found: Mapping[str, Any]) -> str:
    head = (
        "", "area", "from", "to", "generated", "real", "halves of the real works, mean", "from",
        "to",
    )  # fmt: skip
    rows: list[Sequence[Any]] = []
    for name, title in (("movements", "whole movements"), ("excerpts", "eight bars")):
        row = found[name]
        if row:
            columns = [row[key] for key in ("area", "low", "high", "generated", "real")]
            rows.append([title, *columns, *row["halves"].values()])
        else:
            rows.append([title, *[None] * (len(head) - 1)])
    return _table("Area under the curve, with 95% intervals", head, rows)


def _given_away(found: Sequence[Mapping[str, Any]]) -> str:
    head = (
        "", "real, median", "25th", "75th percentile", "generated, median", "delta",
        "real, mean", "generated, mean", "within the middle half",
    )  # fmt: skip
    rows = [
        [row["title"], *_spread(row["real"], "p50", "p25", "p75"),
         *_spread(row["generated"], "p50"), row["delta"], *_spread(row["real"], "mean"),
         *_spread(row["generated"], "mean"), WITHIN[row["within"]]]
        for row in found
    ]  # fmt: skip
    stops = next(row for row in found if row["name"] == "stops")
    by_form = [(form, row["real"], row["generated"]) for form, row in stops["by_form"].items()]
    return "\n".join(
        [
            _table("Movements, real and generated", head, rows),
            _table("Stops per note of the line, means", ("", "real", "generated"), by_form),
        ]
    )


def _spread(row: Mapping[str, float] | None, *names: str) -> Iterable[float | None]:
    return [row[name] if row else None for name in names]


def _alike(distributions: Mapping[str, Any]) -> str:
    head = ("", *(f"{measure}, {side}" for measure in ("overlap", "KL") for side in SIDES))
    tables = [
        _table(title, head, [[_short(row), *_pairs(row[pool])] for row in distributions.values()])
        for pool, title in (
            ("against_all", "Against all real movements"),
            ("against_form", "Against real movements of the same form"),
        )
    ]
    sums = [(_short(row), row["overlap"], row["kl"]) for row in distributions.values()]
    tables.append(_table("All generated against all real ones", ("", "overlap", "KL"), sums))
    return "\n".join(tables)


def _pairs(compared: Mapping[str, Any]) -> Iterable[float | None]:
    for measure in ("overlap", "kl"):
        pair = compared[measure] or dict.fromkeys(SIDES)
        yield from (pair[side] for side in SIDES)


def _short(distribution: Mapping[str, Any]) -> str:
    """The title without its unit."""
    return str(distribution["title"]).partition(",")[0]


def _distribution(name: str, row: Mapping[str, Any]) -> str:
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


def distribution_png(found: Mapping[str, Any]) -> bytes:
    """Shares of each value, generated beside real; ``found`` as in the figures."""
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


def given_away_png(found: Sequence[Mapping[str, Any]]) -> bytes:
    """Cliff's delta of each feature, the first at the top; ``found`` as in the figures."""
    rows = [row for row in found if row["delta"] is not None][::-1]
    figure, axes = _canvas(height=1 + 0.3 * len(rows), width=8)
    colours = [REAL if row["within"] else GENERATED for row in rows]
    axes.barh(range(len(rows)), [row["delta"] for row in rows], color=colours)
    axes.set_yticks(range(len(rows)), [row["title"] for row in rows])
    axes.set_xlim(-1, 1)
    axes.set_xticks([-1, -0.5, 0, 0.5, 1])
    axes.set_xlabel("Cliff's delta")
    axes.set_title("Orange: median outside the middle half", loc="left", fontsize="medium")
    return _png(figure, axes, axis="x")


def _canvas(width: float = 6, height: float = 3) -> tuple[Any, Any]:
    # Here, because matplotlib takes a second to import.
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    return figure, figure.add_subplot()


def _png(figure: Any, axes: Any, axis: str = "y") -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)
    axes.grid(axis=axis, alpha=0.3)
    axes.set_axisbelow(True)
    buffer = io.BytesIO()
    figure.set_dpi(DOTS_PER_INCH)
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
