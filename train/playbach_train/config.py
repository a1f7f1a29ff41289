"""Everything that shapes a run, read from TOML, each value overridable by its own option.

A configuration is a frozen dataclass of sections, each a frozen dataclass whose fields are settings
(``playbach.schema``). Any names will do, but one section is ``training``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeAlias, TypeVar, cast

from playbach.errors import InputError
from playbach.files import read_toml
from playbach.schema import Mistakes, Setting, changed, nearest, settings_of, shown

C = TypeVar("C")
Patience: TypeAlias = Annotated[
    int,
    Setting(
        "epochs without better held-out bits before the run stops; 0 never stops early",
        low=0, high=100_000,
    ),
]  # fmt: skip
HeldOut: TypeAlias = Annotated[
    float, Setting("share of the movements held out, for early stopping", low=0, high=0.9)
]
Seed: TypeAlias = Annotated[int, Setting("seed of everything random", low=0, high=2**31 - 1)]


def count(about: str, high: int = 2048) -> Setting:
    """A setting of how many there are of something, or how wide it is: from 1."""
    return Setting(about, low=1, high=high)


def dropout_rate(about: str) -> Setting:
    """The setting of a rate of dropout."""
    return Setting(about, low=0, high=0.95)


def step_size(about: str) -> Setting:
    """The setting of a learning rate."""
    return Setting(about, low=1e-7, high=1)


class Training(Protocol):
    """What is asked of every network's training.

    Attributes:
        held_out: share of the movements that are held out, 0 to 0.9.
        seed: of everything random, the choice of those movements too.
    """

    @property
    def held_out(self) -> float: ...
    @property
    def seed(self) -> int: ...


class Configuration(Protocol):
    """What is asked of every network's configuration."""

    @property
    def training(self) -> Training:
        """The section of training."""


def settings(config: Any) -> dict[str, Setting]:
    """What each value may be and what it means, by ``section.name``."""
    return {
        f"{section.name}.{name}": setting
        for section in fields(config)
        for name, setting in settings_of(type(getattr(config, section.name))).items()
    }


def load_config(default: C, path: Path | None, overrides: Mapping[str, Any]) -> C:
    """The defaults, changed by the file, changed by ``overrides`` such as ``network.units``.

    Raises:
        InputError: a file that cannot be read, or a line for each unknown name or value that is not
            allowed.
    """
    config, mistakes = default, Mistakes()
    if path:
        given = _flat(path, read_toml(path)[1])
        # What the command line says instead is not looked at here.
        mine = {name: value for name, value in given.items() if name not in overrides}
        with mistakes.noted():
            config = _changed(config, mine, str(path), texts=False)
    with mistakes.noted():
        config = _changed(config, overrides, "command line", texts=True)
    mistakes.check()
    return config


def add_options(parser: argparse.ArgumentParser, default: Any) -> None:
    """``--config``, and one option for each value, such as ``--network.units``."""
    group = parser.add_argument_group("configuration; a value given here overrides the file's")
    group.add_argument("--config", metavar="FILE", type=Path, help="file of these values, in TOML")
    values = flat_values(default)
    for name, setting in settings(default).items():
        text = f"{setting.help} ({setting.range}; default {value_text(values[name])})"
        # argparse takes a % for the beginning of one of its own words.
        group.add_argument(f"--{name}", metavar="VALUE", help=text.replace("%", "%%"))


def options_given(args: argparse.Namespace) -> dict[str, str]:
    """The overrides among parsed arguments, as texts."""
    given = {name: text for name, text in vars(args).items() if "." in name}
    return {name: text for name, text in given.items() if text is not None}


def flat_values(config: Any) -> dict[str, Any]:
    """Every value by ``section.name``, in the order of the sections and their fields."""
    return {
        f"{section}.{name}": value
        for section, values in asdict(config).items()
        for name, value in values.items()
    }


def to_toml(config: Any) -> str:
    """The configuration as a file that ``load_config`` reads back."""
    lines: list[str] = []
    for section, values in asdict(config).items():
        lines.append(f"[{section}]")
        lines += [f"{name} = {value_text(value)}" for name, value in values.items()]
        lines.append("")
    return "\n".join(lines)


def value_text(value: float) -> str:
    """As TOML has it, with all its digits."""
    return str(value).lower()


def _flat(path: Path, document: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for section, values in document.items():
        if not isinstance(values, dict):
            raise InputError(f"{path}: {shown(section)} must stand in a section such as [training]")
        flat |= {f"{section}.{name}": value for name, value in values.items()}
    return flat


def _changed(config: C, wanted: Mapping[str, Any], where: str, *, texts: bool) -> C:
    known, mistakes = settings(config), Mistakes()
    sections: dict[str, dict[str, Any]] = {}
    for name, value in wanted.items():
        if mistakes.are_enough:
            break
        with mistakes.noted(f"{where}: "):
            if name not in known:
                hint = nearest(name, known) or "; see playbach-train --help"
                raise InputError(f"there is no {shown(name)}{hint}")
            section, _, key = name.partition(".")
            sections.setdefault(section, {})[key] = value
    # Any: that it is a dataclass is said in words only.
    whole: Any = config
    for section, values in sections.items():
        with mistakes.noted(f"{where}: {section}."):
            new = changed(getattr(whole, section), values, texts=texts)
            whole = replace(whole, **{section: new})
    mistakes.check()
    return cast("C", whole)
