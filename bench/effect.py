"""What the board's own sound takes: the included effect alone, and the process that sends.

The effect is given noise, block by block, at its own rate. The process is that of a real ``playbach
play --sink sound``, to a device of ALSA that plays nothing, with the sound font that the documents
name; with the effect and without. Wall-clock time says something only on an idle machine.

    python -m bench.effect [--json FILE]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from bench.playing import activity, children, proportional, started
from bench.report import Figure, run

from playbach.sound.effect import NeuralEffect, effect_path, read_effect
from playbach.sound.options import EFFECTS
from playbach.sound.synth import BLOCK, Block

BLOCKS = 8_000
WARM_UP = 4.0
MEASURED = 15.0
FONT = "/usr/share/sounds/sf2/TimGM6mb.sf2"
"""A larger one takes more: the list of its notes alone, some 25 MB of a font of 140."""
PLAY = (
    "play", "--sink", "sound", "--port", "null", "--soundfont", FONT, "--no-web", "--seed", "1",
)  # fmt: skip


def measure(_: argparse.Namespace) -> list[Figure]:
    file = read_effect(effect_path(EFFECTS[0]))
    lasts = BLOCK / file.manifest.rate
    processor, wall = blocks(NeuralEffect(file, None))
    of_processor, of_wall = (float(np.quantile(taken, 0.99)) for taken in (processor, wall))
    most = f"under {1e6 * lasts / 3:.0f}"
    figures = [
        Figure("effect: of one core", 100 * float(processor.mean()) / lasts, "%", "under 8"),
        Figure("effect: a block, p99 of processor time", 1e6 * of_processor, "µs", most),
        Figure("effect: a block, p99 of wall-clock time", 1e6 * of_wall, "µs", most),
    ]
    for what, words in (("with the effect", ("--effect", EFFECTS[0])), ("without", ())):
        share, memory = playing([*PLAY, *words])
        goal = "under 40" if words else ""
        figures += [
            Figure(f"sound process, {what}: of one core", share, "%"),
            Figure(f"sound process, {what}: memory (PSS)", memory, "MB", goal),
        ]
    return figures


def blocks(effect: NeuralEffect) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of processor and of wall-clock time that each block took."""
    rng = np.random.default_rng(0)
    block = Block()
    processor, wall = np.zeros(BLOCKS), np.zeros(BLOCKS)
    for number in range(BLOCKS):
        samples = rng.uniform(-0.5, 0.5, BLOCK).astype(np.float32).tobytes()
        for view in block.views:
            view.cast("B")[:] = samples
        used, began = time.thread_time(), time.perf_counter()
        effect.process(block)
        wall[number] = time.perf_counter() - began
        processor[number] = time.thread_time() - used
    return processor, wall


def playing(words: list[str]) -> tuple[float, float]:
    """Share of a core in per cent, and memory in MB, of the process that sends."""
    with started(words) as process:
        time.sleep(WARM_UP)
        (sender,) = children(process.pid)
        before, began = activity(sender), time.monotonic()
        time.sleep(MEASURED)
        used, took = activity(sender) - before, time.monotonic() - began
        return used["ns"] / took / 1e7, proportional(sender)


if __name__ == "__main__":
    run("effect", measure)
