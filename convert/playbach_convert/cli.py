"""The command line: ``playbach-convert RUN -o NAME.bundle``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from playbach.errors import InputError, PlaybachError
from playbach.files import check_writable

VARIANTS = ("float32", "dynamic")
"""What this converter makes, in the order of the bundle."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert; returns the exit status, 2 for a mistake of the user's."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    args = _parser().parse_args(arguments)
    try:
        variants = _variants(args.quantise)
        check_writable(args.output, force=args.force)
        # Here, because TensorFlow takes seconds to import and mistakes are found without it.
        from playbach_convert.convert import convert_run  # noqa: PLC0415

        convert_run(args.run, args.output, variants, force=args.force, say=_say)
    except PlaybachError as error:
        sys.stderr.write(f"playbach-convert: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="playbach-convert", description="Convert a trained run into a bundle for the board."
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a training run")
    parser.add_argument(
        "-o", "--output", metavar="NAME.bundle", type=Path, required=True, help="where it goes"
    )
    parser.add_argument(
        "--quantise",
        metavar="LIST",
        default=",".join(VARIANTS),
        help="variants with commas between, the first being the default to play "
        "(float32: as trained; dynamic: int8 weights; default %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing bundle")
    return parser


def _variants(text: str) -> tuple[str, ...]:
    variants = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    for variant in variants:
        if variant not in VARIANTS:
            raise InputError(
                f"--quantise: there is no variant {variant[:20]!r}; choose from "
                f"{', '.join(VARIANTS)}"
            )
    return variants


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
