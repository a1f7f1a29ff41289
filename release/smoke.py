"""Does a wheel work away from the clone? ``python -m release.smoke WHEEL``, ``make package``.

For each Python from 3.11 to 3.14 that is found, the wheel goes into an empty environment, and there
the commands do a little of all they do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PATIENCE = 600
COMMANDS = (
    ("--version",),
    ("config",),
    ("save", "a.mid", "a.musicxml", "--notes", "60", "--seed", "1"),
    ("play", "--sink", "none", "--seconds", "2", "--web", "127.0.0.1:0"),
)
"""Each has to end well; together they need the model, the tables, the page's files."""
INSIDE = """
import importlib.resources as r
files = r.files("playbach")
for name in ("models/default.bundle", "composer/plan_tables.json", "performer/violinists.json",
             "config/default.toml", "py.typed", "web/static/index.html",
             "web/static/vendor/VERSIONS"):
    assert (files / name).is_file(), name
"""


def suitable() -> list[Path]:
    """The Pythons of this machine that Play Bach runs on, the oldest first."""
    found = []
    for version in PYTHONS:
        folders = [*os.environ["PATH"].split(os.pathsep), *_of_pyenv(version)]
        program = shutil.which(f"python{version}", path=os.pathsep.join(folders))
        # A shim of pyenv's may stand for a version that is not switched on.
        while program and _fails(program):
            folders = folders[folders.index(str(Path(program).parent)) + 1 :]
            program = shutil.which(f"python{version}", path=os.pathsep.join(folders))
        if program:
            found.append(Path(program))
    return found


def _of_pyenv(version: str) -> list[str]:
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return [str(folder) for folder in home.glob(f"versions/{version}.*/bin")]


def _fails(program: str) -> bool:
    done = subprocess.run(
        [program, "-c", "import venv, ensurepip"], capture_output=True, check=False
    )
    return done.returncode != 0


def installed(wheel: Path, python: Path, folder: Path, extras: str = "") -> Path:
    """The Python of a new environment in ``folder`` that has the wheel in it."""
    wanted = f"{wheel}{extras}"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([python, "-m", "venv", folder], check=True, env=environment)
    own = folder / "bin" / "python"
    pip: list[str | Path] = [
        own,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        "install",
        wanted,
    ]
    subprocess.run(pip, check=True, timeout=PATIENCE, env=environment)
    return own


def smoke(wheel: Path, python: Path) -> str:
    """Install and try; what was tried.

    Raises:
        CalledProcessError: something does not work.
    """
    with tempfile.TemporaryDirectory() as folder:
        own = installed(wheel, python, Path(folder) / "venv")
        home = Path(folder) / "home"
        home.mkdir()
        environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        for words in (("-c", INSIDE), *(("-m", "playbach", *command) for command in COMMANDS)):
            done = subprocess.run(
                [own, *words], cwd=home, env=environment, capture_output=True, text=True,
                stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
            )  # fmt: skip
            if done.returncode != 0:
                sys.stderr.write(f"{' '.join(words)}:\n{done.stdout}{done.stderr}")
                done.check_returncode()
    return f"{len(COMMANDS)} commands ended well"


def main() -> int:
    """Try a wheel with every Python there is."""
    wheel = Path(sys.argv[1]).resolve()
    for python in suitable():
        print(f"{python}: {smoke(wheel, python)}", flush=True)
    missing = [name for name in PYTHONS if not any(p.name.endswith(name) for p in suitable())]
    if missing:
        print(f"not tried, as they are not here: Python {', '.join(missing)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
