"""Everything that shapes a run, read from TOML, each value overridable by its own option."""

from __future__ import annotations

import argparse
import difflib
import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from playbach.errors import InputError
from playbach.music.features import POINTER_KINDS

MAX_CONFIG_BYTES = 65_536
_SHOWN = 60


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network.

    Attributes:
        embedding: width of the sum of feature rows that enters the recurrent layers.
        units: units of each LSTM layer.
        layers: LSTM layers.
        head: width of each head's hidden layer, and of its feature rows.
        pointers: copying pointers of each kind: by interval, by step of the scale, by pitch.
        pointer_width: width of a pointer's queries and keys.
        memory: notes the pointers can look back over.
    """

    embedding: int = 96
    units: int = 192
    layers: int = 1
    head: int = 128
    pointers: int = 2
    pointer_width: int = 32
    memory: int = 512

    @property
    def all_pointers(self) -> int:
        """Pointers of all kinds."""
        return POINTER_KINDS * self.pointers

    @property
    def keys(self) -> int:
        """Width of the keys of all pointers together."""
        return self.all_pointers * self.pointer_width


@dataclass(frozen=True)
class Regularisation:
    """What keeps the network from learning its few pieces by heart.

    Attributes:
        embedding: dropout of the summed feature rows.
        recurrent: variational dropout of the LSTM's hidden state (Gal and Ghahramani 2016).
        between: variational dropout between LSTM layers and before the heads.
        head: dropout of each head's hidden layer.
        hints: dropout of whole feature rows that are hints from the piece's history.
    """

    embedding: float = 0.15
    recurrent: float = 0.25
    between: float = 0.3
    head: float = 0.3
    hints: float = 0.35


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is trained.

    Attributes:
        epochs: times every movement is read.
        streams: movements read side by side.
        segment: notes between two updates.
        learning_rate: the highest, reached after the warm-up; a cosine leads it down to 1 %.
        warmup: share of all updates in which it rises.
        weight_decay: decoupled decay of weights (AdamW).
        clip: largest norm of the gradient.
        averaging: momentum of the weights' moving average, which is what is evaluated and kept.
        patience: epochs without better held-out bits before the run stops; 0 never stops early.
        held_out: share of the movements kept out for early stopping.
        transpose: semitones either way by which movements are moved at random.
        seed: of everything random.
        mixed_precision: compute in bfloat16, keep weights in float32.
    """

    epochs: int = 14
    streams: int = 8
    segment: int = 32
    learning_rate: float = 0.002
    warmup: float = 0.03
    weight_decay: float = 0.01
    clip: float = 1.0
    averaging: float = 0.99
    patience: int = 15
    held_out: float = 0.12
    transpose: int = 6
    seed: int = 1
    mixed_precision: bool = False


@dataclass(frozen=True)
class RunConfig:
    """The sections of a configuration file."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    regularisation: Regularisation = field(default_factory=Regularisation)
    training: TrainingConfig = field(default_factory=TrainingConfig)


# What each value may be: (lowest, highest), both allowed.
LIMITS: dict[str, tuple[float, float]] = {
    "network.embedding": (1, 2048),
    "network.units": (1, 2048),
    "network.layers": (1, 8),
    "network.head": (1, 2048),
    "network.pointers": (1, 32),
    "network.pointer_width": (1, 512),
    "network.memory": (1, 8192),
    "regularisation.embedding": (0, 0.95),
    "regularisation.recurrent": (0, 0.95),
    "regularisation.between": (0, 0.95),
    "regularisation.head": (0, 0.95),
    "regularisation.hints": (0, 0.95),
    "training.epochs": (1, 100_000),
    "training.streams": (1, 1024),
    "training.segment": (2, 8192),
    "training.learning_rate": (1e-7, 1),
    "training.warmup": (0, 0.9),
    "training.weight_decay": (0, 1),
    "training.clip": (1e-3, 1e3),
    "training.averaging": (0, 0.99999),
    "training.patience": (0, 100_000),
    "training.held_out": (0, 0.9),
    "training.transpose": (0, 24),
    "training.seed": (0, 2**31 - 1),
}


def load_config(path: Path | None, overrides: dict[str, Any]) -> RunConfig:
    """The defaults, changed by the file, changed by ``overrides`` such as ``network.units``.

    Raises:
        InputError: a file that cannot be read, an unknown name, or a value that is not allowed.
    """
    config = RunConfig()
    values = _flat(path, _read(path)) if path else {}
    for name, value in (values | overrides).items():
        config = _with(config, name, value, "command line" if name in overrides else str(path))
    return config


def add_options(parser: argparse.ArgumentParser) -> None:
    """One option for each value, such as ``--network.units``."""
    group = parser.add_argument_group("values of the configuration, each overriding the file's")
    for name, value in flat_values(RunConfig()).items():
        kind = str(value).lower() if isinstance(value, bool) else f"{value:g}"
        group.add_argument(f"--{name}", metavar="VALUE", help=f"default {kind}")


def options_given(args: argparse.Namespace) -> dict[str, Any]:
    """The overrides among parsed arguments, as TOML values."""
    given = {name: getattr(args, name) for name in flat_values(RunConfig())}
    return {name: _toml_value(name, text) for name, text in given.items() if text is not None}


def flat_values(config: RunConfig) -> dict[str, Any]:
    """``section.name`` to value, in order."""
    return {
        f"{section}.{name}": value
        for section, values in asdict(config).items()
        for name, value in values.items()
    }


def to_toml(config: RunConfig) -> str:
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
                f"{path}: {section[:_SHOWN]!r} stands outside a section such as [training]"
            )
        flat |= {f"{section}.{name}": value for name, value in values.items()}
    return flat


def _toml_value(name: str, text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError) as error:
        raise InputError(f"--{name} {text[:_SHOWN]}: not a number, nor true or false") from error


def _with(config: RunConfig, name: str, value: Any, where: str) -> RunConfig:
    section_name, _, key = name.partition(".")
    known = flat_values(config)
    if name not in known:
        near = difflib.get_close_matches(name[:_SHOWN], known, n=1)
        hint = f"did you mean {near[0]}?" if near else "see playbach-train --help"
        raise InputError(f"{where}: there is no {name[:_SHOWN]!r}; {hint}")
    section = getattr(config, section_name)
    kind = {one.name: type(getattr(section, one.name)) for one in fields(section)}[key]
    checked = _checked(name, value, kind, where)
    return replace(config, **{section_name: replace(section, **{key: checked})})


def _checked(name: str, value: Any, kind: type, where: str) -> Any:
    if kind is bool:
        if not isinstance(value, bool):
            raise InputError(f"{where}: {name} is true or false, not {_shown(value)}")
        return value
    low, high = LIMITS[name]
    whole = " a whole number" if kind is int else ""
    number = isinstance(value, (int, kind)) and not isinstance(value, bool)
    # Written so that NaN, which compares false with everything, is refused too.
    if not number or not low <= value <= high:
        raise InputError(f"{where}: {name} is{whole} from {low:g} to {high:g}, not {_shown(value)}")
    return kind(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
