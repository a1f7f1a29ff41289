"""Each way of installing, tried as a new user would on bare Debians: ``make test-ways``, as root.

    python -m tests.system.machines.ways [--release trixie] [--way pipx]

A Debian has what debootstrap makes and nothing else; each way begins from there, with a network,
and takes what ``make package`` left in ``dist``. The table gives what was typed, how long it took,
what it added to the disk (without the caches of package managers), and how long it takes from the
start of the program to the end of one that leaves with its first note.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.system.machines.debian import Debian, cache, root_of
from tests.system.machines.needs import PATH, NeedError, ended, need
from tests.system.machines.table import Row, table
from tests.system.machines.wheels import ROOT

RELEASES = ("bookworm", "trixie", "sid")
PATIENCE = 1800
HEADS = ("Debian", "way", "typed", "seconds", "MB", "first note")
FIRST_NOTE = ROOT / "bench" / "first_note.py"
AUTHORITY = os.environ.get("SSL_CERT_FILE", "")
"""Certificates of a network that has an authority of its own; ``""`` for the usual ones."""


@dataclass(frozen=True)
class Way:
    """A way of installing.

    Attributes:
        name: of the row.
        typed: the commands, in a folder with the files that are downloaded or cloned.
        python: then starts a Python that has the package.
        prepared: commands that are not the user's, such as those that build what is downloaded.
    """

    name: str
    typed: str
    python: str
    prepared: str = ""


VENV = "apt-get install -y python3-venv"
WAYS = (
    Way(
        "pip", f"{VENV} && python3 -m venv bach && bach/bin/pip install ./*.whl", "bach/bin/python"
    ),
    Way(
        "pipx",
        "apt-get install -y pipx && pipx install ./*.whl",
        '"$(dirname "$(realpath ~/.local/bin/playbach)")/python"',
    ),
    Way(
        "uvx",
        f"{VENV} && python3 -m venv uv && uv/bin/pip install uv && "
        "uv/bin/uvx --from ./*.whl playbach --version",
        "uv/bin/uvx --from ./*.whl python",
    ),
    Way(
        "deb",
        "apt-get install -y ./*.deb",
        "/usr/lib/playbach/bin/python",
        "apt-get install -y build-essential debhelper python3-venv && project/release/deb out",
    ),
    Way(
        "make play",
        f"{VENV} make && tar -xf playbach-*.tar.gz && cd playbach-*/ && "
        'make play ARGS="--seconds 1 --no-web"',
        ".venv/bin/python",
    ),
    Way(
        "make install",
        f"{VENV} make && tar -xf playbach-*.tar.gz && make -C playbach-*/ install",
        "/opt/playbach/current/bin/python",
    ),
)

# $1 root file system, $2 folder of a layer over it, $3 what is run there.
ENTER = """\
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/merged"
mount -t proc proc "$2/merged/proc"
mount --rbind /dev "$2/merged/dev"
chroot "$2/merged" sh -eu -c "$3"
"""
# A mirror may lag behind what it says of itself.
UPDATE = "apt-get -o Acquire::Check-Valid-Until=false update >/dev/null"
# What is typed, then a start until the first note, with the times of each.
TRIED = """\
cd
{update}
began=$(date +%s.%N)
{ {typed} ; } >~/said 2>&1 </dev/null || { tail -n 5 ~/said; exit 1; }
echo "typed $(echo "$(date +%s.%N) $began" | awk '{print $1 - $2}')"
rm -rf ~/.cache/pip
began=$(date +%s.%N)
{python} ~/first_note.py play --sink none --no-web --seed 1 >~/said 2>&1 || true
grep -q 'first note at' ~/said || { tail -n 5 ~/said; exit 1; }
echo "note $(echo "$(date +%s.%N) $began" | awk '{print $1 - $2}')"
{python} -m playbach save ~/a.mid --notes 50 >~/said 2>&1 || tail -n 5 ~/said
test -s ~/a.mid
"""
HOME = "/root"
"""Of who installs, in those Debians."""
NOT_COUNTED = ("root", "var/lib/apt/lists", "var/cache", "var/log", "tmp")


class Tried:
    """A Debian with a layer over it, in which one way is tried."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._layer = folder
        for name in ("upper", "work", "merged"):
            (folder / name).mkdir(parents=True)

    @property
    def home(self) -> Path:
        """The folder in which commands are typed."""
        folder = self._layer / "upper" / "root"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def run(self, script: str) -> str:
        """What a script says.

        Raises:
            NeedError: it does not end well.
        """
        if AUTHORITY:
            shutil.copy(AUTHORITY, self.home / "authority.crt")
        apart = ["setpriv", "--pdeathsig", "KILL"]
        apart += ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        done = subprocess.run(
            [*apart, "sh", "-euc", ENTER, "sh", str(self._root), str(self._layer), script],
            capture_output=True, text=True, timeout=PATIENCE, check=False, env=self._variables(),
        )  # fmt: skip
        if done.returncode != 0:
            said = f"{done.stdout}\n{done.stderr}".strip().splitlines() or ["it failed"]
            raise NeedError(said[-1])
        return done.stdout

    @staticmethod
    def _variables() -> dict[str, str]:
        variables = {
            "PATH": f"{PATH}:/bin", "HOME": HOME, "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
        }  # fmt: skip
        if AUTHORITY:
            variables |= dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT"), f"{HOME}/authority.crt")
        return variables

    def megabytes(self) -> float:
        """What the layer holds."""
        upper = self._layer / "upper"
        left_out = [f"--exclude={upper / name}" for name in NOT_COUNTED]
        return _kilobytes(upper, *left_out) / 1000 + sum(
            _kilobytes(folder) / 1000
            for name in ("bach", ".local", "uv", ".cache/uv", "playbach-*")
            for folder in self.home.glob(name)
            if folder.is_dir()
        )


