"""The options that the trainings on sound share, and the configuration that they say."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeVar

from playbach.command_line import add_option, options_given
from playbach.schema import changed, settings_of
from playbach_train.runs.run import check_folder
from playbach_train.sound.run import read_config
from playbach_train.sound.settings import EffectConfig, SoundsConfig

C = TypeVar("C", EffectConfig, SoundsConfig)


def add_run_arguments(
    parser: argparse.ArgumentParser, config: type[EffectConfig | SoundsConfig]
) -> None:
    """The folder of the run, whether it goes on, and an option for each field of its settings."""
    parser.add_argument("--run", metavar="DIR", type=Path, required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on from the last epoch")
    for setting in settings_of(config).values():
        add_option(parser, setting)


def config_of_run(args: argparse.Namespace, kind: str, default: C) -> C:
    """What was asked for; of a run that goes on what it began with, and maybe more epochs.

    Raises:
        InputError: an option is out of range, or the folder is no such run.
        OutputError: the folder cannot be used.
    """
    given = options_given(args, settings_of(type(default)))
    config = changed(default, given)
    check_folder(args.run)
    if not args.resume:
        return config
    epochs = config.epochs
    config, _ = read_config(args.run, kind, config)
    return changed(config, {"epochs": epochs}) if "epochs" in given else config
