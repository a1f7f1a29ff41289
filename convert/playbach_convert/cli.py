"""The command line: ``playbach-convert RUN -o NAME.bundle``."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from playbach.command_line import OneLineParser, guarded, one_line
from playbach.errors import InputError
from playbach.files import check_writable
from playbach.quiet import quiet_stderr
from playbach_convert import figures_command
from playbach_convert.edgetpu import command
from playbach_convert.edgetpu.variant import SOURCE
from playbach_convert.variants import VARIANTS
from playbach_train.networks.table import load_run
from playbach_train.runs.run import Run

USUAL = ("float32", "dynamic")
"""Variants that are made when none are named; they need no scores."""
PROG = "playbach-convert"
INCOMPLETE = 1
"""Exit status when the bundle was written without a variant that was asked for."""
MOST_DRIFT_STEPS = 10_000_000
COMMANDS = {command.NAME: command.main, figures_command.NAME: figures_command.main}
"""What else the first word may ask for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert; returns the exit status, 2 for a mistake of the user's."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # The graphs of the board are TensorFlow's, whatever the network was trained with.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in COMMANDS:
        return COMMANDS[given[0]](given[1:])
    args = build_parser().parse_args(given)
    return guarded(PROG, lambda: _convert(args))


def _convert(args: argparse.Namespace) -> int:
    variants = _variants(args.quantise)
    if args.edgetpu and SOURCE not in variants:
        variants = (*variants, SOURCE)
    if not 1 <= args.drift <= MOST_DRIFT_STEPS:
        raise InputError(f"--drift {args.drift}: it must be from 1 to {MOST_DRIFT_STEPS:,}")
    check_writable(args.output, force=args.force)
    # TensorFlow, which most networks import, takes seconds, and talks meanwhile.
    with quiet_stderr():
        run = load_run(args.run)
    if args.memory is not None:
        run = _with_memory(run, args.memory)
    with quiet_stderr():
        from playbach_convert.convert import Request, convert_run  # noqa: PLC0415 as above

    request = Request(
        variants=variants,
        calibration=args.calibration,
        edgetpu=args.edgetpu,
        drift_steps=args.drift,
        force=args.force,
    )
    left_out = convert_run(run, args.output, request, _say).left_out
    for error in left_out.values():
        sys.stderr.write(f"{PROG}: left out: {one_line(str(error))}\n")
    return INCOMPLETE if left_out else 0


def build_parser() -> argparse.ArgumentParser:
    """The parser of conversion itself."""
    meanings = "; ".join(f"{name}: {variant.meaning}" for name, variant in VARIANTS.items())
    parser = OneLineParser(
        prog=PROG,
        description="Convert a trained run into a bundle for the board.",
        epilog=f"'playbach-convert {command.NAME} FILE' says for each operation of a .tflite file "
        f"or a bundle whether it maps to the Edge TPU; 'playbach-convert {figures_command.NAME} "
        "BUNDLE' prints how near its variants are to the network.",
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a training run")
    parser.add_argument(
        "-o",
        "--output",
        metavar="NAME.bundle",
        type=Path,
        required=True,
        help="file for the bundle",
    )
    parser.add_argument(
        "--quantise",
        metavar="LIST",
        default=",".join(USUAL),
        help="variants to make, separated by commas; the first is the one played unless another is "
        f"asked for (default %(default)s). {meanings}",
    )
    parser.add_argument(
        "--calibration",
        metavar="DIR",
        type=Path,
        help="folder of scores that int8 is calibrated on (default: those the run was trained on)",
    )
    parser.add_argument(
        "--memory",
        metavar="N",
        type=int,
        help="notes that the pointers look back over on the board (default: as trained); fewer "
        "take less time",
    )
    parser.add_argument(
        "--edgetpu",
        action="store_true",
        help=f"compile {SOURCE} for the Edge TPU, where edgetpu_compiler is on the PATH, into the "
        "variant edgetpu; an error if not all of its operations map",
    )
    parser.add_argument(
        "--drift",
        metavar="N",
        type=int,
        default=20_000,
        help="notes that each variant composes on its own to see whether it drifts "
        "(default %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing bundle")
    return parser


def _with_memory(run: Run, memory: int) -> Run:
    """The run as if trained with that memory: no weight depends on it."""
    trained = getattr(run.config.network, "memory", None)
    if trained is None:
        raise InputError(
            f"--memory {memory}: the network {run.network} of {run.folder} has no memory to look "
            "back over; leave the option out"
        )
    if not 1 <= memory <= trained:
        raise InputError(
            f"--memory {memory}: it must be from 1 to {trained}, the memory in training"
        )
    network = replace(run.config.network, memory=memory)
    return replace(run, config=replace(run.config, network=network))


def _variants(text: str) -> tuple[str, ...]:
    variants = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    for variant in variants:
        if variant not in VARIANTS:
            raise InputError(
                f"--quantise: there is no variant {variant[:20]!r}{_nearest(variant)}; choose from "
                f"{', '.join(VARIANTS)}"
            )
    return variants


def _nearest(word: str) -> str:
    near = difflib.get_close_matches(word[:20], VARIANTS, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
