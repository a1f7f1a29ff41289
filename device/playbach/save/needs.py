"""Finds and runs programs and libraries beyond the base install; errors name what to install."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from playbach.errors import OutputError

_AS_IT_IS: Mapping[str, str] = MappingProxyType({})


def require_library(name: str, package: str) -> None:
    """Check that a Python library can be imported.

    Args:
        name: as it is imported.
        package: as it is installed.

    Raises:
        OutputError: it is not installed.
    """
    if importlib.util.find_spec(name) is None:
        raise OutputError(
            f"the Python package {package} is not installed; run: {sys.executable} -m pip install "
            f"{package}, or install playbach with its extra 'score'"
        )


def require_program(name: str, install: str) -> str:
    """Path of a program.

    Args:
        name: as it is called.
        install: the command that installs it.

    Raises:
        OutputError: it is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise OutputError(f"the program {name} is not installed; run: {install}")
    return path


def run_program(
    command: Sequence[str],
    install: str,
    patience: float,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] = _AS_IT_IS,
    given: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a program that ``require_program`` found to its end, whatever its exit status.

    Args:
        command: its path and its arguments; no shell reads them.
        install: the command that installs it.
        patience: seconds that it may take.
        folder: in which it runs (default: the current one).
        environment: variables that it has beside our own.
        given: what it reads from its standard input.

    Raises:
        OutputError: it does not run, or takes longer.
    """
    try:
        return subprocess.run(  # noqa: S603 no shell; the program found on the PATH
            command,
            cwd=folder,
            env={**os.environ, **environment},
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OutputError(
            f"{Path(command[0]).name} did not end within {patience:.0f} seconds; ask for fewer "
            "notes"
        ) from error
    except OSError as error:
        raise OutputError(f"{command[0]} does not run: {error}; run: {install}") from error
