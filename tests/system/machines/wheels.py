"""The project's own wheel, and the wheels that a board of another kind would install."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from tests.system.machines.needs import NeedError

ROOT = Path(__file__).parents[3]
PATIENCE = 900
ENTRY = re.compile(r"^\S.*(?:\n +.*)*", re.MULTILINE)
HASHES = re.compile(r"\s*\\\n.*", re.DOTALL)


@dataclass(frozen=True)
class Target:
    """What wheels are for.

    Attributes:
        python: such as ``3.13``.
        machine: such as ``aarch64``.
        glibc: the newest minor version of glibc 2 that a wheel may want.
    """

    python: str
    machine: str
    glibc: int

    @property
    def environment(self) -> dict[str, str]:
        """The values of the markers of PEP 508 there."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }

    @property
    def platforms(self) -> list[str]:
        """Tags of PEP 600 that fit, the newest first."""
        tags = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc, 16, -1)]
        return [*tags, f"manylinux2014_{self.machine}"]


def wanted_on(requirements: str, target: Target) -> list[str]:
    """The entries of a hashed requirements file whose markers hold on ``target``, without them."""
    wanted = []
    for entry in ENTRY.findall(requirements):
        requirement = Requirement(HASHES.sub("", entry))
        if requirement.marker is None or requirement.marker.evaluate(target.environment):
            pinned = f"{requirement.name}{requirement.specifier}"
            wanted.append(" ".join([pinned, *re.findall(r"--hash=\S+", entry)]))
    return wanted


def project_wheel(folder: Path) -> Path:
    """Build this project's wheel into ``folder``.

    Raises:
        NeedError: it cannot be built.
    """
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("playbach-*.whl")
    return wheel


def board_wheels(folder: Path, target: Target) -> None:
    """Download into ``folder`` what playing and installing take on ``target``.

    Raises:
        NeedError: something has no wheel there, or no network is to be had.
    """
    wanted = set[str]()
    for name in ("board.txt", "build.txt"):
        requirements = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        wanted |= set(wanted_on(requirements, target))
    listed = folder / "wanted.txt"
    listed.write_text("\n".join(sorted(wanted)) + "\n", encoding="utf-8")
    platforms = [word for tag in target.platforms for word in ("--platform", tag)]
    _pip(
        "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--dest", folder,
        "--implementation", "cp", "--python-version", target.python, *platforms, "-r", listed,
    )  # fmt: skip


def _pip(command: str, *words: str | Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", command]
        + [str(word) for word in words],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NeedError(f"pip {command}: {(lines or done.stderr.splitlines() or ['failed'])[-1]}")
