"""``playbach-convert check FILE``: what of a graph or bundle runs on the Edge TPU."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from playbach.bundle import read_bundle
from playbach.command_line import OneLineParser, guarded, one_line
from playbach.errors import InputError
from playbach_convert.edgetpu.check import check_graph
from playbach_convert.edgetpu.flatbuffer import MAX_BYTES
from playbach_convert.edgetpu.variant import SOURCE, VARIANT

NAME = "check"
PROG = f"playbach-convert {NAME}"
NOT_WHOLE = 1
"""Exit status when something would run on the CPU."""
_ZIP = b"PK\x03\x04"


def main(arguments: Sequence[str]) -> int:
    """Check a file; the exit status: 0 when all of it maps, 1 when not, 2 for a mistake."""
    path = build_parser().parse_args(arguments).file
    return guarded(PROG, lambda: _check(path))


def build_parser() -> argparse.ArgumentParser:
    """The parser of this command."""
    parser = OneLineParser(
        prog=PROG, description="Say for each operation whether it maps to the Edge TPU."
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="a .tflite file, or a bundle")
    return parser


def _check(path: Path) -> int:
    whole = True
    for name, content in _graphs(path):
        mapping = check_graph(content, name)
        whole = whole and mapping.whole
        _say(f"{name}")
        for finding in mapping.findings:
            _say(finding.line)
        _say(f"{name}: {mapping.cost}")
    return 0 if whole else NOT_WHOLE


def _graphs(path: Path) -> Iterator[tuple[str, bytes]]:
    """The graphs that are for the Edge TPU, and what they are called."""
    content = _read(path)
    if content[:4] != _ZIP:
        yield str(path), content
        return
    bundle = read_bundle(path)
    parts = [part for part in bundle.manifest.parts if part.variant in (SOURCE, VARIANT)]
    if not parts:
        raise InputError(
            f"{path}: has {', '.join(bundle.manifest.variants)}, and only {SOURCE} maps to the "
            f"Edge TPU; convert with --quantise {SOURCE}"
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


def _say(line: str) -> None:
    sys.stdout.write(f"{one_line(line)}\n")
