"""Debian root file systems, made by debootstrap and kept in the user's cache."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.system.machines.needs import PATH, NeedError

PATIENCE = 3600
BINFMT = Path("/proc/sys/fs/binfmt_misc")
EMULATOR = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
"""How qemu-user-static wants the kernel to start programs for 64-bit ARM."""


@dataclass(frozen=True)
class Debian:
    """A root file system.

    Attributes:
        release: such as ``trixie``.
        arch: Debian's name of the architecture, such as ``arm64``.
        packages: what is installed beyond the smallest system.
    """

    release: str
    arch: str
    packages: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where it is kept: another folder for other packages."""
        return cache() / f"{self.release}-{self.arch}-{digest(repr(self.packages))}"


def digest(text: str) -> str:
    """A short name for what ``text`` describes."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def cache() -> Path:
    """The folder in which root file systems and disks are kept; it may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "playbach-system-tests"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else makes ``path`` meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def root_of(debian: Debian) -> Path:
    """The root file system of ``debian``, made now if it is not in the cache.

    Raises:
        NeedError: debootstrap fails.
    """
    folder = debian.folder
    with locked(folder):
        if not folder.is_dir():
            print(f"making a Debian in {folder}, once; this takes minutes", flush=True)
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            _bootstrap(debian, partial)
            partial.rename(folder)
    return folder


def _bootstrap(debian: Debian, folder: Path) -> None:
    log = folder.with_name(f"{folder.name}.log")
    words = [
        "debootstrap", f"--arch={debian.arch}", "--variant=minbase",
        f"--include={','.join(debian.packages)}", debian.release, str(folder),
    ]  # fmt: skip
    with log.open("w") as file:
        made = subprocess.run(
            words, stdout=file, stderr=file, stdin=subprocess.DEVNULL, timeout=PATIENCE,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8"} | _proxies(), check=False,
        )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise NeedError(f"debootstrap of {debian.release} ({debian.arch}) failed; see {log}")


def _proxies() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.endswith("_proxy")}


@contextlib.contextmanager
def arm_programs() -> Iterator[None]:
    """The kernel starts programs for 64-bit ARM by qemu; undone at the end if it was not so before.

    Raises:
        NeedError: the kernel cannot be told.
    """
    with contextlib.ExitStack() as undo:
        if not (BINFMT / "register").exists():
            _mount_binfmt()
            undo.callback(subprocess.run, ["umount", str(BINFMT)], check=False)
        entry = BINFMT / "qemu-aarch64"
        if not entry.exists():
            if not EMULATOR.exists():
                raise NeedError(f"{EMULATOR} is missing; on Debian: apt install qemu-user-static")
            (BINFMT / "register").write_bytes(EMULATOR.read_bytes().strip())
            # "-1" removes the entry: Documentation/admin-guide/binfmt-misc.rst of the kernel.
            undo.callback(entry.write_text, "-1")
        yield


def _mount_binfmt() -> None:
    words = ["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)]
    mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        raise NeedError(f"this kernel has no binfmt_misc: {mounted.stderr.strip()}")


@contextlib.contextmanager
def workroom(root: Path) -> Iterator[Path]:
    """A folder inside ``root`` that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="playbach-", dir=root / "srv") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def run_inside(
    root: Path, *words: str | Path, timeout: float = 600, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program in ``root``, without a network and with nothing mounted but ``/proc``.

    The mount and all processes are gone when it ends or is killed: they live in namespaces of
    their own. ``/sys`` stays empty: under qemu, LiteRT crashes on what it reads there.
    """
    apart = ["setpriv", "--pdeathsig", "KILL"]
    apart += ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", f"--root={root}"]
    return subprocess.run(
        [*apart, "--mount-proc", "--", *map(str, words)],
        capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False,
        env={"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", **environment},
    )  # fmt: skip
