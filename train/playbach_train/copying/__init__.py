"""The default network: composes note by note, and copies from what it has played.

See ``network`` for what it is, ``training`` and ``fit`` for how it is trained. Its conversion is of
its own kind, for it is several graphs around a memory.
"""

from __future__ import annotations

from playbach_train.copying.config import CopyingConfig
from playbach_train.networks.architecture import Architecture, Job, Trained
from playbach_train.runs.run import Run


class Copying:
    """The row of the default network."""

    about = "note by note: LSTM, three heads, and attention that copies motifs of the piece"
    config = CopyingConfig()

    def fit(self, job: Job) -> None:
        """Train; raises as ``Architecture.fit``."""
        from playbach_train.copying.training import fit  # noqa: PLC0415 Keras takes seconds

        fit(job)

    def load(self, run: Run) -> Trained:
        """The network of ``run``; raises as ``Architecture.load``."""
        from playbach_train.copying.measure import load_copying  # noqa: PLC0415 Keras takes seconds

        return load_copying(run)


ARCHITECTURE: Architecture = Copying()
