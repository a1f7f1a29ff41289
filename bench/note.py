"""One note: the step, three heads and sampling, beside a window re-run for every note; its playing.

The second row is a float32 network of the same layers and widths as the bundle's, which reads its
last 40 notes again for each new one, as the original Play Bach project did. It is made on the spot,
untrained, since its speed does not depend on its weights. Only its invocation is timed, not its
sampling.

Performing is what a player makes of a note: reading it, its share of the tempo of its beat, and its
own time, length and weight. It is timed by itself, over movements that were composed before.

    python -m bench.note [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import math
import os
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from bench.report import Figure, composer_of, run

from playbach.bundle import Bundle, read_bundle
from playbach.music.note import Note
from playbach.performer.performer import Manner
from playbach.performer.playing import played
from playbach.performer.reading import Reading
from playbach.runtime import runtime
from playbach.stream import Movement, StreamItem

NOTES = 5000
WARM_UP = 300
WINDOW = 40
WINDOW_RUNS = 300


def measure(options: argparse.Namespace) -> list[Figure]:
    bundle = read_bundle(options.bundle)
    variant = bundle.manifest.default_variant
    one = one_note(bundle) * 1e6
    own = performing(bundle) * 1e6
    figures = [
        Figure(f"one note, {variant}", one, "µs", "under 150"),
        Figure("performing a note", own, "µs", "under 20"),
    ]
    if importlib.util.find_spec("tensorflow") is None:
        print("note: no TensorFlow here, so there is no window to compare with", file=sys.stderr)
        return figures
    graph, weights = window_graph(bundle)
    again = one_window(graph) * 1e6
    return [
        *figures,
        Figure(f"window of {WINDOW} re-run, float32, {weights:,} weights", again, "µs"),
        Figure("window / one note", again / one, "times", "at least 30"),
    ]


def one_note(bundle: Bundle, variant: str | None = None) -> float:
    """Median seconds from asking the composer for a note to having it."""
    stream = composer_of(bundle, variant)
    taken: list[float] = []
    while len(taken) < WARM_UP + NOTES:
        began = time.perf_counter()
        item = next(stream)
        ended = time.perf_counter()
        if isinstance(item, Note):
            taken.append(ended - began)
    return statistics.median(taken[WARM_UP:])


def performing(bundle: Bundle) -> float:
    """Seconds of the processor for which a note is performed: mean of some movements, best of 5."""
    items = list(itertools.islice(composer_of(bundle), NOTES))
    notes = sum(isinstance(item, Note) for item in items)
    return min(_performed(items) for _ in range(5)) / notes


def _performed(items: Sequence[StreamItem]) -> float:
    hand, began = Manner().hand(4e7), time.thread_time()
    for item in items:
        if isinstance(item, Movement):
            reading = Reading(item.meter, item.pickup, item.borders, 1)
            written: deque[Note] = deque()
        elif isinstance(item, Note):
            reading.add(item)
            written.append(item)
        else:
            reading.close(item.length)
        for read in reading.take():
            if read.gesture is not None:
                played(written.popleft(), read.gesture, hand)
            for lean in read.leans:
                lean.stretch(1.0)
    return time.thread_time() - began


def window_graph(bundle: Bundle) -> tuple[bytes, int]:
    """A TFLite graph over a window, and how many weights it has."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras  # noqa: PLC0415 seconds to import, and not before ours was timed
    import tensorflow as tf  # noqa: PLC0415 as above

    sizes, encoding = bundle.manifest.network.parameters, bundle.manifest.encoding
    units, layers = int(sizes["units"]), int(sizes["layers"])
    notes = keras.Input((WINDOW, int(sizes["embedding"])), batch_size=1)
    x: Any = notes
    for layer in range(layers):
        x = keras.layers.LSTM(units, return_sequences=layer < layers - 1, unroll=True)(x)
    outputs = [
        keras.layers.Dense(symbols)(keras.layers.Dense(int(sizes["head"]), "relu")(x))
        for symbols in (encoding.shift_symbols, encoding.pitch_symbols, encoding.duration_symbols)
    ]
    model = keras.Model(notes, outputs)
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        graph = bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())
    return graph, sum(math.prod(weight.shape) for weight in model.weights)


def one_window(graph: bytes) -> float:
    """Median seconds of one invocation on one thread."""
    interpreter = runtime().Interpreter(model_content=graph, num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]
    window = np.random.default_rng(1).standard_normal(given["shape"]).astype(np.float32)
    taken = []
    for _ in range(WINDOW_RUNS):
        began = time.perf_counter()
        interpreter.set_tensor(given["index"], window)
        interpreter.invoke()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


if __name__ == "__main__":
    run("note", measure)
