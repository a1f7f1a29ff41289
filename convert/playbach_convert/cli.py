"""``playbach-convert RUN -o NAME.bundle``, and ``check``, ``figures``, ``performer``."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from playbach.bundle import Verification, read_bundle, verification_table, write_bundle
from playbach.command_line import OneLineParser, guarded, one_line
from playbach.errors import InputError
from playbach.files import check_writable
from playbach.performer.model import INCLUDED, read_performer
from playbach.quiet import quiet_stderr
from playbach_convert.edgetpu.check import check_graph
from playbach_convert.edgetpu.flatbuffer import MAX_BYTES
from playbach_convert.variants import EDGETPU, EDGETPU_SOURCE, VARIANTS
from playbach_train.networks.table import load_run
from playbach_train.runs.run import Run
from playbach_train.sound.run import EFFECT, SOUNDS, kind_of, read_effect_run, read_sounds_run

USUAL = ("float32", "dynamic")
"""Variants that are made when none are named; they need no scores."""
PROG = "playbach-convert"
INCOMPLETE = 1
"""Exit status when the bundle was written without a variant that was asked for."""
NOT_WHOLE = 1
"""Exit status when something that was checked would run on the CPU."""
MOST_DRIFT_STEPS = 10_000_000
_ZIP = b"PK\x03\x04"


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert; returns the exit status, 2 for a mistake of the user's."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # The graphs of the board are TensorFlow's, whatever the network was trained with.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = words.pop(0) if words and words[0] in COMMANDS else ""
    parser, run = COMMANDS.get(name, (build_parser, _convert))
    args = parser().parse_args(words)
    return guarded(f"{PROG} {name}".strip(), lambda: run(args))


def build_parser() -> argparse.ArgumentParser:
    """The parser of conversion itself."""
    meanings = "; ".join(f"{name}: {variant.meaning}" for name, variant in VARIANTS.items())
    parser = OneLineParser(
        prog=PROG,
        description="Convert a trained run into a bundle for the board.",
        epilog=f"'{PROG} check FILE' says for each operation of a .tflite file or a bundle whether "
        f"it maps to the Edge TPU; '{PROG} figures BUNDLE' prints how near its variants are to the "
        f"network; '{PROG} performer BUNDLE' puts a performer into one.",
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a training run")
    _add_output(parser, "file for the bundle")
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
        help=f"compile {EDGETPU_SOURCE} for the Edge TPU, where edgetpu_compiler is on the PATH, "
        f"into the variant {EDGETPU}; an error if not all of its operations map",
    )
    parser.add_argument(
        "--drift",
        metavar="N",
        type=int,
        default=20_000,
        help="notes that each variant composes on its own to see whether it drifts "
        "(default %(default)s)",
    )
    _add_performer(parser, "the performer that travels in the bundle (default: none)")
    return parser


def _add_output(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "-o",
        "--output",
        metavar="NAME.bundle",
        type=Path,
        required=True,
        help=what,
    )
    parser.add_argument("--force", action="store_true", help="replace an existing bundle")


def _add_performer(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--performer",
        metavar="FILE",
        type=Path,
        help=f"{what}: a table of 'playbach-train performance'; a board plays without one as the "
        "performer does that is included",
    )


def performer_parser() -> argparse.ArgumentParser:
    """The parser of ``performer``."""
    parser = OneLineParser(
        prog=f"{PROG} performer",
        description="Copy a bundle, its network to the byte, with another performer.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a bundle")
    _add_output(parser, "file for the copy; with --force it may be the bundle itself")
    _add_performer(parser, "the performer that is put in (default: the one included)")
    return parser


def check_parser() -> argparse.ArgumentParser:
    """The parser of ``check``."""
    parser = OneLineParser(
        prog=f"{PROG} check", description="Say for each operation whether it maps to the Edge TPU."
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="a .tflite file, or a bundle")
    return parser


def figures_parser() -> argparse.ArgumentParser:
    """The parser of ``figures``."""
    parser = OneLineParser(
        prog=f"{PROG} figures", description="Print how near each variant is to the network."
    )
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a bundle")
    return parser


def _convert(args: argparse.Namespace) -> int:
    variants = _variants(args.quantise)
    if args.edgetpu and EDGETPU_SOURCE not in variants:
        variants = (*variants, EDGETPU_SOURCE)
    if not 1 <= args.drift <= MOST_DRIFT_STEPS:
        raise InputError(f"--drift {args.drift}: it must be from 1 to {MOST_DRIFT_STEPS:,}")
    check_writable(args.output, force=args.force)
    kind = kind_of(args.run)
    if kind is not None:
        return _convert_sound(args, kind)
    performer = None if args.performer is None else read_performer(args.performer)
    # TensorFlow, which most networks import, takes seconds, and talks meanwhile.
    with quiet_stderr():
        run = load_run(args.run)
    if args.memory is not None:
        run = _with_memory(run, args.memory)
    with quiet_stderr():
        from playbach_convert.convert import ConversionRequest, convert_run  # noqa: PLC0415 as above

    request = ConversionRequest(
        variants=variants,
        calibration=args.calibration,
        edgetpu=args.edgetpu,
        drift_steps=args.drift,
        force=args.force,
        performer=performer,
    )
    conversion = convert_run(run, args.output, request, _say)
    for line in figures_text(conversion.verification):
        _say(line)
    for error in conversion.left_out.values():
        sys.stderr.write(f"{PROG}: left out: {one_line(str(error))}\n")
    return INCOMPLETE if conversion.left_out else 0


def _convert_sound(args: argparse.Namespace, kind: str) -> int:
    if args.output.suffix != f".{kind}":
        raise InputError(f"{args.output}: the run is one of {kind}; name the file NAME.{kind}")
    lines = {EFFECT: _effect, SOUNDS: _sounds}[kind](args)
    for line in lines:
        _say(line)
    return 0


def _effect(args: argparse.Namespace) -> list[str]:
    with quiet_stderr():
        from playbach_convert.effect import convert_effect  # noqa: PLC0415 imports TensorFlow

    made = convert_effect(read_effect_run(args.run), args.output, force=args.force)
    found = {**made.baselines, "this effect": made.esr}
    return [f"error to signal of {name}: {value:.4f}" for name, value in found.items()]


def _sounds(args: argparse.Namespace) -> list[str]:
    with quiet_stderr():
        from playbach_convert.classifier import convert_sounds  # noqa: PLC0415 imports TensorFlow

    made = convert_sounds(read_sounds_run(args.run), args.output, force=args.force)
    return [f"{', '.join(made.labels)}: {made.accuracy:.0%} of sources never heard"]


def _with_memory(run: Run, memory: int) -> Run:
    """The run with ``network.memory`` replaced; no weight depends on it."""
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
            near = difflib.get_close_matches(variant[:20], VARIANTS, n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise InputError(
                f"--quantise: there is no variant {variant[:20]!r}{meant}; choose from "
                f"{', '.join(VARIANTS)}"
            )
    return variants


def _check(args: argparse.Namespace) -> int:
    whole = True
    for name, content in _graphs(args.file):
        placement = check_graph(content, name)
        whole = whole and placement.whole
        for line in (name, *(found.line for found in placement.findings)):
            _say(one_line(line))
        _say(one_line(f"{name}: {placement.cost}"))
    return 0 if whole else NOT_WHOLE


def _graphs(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the graphs to check: the file, or a bundle's int8 and edgetpu parts."""
    content = _read(path)
    if content[:4] != _ZIP:
        yield str(path), content
        return
    bundle = read_bundle(path)
    ours = (EDGETPU_SOURCE, EDGETPU)
    parts = [part for part in bundle.manifest.parts if part.variant in ours]
    if not parts:
        raise InputError(
            f"{path}: has {', '.join(bundle.manifest.variants)}, and only {EDGETPU_SOURCE} maps to "
            f"the Edge TPU; convert with --quantise {EDGETPU_SOURCE}"
        )
    for part in parts:
        yield part.name, bundle.part(part.variant, part.role)


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise InputError(f"{path}: there is no such file; give a .tflite file or a bundle")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"{path}: has {size:,} bytes; at most {MAX_BYTES:,} are read")
        with path.open("rb") as file:
            return file.read(MAX_BYTES)
    # ValueError: a NUL in the path.
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); give a .tflite file") from error


