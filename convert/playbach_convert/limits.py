"""Whether a variant is near enough to the network to be let through."""

from __future__ import annotations

from collections.abc import Iterator

from playbach.bundle import VariantFigures
from playbach.errors import PlaybachError
from playbach_convert.variants import VARIANTS
from playbach_train.copying.model import CELL_CLIP

CELL_BOUND = CELL_CLIP * 1.01
"""A rounded cell state may lie this far out: the last int8 code lies beyond the clip."""


class VerificationError(PlaybachError):
    """A variant differs too much from the network as trained."""


def check_near(figures: VariantFigures, bits: float | None) -> None:
    """Hold ``figures`` against what ``VARIANTS`` allows.

    Args:
        figures: of a variant.
        bits: of the network as trained, where they were measured.

    Raises:
        VerificationError: one of them is outside; the message names each, and the limits.
    """
    # NaN compares false with everything, and so is refused too.
    wrong = [what for what, right in _claims(figures, bits) if not right]
    if wrong:
        raise VerificationError(
            f"{figures.variant}: differs too much from the network as trained ({', '.join(wrong)}; "
            f"allowed: {VARIANTS[figures.variant].limits}); leave it out of --quantise, or train "
            "again"
        )


def _claims(figures: VariantFigures, bits: float | None) -> Iterator[tuple[str, bool]]:
    allowed = VARIANTS[figures.variant]
    yield f"{figures.divergence:.2g} nats from it", figures.divergence <= allowed.divergence
    yield (
        f"a probability {figures.probability:.2g} off",
        figures.probability <= allowed.probability,
    )
    if figures.bits is not None and bits is not None:
        worse = figures.bits - bits
        yield f"{worse:.2g} bits per step worse", worse <= allowed.bits
    if figures.drift is not None:
        largest = figures.drift.largest_cell
        yield f"cell states up to {largest:.3g} when left to itself", largest <= CELL_BOUND
