"""``make figures``: every picture of the documentation, from real runs.

Each picture is drawn from the figures kept in ``docs/figures/data``; they are taken where there are
none yet, and anew with ``--measure``.

    python -m bench.figures [NAME ...] [--measure] [--run DIR] [--bundle FILE] [--midi FILE]
        [--and FILE] [--notes N] [--out DIR]
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import matplotlib as mpl
from bench.figures.attention import ATTENTION
from bench.figures.modules import MODULES
from bench.figures.picture import STYLE, Measured, Picture, Sources
from bench.figures.records import LEARNING, LIKENESS, VARIANTS
from bench.figures.sample import SAMPLE
from bench.figures.timings import ONSET_ERROR, SIZES
from bench.report import machine

from playbach.bundle import default_bundle_path
from playbach.command_line import OneLineParser, guarded
from playbach.errors import InputError
from playbach.files import write_atomically
from playbach_train.runs.run import read_json

FOLDER = Path(__file__).parents[2] / "docs" / "figures"
PAGE = "README.md"
PROG = "python -m bench.figures"
PICTURES: MappingProxyType[str, Picture] = MappingProxyType(
    {
        "sample": SAMPLE,
        "modules": MODULES,
        "attention": ATTENTION,
        "learning": LEARNING,
        "variants": VARIANTS,
        "likeness": LIKENESS,
        "sizes": SIZES,
        "onset-error": ONSET_ERROR,
    }
)
"""By name, in the order in which the page shows them."""
_HEAD = """\
# Figures

`make figures` draws every picture here, and writes this page, from the figures in `data/`, which
were measured with the command given below each picture (in `.venv-dev/bin`). `make figures
ARGS="NAME --measure"` takes those of one anew on your machine, for which NAME is one of
{names}.
"""
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
        "--run", metavar="DIR", type=Path, default=Path("runs/default"),
        help="training run (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--bundle", metavar="FILE", type=Path, default=default_bundle_path(),
        help="bundle (default: the one included)",
    )  # fmt: skip
    parser.add_argument("--midi", metavar="FILE", type=Path, help="movement that the network reads")
    parser.add_argument(
        "--and", metavar="FILE", type=Path, action="append", default=[],
        help="bundle of a further network to time; may be repeated",
    )  # fmt: skip
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
    """Measure and draw; the exit status.

    Raises:
        PlaybachError: a name, a source or a figure that was kept is not as it must be.
    """
    unknown = sorted(set(options.names) - set(PICTURES))
    if unknown:
        raise InputError(f"no picture {unknown[0]!r}; there are {', '.join(PICTURES)}")
    if options.notes < 1:
        raise InputError(f"--notes {options.notes}: it is a whole number from 1")
    more = tuple(getattr(options, "and"))
    sources = Sources(options.run, options.bundle, options.midi, more, options.notes)
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
    write_atomically(folder / PAGE, page(folder).encode(), force=True)
    return 0


def page(folder: Path) -> str:
    """The page in Markdown, of the pictures that have figures in ``folder``.

    Raises:
        InputError: the figures of one cannot be read.
    """
    kept = {name: folder / "data" / f"{name}.json" for name in PICTURES}
    sections = [section(name, read_json(path)) for name, path in kept.items() if path.exists()]
    head = _HEAD.format(names=", ".join(f"`{name}`" for name in PICTURES))
    return "\n".join([head, *sections])


def section(name: str, kept: Measured) -> str:
    """A picture, what it shows, and how it was made."""
    picture, machine = PICTURES[name], kept["machine"]
    # What was read off a file does not depend on it, what was timed does.
    load = (
        f" Programs running or waiting in the minute before, on average: {machine['load']}."
        if picture.timed
        else ""
    )
    measured = (
        f"Measured with `{kept['command']}` on {machine['date']}: {machine['cores']} cores of "
        f"{machine['CPU']}, {machine['system']}, Python {machine['Python']}.{load}"
    )
    text = f"{_wrapped(picture.caption(kept['figures']))}\n\n{_wrapped(measured)}"
    return f"## {picture.about}\n\n![{picture.about}]({picture.file})\n\n{text}\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def figures_in(kept: Path) -> Measured:
    """The figures of a picture, as they were kept.

    Raises:
        InputError: the file cannot be read, or was not written here.
    """
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
    """What was typed, files by their names alone: where they were is nobody else's concern."""
    words = ["python", "-m", "bench.figures", name, "--measure"]
    for option in PICTURES[name].options:
        given = getattr(options, option)
        for value in given if isinstance(given, list) else [given]:
            if value != build_parser().get_default(option):
                words += [f"--{option}", value.name if isinstance(value, Path) else str(value)]
    return shlex.join(words)


def _json(content: Measured) -> bytes:
    """A line for each row of numbers, so that a change of one can be seen."""
    text = json.dumps(content, indent=1, allow_nan=False)
    return _ROW.sub(lambda row: " ".join(row[0].split()), text).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
