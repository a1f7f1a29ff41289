"""How near each variant is to the network it was made from, as measured at its conversion."""

from __future__ import annotations

from dataclasses import dataclass


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

    steps: int
    divergence: float
    agreement: float
    largest_cell: float


@dataclass(frozen=True, slots=True)
class VariantFigures:
    """A variant beside the network, over the same notes.

    Attributes:
        variant: one of ``VARIANTS``.
        size: bytes of its graphs.
        probability: the largest difference of any probability.
        divergence: mean Kullback-Leibler divergence from the network of all distributions of a
            note (shift, pitch and duration added up), nats.
        agreement: share of distributions whose likeliest symbol is the same, 0 to 1.
        bits: per note: shift, pitch and duration added up, each mean over notes 2..n.
        steps_per_second: notes read in a second of processor time, where it was converted.
        drift: the same when it is left to itself.
    """

    variant: str
    size: int
    probability: float
    divergence: float
    agreement: float
    bits: float
    steps_per_second: float
    drift: Drift


@dataclass(frozen=True, slots=True)
class Verification:
    """What was measured when the bundle was made.

    Attributes:
        music: what the notes were, such as ``9 movements held out``.
        steps: how many notes.
        bits: per note, of the network as trained.
        machine: on which it was measured.
        variants: a row each.
    """

    music: str
    steps: int
    bits: float
    machine: str
    variants: tuple[VariantFigures, ...]


_COLUMNS = (
    "variant", "size, kB", "largest difference", "divergence, nats", "top-1 agreement",
    "bits per note", "notes per second", "drift: divergence", "top-1 agreement", "largest cell",
)  # fmt: skip


def verification_table(verification: Verification) -> list[str]:
    """A table in Markdown, a string a line."""
    rows = [_COLUMNS, *map(_row, verification.variants)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return lines


def _row(figures: VariantFigures) -> tuple[str, ...]:
    return (
        figures.variant,
        f"{figures.size / 1000:,.0f}",
        f"{figures.probability:.2g}",
        f"{figures.divergence:.5f}",
        f"{figures.agreement:.2%}",
        f"{figures.bits:.4f}",
        f"{figures.steps_per_second:,.0f}",
        f"{figures.drift.divergence:.5f}",
        f"{figures.drift.agreement:.2%}",
        f"{figures.drift.largest_cell:.2f}",
    )
