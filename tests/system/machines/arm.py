"""Does the board's software do on 64-bit ARM what it does here? Two Debians, emulated, tell.

    python -m tests.system.machines.arm [--bundle FILE ...]

Each Debian has no compiler and gets the base install without a network: this project's own wheel,
and wheels alone. There ``playbach`` composes 200 notes with each variant of each bundle, and the
distributions over the same notes are compared with those of this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE
from tests.read_back import read_back
from tests.system.machines.debian import Debian, arm_programs, root_of, run_inside, workroom
from tests.system.machines.needs import NeedError, ended, need
from tests.system.machines.probe import ELSEWHERE, written
from tests.system.machines.table import Row, table
from tests.system.machines.wheels import Target, board_wheels, project_wheel

from playbach.bundle import default_bundle_path, read_bundle

NOTES = 200
SEED = "1685"
PATIENCE = 900
PROBE = Path(__file__).with_name("probe.py")
CPUS = {"Pi 4": "cortex-a72", "Pi 5": "cortex-a76"}
"""Boards and their processors, as qemu names them."""
COMPILERS = ("cc", "gcc", "g++", "clang", "rustc")
HEADS = ("Debian", "Python", "processor", "bundle", "variant", "notes", "nats", "probability")


@dataclass(frozen=True)
class Board:
    """What is emulated: a Debian and what it brings."""

    debian: Debian
    target: Target


@dataclass(frozen=True)
class Tolerance:
    """How far a variant may be from itself on another machine.

    Attributes:
        nats: mean Kullback-Leibler divergence of the worst part of a note.
        probability: the largest difference of any probability.
    """

    nats: float
    probability: float


# float32 differs by the order of additions alone; the others by that and then by a step of
# quantisation of an activation, now and then.
TOLERANCES = {"float32": Tolerance(1e-6, 1e-4)}
QUANTISED = Tolerance(2e-3, 0.1)

BOARDS = tuple(
    Board(
        Debian(release, "arm64", ("python3", "python3-venv", sound)), Target(python, "aarch64", n)
    )
    for release, python, sound, n in (
        ("bookworm", "3.11", "libasound2", 36),
        ("trixie", "3.13", "libasound2t64", 41),
    )
)

Found = Mapping[str, NDArray[np.float32]]
"""``VARIANT/PART`` -> one row of probabilities a note."""


@dataclass(frozen=True)
class Probe:
    """A bundle, the piece it is fed, and what it says to that on this machine."""

    bundle: Path
    piece: Path
    wanted: Found

    @property
    def name(self) -> str:
        return "included" if self.bundle == default_bundle_path() else self.bundle.stem

    @property
    def variants(self) -> list[str]:
        return [v for v in read_bundle(self.bundle).manifest.variants if v not in ELSEWHERE]


def nearness(wanted: Found, found: Found, variant: str) -> Tolerance:
    """The divergence and difference of ``found`` from ``wanted`` over the parts of ``variant``."""
    nats, probability = 0.0, 0.0
    for name in wanted:
        if name.startswith(f"{variant}/"):
            # In double precision, with a floor and a sum of 1, so that rounding gives neither
            # infinity nor less than 0.
            p, q = (np.maximum(x[name].astype(np.float64), 1e-12) for x in (wanted, found))
            p, q = (x / x.sum(axis=1, keepdims=True) for x in (p, q))
            nats = max(nats, float((p * np.log(p / q)).sum(axis=1).mean()))
            probability = max(probability, float(np.abs(p - q).max()))
    return Tolerance(nats, probability)


def probe_of(bundle: Path, folder: Path) -> Probe:
    """Compose the notes here, and see what ``bundle`` says to them here."""
    notes = folder / f"{bundle.stem}.mid"
    _done("-m", "playbach", "save", notes, "--notes", NOTES, "--seed", SEED, "--bundle", bundle)
    piece, answers = notes.with_suffix(".json"), notes.with_suffix(".npz")
    piece.write_text(written(read_back(notes).piece))
    _done(PROBE, bundle, piece, answers)
    return Probe(bundle, piece, _load(answers))


def _done(*words: object) -> None:
    """Run Python here.

    Raises:
        NeedError: it does not end well.
    """
    done = subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NeedError(done.stderr.strip().splitlines()[-1])


def _load(path: Path) -> Found:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


class Inside:
    """A board with ``playbach`` installed, in a folder of its root file system."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where a file of the folder is, seen from inside."""
        return Path("/") / (self._folder / name).relative_to(self._root)

    def run(self, *words: str | Path, cpu: str = "cortex-a72") -> str:
        """What a program says that must end well.

        Raises:
            NeedError: it does not.
        """
        done = run_inside(self._root, *words, timeout=PATIENCE, QEMU_CPU=cpu)
        if done.returncode != 0:
            why = (done.stderr or done.stdout).strip().splitlines() or [f"status {done.returncode}"]
            raise NeedError(f"in {self._root.name}: {Path(words[0]).name}: {why[-1]}")
        return done.stdout

    def install(self, wheels: Path) -> None:
        """Install the base package from a folder of wheels, and from nothing else."""
        for compiler in COMPILERS:
            if shutil.which(compiler, path=str(self._root / "usr/bin")):
                raise NeedError(f"{self._root} has a compiler, {compiler}: nothing would be proven")
        shutil.copytree(wheels, self._folder / "wheels")
        self.run("python3", "-m", "venv", self.path("venv"))
        self.run(
            self.path("venv/bin/pip"), "install", "--disable-pip-version-check", "--quiet",
            "--no-index", "--only-binary=:all:", "--find-links", self.path("wheels"), "playbach",
        )  # fmt: skip
        # Its status is 1, for there is no synth here; what matters is that the model is found.
        said = run_inside(self._root, self.path("venv/bin/playbach"), "check").stdout
        if not re.search(r"^ok +model: ", said, re.MULTILINE):
            raise NeedError(f"in {self._root.name}: playbach check: {said.strip()}")

    def rows(self, probe: Probe, cpu: str) -> Iterator[tuple[tuple[str, ...], bool]]:
        """For each variant: the notes composed, how near it is to this machine, and the verdict."""
        for path in (probe.bundle, probe.piece):
            shutil.copy(path, self._folder / path.name)
        bundle, piece = (self.path(path.name) for path in (probe.bundle, probe.piece))
        program = shutil.copy(PROBE, self._folder)
        answers = self.path("answers.npz")
        self.run(
            self.path("venv/bin/python"), self.path(Path(program).name), bundle, piece, answers,
            cpu=cpu,
        )  # fmt: skip
        found = _load(self._folder / "answers.npz")
        for variant in probe.variants:
            composed = self.compose(bundle, variant, cpu)
            near = nearness(probe.wanted, found, variant)
            allowed = TOLERANCES.get(variant, QUANTISED)
            right = near.nats <= allowed.nats and near.probability <= allowed.probability
            cells = (variant, str(composed), f"{near.nats:.1e}", f"{near.probability:.1e}")
            yield cells, right and composed == NOTES

    def compose(self, bundle: Path, variant: str, cpu: str) -> int:
        """Notes that ``playbach save`` wrote when asked for ``NOTES``."""
        out = self.path(f"{variant}.mid")
        self.run(
            self.path("venv/bin/playbach"), "save", out, "--force", "--notes", str(NOTES),
            "--seed", SEED, "--bundle", bundle, "--variant", variant, cpu=cpu,
        )  # fmt: skip
        return len(read_back(self._folder / out.name).notes)


