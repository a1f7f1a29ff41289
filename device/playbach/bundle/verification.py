"""How near each variant is to the network it was made from, as measured at its conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from playbach.archive import MAX_UNPACKED_BYTES
from playbach.schema import MAX_INTEGER, Limits

VARIANTS = ("float32", "dynamic", "float16", "int8", "edgetpu")
"""Numeric forms of one network. ``dynamic``: int8 weights, float32 inputs and outputs."""
Variant: TypeAlias = Annotated[str, Limits(choices=VARIANTS)]
Size: TypeAlias = Annotated[int, Limits(low=1, high=MAX_UNPACKED_BYTES, required=True)]
Count: TypeAlias = Annotated[int, Limits(low=0, high=MAX_INTEGER)]


@dataclass(frozen=True, slots=True)
class Drift:
    """A variant left to itself in one endless piece, beside float32 hearing the same notes.

    Attributes:
        steps: notes it composed, each from its own distributions, the state carried on.
        divergence: mean Kullback-Leibler divergence from float32 of all distributions of a note,
            nats.
        agreement: share of distributions whose likeliest symbol is the same, 0 to 1.
        largest_cell: the largest cell state, without its sign.
    """

    steps: Count
    divergence: float
    agreement: float
    largest_cell: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantFigures:
    """A variant beside the network, over the same music.

    A step is one run of the network's own graph: a note; or, for other kinds of network, one
    symbol, or one image of many rows.

    Attributes:
        variant: one of ``VARIANTS``.
        size: bytes of its graphs.
        probability: the largest difference of any probability.
        divergence: mean Kullback-Leibler divergence from the network of all distributions of a
            step (of a note: shift, pitch and duration added up; of an image: mean of its rows),
            nats; of the worst graph where there are several forms.
        agreement: share of distributions whose likeliest symbol is the same, 0 to 1; likewise.
        bits: cross-entropy per step, all distributions added up, where the music says what was
            right; of notes, the first of each movement is left out.
        steps_per_second: steps in a second of processor time, on the machine of the conversion.
        drift: the same for the variant left to itself, for networks that can be run so.
    """

    variant: Variant
    size: Size
    probability: float
    divergence: float
    agreement: float
    bits: float | None = None
    steps_per_second: float
    drift: Drift | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was measured when the bundle was made.

    Attributes:
        music: what was read, such as ``9 movements held out``.
        steps: how many, as in ``VariantFigures``.
        bits: cross-entropy per step of the network as trained, as in ``VariantFigures``.
        machine: on which it was measured.
        variants: a row each.
    """

    music: str
    steps: Count
    bits: float | None = None
    machine: str
    variants: Annotated[tuple[VariantFigures, ...], Limits(most=len(VARIANTS))]


_COLUMNS = (
    "variant", "size, kB", "largest difference", "divergence, nats", "top-1 agreement",
    "bits per step", "steps per second", "drift: divergence", "top-1 agreement", "largest cell",
)  # fmt: skip
_NOT_MEASURED = ""


def verification_table(verification: Verification) -> list[str]:
    """A table in Markdown, a string a line, without the columns that are empty for all variants."""
    found = list(zip(*map(_row, verification.variants), strict=True))
    told = [n for n, column in enumerate(found) if any(column)] or range(len(_COLUMNS))
    rows = [[row[n] for n in told] for row in (_COLUMNS, *map(_row, verification.variants))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return lines


def _row(figures: VariantFigures) -> tuple[str, ...]:
    drift = figures.drift
    alone = (
        (f"{drift.divergence:.5f}", f"{drift.agreement:.2%}", f"{drift.largest_cell:.2f}")
        if drift is not None
        else (_NOT_MEASURED,) * 3
    )
    return (
        figures.variant,
        f"{figures.size / 1000:,.0f}",
        f"{figures.probability:.2g}",
        f"{figures.divergence:.5f}",
        f"{figures.agreement:.2%}",
        _NOT_MEASURED if figures.bits is None else f"{figures.bits:.4f}",
        f"{figures.steps_per_second:,.0f}",
        *alone,
    )
