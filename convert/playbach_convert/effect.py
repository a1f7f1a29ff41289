"""A trained effect as a ``.effect`` file: one graph in which the LSTM is the fused operation."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from playbach.archive import described
from playbach.errors import BundleError, InputError
from playbach.files import write_atomically
from playbach.quiet import quiet_stderr
from playbach.runtime import runtime, runtime_version
from playbach.sound.effect import (
    KIND,
    VERSION,
    EffectGraph,
    EffectManifest,
    read_effect,
)
from playbach.sound.synth import BLOCK
from playbach_train.sound.effect import EffectNetwork, weights_of
from playbach_train.sound.pairs import Samples, error_to_signal
from playbach_train.sound.run import EffectRun

FUSED = "UNIDIRECTIONAL_SEQUENCE_LSTM"
_MOST_APART = 1e-3
"""Error to signal between the graph and the network it was made from."""
_MARK = {"go_backwards": False, "time_major": False}


def effect_graph(run: EffectRun, rest: float) -> bytes:
    """The TFLite graph: ``(1, taps - 1 + BLOCK)`` samples in, ``(1, BLOCK)`` out.

    The input's scale is folded into the kernel, and ``rest``, what the network gives in silence, is
    taken away: no loudspeaker should get a direct current.

    Raises:
        InputError: the converter did not make one fused LSTM of it.
    """
    units, taps, weights = run.config.units, run.config.taps, run.weights
    kernel = tf.constant(weights["scale"] * weights["kernel"])
    recurrent, bias = tf.constant(weights["recurrent"]), tf.constant(weights["bias"])
    out = tf.constant(weights["out"][:, None])
    fir = tf.constant(weights["filter"][::-1, None, None])

    def lstm(  # noqa: PLR0917 the converter knows them by their order
        x: Any, h0: Any, c0: Any, kernel: Any, recurrent: Any, bias: Any
    ) -> Any:
        # What the converter replaces by its own operation, because of the mark.
        def body(time: Any, h: Any, c: Any, all_: Any) -> Any:
            gates = tf.matmul(x[:, time], kernel) + tf.matmul(h, recurrent) + bias
            i, f, g, o = tf.split(gates, 4, axis=1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            return time + 1, h, c, all_.write(time, h)

        many = tf.TensorArray(tf.float32, size=BLOCK, element_shape=(1, units))
        _, h, c, many = tf.while_loop(
            lambda time, *_: time < BLOCK, body, (tf.constant(0), h0, c0, many)
        )
        outputs = tf.transpose(many.stack(), (1, 0, 2))
        return h, outputs, h, c, tf.constant(1.0)

    marked = tf.function(
        lstm,
        autograph=False,
        experimental_attributes={"api_implements": "lstm_playbach", **_MARK},
    )

    def effect(window: Any) -> Any:
        nothing = tf.zeros((1, units))
        fed = window[:, taps - 1 :, None]
        _, hidden, _, _, _ = marked(fed, nothing, nothing, kernel, recurrent, bias)
        bent = tf.matmul(tf.reshape(hidden, (BLOCK, units)), out)
        linear = tf.nn.conv1d(window[:, :, None], fir, 1, "VALID")
        return tf.reshape(bent, (1, BLOCK)) + tf.reshape(linear, (1, BLOCK)) - rest

    given = tf.TensorSpec((1, taps - 1 + BLOCK), tf.float32)
    concrete = tf.function(effect, autograph=False).get_concrete_function(given)
    with quiet_stderr():
        # A module, though empty: without one the marked function is dissolved before it is seen.
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], tf.Module())
        content: bytes = converter.convert()
    found = operations(content)
    if found.count(FUSED) != 1 or "WHILE" in found:
        raise InputError(
            f"{run.folder}: the converter of this TensorFlow does not fuse the LSTM (it made "
            f"{', '.join(sorted(set(found)))}); use the version in requirements/dev.txt"
        )
    return content


def resting(run: EffectRun) -> float:
    """What the network gives after half a second of silence.

    Raises:
        InputError: its weights are damaged.
    """
    weights = weights_of(run.weights, run.config, str(run.folder))
    silence = np.zeros(run.config.rate // 2, np.float32)
    hidden = EffectNetwork(run.config).hidden(weights, silence, 0.0)
    return float(hidden[-1] @ run.weights["out"])


def operations(content: bytes) -> list[str]:
    """Names of a graph's operations, as the runtime lists them."""
    with quiet_stderr():
        interpreter = runtime().Interpreter(
            model_content=content,
            experimental_op_resolver_type=_without_delegates(),
        )
    return [one["op_name"] for one in interpreter._get_ops_details()]  # noqa: SLF001 the only way


def _without_delegates() -> Any:
    return runtime().OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES


def through(graph: bytes, taps: int, dry: Samples) -> Samples:
    """What the graph makes of ``dry``, block by block, as on the board."""
    effect = EffectGraph(graph, taps, "effect")
    padded = np.zeros(-(-len(dry) // BLOCK) * BLOCK, np.float32)
    padded[: len(dry)] = dry
    outs = []
    for block in padded.reshape(-1, BLOCK):
        effect.input[:] = block
        effect.run()
        outs.append(effect.output.copy())
    return np.concatenate(outs)[: len(dry)]


def convert_effect(run: EffectRun, path: Path, *, force: bool) -> EffectManifest:
    """Write ``path``, measured; it is read back before it is put in place.

    Raises:
        InputError: the graph is not fused, or does not do what the network does.
        OutputError: the file cannot be written.
    """
    rest = resting(run)
    graph = effect_graph(run, rest)
    test = run.test()
    out = through(graph, run.config.taps, test.dry)
    settled = slice(run.config.rate // 4, None)
    apart = error_to_signal(test.output[settled], out[settled] + rest)
    if apart > _MOST_APART:
        raise InputError(
            f"{run.folder}: the graph is {apart:.2g} apart from the network; this is a bug, or a "
            "TensorFlow that we do not know"
        )
    # What it gives in silence was taken away: a constant, which nobody hears.
    constant = np.mean(test.wet[settled] - out[settled])
    manifest = EffectManifest(
        kind=KIND,
        version=VERSION,
        name=run.folder.resolve().name,
        rate=run.config.rate,
        block=BLOCK,
        taps=run.config.taps,
        units=run.config.units,
        esr=round(error_to_signal(test.wet[settled], out[settled] + constant), 6),
        baselines={name: round(value, 6) for name, value in run.baselines.items()},
        sha256=hashlib.sha256(graph).hexdigest(),
        made_from={**run.made_from, "tensorflow": tf.__version__, "runtime": runtime_version()},
    )
    content = described(manifest, graph, KIND)
    write_atomically(path, content, force=force)
    try:
        read_effect(path)
    except BundleError:
        path.unlink()
        raise
    return manifest
