"""Weights as files: arrays by name, nothing that can be executed, written atomically.

A variable is known by its Keras path. Name model and layers: Keras numbers default names
process-wide, so that the same network built twice would not find its weights again.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.files import write_atomically

if TYPE_CHECKING:
    # Keras takes seconds to import; reading an array does not need it.
    from keras import Model
    from keras.optimizers import Optimizer

MAX_CHECKPOINT_BYTES = 512 * 2**20
Arrays = dict[str, NDArray[Any]]
Variables = dict[str, Any]


def model_arrays(model: Model) -> Arrays:
    """What a trained model computes with, by name, such as ``lstm_0/kernel``.

    Trainable weights, and others such as the averages of batch normalisation; not what the model
    lists as ``carried``: states that are of the music being read, not of the network.
    """
    return _values(_weights(model))


def load_model_arrays(model: Model, arrays: Arrays, where: str) -> None:
    """Put back what ``model_arrays`` returned; the model must have been built.

    Args:
        model: receives the weights.
        arrays: by name.
        where: they come from, for messages.

    Raises:
        InputError: names or shapes are not those of this model, or a weight is not finite.
    """
    _assign(_weights(model), arrays, where)


def training_arrays(model: Model, optimizer: Optimizer) -> Arrays:
    """All that training goes on from: weights, dropout's seeds, the optimiser's memory."""
    return _values(_all(model, optimizer))


def load_training_arrays(model: Model, optimizer: Optimizer, arrays: Arrays, where: str) -> None:
    """Put back what ``training_arrays`` returned; raises as ``load_model_arrays``.

    Model and optimiser must have been built: ``optimizer.build(model.trainable_variables)``.
    """
    _assign(_all(model, optimizer), arrays, where)


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


def _weights(model: Model) -> Variables:
    # What is carried is not kept: every epoch begins at the beginning of pieces.
    carried = {id(variable) for variable in getattr(model, "carried", ())}
    found: Variables = {}
    for variable in model.weights:
        if variable.path in found:
            raise ValueError(f"two weights are called {variable.path}; name each layer differently")
        if id(variable) not in carried:
            found[variable.path] = variable
    return found


def _all(model: Model, optimizer: Optimizer) -> Variables:
    weights = {id(variable) for variable in model.weights}
    # Dropout's generators of random numbers; Keras' own layers leave them nameless.
    generators = [variable for variable in model.variables if id(variable) not in weights]
    return {
        **{f"network/{name}": variable for name, variable in _weights(model).items()},
        **{f"random/{n}": variable for n, variable in enumerate(generators)},
        **{f"optimizer/{n}": variable for n, variable in enumerate(optimizer.variables)},
    }


def _values(variables: Variables) -> Arrays:
    return {name: np.asarray(variable) for name, variable in variables.items()}


def _assign(variables: Variables, arrays: Arrays, where: str) -> None:
    if variables.keys() != arrays.keys():
        odd = min(variables.keys() ^ arrays.keys())
        raise InputError(f"{where}: made with other hyperparameters ({odd} is not in both)")
    for name, variable in variables.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise InputError(
                f"{where}: made with other hyperparameters ({name} has shape "
                f"{arrays[name].shape}, this network wants {tuple(variable.shape)})"
            )
        if not np.isfinite(arrays[name]).all():
            raise InputError(f"{where}: {name} holds values that are not finite; train again")
    for name, variable in variables.items():
        variable.assign(arrays[name])
