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

WORKER_SECONDS = 600
ROLLOUTS = "rollouts.npz"
_REASON = 200

Arrays: TypeAlias = Mapping[str, NDArray[Any]]


class ConversionError(PlaybachError):
    """The converter failed, or what it made does not do what the network does."""


def convert_variant(
    variant: str, roles: Sequence[str], weights: Arrays, rollouts: Arrays
) -> dict[str, bytes]:
    """The TFLite graph of each role.

    Args:
        variant: one of ``worker.OPTIONS``.
        roles: of ``steps.ROLES``.
        weights: of the network, by name.
        rollouts: what int8 is calibrated on, as in ``calibration``; may be empty for the others.

    Raises:
        ConversionError: the child failed, crashed, or took too long; the message names the graph.
        OutputError: the folder for temporary files is full.
    """
    with _temporary_folder() as folder:
        stored = folder / "weights.npz"
        np.savez(stored, allow_pickle=False, **weights)
        np.savez(folder / ROLLOUTS, allow_pickle=False, **rollouts)
        module = "playbach_convert.worker"
        command = [sys.executable, "-m", module, variant, str(stored), str(folder), *roles]
        outs = {role: folder / f"{variant}-{role}.tflite" for role in roles}
        failure = _run(command)
        for role, out in outs.items():
            if not out.exists():
                raise ConversionError(
                    f"{variant}/{role}: {failure or 'the converter gave nothing'}"
                )
        return {role: out.read_bytes() for role, out in outs.items()}


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(prefix="playbach-convert-") as folder:
            yield Path(folder)
    except OSError as error:
        raise OutputError(
            f"{tempfile.gettempdir()}: what lies between network and bundle cannot be written: "
            f"{error.strerror}; make room, or set TMPDIR to another folder"
        ) from error


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
