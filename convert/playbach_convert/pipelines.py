"""Which pipeline a run's network goes through: a row for each kind that needs its own."""

from __future__ import annotations

from playbach_convert.copying import Copying
from playbach_convert.pipeline import Pipeline
from playbach_train.run import Run


def pipeline_of(run: Run) -> Pipeline:
    """The pipeline of the network of ``run``.

    Raises:
        InputError: its weights are not those of its configuration, or not finite.
    """
    return Copying(run)
