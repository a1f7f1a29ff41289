"""How networks that read windows are trained."""

from __future__ import annotations

from dataclasses import dataclass

from playbach_train.config import limited

RANDOM_SHARE = 0.1
"""Share of all windows that ``random_windows`` keeps from training."""


@dataclass(frozen=True)
class WindowTraining:
    """How a network that reads windows is trained.

    Attributes:
        epochs: times that every window is read.
        batch: windows in a batch.
        learning_rate: learning rate of Adam.
        patience: epochs without better held-out bits before the run stops; 0 never stops early.
        held_out: share of the movements held out, for early stopping.
        random_windows: hold out a tenth of the training movements' windows, too, drawn at random.
            Neighbouring windows share all symbols but one, so what is measured on these is how
            much the network has memorised.
        seed: seed of everything random.
    """

    epochs: int = limited(60, 1, 100_000)
    batch: int = limited(64, 1, 8192)
    learning_rate: float = limited(0.001, 1e-7, 1)
    patience: int = limited(5, 0, 100_000)
    held_out: float = limited(0.12, 0, 0.9)
    random_windows: bool = False
    seed: int = limited(1, 0, 2**31 - 1)
