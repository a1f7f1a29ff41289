"""What the installer refuses, and what it leaves alone. `make test-service` really installs."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

INSTALLER = Path(__file__).parents[2] / "systemd" / "install"


@dataclass(frozen=True)
class Done:
    """What the installer did.

    Attributes:
        status: its exit status.
        said: on both outputs.
    """

    status: int
    said: str


def install(verb: str, destination: Path, *, prefix: str = "/opt/playbach", **named: str) -> Done:
    environment = {**os.environ, "DESTDIR": str(destination), "PREFIX": prefix, **named}
    done = subprocess.run(
        ["bash", str(INSTALLER), verb],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
        env=environment,
    )  # fmt: skip
    return Done(done.returncode, done.stdout)


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """The root of a board on which an older version is installed and in use."""
    for name in (
        "opt/playbach/pyvenv.cfg",
        "etc/playbach/config.toml",
        "etc/playbach/synth.env",
        "var/lib/playbach/settings.json",
        "usr/local/lib/systemd/system/playbach.service",
        "usr/local/lib/systemd/system/playbach.service.d/back-off.conf",
        "usr/local/lib/systemd/system/other.service",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")
    (tmp_path / "usr/local/bin").mkdir()
    (tmp_path / "usr/local/bin/playbach").symlink_to("/opt/playbach/bin/playbach")
    return tmp_path


def files(root: Path) -> list[str]:
    return sorted(
        str(p.relative_to(root)) for p in root.rglob("*") if p.is_symlink() or p.is_file()
    )


@pytest.mark.parametrize(
    "prefix", ["/", "opt/playbach", "/opt", "/opt/", "/opt/play bach", "/opt/../usr", "/opt/$HOME"]
)
def test_a_prefix_that_could_do_harm_is_refused(board: Path, prefix: str) -> None:
    before = files(board)
    for verb in ("install", "uninstall"):
        done = install(verb, board, prefix=prefix)
        assert done.status == 2
        assert done.said.count("\n") == 1
        assert f"PREFIX={prefix}: give an absolute path" in done.said
    assert files(board) == before


def test_a_folder_of_somebody_elses_is_not_replaced(board: Path) -> None:
    (board / "opt/other").mkdir()
    (board / "opt/other/precious").touch()
    for verb in ("install", "uninstall"):
        done = install(verb, board, prefix="/opt/other")
        assert done.status == 2
        assert "opt/other: holds something else; choose another PREFIX" in done.said
    assert (board / "opt/other/precious").exists()


def test_an_installation_that_fails_changes_nothing(board: Path) -> None:
    before = files(board)
    done = install("install", board, PYTHON=shutil.which("false") or "false")
    assert done.status != 0
    assert files(board) == before


def test_uninstalling_leaves_configuration_and_state_and_says_so(board: Path) -> None:
    done = install("uninstall", board)
    assert done.status == 0, done.said
    assert files(board) == [
        "etc/playbach/config.toml",
        "etc/playbach/synth.env",
        "usr/local/lib/systemd/system/other.service",
        "var/lib/playbach/settings.json",
    ]
    assert f"the configuration in {board}/etc/playbach" in done.said
    assert f"in {board}/var/lib/playbach" in done.said


def test_uninstalling_twice_is_no_failure(board: Path) -> None:
    install("uninstall", board)
    assert install("uninstall", board).status == 0


def test_a_command_of_another_installation_stays(board: Path) -> None:
    command = board / "usr/local/bin/playbach"
    command.unlink()
    command.symlink_to("/opt/another/bin/playbach")
    install("uninstall", board)
    assert command.is_symlink()


def test_whoever_is_not_root_is_told_so() -> None:
    nobody = 65534 if os.geteuid() == 0 else None
    done = subprocess.run(
        ["bash", "-s", "install"],
        # Given, because a stranger may not be able to read it where it is.
        input=INSTALLER.read_text(encoding="utf-8"),
        env={"PATH": os.environ["PATH"]}, user=nobody, group=nobody, cwd="/",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "only root may install here; use sudo, or give a DESTDIR" in done.stdout
