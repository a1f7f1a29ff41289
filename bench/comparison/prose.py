"""Sections of the page that are text around figures."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from bench.comparison.measures import NONE
from bench.comparison.predicting import pooled
from bench.comparison.studies import BACH, BALLADS

Figures = dict[str, Any]
NOT_YET = "Not measured here yet: `make compare` does it."
_WIDTH = 100


def protocol_text(study: Figures) -> str:
    """What was learned from, chosen by, and measured on."""
    rows = study["rows"].values()
    names = ", ".join(f"`{name}`" for name in BACH.measured)
    trainings = [row["training"] for row in rows]
    chosen = max((one["held_out"] for one in trainings if one["is_chosen"]), default=0)
    learned = study.get("beside", {}).get("names", 0)
    return _paragraphs(
        f"""All networks have the same {learned} movements of {" and ".join(BACH.corpora)}. An
        eighth of them ({chosen} movements, drawn by their names with seed 1, the same for every
        network) is not learned from but chooses the epoch whose weights are kept. The GAN has no
        figure to choose by, and learns from all of them.""",
        f"""Six others, one of each cello suite, were neither learned from nor chosen by: {names}.
        They were measured once, with the weights kept, so nothing was tuned on them. Six more are
        the test set of the default model and are left out of everything here.""",
        """One thing this cannot undo: the sizes and features of the default network were found on
        other divisions of the same movements, the six among them, while those of the others are
        their authors'. That flatters its column a little; [the model card](model-card.md) says
        what was tried.""",
        f"""Music that is compared with the corpus: the same {_composed(study)} movements are asked
        of each network, as many of each form of a suite, in keys that a suite may have, at
        temperature 1 and from seed 1.""",
    )


def training_text(study: Figures) -> str:
    """How each network was trained here, and whether it was done."""
    if not study["rows"]:
        return NOT_YET
    lines = [_trained(name, row) for name, row in study["rows"].items()]
    intro = """On a busy machine without a GPU: each run had one core and one thread beside other
    work, so the minutes of the table are those of this machine on that day; the speed of the
    middle epoch is what the run itself recorded. Epochs were not cut short by the clock unless it
    says *stopped by hand*."""
    return _paragraphs(intro) + "\n\n" + "\n".join(lines)


def leakage_text(study: Figures) -> str:
    """A network on both splits, beside a lookup table."""
    found = [(name, row) for name, row in study["rows"].items() if row["leakage"]]
    if not found:
        return NOT_YET
    name, row = found[0]
    figures = row["leakage"]
    best = next(one for one in figures["epochs"] if one["epoch"] == figures["best_epoch"])
    unseen = pooled(row["held_out"], row["held_out"]["movements"])
    if unseen is None:
        return NOT_YET
    bits = unseen["pitch"] * unseen["notes"] / unseen["symbols"]
    lookup = figures["lookup"]
    repeated = figures["lookup_twice"]["random_windows"]
    table = [
        "| | a random tenth of the windows | the six movements |",
        "| --- | ---: | ---: |",
        f"| {name}, top-1 | {best['random_windows']['top1']:.1%} | {unseen['top1']:.1%} |",
        f"| {name}, bits per symbol | {best['random_windows']['bits']:.2f} | {bits:.2f} |",
        f"| a lookup table, top-1 | {lookup['random_windows']:.1%} | {lookup['held_out']:.1%} |",
        f"| a lookup table, each movement played twice, top-1 | {repeated:.1%} | {NONE} |",
    ]
    return "\n\n".join((
        _paragraphs(
            f"""The article that `{name}` comes from keeps windows back at random. So did this
            run: a tenth of all windows of its training movements was kept from it (so all its
            figures on this page are those of a network that learned from nine tenths of them),
            and measured beside whole movements. At the epoch that was kept:"""
        ),
        "\n".join(table),
        _paragraphs(
            f"""The lookup table is no network and generalises nothing: for each window it finds the
            longest run of latest symbols that the learned windows hold too, and says what followed
            there most often. On random windows it is right in {lookup["random_windows"]:.0%}, for
            neighbouring windows share all symbols but one, and what a movement says again is in
            its other windows; on whole unseen movements in {lookup["held_out"]:.0%}. These scores
            have no repeats written out. Where an edition has them, everything comes twice, as in
            the last line, and the table knows {repeated:.0%} without having learned anything.""",
            """So a random split measures how well a network remembers the pieces it has seen, and
            rewards the one that learns them by heart; a split by movement measures what it would
            do with a new one. Epoch by epoch (the movements here are those that the epoch is chosen
            by):""",
        ),
        "\n".join(_epochs(figures["epochs"])),
    ))  # fmt: skip


def ballads_text(study: Figures, table: str) -> str:
    """The second table, and what it is of."""
    intro = _paragraphs(
        f"""The thesis that `grid` and `gan` come from learned folk songs: here
        `{BALLADS.corpora[0]}`, songs of one voice. Bits are not measured there: the figures by
        which the best epoch was chosen are not figures on unseen music."""
    )
    if not study["rows"]:
        return f"{intro}\n\n{NOT_YET}"
    lines = "\n".join(_trained(name, row) for name, row in study["rows"].items())
    return f"{intro}\n\n{table}\n\n{lines}"


def seen_text(written: str, rows: Mapping[str, Figures]) -> str:
    """What a person wrote who looked at the samples, if it is about these.

    Its first line names the samples by ``samples_digest``.
    """
    first, _, rest = written.partition("\n")
    digest = samples_digest(rows)
    if first.strip() != digest:
        return f"Nobody has described these samples yet (`{digest}`)." if rows else ""
    return rest.strip()


def samples_digest(rows: Mapping[str, Figures]) -> str:
    """What the samples are known by."""
    made = "\n".join(f"{name} {row['sample']['digest']}" for name, row in rows.items())
    return hashlib.sha256(made.encode()).hexdigest()[:12]


def _trained(name: str, row: Mapping[str, Any]) -> str:
    training = row["training"]
    speed = (
        f"; {training['speed']:,.0f} {training['speed_of']} a second" if training["speed"] else ""
    )
    last = training["best_epoch"] == training["epochs"]
    better = (
        " Its last epoch was its best: it had not stopped getting better."
        if last and training["is_chosen"]
        else ""
    )
    return textwrap.fill(
        f"- **{name}**: {training['epochs']} of at most {training['most_epochs']} epochs "
        f"({training['ending']}), {training['seconds'] / 60:.0f} minutes{speed}.{better}",
        _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _composed(study: Figures) -> int:
    return max((row["composed"]["movements"] for row in study["rows"].values()), default=0)


def _epochs(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    yield "| epoch | random windows: bits | top-1 | movements: bits | top-1 |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    for row in rows:
        cells = [f"{row[split][what]:{show}}" for split in ("random_windows", "held_out")
                 for what, show in (("bits", ".2f"), ("top1", ".1%"))]  # fmt: skip
        yield f"| {row['epoch']} | {' | '.join(cells)} |"


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(
        textwrap.fill(
            " ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False
        )
        for text in texts
    )
