"""Does a bundle do what the Keras network does? The same notes go into both."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playbach.bundle import Bundle, Drift, VariantFigures, Verification
from playbach.music.encoding import heading_of
from playbach.predictor.lstm_copy import LstmCopyPredictor
from playbach_convert.distributions import (
    Distributions,
    bundle_distributions,
    divergence,
    network_distributions,
    scores_of,
)
from playbach_convert.drift import free_run
from playbach_convert.music import Music
from playbach_convert.variants import REFERENCE
from playbach_train.copying.measure import bits_of
from playbach_train.copying.model import PARTS, Network


@dataclass(frozen=True)
class Nearness:
    """Distributions beside those of the network; fields as in ``VariantFigures``."""

    probability: float
    divergence: float
    agreement: float
    bits: float


class Verifier:
    """The network's own distributions over some music, to hold variants against."""

    def __init__(self, network: Network, music: Music) -> None:
        """Let ``network`` read ``music``, which takes a while."""
        self.music = music
        self._wanted = [network_distributions(network, piece) for piece in music.pieces]
        self._encoding = network.encoding
        self.bits = self._bits_of(self._wanted)

    def figures(self, bundle: Bundle, variant: str, drift_steps: int) -> VariantFigures:
        """How near ``variant`` of ``bundle``, which has the reference too, is on the same music."""
        predictor = LstmCopyPredictor(bundle, variant)
        # Processor time: the machine may be busy with something else.
        began = time.thread_time()
        found = [bundle_distributions(predictor, piece) for piece in self.music.pieces]
        taken = time.thread_time() - began
        near = self.compare(found)
        parts = [part for part in bundle.manifest.parts if part.variant == variant]
        return VariantFigures(
            variant=variant,
            size=sum(part.size for part in parts),
            probability=near.probability,
            divergence=near.divergence,
            agreement=near.agreement,
            bits=near.bits,
            steps_per_second=round(self.music.notes / taken),
            drift=self._drift(bundle, predictor, drift_steps),
        )

    def compare(self, found: Sequence[Distributions]) -> Nearness:
        """How near distributions over the same music, piece by piece, are to the network's."""
        wanted, other = _joined(self._wanted), _joined(found)
        agreed = [wanted[part].argmax(axis=1) == other[part].argmax(axis=1) for part in PARTS]
        return Nearness(
            probability=max(float(np.abs(wanted[part] - other[part]).max()) for part in PARTS),
            divergence=sum(divergence(wanted[part], other[part]) for part in PARTS),
            agreement=float(np.mean(agreed)),
            bits=self._bits_of(found),
        )

    @property
    def measures(self) -> str:
        """What is measured on and how much of it, for the user."""
        return f"{self.music.meaning}, {self.music.notes:,} notes"

    def verification(self, rows: tuple[VariantFigures, ...]) -> Verification:
        """What the bundle says of it."""
        return Verification(
            music=self.music.meaning,
            steps=self.music.notes,
            bits=self.bits,
            machine=machine(),
            variants=rows,
        )

    def _bits_of(self, found: Sequence[Distributions]) -> float:
        """Bits per note, all three parts added up, over all pieces."""
        pieces = self.music.pieces
        rows = [
            scores_of(one, piece, self._encoding) for one, piece in zip(found, pieces, strict=True)
        ]
        return bits_of(rows).total

    def _drift(self, bundle: Bundle, predictor: LstmCopyPredictor, steps: int) -> Drift:
        reference = LstmCopyPredictor(bundle, REFERENCE)
        heading = heading_of(self.music.pieces[0])
        return free_run(predictor, reference, heading, bundle.manifest.range, steps)


def machine() -> str:
    """Where figures were measured, for their readers."""
    return f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def _joined(pieces: Sequence[Distributions]) -> Distributions:
    return {part: np.concatenate([piece[part] for piece in pieces]) for part in PARTS}
