"""``make figures``: every picture of the documentation, from real runs.

Each picture is drawn from the figures kept in ``docs/figures/data``; they are taken where there are
none yet, and anew with ``--measure``.

    python -m bench.figures [NAME ...] [--measure] [--bundle FILE] [--midi FILE] [--data DIR]
        [--notes N] [--out DIR]
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import matplotlib as mpl
from bench.figures.attention import ATTENTION
from bench.figures.effect import EFFECT
from bench.figures.engravings import ENGRAVINGS
from bench.figures.modules import MODULES
from bench.figures.performing import PERFORMING
from bench.figures.picture import STYLE, Measured, Picture, Sources
from bench.figures.sample import SAMPLE
from bench.figures.timings import ONSET_ERROR, SIZES
from bench.figures.waveforms import WAVEFORMS
from bench.report import machine

from playbach.bundle import default_bundle_path
from playbach.command_line import OneLineParser, guarded
from playbach.errors import InputError
from playbach.files import write_atomically
from playbach_train.runs.run import read_json

FOLDER = Path(__file__).parents[2] / "docs" / "figures"
PROG = "python -m bench.figures"
PICTURES: MappingProxyType[str, Picture] = MappingProxyType(
    {
        "sample": SAMPLE,
        "modules": MODULES,
        "attention": ATTENTION,
        "sizes": SIZES,
        "onset-error": ONSET_ERROR,
        "performing": PERFORMING,
        "waveforms": WAVEFORMS,
        "engravings": ENGRAVINGS,
        "effect": EFFECT,
    }
)
"""By name, in the order in which the page lists them."""
_ROW = re.compile(r"\[[^\[\]{}]*\]")


def main(arguments: Sequence[str]) -> int:
    """Draw; the exit status, 2 for a mistake."""
    options = build_parser().parse_args(arguments)
    return guarded(PROG, lambda: run(options))


def build_parser() -> OneLineParser:
    parser = OneLineParser(prog=PROG, description="Draw the pictures of the documentation.")
    parser.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help=f"picture, one of {', '.join(PICTURES)} (default: all)",
    )
    parser.add_argument(
        "--measure", action="store_true", help="measure the figures again, not only draw them"
    )
    parser.add_argument(
        "--bundle", metavar="FILE", type=Path, default=default_bundle_path(),
        help="bundle (default: the one included)",
    )  # fmt: skip
    parser.add_argument("--midi", metavar="FILE", type=Path, help="movement that the network reads")
    parser.add_argument(
        "--data", metavar="DIR", type=Path, help="performances that the performer is fitted to"
    )
    parser.add_argument(
        "--notes", metavar="N", type=int, default=400,
        help="notes played where onsets are timed (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=FOLDER,
        help="where pictures and figures are kept (default: docs/figures)",
    )  # fmt: skip
    return parser


def run(options: argparse.Namespace) -> int:
    """Measure and draw; the exit status."""
    unknown = sorted(set(options.names) - set(PICTURES))
    if unknown:
        raise InputError(f"no picture {unknown[0]!r}; there are {', '.join(PICTURES)}")
    if options.notes < 1:
        raise InputError(f"--notes {options.notes}: it is a whole number from 1")
    sources = Sources(options.bundle, options.midi, options.notes, options.data)
    folder: Path = options.out
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for name in options.names or PICTURES:
        kept = folder / "data" / f"{name}.json"
        if options.measure or not kept.exists():
            print(f"measuring {name}", flush=True)
            taken = {
                "machine": machine(),
                "command": _command(name, options),
                "figures": PICTURES[name].measure(sources),
            }
            write_atomically(kept, _json(taken), force=True)
        picture = folder / PICTURES[name].file
        write_atomically(picture, draw(name, figures_in(kept)), force=True)
        print(f"{picture}: {picture.stat().st_size:,} bytes")
    return 0


def figures_in(kept: Path) -> Measured:
    """The figures of a picture, as they were kept."""
    content = read_json(kept)
    figures = content.get("figures") if isinstance(content, dict) else None
    if not isinstance(figures, dict):
        raise InputError(f"{kept}: no figures in it; take them anew with --measure")
    return figures


def draw(name: str, figures: Measured) -> bytes:
    """The picture; the same figures give the same bytes with the same version of matplotlib."""
    with mpl.rc_context(STYLE):
        return PICTURES[name].draw(figures)


def _command(name: str, options: argparse.Namespace) -> str:
    """The command line, with the names of files but not their folders."""
    words = ["python", "-m", "bench.figures", name, "--measure"]
    for option in PICTURES[name].options:
        value = getattr(options, option)
        if value != build_parser().get_default(option):
            words += [f"--{option}", value.name if isinstance(value, Path) else str(value)]
    return shlex.join(words)


def _json(content: Measured) -> bytes:
    """A line for each row of numbers, so that a change of one can be seen."""
    text = json.dumps(content, indent=1, allow_nan=False)
    return _ROW.sub(lambda row: " ".join(row[0].split()), text).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
