"""Checks of a command line without running it: the program, the target, the options exist."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.docs.pages import ROOT

from playbach import cli
from playbach_convert import cli as convert_cli
from playbach_train import cli as train_cli
from playbach_train.networks.table import DEFAULT

_ENDS = frozenset({"&&", "||", "|", ";", "&"})
_VARIABLE = re.compile(r"\$\w+")
_SETTING = re.compile(r"[A-Za-z_]\w*=")
MAKE_PROGRAMS = {"play": "playbach", "train": "playbach-train", "convert": "playbach-convert"}
"""Targets that hand ``ARGS`` to one of our programs."""


class WrongCommandError(Exception):
    """A command line of a document that cannot work."""


def check_commands(text: str) -> int:
    """Check every command of ours in a block; how many there were.

    Raises:
        WrongCommandError: one of them names something that does not exist.
    """
    checked = 0
    for words in _commands(text):
        program, given = Path(words[0]).name, words[1:]
        check = PROGRAMS.get(program)
        if check is not None:
            check(given)
            checked += 1
    return checked


def _commands(text: str) -> Iterator[list[str]]:
    """The words of each command, without what only says how it is run."""
    for line in _VARIABLE.sub("1", text.replace("\\\n", " ")).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word in _ENDS or words[-1:] == [">"]:
                if bare := _bare(words):
                    yield bare
                words = []
            else:
                words.append(word)


def _bare(words: Sequence[str]) -> list[str]:
    rest = [word for word in words if word != ">"]
    while rest and (rest[0] in {"sudo", "do"} or _SETTING.match(rest[0])):
        rest.pop(0)
    return rest


def _playbach(given: Sequence[str]) -> None:
    _parse("playbach", cli.build_parser(given), given)


def _train(given: Sequence[str]) -> None:
    named = bool(given) and (given[0] in train_cli.COMMANDS or given[0] in {"-h", "--help"})
    words = given if named else ["train", *given]
    network = words[words.index("--network") + 1] if "--network" in words[:-1] else DEFAULT
    _parse("playbach-train", train_cli.build_parser(network), words)


def _convert(given: Sequence[str]) -> None:
    if given and given[0] in convert_cli.COMMANDS:
        parser, _ = convert_cli.COMMANDS[given[0]]
        _parse("playbach-convert", parser(), given[1:])
    else:
        _parse("playbach-convert", convert_cli.build_parser(), given)


def _parse(program: str, parser: argparse.ArgumentParser, given: Sequence[str]) -> None:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            parser.parse_args(list(given))
    except SystemExit as stop:
        if stop.code:
            raise WrongCommandError(f"{program} {shlex.join(given)}: {said.getvalue()}") from stop


def _make(given: Sequence[str]) -> None:
    settings = dict(word.split("=", 1) for word in given if _SETTING.match(word))
    targets = [word for word in given if not _SETTING.match(word) and not word.startswith("-")]
    known = re.findall(
        r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    for target in targets:
        if target not in known:
            raise WrongCommandError(f"make {target}: there is no such target")
        if target in MAKE_PROGRAMS:
            prefix = ["play"] if target == "play" else []
            PROGRAMS[MAKE_PROGRAMS[target]]([*prefix, *shlex.split(settings.get("ARGS", ""))])


def _python(given: Sequence[str]) -> None:
    if given[:1] == ["-m"] and len(given) > 1:
        _module(given[1], given[2:])
    elif given and given[0].endswith(".py"):
        script = Path(given[0])
        if not (ROOT / script).is_file():
            raise WrongCommandError(f"python {script}: there is no such file")
        if script.as_posix() in SCRIPTS:
            PROGRAMS[SCRIPTS[script.as_posix()]](given[1:])


def _module(name: str, given: Sequence[str]) -> None:
    path = ROOT / name.replace(".", "/")
    if name.split(".", maxsplit=1)[0] in {"bench", "tests", "docs"}:
        if not (path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()):
            raise WrongCommandError(f"python -m {name}: there is no such module")
        named = [word for word in given if name == "bench" and word.isidentifier()]
        for word in named:
            if not (path / f"{word}.py").is_file():
                raise WrongCommandError(f"python -m bench {word}: there is no such measurement")


SCRIPTS = {"train/train.py": "playbach-train", "convert/convert.py": "playbach-convert"}
PROGRAMS: Mapping[str, Callable[[Sequence[str]], None]] = {
    "playbach": _playbach,
    "playbach-train": _train,
    "playbach-convert": _convert,
    "make": _make,
    "python": _python,
    "python3": _python,
}
"""How the words after a program are checked."""
