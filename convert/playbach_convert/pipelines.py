"""Which pipeline a network goes through: a row for each kind that needs one of its own."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import cast

from playbach.predictor import lstm_copy
from playbach_convert.copying import Copying
from playbach_convert.general import General
from playbach_convert.pipeline import Pipeline
from playbach_train.networks.architecture import Convertible
from playbach_train.networks.table import architecture
from playbach_train.runs.run import Run

OWN: MappingProxyType[str, Callable[[Run], Pipeline]] = MappingProxyType({lstm_copy.KIND: Copying})
"""By the kind of bundle; every other network says itself what there is to convert."""


def pipeline_of(run: Run) -> Pipeline:
    """The pipeline of the network of ``run``.

    Raises:
        InputError: its weights are not those of its configuration, or not finite.
    """
    trained = architecture(run.network).load(run)
    own = OWN.get(trained.kind)
    return General(run, cast("Convertible", trained)) if own is None else own(run)
