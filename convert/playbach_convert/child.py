"""Converting in a child process, whose crash is an error and no more."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from playbach.errors import OutputError, PlaybachError

WORKER_SECONDS = 1_800
"""For the graphs of one variant."""
ROLLOUTS = "rollouts.npz"
_REASON = 200

Arrays: TypeAlias = Mapping[str, NDArray[Any]]


class ConversionError(PlaybachError):
    """The converter failed, or what it made cannot be put into a bundle."""


def saved_graph(folder: Path, role: str) -> Path:
    """Where in the folder that parent and child share the graph of ``role`` is saved."""
    return folder / f"saved-{role}"


@contextlib.contextmanager
def shared_folder(rollouts: Arrays) -> Iterator[Path]:
    """A temporary folder for parent and child, with what int8 is calibrated on in it.

    Args:
        rollouts: by ``role/input``, what the input was at each of N steps; may be empty.

    Raises:
        OutputError: there is no room for it, or for what is written into it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="playbach-convert-") as folder:
            np.savez(Path(folder) / ROLLOUTS, allow_pickle=False, **rollouts)
            yield Path(folder)
    except OSError as error:
        raise OutputError(
            f"{tempfile.gettempdir()}: the converter's temporary files cannot be written: "
            f"{error.strerror}; make room, or set TMPDIR to another folder"
        ) from error


def convert_variant(variant: str, roles: Sequence[str], folder: Path) -> dict[str, bytes]:
    """The TFLite graph of each role.

    Args:
        variant: one of ``worker.OPTIONS``.
        roles: whose graphs lie at ``saved_graph``.
        folder: a ``shared_folder``.

    Raises:
        ConversionError: the child failed, crashed, or took too long; the message names the graph.
    """
    command = [sys.executable, "-m", "playbach_convert.worker", variant, str(folder), *roles]
    outs = {role: folder / f"{variant}-{role}.tflite" for role in roles}
    failure = _run(command)
    for role, out in outs.items():
        if not out.exists():
            raise ConversionError(f"{variant}/{role}: {failure or 'the converter wrote nothing'}")
    return {role: out.read_bytes() for role, out in outs.items()}


def _run(command: Sequence[str]) -> str:
    """Run the worker; what went wrong, ``""`` if nothing."""
    try:
        # No shell, and no word of the command comes from outside.
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=WORKER_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"the converter took over {WORKER_SECONDS} s"
    if done.returncode < 0:
        number = -done.returncode
        return f"the converter crashed ({signal.strsignal(number) or number})"
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        return f"the converter failed ({lines[-1][:_REASON]})"
    return ""
