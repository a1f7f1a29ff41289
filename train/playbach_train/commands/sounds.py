"""``playbach-train sounds``: learn to tell kinds of sound apart, from folders of recordings."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from playbach.quiet import quiet_stderr
from playbach_train.commands import say
from playbach_train.commands.sound_run import add_run_arguments, config_of_run
from playbach_train.runs.checkpoint import load_arrays
from playbach_train.runs.loop import begun, train_epochs
from playbach_train.runs.run import NETWORK, write_json
from playbach_train.sound.recordings import Sounds, read_sounds
from playbach_train.sound.run import FIGURES, SOUNDS, start_run
from playbach_train.sound.settings import SoundsConfig

if TYPE_CHECKING:
    from playbach_train.sound.classifier import SoundsTrainer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "--folder",
        metavar="DIR",
        type=Path,
        required=True,
        help="a folder for each kind of sound, with WAV files, or folders of them, each from a "
        "source of its own: another voice, record or room",
    )
    add_run_arguments(parser, SoundsConfig)


def run(args: argparse.Namespace) -> int:
    """Train and measure; the exit status.

    Raises:
        PlaybachError: an option, a recording or the folder is not as it must be.
    """
    config = config_of_run(args, SOUNDS, SoundsConfig())
    sounds = read_sounds(args.folder, config.network, config.seed, say)
    # TensorFlow takes seconds to import, and talks meanwhile.
    with quiet_stderr():
        from playbach_train.sound.classifier import SoundsTrainer  # noqa: PLC0415 as above

        trainer = SoundsTrainer(config, sounds)
    say(f"{config.network}: {len(trainer.weights):,} parameters")
    if not args.resume:
        start_run(args.run, SOUNDS, config, {"labels": sounds.labels})
    history = begun(trainer, args.run, resume=args.resume)
    train_epochs(trainer, history, args.run, epochs=config.epochs, patience=0, say=say)
    _measure(trainer, sounds, args.run)
    return 0


def _measure(trainer: SoundsTrainer, sounds: Sounds, folder: Path) -> None:
    """Measure the best weights on what nothing was chosen by."""
    trainer.begin_with(load_arrays(folder / NETWORK)[0], str(folder))
    accuracy, seen = trainer.accuracy(sounds.test), trainer.accuracy(sounds.seen)
    count = sounds.sources["test"]
    figures = {"labels": sounds.labels, "accuracy": accuracy, "seen": seen, "sources": count}
    write_json(folder / FIGURES, figures)
    width = max(map(len, sounds.labels))
    for label, row in zip(sounds.labels, trainer.confusion(sounds.test), strict=True):
        told = ", ".join(
            f"{number} as {other}"
            for number, other in sorted(zip(row, sounds.labels, strict=True), reverse=True)
            if number
        )
        say(f"{label:{width}} told {told}")
    say(f"told rightly, of {count} sources never heard: {accuracy:.0%}")
    say(f"told rightly, of other seconds of the sources learned from: {seen:.0%}")
