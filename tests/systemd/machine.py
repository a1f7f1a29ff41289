"""A Debian of its own, booted by ``systemd-nspawn`` with a real systemd as its first process."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUITE = "bookworm"
PACKAGES = ("systemd-sysv", "dbus", "python3", "python3-venv")
PROGRAMS = {"systemd-nspawn": "systemd-container", "debootstrap": "debootstrap", "make": "make"}
PATIENCE = 120.0
_INSTALLING = 900.0


def require() -> None:
    """Skip, with the reason, where no machine can be booted."""
    if os.geteuid() != 0:
        pytest.skip("only root may boot a machine")
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if missing:
        pytest.skip(f"missing: apt install {' '.join(missing)}")
    if not Path("/usr/bin/python3").exists():
        pytest.skip("no /usr/bin/python3, whose version must be that of the machine")


def debian() -> Path:
    """A minimal Debian, made once and kept in the user's cache."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    root = base / "playbach" / f"{SUITE}-service"
    if not root.exists():
        part = root.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(part),
            timeout=_INSTALLING)  # fmt: skip
        part.rename(root)
    return root


def run(*words: str, timeout: float = PATIENCE, check: bool = True) -> str:
    """What a program says, standard error included."""
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
        check=False, cwd=ROOT,
    )  # fmt: skip
    assert not check or done.returncode == 0, (words, done.stdout)
    return done.stdout


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> float:
    """Wait for something; the seconds it took."""
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        assert waited < patience, f"no {what} after {waited:.0f} s"
        time.sleep(0.1)
    return time.monotonic() - began


@dataclass(frozen=True)
class Unit:
    """What the service manager says of the service.

    Attributes:
        state: such as ``active``.
        pid: of its main process, 0 if there is none.
        status: the line it last sent.
        restarts: how often it was started again.
        result: how it last ended.
    """

    state: str
    pid: int
    status: str
    restarts: int
    result: str


@dataclass(frozen=True)
class Machine:
    """A machine that runs.

    Attributes:
        root: its file system.
        leader: its first process, as seen from here.
    """

    root: Path
    leader: int

    def run(self, *words: str, check: bool = True) -> str:
        """What a program in the machine says."""
        inside = ("nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net",
                  "--pid", f"--wdns={'/'}", "--")  # fmt: skip
        return run(*inside, *words, check=check)

    def unit(self) -> Unit:
        """How the service is."""
        names = ("ActiveState", "MainPID", "StatusText", "NRestarts", "Result")
        said = self.run("systemctl", "show", "playbach", *(f"--property={n}" for n in names))
        values = dict(line.split("=", 1) for line in said.splitlines())
        return Unit(
            state=values["ActiveState"],
            pid=int(values["MainPID"]),
            status=values["StatusText"],
            restarts=int(values["NRestarts"]),
            result=values["Result"],
        )

    def journal(self) -> str:
        """What the service said so far."""
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit=playbach")


def install(root: Path, verb: str = "install") -> str:
    """Install into a file system by make, or take away, or go ``back``; what that says."""
    if verb == "back":
        return run("env", f"DESTDIR={root}", "systemd/install", verb)
    return run("make", "-s", verb, f"DESTDIR={root}", "PYTHON=/usr/bin/python3",
               timeout=_INSTALLING)  # fmt: skip


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """A machine with the service installed by ``make install``, switched off in the end."""
    root = folder / "root"
    run("cp", "-a", "--reflink=auto", str(debian()), str(root))
    install(root)
    words = ("systemd-nspawn", f"--directory={root}", "--register=no", "--keep-unit",
             "--private-network", "--console=pipe", "--boot")  # fmt: skip
    with (
        (folder / "console").open("wb") as console,
        subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT
        ) as container,
    ):
        try:
            yield _booted(root, container)
        finally:
            # As its manual has it: an orderly end of the machine.
            container.terminate()
            try:
                container.wait(PATIENCE)
            finally:
                container.kill()
                # Half a gigabyte that nobody looks at again.
                shutil.rmtree(root, ignore_errors=True)


def _booted(root: Path, container: subprocess.Popen[bytes]) -> Machine:
    children = Path(f"/proc/{container.pid}/task/{container.pid}/children")
    until(lambda: bool(children.read_text().split()), "first process")
    found = Machine(root, int(children.read_text().split()[0]))

    def is_up() -> bool:
        said = found.run("systemctl", "is-system-running", check=False).strip()
        return said in {"running", "degraded"}

    until(is_up, "running machine")
    return found