def rows_of(board: Board, probes: list[Probe], wheel: Path) -> Iterator[Row]:
    """Install on ``board`` and compare there."""
    root = root_of(board.debian)
    with tempfile.TemporaryDirectory() as wheels, workroom(root) as folder:
        shutil.copy(wheel, wheels)
        board_wheels(Path(wheels), board.target)
        inside = Inside(root, folder)
        inside.install(Path(wheels))
        for name, cpu in CPUS.items():
            for probe in probes:
                for cells, right in inside.rows(probe, cpu):
                    where = (board.debian.release, board.target.python, f"{cpu} ({name})")
                    yield Row((*where, probe.name, *cells), right)


def run(bundles: list[Path]) -> int:
    """Print the table; 1 if a row is wrong."""
    need("debootstrap", "unshare", "qemu-aarch64-static")
    began = time.monotonic()
    rows: list[Row] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(arm_programs())
        wheel = project_wheel(folder)
        probes = [probe_of(bundle, folder) for bundle in bundles]
        for board in BOARDS:
            rows += rows_of(board, probes, wheel)
    minutes = (time.monotonic() - began) / 60
    title = f"64-bit ARM beside this machine, over {NOTES} notes; {minutes:.1f} minutes"
    print(table(title, HEADS, rows))
    return int(not all(row.right for row in rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument(
        "--bundle", type=Path, action="append", default=[], help="another bundle; may be repeated"
    )
    bundles = [default_bundle_path(), TINY_BUNDLE, *parser.parse_args().bundle]
    return ended(lambda: run(bundles), "test-arm")


if __name__ == "__main__":
    sys.exit(main())
