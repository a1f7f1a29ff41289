"""A clone as a reader of the documents has it, for running what they say."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from tests.docs.pages import ROOT, Block, Mark

from playbach.address import DEFAULT_PORT

ENVIRONMENT = Path(sys.executable).parent
"""The programs of the environment that runs the tests."""
COPIED = ("Makefile", "LICENSE", "pyproject.toml", "requirements", "device", "train", "convert")
ENVIRONMENTS = (".venv", ".venv-dev")
"""What ``make`` makes; here they are the environment that runs the tests."""
PROGRAMS = {"sh": ("bash", "-euo", "pipefail", "-c"), "python": ("python", "-c")}
"""What runs a block, by what it says it is."""
PATIENCE = 900.0
"""Seconds after which a command hangs."""
INTERRUPTED = (0, 2, 130, -signal.SIGINT)
"""Statuses after Ctrl-C: of a program that ends well, of ``make``, and two of a shell."""
_SERVES = re.compile(r"(playbach|make) play(?!.*--(help|no-web))")
"""Commands that serve the page, where its usual port is free."""
_NO_CACHES = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info")


def missing(block: Block) -> list[str]:
    """What a block needs and is not here."""
    needs = block.mark.needs if block.mark else ()
    absent = [name for name in needs if shutil.which(name) is None and not Path(name).is_file()]
    if serves(block) and not _is_free(DEFAULT_PORT):
        absent.append(f"port {DEFAULT_PORT}")
    return absent


def serves(block: Block) -> bool:
    """Whether the page is served on its usual port, where that is free."""
    return _SERVES.search(block.text) is not None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Clone:
    """A copy of what commands need, in a folder where they may do what they like."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "playbach"
        self.home = folder / "home"
        self.home.mkdir()
        self.folder.mkdir()
        for name in COPIED:
            _copy(ROOT / name, self.folder / name)
        for name in ENVIRONMENTS:
            (self.folder / name).mkdir()
            (self.folder / name / "bin").symlink_to(ENVIRONMENT)
            (self.folder / name / "installed").touch()

    def run(self, block: Block) -> str:
        """Run a block as it would be pasted into a shell; what it said."""
        process = subprocess.Popen(
            [*PROGRAMS[block.language], block.text],
            cwd=self.folder, env=self._variables(), start_new_session=True, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        mark = block.mark or Mark("")
        with process:
            try:
                said = self._said(process, mark)
                status = process.wait(PATIENCE)
            finally:
                _kill(process, signal.SIGKILL)
        allowed = (0, mark.status) if mark.stopped_at is None else INTERRUPTED
        assert status in allowed, f"{block.where}: status {status}:\n{said}"
        assert "Traceback" not in said, f"{block.where}:\n{said}"
        return said

    def _said(self, process: subprocess.Popen[str], mark: Mark) -> str:
        assert process.stdout is not None
        said = _read(process.stdout, mark.stopped_at)
        if mark.stopped_at is not None:
            assert mark.stopped_at in said, f"it ended by itself:\n{said}"
            _kill(process, signal.SIGINT)
            said += process.communicate(timeout=PATIENCE)[0]
        return said

    def _variables(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": f"{ENVIRONMENT}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
        }


def _kill(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to a command and all that it started, if anything of it is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=_NO_CACHES)
    else:
        shutil.copyfile(source, target)


def _read(stream: IO[str], until: str | None) -> str:
    """What a program says to its end, or until it has said ``until``."""
    os.set_blocking(stream.fileno(), False)
    said, deadline = "", time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if not selector.select(timeout=1):
                continue
            piece = os.read(stream.fileno(), 65_536)
            said += piece.decode(errors="replace")
            if not piece or (until is not None and until in said):
                break
        else:
            raise AssertionError(f"still running after {PATIENCE} s:\n{said}")
    os.set_blocking(stream.fileno(), True)
    return said
