"""What the installer refuses, and what it leaves alone. `make test-service` really installs."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

INSTALLER = Path(__file__).parents[2] / "systemd" / "install"
COMMAND, UNIT = "usr/local/bin/playbach", "usr/local/lib/systemd/system/playbach.service"
CHECKED = 10
"""After each so many kills it is installed again."""
REMAINS = [
    "etc/playbach/config.toml",
    "etc/playbach/synth.env",
    "usr/local/lib/systemd/system/other.service",
    "var/lib/playbach/settings.json",
]
# Makes what the installer makes, but in no time; a version says who made it.
PYTHON = """\
#!/bin/sh
case "$*" in
--version) echo "Python of $MAKER" ;;
"-m venv"*)
    mkdir -p "$5/bin" "$5/lib" "$5/include"
    cp "$0" "$5/bin/python"
    printf "home = /usr/bin\\nprompt = 'playbach'\\n" >"$5/pyvenv.cfg" ;;
*--no-deps*)
    folder=$(dirname "$0")
    printf '#!%s\\necho %s\\n' "$0" "$MAKER" >"$folder/playbach"
    chmod 755 "$folder/playbach" ;;
esac
"""
# Read by bash before the installer: kills it when it is about to begin its N-th command, of those
# that may change something.
KILLER = """\
set -o functrace
commands=0
looks() {
    [[ $1 =~ ^(\\[\\[|\\(\\(|local|echo|continue|basename|readlink|ls|sort|head|[a-z]+=|for) ]]
}
before() {
    looks "$1" || ((++commands != KILL_AT)) || {
        : >"$KILLED"
        kill -KILL $$ $BASHPID
    }
}
trap '[[ ${FUNCNAME[0]:-} =~ ^(looks|before)$ ]] || before "$BASH_COMMAND"' DEBUG
"""


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
    (tmp_path / "opt/playbach/pyvenv.cfg").write_text("prompt = 'playbach'\n")
    (tmp_path / "opt/playbach/bin").mkdir()
    (tmp_path / "opt/playbach/bin/playbach").write_text("#!/opt/playbach/bin/python\necho old\n")
    (tmp_path / UNIT).write_text("ExecStart=/opt/playbach/bin/playbach daemon\n")
    (tmp_path / "usr/local/bin").mkdir()
    (tmp_path / COMMAND).symlink_to("/opt/playbach/bin/playbach")
    return tmp_path


@pytest.fixture
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    program = tmp_path_factory.mktemp("python") / "python3"
    program.write_text(PYTHON)
    program.chmod(0o755)
    return str(program)


def inside(board: Path, name: str) -> Path:
    """A file as the board itself would find it, links and all."""
    path = board / name.lstrip("/")
    for part in [*reversed(path.parents), path]:
        if part.is_symlink():
            target = part.readlink()
            to = (
                str(target)
                if target.is_absolute()
                else str(Path("/", part.relative_to(board)).parent / target)
            )
            return inside(board, f"{to}/{path.relative_to(part)}")
    return path


def version(board: Path, name: str) -> str:
    """Which version a program there is; it has to start."""
    program = inside(board, name)
    first, says = program.read_text().splitlines()
    assert first == "#!/opt/playbach/bin/python" or inside(board, first[2:]).exists()
    return says.removeprefix("echo ")


def running(board: Path) -> set[str]:
    """The versions that the command and the unit would start."""
    unit = re.search(r"^ExecStart=(\S+)", (board / UNIT).read_text(), re.MULTILINE)
    assert unit
    return {version(board, COMMAND), version(board, unit[1])}


def contents(board: Path) -> dict[str, str]:
    """All files, by name."""
    found = {}
    for path in sorted(board.rglob("*")):
        name = str(path.relative_to(board))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_text()
    return found


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
    (board / "opt/other/pyvenv.cfg").write_text("prompt = 'mine'\n")
    for verb in ("install", "uninstall"):
        done = install(verb, board, prefix="/opt/other")
        assert done.status == 2
        assert "opt/other: holds something else; choose another PREFIX" in done.said
    assert (board / "opt/other/precious").exists()


def test_an_installation_that_fails_changes_nothing(board: Path) -> None:
    before = contents(board)
    done = install("install", board, PYTHON=shutil.which("false") or "false")
    assert done.status != 0
    assert contents(board) == before


def test_each_installation_is_a_version_and_the_one_before_is_kept(
    board: Path, python: str
) -> None:
    for number in range(1, 5):
        done = install("install", board, PYTHON=python, MAKER=f"version-{number}")
        assert done.status == 0, done.said
        assert running(board) == {f"version-{number}"}
    kept = sorted(path.name for path in (board / "opt/playbach/versions").iterdir())
    assert kept == ["3", "4"]
    assert (board / "etc/playbach/config.toml").read_text() == "old"
    assert not (board / "opt/playbach/pyvenv.cfg").exists()
    for expected in ("version-3", "version-4"):
        done = install("back", board)
        assert done.status == 0, done.said
        assert running(board) == {expected}


def test_without_a_version_before_there_is_nothing_to_go_back_to(board: Path, python: str) -> None:
    assert "opt/playbach: nothing is installed there" in install("back", board).said
    install("install", board, PYTHON=python, MAKER="first")
    done = install("back", board)
    assert (done.status, done.said.count("\n")) == (2, 1)
    assert "there is no other version to go back to" in done.said
    assert running(board) == {"first"}


def test_nothing_is_removed_that_was_not_made_here(board: Path, python: str) -> None:
    foreign = [
        "opt/playbach.old/precious", "opt/playbach.new/precious", "opt/playbach/notes.txt",
        "opt/playbach/versions/2/precious", "opt/playbach/versions/mine/precious",
        "usr/local/lib/systemd/system/playbach.service.d/mine.conf",
    ]  # fmt: skip
    for name in foreign:
        (board / name).parent.mkdir(parents=True, exist_ok=True)
        (board / name).write_text("precious")
    for number in range(3):
        done = install("install", board, PYTHON=python, MAKER=f"version-{number}")
        assert done.status == 0, done.said
        assert running(board) == {f"version-{number}"}
    done = install("uninstall", board)
    assert done.status == 0, done.said
    assert "left" in done.said
    assert [name for name in foreign if not (board / name).exists()] == []
    assert not (board / UNIT).exists()
    assert sorted(path.name for path in (board / "opt/playbach/versions").iterdir()) == [
        "2", "mine"
    ]  # fmt: skip


def test_a_program_of_the_same_name_is_left_alone(board: Path, python: str) -> None:
    (board / COMMAND).unlink()
    (board / COMMAND).write_text("mine")
    done = install("install", board, PYTHON=python, MAKER="new")
    assert done.status == 0
    assert f"left {board / COMMAND}, which was not made here" in done.said
    install("uninstall", board)
    assert (board / COMMAND).read_text() == "mine"


def test_two_installations_at_once_do_not_mix(board: Path, python: str) -> None:
    install("install", board, PYTHON=python, MAKER="first")
    with (board / "opt/playbach/.made-by-playbach").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = install("install", board, PYTHON=python, MAKER="second")
    assert done.status == 2
    assert "another installation is at work" in done.said
    assert running(board) == {"first"}


@pytest.mark.parametrize("before", ["old", "third"])
def test_whenever_it_is_killed_there_is_a_working_installation(
    board: Path, python: str, tmp_path_factory: pytest.TempPathFactory, before: str
) -> None:
    """By a loss of power, say; before each of its commands in turn. ``old``: without versions."""
    scratch = tmp_path_factory.mktemp("scratch")
    (scratch / "killer").write_text(KILLER)
    if before != "old":
        for maker in ("first", "second", before):
            install("install", board, PYTHON=python, MAKER=maker)
    start, seen, at, killed = scratch / "start", set(), 0, scratch / "killed"
    shutil.copytree(board, start, symlinks=True)
    while at == 0 or killed.exists():
        at += 1
        killed.unlink(missing_ok=True)
        shutil.rmtree(board)
        shutil.copytree(start, board, symlinks=True)
        done = install("install", board, PYTHON=python, MAKER="new", KILL_AT=str(at),
                       BASH_ENV=str(scratch / "killer"), KILLED=str(killed))  # fmt: skip
        left = running(board)
        assert left <= {before, "new"}, (at, done)
        seen |= left
        if at % CHECKED == 0 or not killed.exists():
            again = install("install", board, PYTHON=python, MAKER="again")
            assert again.status == 0, (at, again)
            assert running(board) == {"again"}
            versions = [path.name for path in (board / "opt/playbach/versions").iterdir()]
            assert len(versions) <= 2, (at, versions)
    assert at > 50
    assert seen == {before, "new"}
    assert done.status == 0
    assert running(board) == {"again"}


def test_whenever_uninstalling_is_killed_doing_it_again_ends_it(
    board: Path, python: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scratch = tmp_path_factory.mktemp("scratch")
    (scratch / "killer").write_text(KILLER)
    for maker in ("first", "second"):
        install("install", board, PYTHON=python, MAKER=maker)
    start, at, killed = scratch / "start", 0, scratch / "killed"
    shutil.copytree(board, start, symlinks=True)
    while at == 0 or killed.exists():
        at += 1
        killed.unlink(missing_ok=True)
        shutil.rmtree(board)
        shutil.copytree(start, board, symlinks=True)
        install("uninstall", board, KILL_AT=str(at), BASH_ENV=str(scratch / "killer"),
                KILLED=str(killed))  # fmt: skip
        done = install("uninstall", board)
        assert done.status == 0, (at, done)
        assert files(board) == REMAINS, at
    assert at > 20


def test_uninstalling_leaves_configuration_and_state_and_says_so(board: Path) -> None:
    done = install("uninstall", board)
    assert done.status == 0, done.said
    assert files(board) == REMAINS
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
