"""Weights as files: arrays by name, nothing that can be executed, written atomically."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.files import write_atomically

if TYPE_CHECKING:
    # Keras takes seconds to import; reading an array does not need it.
    from playbach_train.network import Network

MAX_CHECKPOINT_BYTES = 512 * 2**20
Arrays = dict[str, NDArray[Any]]


def network_arrays(network: Network) -> Arrays:
    """The trainable weights by name, such as ``lstm_0/kernel``."""
    return {name: np.asarray(variable) for name, variable in _trainable(network)}


def load_network_arrays(network: Network, arrays: Arrays, where: str) -> None:
    """Put weights back.

    Raises:
        InputError: names or shapes are not those of this network, or a weight is not finite.
    """
    _assign(_trainable(network), arrays, where)


def training_arrays(network: Network, optimizer: Any) -> Arrays:
    """All that training goes on from: weights, dropout's seeds, the optimiser's memory."""
    return {name: np.asarray(variable) for name, variable in _all(network, optimizer)}


def load_training_arrays(network: Network, optimizer: Any, arrays: Arrays, where: str) -> None:
    """Put back what ``training_arrays`` returned; raises as ``load_network_arrays``."""
    _assign(_all(network, optimizer), arrays, where)


def save_arrays(path: Path, arrays: Arrays, notes: dict[str, Any]) -> None:
    """Write arrays and a JSON object to an ``.npz`` file, replacing it in one step."""
    text = np.frombuffer(json.dumps(notes).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{"notes.json": text}, **arrays)
    write_atomically(path, buffer.getvalue(), force=True)


def load_arrays(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """What ``save_arrays`` wrote.

    Raises:
        InputError: the file is missing, too large, damaged, or something else.
    """
    try:
        if path.stat().st_size > MAX_CHECKPOINT_BYTES:
            raise InputError(
                f"{path}: larger than {MAX_CHECKPOINT_BYTES >> 20} MiB; not a checkpoint"
            )
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        notes = json.loads(arrays.pop("notes.json").tobytes())
    except FileNotFoundError as error:
        raise InputError(
            f"{path.parent}: no checkpoint ({path.name}) in it; give the folder of a training run"
        ) from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: damaged, or not a checkpoint ({error}); train again") from error
    if not isinstance(notes, dict):
        raise InputError(f"{path}: damaged, or not a checkpoint; train again")
    return arrays, notes


def _trainable(network: Network) -> list[tuple[str, Any]]:
    return [(str(variable.path), variable) for variable in network.trainable_variables]


def _all(network: Network, optimizer: Any) -> list[tuple[str, Any]]:
    # The streams' states are not kept: every epoch begins at the beginning of pieces.
    carried = {id(state) for pair in network.states for state in pair} | {id(network.keys)}
    rest = [v for v in network.variables if id(v) not in carried]
    found = [(f"network/{v.path}", v) for v in rest]
    found += [(f"optimizer/{n}", v) for n, v in enumerate(optimizer.variables)]
    return found


def _assign(variables: Iterable[tuple[str, Any]], arrays: Arrays, where: str) -> None:
    wanted = dict(variables)
    if wanted.keys() != arrays.keys():
        odd = min(wanted.keys() ^ arrays.keys())
        raise InputError(f"{where}: made with other hyperparameters ({odd} is not in both)")
    for name, variable in wanted.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise InputError(
                f"{where}: made with other hyperparameters ({name} has shape "
                f"{arrays[name].shape}, this network wants {tuple(variable.shape)})"
            )
        if not np.isfinite(arrays[name]).all():
            raise InputError(f"{where}: {name} holds values that are not finite; train again")
    for name, variable in wanted.items():
        variable.assign(arrays[name])
