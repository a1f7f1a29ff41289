"""Does a bundle do what the Keras network does? The same notes go into both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from playbach.bundle import Bundle
from playbach.errors import PlaybachError
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.predictor import load_predictor
from playbach_convert.distributions import (
    Distributions,
    bundle_distributions,
    divergence,
    network_distributions,
)
from playbach_convert.variants import VARIANTS
from playbach_train.network import PARTS, Network


class VerificationError(PlaybachError):
    """A variant does not do what the network does."""


@dataclass(frozen=True)
class Verification:
    """How near a variant is to the network.

    Attributes:
        variant: which.
        notes: notes compared, each in all three parts.
        divergence: mean Kullback-Leibler divergence of the worst of the three parts, nats.
        probability: the largest difference of any probability.
    """

    variant: str
    notes: int
    divergence: float
    probability: float

    @property
    def line(self) -> str:
        """For the user."""
        return (
            f"{self.variant}: over {self.notes} notes its distributions diverge from the "
            f"network's by {self.divergence:.2g} nats; no probability differs by more than "
            f"{self.probability:.2g}"
        )

    def check(self) -> None:
        """Hold it against ``VARIANTS``.

        Raises:
            VerificationError: it is outside.
        """
        allowed = VARIANTS[self.variant]
        # Written so that NaN fails too.
        if self.divergence <= allowed.divergence and self.probability <= allowed.probability:
            return
        raise VerificationError(
            f"{self.variant}: diverges from the network by {self.divergence:.2g} nats and "
            f"{self.probability:.2g} in probability, more than the {allowed.divergence:g} and "
            f"{allowed.probability:g} allowed; leave it out of --quantise, or train again"
        )


def verify(network: Network, bundle: Bundle, variants: Sequence[str]) -> Iterator[Verification]:
    """Feed the same notes to the Keras network and to each variant; one result a variant."""
    pieces = probe_pieces()
    wanted = _joined([network_distributions(network, piece) for piece in pieces])
    for variant in variants:
        predictor = load_predictor(bundle, variant)
        found = _joined([bundle_distributions(predictor, piece) for piece in pieces])
        yield compare(variant, wanted, found)


def compare(variant: str, wanted: Distributions, found: Distributions) -> Verification:
    """How near ``found`` is to ``wanted``."""
    return Verification(
        variant=variant,
        notes=len(wanted[PARTS[0]]),
        divergence=max(divergence(wanted[part], found[part]) for part in PARTS),
        probability=max(float(np.abs(wanted[part] - found[part]).max()) for part in PARTS),
    )


def _joined(pieces: Sequence[Distributions]) -> Distributions:
    return {part: np.concatenate([piece[part] for piece in pieces]) for part in PARTS}


def probe_pieces() -> list[Piece]:
    """Music of the network's kind, made here: broken chords, scales and a chord, 1,200 notes."""
    rng = np.random.default_rng(20)
    pieces = []
    for tonic in (48, 50, 55):
        notes, onset = [], 0
        scale = [tonic + step for step in (-5, 0, 2, 4, 5, 7, 9, 11, 12)]
        for bar in range(50):
            figure = rng.integers(0, len(scale), 4)
            for place in range(8):
                pitch = scale[int(figure[place % 4])] - (12 if bar % 8 == 0 else 0)
                notes.append(Note(Ticks(onset), Pitch(pitch), Ticks(12)))
                onset += 12
            if bar % 10 == 9:  # noqa: PLR2004 every tenth bar ends in a chord
                notes.append(Note(Ticks(onset), Pitch(tonic), Ticks(24)))
                notes.append(Note(Ticks(onset), Pitch(tonic + 4), Ticks(24)))
                onset += 24
        pieces.append(Piece(tuple(notes)))
    return pieces
