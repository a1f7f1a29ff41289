"""What a format needs beyond the base install, and the line that says so."""

from __future__ import annotations

import importlib.util
import shutil
import sys

from playbach.errors import OutputError


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
