"""What a trained network brings to its conversion; the rest is the same for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import Network
from playbach.music.encoding import DEFAULT_ENCODING, Encoding
from playbach_convert.calibration import (
    NOISE,
    calibration_pieces,
    calibration_samples,
    verification_music,
)
from playbach_convert.copying import (
    SIZES,
    copying_graphs,
    copying_samples,
    copying_tables,
    copying_verifier,
)
from playbach_convert.tflite import Samples, Traced, traced
from playbach_convert.verify import Verifier, graph_verifier
from playbach_train.networks.architecture import Convertible
from playbach_train.networks.table import architecture
from playbach_train.run import Run
from playbach_train.trained import TrainedCopying


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A trained network on its way to a bundle.

    Attributes:
        network: what the manifest says of it.
        encoding: what the manifest says of events.
        tables: of the bundle, such as ``note``.
        graphs: by role.
        samples: inputs of the graphs while they read the scores in a folder, ``None`` for those
            that the run was trained on: int8 is calibrated on them. Raises ``InputError`` if there
            are too few.
        verifier: lets the network as trained read music, which takes a while. Raises ``InputError``
            if the scores kept in the run are damaged.
    """

    network: Network
    encoding: Encoding
    tables: Mapping[str, NDArray[np.float32]]
    graphs: Mapping[str, Traced]
    samples: Callable[[Path | None], Samples]
    verifier: Callable[[], Verifier]


def pipeline_of(run: Run) -> Pipeline:
    """The pipeline of the network of ``run``.

    Raises:
        InputError: its weights are not those of its configuration, or not finite.
    """
    trained = architecture(run.network).load(run)
    if isinstance(trained, TrainedCopying):
        return _copying(run, trained)
    return _convertible(run, cast("Convertible", trained))


def _copying(run: Run, trained: TrainedCopying) -> Pipeline:
    weights, encoding = run.weights, run.encoding

    def samples(folder: Path | None) -> Samples:
        return copying_samples(weights, encoding, calibration_pieces(run, folder))

    return Pipeline(
        network=Network(trained.kind, {name: getattr(run.config.network, name) for name in SIZES}),
        encoding=encoding,
        tables=copying_tables(weights),
        graphs=copying_graphs(weights),
        samples=samples,
        verifier=lambda: copying_verifier(trained.network, verification_music(run)),
    )


def _convertible(run: Run, trained: Convertible) -> Pipeline:
    """Of any network that says of its graphs what flows into them."""
    forms = trained.graphs
    graphs = {role: traced(form, trained.weights) for role, form in forms.items()}
    # Some input is a symbol's index; else its inputs are noise.
    reads_music = any(
        tensor.dtype == "int32" for form in forms.values() for tensor in form.inputs.values()
    )

    def samples(folder: Path | None) -> Samples:
        pieces = calibration_pieces(run, folder) if reads_music else ()
        return calibration_samples(trained, graphs, pieces)

    def verifier() -> Verifier:
        return graph_verifier(trained, graphs, verification_music(run) if reads_music else NOISE)

    return Pipeline(
        network=Network(trained.kind, trained.parameters),
        encoding=DEFAULT_ENCODING,
        tables=trained.tables,
        graphs=graphs,
        samples=samples,
        verifier=verifier,
    )
