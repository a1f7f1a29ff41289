"""All command lines, from their parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping

from docs.site.reference.markdown import block, code, plain, terms

from playbach import cli
from playbach_convert import cli as convert_cli
from playbach_train import cli as train_cli

WIDTH = 88
"""Columns of a usage line."""


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Every parser by the words that call it, such as ``playbach save``."""
    found = {"playbach": cli.build_parser([])}
    for name in cli.COMMANDS:
        found[f"playbach {name}"] = subcommands(cli.build_parser([name]))[name]
    train = train_cli.build_parser()
    found["playbach-train"] = train
    found |= {f"playbach-train {name}": parser for name, parser in subcommands(train).items()}
    found["playbach-convert"] = convert_cli.build_parser()
    found |= {f"playbach-convert {name}": row[0]() for name, row in convert_cli.COMMANDS.items()}
    return found


def commands_reference() -> str:
    """Markdown: a heading for each command, its usage, and what each option means."""
    return "\n\n".join(_command(name, parser) for name, parser in parsers().items())


def _command(name: str, parser: argparse.ArgumentParser) -> str:
    # A program in its own right, or one of its commands.
    level = "##" if " " not in name else "###"
    as_written = parser.formatter_class is argparse.RawDescriptionHelpFormatter
    shown = block if as_written else plain
    parts = [
        f"{level} {name}",
        plain(parser.description or ""),
        block(usage(parser)),
        *_groups(parser),
        shown(parser.epilog) if parser.epilog else "",
    ]
    return "\n\n".join(part for part in parts if part)


def usage(parser: argparse.ArgumentParser) -> str:
    """How a command is called, in lines of ``WIDTH``."""
    formatter = argparse.HelpFormatter(parser.prog, width=WIDTH)
    formatter.add_usage(parser.usage, _actions(parser), _exclusive(parser), prefix="")
    return formatter.format_help()


def options(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, list[tuple[list[str], str]]]]:
    """Of each group its title, ``""`` for the usual ones, and its rows.

    A row holds the ways of writing an option, argument or command, and its help.
    """
    for group in parser._action_groups:  # noqa: SLF001 argparse has no public way to ask
        rows = list(_rows(parser, group._group_actions))  # noqa: SLF001 as above
        if rows:
            usual = group.title in {"options", "positional arguments"}
            yield "" if usual else group.title or "", rows


def _groups(parser: argparse.ArgumentParser) -> Iterator[str]:
    for title, rows in options(parser):
        written = terms((", ".join(map(code, names)), plain(about)) for names, about in rows)
        yield "\n\n".join(part for part in (f"**{title}**" if title else "", written) if part)


def _rows(
    parser: argparse.ArgumentParser, actions: Iterable[argparse.Action]
) -> Iterator[tuple[list[str], str]]:
    for action in actions:
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 as above
            for one in action._get_subactions():  # noqa: SLF001 as above
                yield [str(one.dest)], one.help or ""
        elif action.help != argparse.SUPPRESS and action.dest != "help":
            yield _invocation(action), _help(parser, action)


def _invocation(action: argparse.Action) -> list[str]:
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if not action.option_strings:
        return [metavar]
    takes = "" if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction) else (
        f" {metavar}")  # fmt: skip
    return [f"{name}{takes}" for name in action.option_strings]


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return argparse.HelpFormatter(parser.prog)._expand_help(action)  # noqa: SLF001 as above


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions  # noqa: SLF001 as above


def _exclusive(parser: argparse.ArgumentParser) -> list[argparse._MutuallyExclusiveGroup]:
    return parser._mutually_exclusive_groups  # noqa: SLF001 as above


def subcommands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    for action in _actions(parser):
        if isinstance(action.choices, Mapping):
            return action.choices
    return {}
