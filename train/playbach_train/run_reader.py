"""A finished (or stopped) run, read back with the configuration of the network that it trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playbach.errors import InputError
from playbach.music.encoding import ENCODING_VERSION, Encoding
from playbach_train.checkpoint import load_arrays
from playbach_train.config import load_config
from playbach_train.networks.table import DEFAULT, architecture, check_network
from playbach_train.run import CONFIG, NETWORK, RECORD, Run, read_record


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
