"""Manual pages and completions, made from the parsers: ``python -m release.share FOLDER``.

Completions are made by shtab. All have the names that ``man``, bash, zsh and fish look for below a
folder ``share``.
"""

from __future__ import annotations

import argparse
import importlib
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import shtab
from docs.site.reference.commands import options, parsers, subcommands, usage

from playbach import __version__, cli
from playbach_convert import cli as convert_cli
from playbach_train import cli as train_cli

COMPLETIONS = {
    "bash": "bash-completion/completions/{}",
    "zsh": "zsh/site-functions/_{}",
    "fish": "fish/vendor_completions.d/{}.fish",
}
"""Where each shell looks for the completion of a program."""


def main() -> int:
    """Make everything anew below a folder."""
    asker = argparse.ArgumentParser(description="Make manual pages and completions.")
    asker.add_argument("folder", type=Path)
    folder = asker.parse_args().folder
    shutil.rmtree(folder, ignore_errors=True)
    made = 0
    for name, text in [*manual_pages(), *completions()]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        made += 1
    print(f"{folder}: {made} files")
    return 0


def manual_pages() -> Iterator[tuple[str, str]]:
    """A page for each command, by its name below ``share``, as playbach-save(1)."""
    for words, parser in parsers().items():
        name = words.replace(" ", "-")
        yield f"man/man1/{name}.1", manual_page(name, parser)


def manual_page(name: str, parser: argparse.ArgumentParser) -> str:
    """A page in the macros of man(7)."""
    about = parser.description or ""
    lines = [
        f'.TH "{name.upper()}" 1 "" "Play Bach {__version__}" "Play Bach"',
        ".SH NAME",
        rf"{roff(name)} \- {roff(about.split('. ')[0].rstrip('.'))}",
        ".SH SYNOPSIS",
        *(".nf", roff(usage(parser).strip()), ".fi"),
        *(".SH DESCRIPTION", roff(about)),
    ]
    for title, rows in options(parser):
        lines.append(f'.SH "{roff(title.upper())}"' if title else ".SH OPTIONS")
        for names, meaning in rows:
            lines += [".TP", ", ".join(rf"\fB{roff(one)}\fR" for one in names), roff(meaning)]
    if parser.epilog:
        lines += [".SH NOTES", ".nf", roff(parser.epilog), ".fi"]
    return "\n".join(lines) + "\n"


def roff(text: str) -> str:
    """``text`` as troff shows it; no line of it is a request."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^(?=[.'])", r"\\&", escaped, flags=re.MULTILINE)


def completions() -> Iterator[tuple[str, str]]:
    """The completion of each program for each shell, by its name below ``share``."""
    for parser in (_all_of_playbach(), train_cli.build_parser(), convert_cli.build_parser()):
        _complete_files(parser)
        for shell, place in COMPLETIONS.items():
            yield place.format(parser.prog), shtab.complete(parser, shell=shell)


def _all_of_playbach() -> argparse.ArgumentParser:
    """The parser with the options of every command, which no single run needs."""
    parser = cli.build_parser([])
    for name, command in subcommands(parser).items():
        importlib.import_module(f"playbach.cli.{name}").add_arguments(command)
    return parser


def _complete_files(parser: argparse.ArgumentParser) -> None:
    """Where a path is wanted, the shell offers the files there are."""
    for action in parser._actions:  # noqa: SLF001 as above
        if action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # how shtab is told
    for command in subcommands(parser).values():
        _complete_files(command)


if __name__ == "__main__":
    sys.exit(main())