def _kilobytes(folder: Path, *options: str) -> int:
    done = subprocess.run(
        ["du", "-sk", *options, str(folder)], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[0])


def row_of(release: str, way: Way, files: list[Path]) -> Row:
    """Try a way on a release."""
    root = root_of(Debian(release, "amd64", ("ca-certificates",)))
    typed = way.typed.replace("apt-get install -y", "apt install")
    with tempfile.TemporaryDirectory(dir=cache()) as folder:
        try:
            brought = [*files, *_built(root, way, Path(folder) / "build")]
            tried = Tried(root, Path(folder) / "try")
            for file in (*brought, FIRST_NOTE):
                shutil.copy(file, tried.home)
            script = (
                TRIED.replace("{update}", UPDATE)
                .replace("{typed}", way.typed)
                .replace("{python}", way.python)
            )
            said = tried.run(script)
        except (NeedError, subprocess.TimeoutExpired) as error:
            return Row((release, way.name, typed, str(error)[:60], "", ""), right=False)
        figures = dict(re.findall(r"^(\w+) ([\d.]+)$", said, re.MULTILINE))
        cells = (
            f"{float(figures['typed']):.0f}", f"{tried.megabytes():.0f}",
            f"{float(figures['note']):.1f} s",
        )  # fmt: skip
        return Row((release, way.name, typed, *cells), right=True)


def _built(root: Path, way: Way, folder: Path) -> Iterator[Path]:
    """What a way's preparation makes on that Debian."""
    if not way.prepared:
        return
    builder = Tried(root, folder)
    for name in ("release", "requirements", "systemd", "docs", "dist"):
        shutil.copytree(ROOT / name, builder.home / "project" / name)
    (builder.home / "out").mkdir()
    builder.run(f"cd ~ && {UPDATE} && {way.prepared}")
    yield from (builder.home / "out").glob("*.deb")


def run(releases: list[str], names: list[str]) -> int:
    """Print the table; 1 if a way does not work."""
    need("debootstrap", "unshare")
    dist = ROOT / "dist"
    files = [*dist.glob("*.whl"), *dist.glob("*.tar.gz")]
    if len(files) != len(("wheel", "sdist")):
        raise NeedError("dist must hold one wheel and one sdist; run 'make package' first")
    rows = []
    for release in releases:
        for way in WAYS:
            if way.name in names:
                rows.append(row_of(release, way, files))
                print(shlex.join(rows[-1].cells), flush=True)
    print(table("Ways of installing", HEADS, rows))
    return int(not all(row.right for row in rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--release", action="append", choices=RELEASES)
    parser.add_argument("--way", action="append", choices=[way.name for way in WAYS])
    options = parser.parse_args()
    names = options.way or [way.name for way in WAYS]
    return ended(lambda: run(options.release or [*RELEASES], names), "test-ways")


if __name__ == "__main__":
    sys.exit(main())
