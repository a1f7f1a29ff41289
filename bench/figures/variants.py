"""How near each variant of a bundle is to the network it was made from."""

from __future__ import annotations

from dataclasses import asdict

from bench.figures.picture import Measured, Picture, Sources
from bench.figures.style import BLUE, ORANGE, canvas, svg

from playbach.bundle import read_bundle
from playbach.errors import InputError

_LEAST = 1e-8
"""Nats; a divergence below is nothing but the rounding of float32."""
_SIDES = {
    "reading the same music": (BLUE, "o", 0.1),
    "composing alone": (ORANGE, "D", -0.1),
}
"""Colour, mark, and how far up it is from the variant's line."""


def measure(sources: Sources) -> Measured:
    verification = read_bundle(sources.bundle).manifest.verification
    if verification is None:
        raise InputError(f"{sources.bundle}: was not measured when it was made; convert again")
    return asdict(verification)


def draw(measured: Measured) -> bytes:
    rows = measured["variants"][::-1]
    figure, axes = canvas(0.9 + 0.55 * len(rows))
    for (name, (colour, mark, up)), values in zip(_SIDES.items(), _divergences(rows), strict=True):
        places = [(value, at + up) for at, value in enumerate(values) if value is not None]
        axes.plot(
            [max(value, _LEAST) for value, _ in places], [at for _, at in places], mark,
            color=colour, markersize=8, label=name, clip_on=False,
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), [f"{row['variant']}\n{_kilobytes(row)}" for row in rows])
    axes.set(
        xscale="log", xlim=(_LEAST, 0.1), ylim=(-0.6, len(rows) - 0.4),
        xlabel="Kullback-Leibler divergence from the network as trained, nats per note",
    )  # fmt: skip
    axes.grid(visible=True, axis="both")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return svg(figure)


def _divergences(rows: list[Measured]) -> tuple[list[float | None], list[float | None]]:
    alone = [row["drift"] and row["drift"]["divergence"] for row in rows]
    return [row["divergence"] for row in rows], alone


def _kilobytes(row: Measured) -> str:
    return f"{row['size'] / 1000:,.0f} kB"


def caption(measured: Measured) -> str:
    agreement = ", ".join(
        f"{row['variant']} {row['agreement']:.2%}" for row in measured["variants"]
    )
    steps = max((row["drift"]["steps"] for row in measured["variants"] if row["drift"]), default=0)
    return (
        f"Divergence of each variant's predictions from those of the network as trained, over "
        f"{measured['music']} ({measured['steps']:,} notes), and of {steps:,} notes that each "
        f"composes alone, from float32 hearing the same. The likeliest symbol is the same for: "
        f"{agreement}. Anything at the left edge is rounding."
    )


VARIANTS = Picture(
    "variants.svg", "Divergence of each variant from the network as trained",
    ("bundle",), measure, draw, caption,
)  # fmt: skip
