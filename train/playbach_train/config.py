"""Everything that shapes a run, read from TOML, each value overridable by its own option.

A configuration is a frozen dataclass of sections, each a frozen dataclass of numbers, made by
``limited``, and of booleans. Any names will do, but one section is ``training``. ``--help`` takes
the meaning of a value from the docstring of its section.
"""

from __future__ import annotations

import argparse
import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import Field, asdict, field, fields, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from playbach.docstrings import attributes
from playbach.errors import InputError

MAX_CONFIG_BYTES = 65_536
_SHOWN = 60
_LIMITS = "limits"
C = TypeVar("C")


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


def limited(default: float, low: float, high: float) -> Any:
    """A number of a section, from ``low`` to ``high``, both allowed; whole if ``default`` is."""
    return field(default=default, metadata={_LIMITS: (low, high)})


def limits(config: Any) -> dict[str, tuple[float, float]]:
    """The lowest and the highest value allowed of every number, by ``section.name``."""
    return {
        name: one.metadata[_LIMITS]
        for name, one in _fields(config).items()
        if _LIMITS in one.metadata
    }


def load_config(default: C, path: Path | None, overrides: Mapping[str, Any]) -> C:
    """The defaults, changed by the file, changed by ``overrides`` such as ``network.units``.

    Raises:
        InputError: a file that cannot be read, an unknown name, or a value that is not allowed.
    """
    config = default
    values = _flat(path, _read(path)) if path else {}
    for name, value in {**values, **overrides}.items():
        config = _with(config, name, value, "command line" if name in overrides else str(path))
    return config


def add_options(parser: argparse.ArgumentParser, default: Any) -> None:
    """``--config``, and one option for each value, such as ``--network.units``."""
    group = parser.add_argument_group("configuration; a value given here overrides the file's")
    group.add_argument("--config", metavar="FILE", type=Path, help="file of these values, in TOML")
    told, allowed = meanings(default), limits(default)
    for name, value in flat_values(default).items():
        range_ = range_text(*allowed[name]) if name in allowed else "true or false"
        text = f"{told.get(name, '')} ({range_}; default {number_text(value)})".lstrip()
        # argparse takes a % for the beginning of one of its own words.
        group.add_argument(f"--{name}", metavar="VALUE", help=text.replace("%", "%%"))


def meanings(config: Any) -> dict[str, str]:
    """What the docstring of a section says of each of its values, by ``section.name``.

    Without the full stop, and of several sentences only the first; nothing under ``python -OO``.
    """
    return {
        f"{section.name}.{name}": about.split(". ")[0].rstrip(".")
        for section in fields(config)
        for name, about in attributes(type(getattr(config, section.name))).items()
    }


def options_given(args: argparse.Namespace) -> dict[str, Any]:
    """The overrides among parsed arguments, as TOML values."""
    given = {name: text for name, text in vars(args).items() if "." in name}
    return {name: _toml_value(name, text) for name, text in given.items() if text is not None}


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
        for name, value in values.items():
            lines.append(f"{name} = {str(value).lower() if isinstance(value, bool) else value}")
        lines.append("")
    return "\n".join(lines)


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise InputError(f"{path}: larger than {MAX_CONFIG_BYTES} bytes; not a configuration")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a TOML file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text; give a TOML file") from error
    # ValueError: not TOML, or a number of thousands of digits; the other: nested as deeply.
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not TOML: {error}") from error


def _flat(path: Path, document: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for section, values in document.items():
        if not isinstance(values, dict):
            raise InputError(
                f"{path}: {section[:_SHOWN]!r} must stand in a section such as [training]"
            )
        flat |= {f"{section}.{name}": value for name, value in values.items()}
    return flat


def _toml_value(name: str, text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError) as error:
        raise InputError(f"--{name} {text[:_SHOWN]}: it must be a number, true or false") from error


def _fields(config: Any) -> dict[str, Field[Any]]:
    return {
        f"{section.name}.{one.name}": one
        for section in fields(config)
        for one in fields(getattr(config, section.name))
    }


def _with(config: C, name: str, value: Any, where: str) -> C:
    known = _fields(config)
    if name not in known:
        near = difflib.get_close_matches(name[:_SHOWN], known, n=1)
        hint = f"did you mean {near[0]}?" if near else "see playbach-train --help"
        raise InputError(f"{where}: there is no {name[:_SHOWN]!r}; {hint}")
    section_name, _, key = name.partition(".")
    section = getattr(config, section_name)
    checked = _checked(name, value, known[name], where)
    # Any: that it is a dataclass is said in words only.
    whole: Any = config
    return cast("C", replace(whole, **{section_name: replace(section, **{key: checked})}))


def _checked(name: str, value: Any, one: Field[Any], where: str) -> Any:
    default: Any = one.default
    kind = type(default)
    if kind is bool:
        if not isinstance(value, bool):
            raise InputError(f"{where}: {name} must be true or false, not {_shown(value)}")
        return value
    low, high = one.metadata[_LIMITS]
    what = "a whole number from" if kind is int else "from"
    number = isinstance(value, (int, kind)) and not isinstance(value, bool)
    # Written so that NaN, which compares false with everything, is refused too.
    if not number or not low <= value <= high:
        raise InputError(
            f"{where}: {name} must be {what} {range_text(low, high)}, not {_shown(value)}"
        )
    return kind(value)


def range_text(low: float, high: float) -> str:
    """Both ends of a range of numbers, such as ``0 to 0.9``."""
    return f"{number_text(low)} to {number_text(high)}"


def number_text(value: float) -> str:
    """As TOML has it; integers with all their digits."""
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
