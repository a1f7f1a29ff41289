"""A trained classifier of sounds as a ``.sounds`` file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import tensorflow as tf

from playbach.archive import described
from playbach.errors import BundleError
from playbach.files import write_atomically
from playbach.quiet import quiet_stderr
from playbach.runtime import runtime_version
from playbach.sound.classifier import KIND, NETWORKS, VERSION, Classifier, SoundsManifest
from playbach_train.sound.classifier import checked, logits, shapes
from playbach_train.sound.run import SoundsRun


def sounds_graph(run: SoundsRun) -> bytes:
    """The TFLite graph: what ``NETWORKS`` says of a second in, a probability for each label out.

    Raises:
        InputError: its weights are damaged.
    """
    network = run.config.network
    shape = NETWORKS[network].shape
    wanted = {**shapes(network, len(run.figures.labels)), "mean": shape[-1:],
              "deviation": shape[-1:]}  # fmt: skip
    weights = {
        name: tf.constant(checked(run.weights, name, of, str(run.folder)))
        for name, of in wanted.items()
    }

    def told(inputs: Any) -> Any:
        return tf.nn.softmax(logits(network, weights, inputs))

    given = tf.TensorSpec((1, *shape), tf.float32)
    concrete = tf.function(told, autograph=False).get_concrete_function(given)
    with quiet_stderr():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], tf.Module())
        content: bytes = converter.convert()
    return content


def convert_sounds(run: SoundsRun, path: Path, *, force: bool) -> SoundsManifest:
    """Write ``path``; it is read back before it stays.

    Raises:
        InputError: the run is damaged.
        OutputError: the file cannot be written.
    """
    graph = sounds_graph(run)
    manifest = SoundsManifest(
        kind=KIND,
        version=VERSION,
        name=run.folder.resolve().name,
        network=run.config.network,
        labels=run.figures.labels,
        accuracy=round(run.figures.accuracy, 4),
        seen=round(run.figures.seen, 4),
        sources=run.figures.sources,
        sha256=hashlib.sha256(graph).hexdigest(),
        made_from={"tensorflow": tf.__version__, "runtime": runtime_version()},
    )
    write_atomically(path, described(manifest, graph, KIND), force=force)
    try:
        Classifier(path)
    except BundleError:
        path.unlink()
        raise
    return manifest
