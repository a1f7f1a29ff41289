"""One training on several processes or devices, by the means of TensorFlow and of Keras on JAX.

All of them read the same scores and make the same batches; each computes its share of the streams.
What is random is drawn for all streams, and gradients are summed before they are clipped, so that
it is the same training as on one, to rounding.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from playbach.errors import InputError


@dataclass(frozen=True)
class Distribution:
    """This process among those that train together."""

    index: int = 0  # from 0; the first keeps the run
    count: int = 1  # of processes that have a share of the streams
    divisor: int = 1  # the number of streams must be a multiple of it
    scope: Callable[[], AbstractContextManager[Any]] = nullcontext  # in which variables are made
    about: str = ""  # what takes part, for the user

    @property
    def is_first(self) -> bool:
        """Whether this process keeps the run."""
        return not self.index

    def share(self, streams: int) -> int:
        """How many of all streams are ours.

        Raises:
            InputError: they cannot be shared out evenly.
        """
        if streams % self.divisor:
            raise InputError(
                f"--training.streams {streams}: it must be a multiple of {self.divisor}, the "
                "number of workers or devices"
            )
        return streams // self.count

    def ours(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Our streams of a batch of all."""
        return {name: self._rows(values, len(values)) for name, values in batch.items()}

    def drawn(self, ones: Any, rate: float, seed: Any) -> Any:
        """Dropout of an array of ones for our streams: our rows of what is drawn for all."""
        if self.count == 1:
            return keras.random.dropout(ones, rate, seed=seed)
        every = keras.random.dropout(ops.concatenate([ones] * self.count), rate, seed=seed)
        return self._rows(every, ops.shape(every)[0])

    def _rows(self, values: Any, streams: int) -> Any:
        share = streams // self.count
        return values[self.index * share : (self.index + 1) * share]


ALONE = Distribution()


def joined() -> Distribution:
    """Join the others that take part; before anything else is computed.

    On TensorFlow, these are the workers that the environment variable ``TF_CONFIG`` lists; on JAX,
    the devices of this machine.

    Raises:
        InputError: the backend has no such means, or the environment does not say who takes part.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _workers()
    if backend != "jax":
        raise InputError(f"--distribute: not on {backend}; set KERAS_BACKEND=tensorflow, or jax")
    devices = keras.distribution.list_devices()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    return Distribution(divisor=len(devices), about=f"{len(devices)} devices of this machine")


def _workers() -> Distribution:
    import tensorflow as tf  # noqa: PLC0415 only there when it is the backend

    config = os.environ.get("TF_CONFIG", "")
    try:
        found = json.loads(config)
        workers, index = list(found["cluster"]["worker"]), int(found["task"]["index"])
        is_worker = found["task"]["type"] == "worker" and len(found["cluster"]) == 1
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            "--distribute: the environment variable TF_CONFIG does not say who takes part; give "
            'it as {"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", '
            '"index": N}}'
        ) from error
    if not is_worker or not 0 <= index < len(workers):
        raise InputError("--distribute: TF_CONFIG may name workers only, and this one among them")
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    count = strategy.num_replicas_in_sync
    if count != len(workers):
        raise InputError(
            f"--distribute: {count} devices for {len(workers)} workers; start a worker for each "
            "GPU, with its number alone in CUDA_VISIBLE_DEVICES"
        )
    return Distribution(index, count, count, strategy.scope, f"worker {index + 1} of {count}")


class SummedAdamW(keras.optimizers.AdamW):
    """AdamW that clips the gradient of all workers together, not each one's before their sum."""

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Sum and clip; Keras sums once more, what is now the same everywhere."""
        import tensorflow as tf  # noqa: PLC0415 only workers use this

        context = tf.distribute.get_replica_context()
        total = context.all_reduce(tf.distribute.ReduceOp.SUM, [*map(tf.convert_to_tensor, grads)])
        clipped, _ = tf.clip_by_global_norm(total, self.global_clipnorm)
        shares = [gradient / context.num_replicas_in_sync for gradient in clipped]
        super().apply(shares, trainable_variables)