def _performer(args: argparse.Namespace) -> int:
    check_writable(args.output, force=args.force)
    performer = read_performer(args.performer or INCLUDED)
    bundle = read_bundle(args.bundle)
    manifest = bundle.manifest
    parts = {part.name: bundle.contents[part.name] for part in manifest.parts}
    tables = {table.name: bundle.table(table.name) for table in manifest.tables}
    write_bundle(args.output, manifest, parts, tables, performer=performer, force=args.force)
    _say(f"{args.output}: {args.output.stat().st_size:,} bytes")
    return 0


def _figures(args: argparse.Namespace) -> int:
    verification = read_bundle(args.bundle).manifest.verification
    if verification is None:
        raise InputError(
            f"{args.bundle}: was not measured when it was made; convert the network again"
        )
    for line in figures_text(verification):
        _say(line)
    return 0


def figures_text(verification: Verification) -> list[str]:
    """What was measured and on what, then the table in Markdown: a string for each line."""
    bits = verification.bits
    alone = max((row.drift.steps for row in verification.variants if row.drift), default=0)
    needed = (
        "" if bits is None else f", where the network as trained needs {bits:.4f} bits per step"
    )
    drift = f"; drift: {alone:,} steps alone" if alone else ""
    measured = (
        f"Measured on {verification.music}, {verification.steps:,} steps{needed}{drift} "
        f"({verification.machine})."
    )
    return [measured, "", *verification_table(verification)]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


COMMANDS: dict[
    str, tuple[Callable[[], argparse.ArgumentParser], Callable[[argparse.Namespace], int]]
] = {
    "check": (check_parser, _check),
    "figures": (figures_parser, _figures),
    "performer": (performer_parser, _performer),
}
"""What else the first word may ask for: its options, and what it does."""
