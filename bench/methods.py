"""Error against time of each way to train the same small effect, as a table and a picture.

    python -m bench.methods --seconds 30

The dry sound is composed and rendered here, the wet one is that of our own pedal.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from playbach_train.sound.effect import EffectTrainer
from playbach_train.sound.methods import METHODS
from playbach_train.sound.pairs import Pair, baselines, read_wav
from playbach_train.sound.pedal import pedal
from playbach_train.sound.settings import EffectConfig

SMALL = EffectConfig(units=8, taps=128, streams=32, steps=512)


def pair() -> Pair:
    """A minute of music and what our own pedal makes of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dry.wav")
        words = ["save", str(path), "--notes", "200", "--seed", "11"]
        subprocess.run([sys.executable, "-m", "playbach", *words], check=True, stdout=sys.stderr)
        dry, _ = read_wav(path, SMALL.rate)
    dry *= 0.8 / abs(dry).max()
    return Pair(dry, pedal(dry, SMALL.rate), SMALL.rate)


def falling(method: str, sound: Pair, seconds: float) -> list[tuple[float, float]]:
    """Seconds of processor time and the held-out error after each epoch, for about ``seconds``."""
    train, validation, _ = sound.split()
    # The rate falls to nothing until the last epoch, so their number is found first.
    probe = EffectTrainer(replace(SMALL, method=method, epochs=1000), train, validation)
    probe.run_epoch(1)
    begun = time.process_time()
    probe.run_epoch(2)
    epochs = max(2, round(seconds / (time.process_time() - begun)))
    trainer = EffectTrainer(replace(SMALL, method=method, epochs=epochs), train, validation)
    found: list[tuple[float, float]] = []
    begun = time.process_time()
    for epoch in range(1, epochs + 1):
        row = trainer.run_epoch(epoch)
        found.append((time.process_time() - begun, row["esr"]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of processor time, for each method"
    )
    parser.add_argument("--picture", type=Path, help="PNG to write")
    args = parser.parse_args()
    sound = pair()
    train, _, test = sound.split()
    linear = baselines(train, test)["filter of 256 taps"]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    print(f"| method | error to signal after {args.seconds:.0f} s | epochs |\n| --- | --- | --- |")
    for method in METHODS:
        curve = falling(method, sound, args.seconds)
        print(f"| {method} | {min(error for _, error in curve):.4f} | {len(curve)} |", flush=True)
        axes.plot(*zip(*curve, strict=True), label=method)
    print(f"| filter of 256 taps, for comparison | {linear:.4f} | |")
    axes.axhline(linear, color="k", linestyle=":", label="filter of 256 taps")
    axes.set_yscale("log")
    axes.set_xlabel("seconds of processor time")
    axes.set_ylabel("error to signal, held out")
    axes.legend()
    if args.picture:
        FigureCanvasAgg(figure).print_png(str(args.picture))


if __name__ == "__main__":
    main()
