"""The networks there are, one row each; and a run, read back with its network's configuration."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from playbach.errors import InputError
from playbach.music.encoding import ENCODING_VERSION, Encoding
from playbach_train.config import load_config
from playbach_train.networks.architecture import Architecture
from playbach_train.runs.checkpoint import load_arrays
from playbach_train.runs.run import CONFIG, NETWORK, RECORD, Run, read_record

DEFAULT = "copying"

NETWORKS: dict[str, str] = {
    DEFAULT: "playbach_train.copying:ARCHITECTURE",
    "windowed": "playbach_train.networks.windowed:WINDOWED",
    "multihead": "playbach_train.networks.windowed:MULTIHEAD",
    "grid": "playbach_train.networks.windowed:GRID",
    "gan": "playbach_train.networks.gan:ARCHITECTURE",
}
"""Name to module and name of an ``Architecture``. Imported when wanted: Keras takes seconds."""

_SHOWN = 20


def architecture(name: str) -> Architecture:
    """The network of that name, which is one of ``NETWORKS``."""
    module, _, row = NETWORKS[name].partition(":")
    return cast("Architecture", getattr(importlib.import_module(module), row))


def check_network(name: str, where: str) -> None:
    """Refuse a name that is not one of ``NETWORKS``.

    Args:
        name: of a network, as somebody wrote it.
        where: it was written, such as ``--network``.

    Raises:
        InputError: there is no such network.
    """
    if name in NETWORKS:
        return
    near = difflib.get_close_matches(name[:_SHOWN], NETWORKS, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise InputError(
        f"{where}: there is no network {name[:_SHOWN]!r}{hint}; choose from {', '.join(NETWORKS)}"
    )


def load_run(folder: Path) -> Run:
    """Read a run directory.

    Raises:
        InputError: it is not one, or a file in it is damaged or of another version.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give the folder of a training run")
    weights, scores = load_arrays(folder / NETWORK)
    record = read_record(folder)
    network = network_of(folder, record)
    config = load_config(architecture(network).config, folder / CONFIG, {})
    return Run(folder, network, config, _encoding(folder, record), record, weights, scores)


def network_of(folder: Path, record: Mapping[str, Any]) -> str:
    """Which network the record of the run in ``folder`` names.

    Raises:
        InputError: one that this version does not know.
    """
    name = record.get("network", DEFAULT)
    check_network(str(name), f"{folder / RECORD}")
    return str(name)


def _encoding(folder: Path, record: Any) -> Encoding:
    try:
        found = record["encoding"]
        encoding = Encoding(
            shifts=tuple(map(int, found["shifts"])),
            durations=tuple(map(int, found["durations"])),
            widest=int(found["widest"]),
            forms=tuple(map(str, found["forms"])),
            meters=tuple(map(str, found["meters"])),
            version=int(found["version"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / RECORD}: no encoding in it ({error}); train again") from error
    if encoding.version != ENCODING_VERSION:
        raise InputError(
            f"{folder / RECORD}: made for version {encoding.version} of the encoding, this is "
            f"{ENCODING_VERSION}; train again"
        )
    return encoding
