"""``playbach-train effect``: learn an effect from what goes into it and what comes out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from playbach.errors import InputError
from playbach.files import write_atomically
from playbach.quiet import quiet_stderr
from playbach_train.commands import say
from playbach_train.commands.sound_run import add_run_arguments, config_of_run
from playbach_train.runs.loop import begun, train_epochs
from playbach_train.sound.pairs import Pair, baselines, error_to_signal, read_pair, read_wav
from playbach_train.sound.pedal import pedal
from playbach_train.sound.pictures import picture
from playbach_train.sound.run import (
    EFFECT,
    PICTURE,
    Test,
    keep_test,
    read_effect_run,
    start_run,
)
from playbach_train.sound.settings import EffectConfig

if TYPE_CHECKING:
    from playbach_train.sound.effect import EffectTrainer

_PEAK = 0.8
"""Of the dry sound that goes into our own pedal."""
_NOTE = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "--dry", metavar="WAV", type=Path, required=True, help="recording of what goes in"
    )
    wet = parser.add_mutually_exclusive_group(required=True)
    wet.add_argument("--wet", metavar="WAV", type=Path, help="recording of what comes out")
    wet.add_argument(
        "--pedal", action="store_true", help="learn the pedal that comes with this program"
    )
    add_run_arguments(parser, EffectConfig)


def run(args: argparse.Namespace) -> int:
    """Train, measure and draw; the exit status.

    Raises:
        PlaybachError: an option, a recording or the folder is not as it must be.
    """
    config = config_of_run(args, EFFECT, EffectConfig())
    pair = _pair(args, config)
    train, validation, test = pair.split()
    beside = baselines(train, test)
    for name, value in beside.items():
        say(f"error to signal of {name}: {value:.4f}")
    # TensorFlow takes seconds to import, and talks meanwhile.
    with quiet_stderr():
        from playbach_train.sound.effect import EffectTrainer  # noqa: PLC0415 as above

        trainer = EffectTrainer(config, train, validation)
    if not args.resume:
        made_from = {"dry": args.dry.name, "wet": args.wet.name if args.wet else "our own pedal"}
        start_run(args.run, EFFECT, config, {"baselines": beside, "made_from": made_from})
    history = begun(trainer, args.run, resume=args.resume)
    train_epochs(trainer, history, args.run, epochs=config.epochs, patience=0, say=say)
    _measure(trainer, args.run, test)
    return 0


def _pair(args: argparse.Namespace, config: EffectConfig) -> Pair:
    if args.wet is not None:
        pair, said = read_pair(args.dry, args.wet, config.rate)
    else:
        dry, said = read_wav(args.dry, config.rate)
        dry *= np.float32(_PEAK / np.abs(dry).max())
        pair = Pair(dry, pedal(dry, config.rate), config.rate)
    for line in said:
        say(line)
    return pair


def _measure(trainer: EffectTrainer, folder: Path, test: Pair) -> None:
    """Measure the best weights on what nothing was chosen by, and draw them."""
    effect = read_effect_run(folder)
    trainer.begin_with(effect.weights, str(folder))
    weights = trainer.weights
    output = trainer.model.render(weights, test.dry, trainer.scale)
    if not np.isfinite(output).all():
        raise InputError(f"{folder}: the network gives no numbers; train again, with another seed")
    keep_test(folder, Test(test.dry, test.wet, output))
    hidden = trainer.model.hidden(weights, test.dry[: round(_NOTE * test.rate)], trainer.scale)
    drawn = picture(test.dry, test.wet, output, hidden, test.rate)
    write_atomically(folder / PICTURE, drawn, force=True)
    found = error_to_signal(test.wet, output)
    say(f"error to signal on sound never heard: {found:.4f}; {folder / PICTURE} shows it")
