"""LilyPond sources compiled to MIDI, one file for each movement."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from playbach.errors import InputError
from playbach.files import write_atomically
from playbach_train.corpus.guards import check_size
from playbach_train.corpus.manifest import Work
from playbach_train.corpus.origins import Origin

COMPILE_SECONDS = 180.0
"""For one work, a suite or a partita."""
_STEM = "score"


def compile_work(work: Work, origin: Origin, folder: Path) -> Mapping[str, Path]:
    """The MIDI file of each movement of ``work`` in ``folder``, made if one is not there yet.

    Raises:
        InputError: a source is missing, altered or too large, or LilyPond makes something else of
            it than one MIDI file for each movement.
    """
    targets = {movement: folder / f"{movement}.mid" for movement in work.movements}
    if all(target.is_file() for target in targets.values()):
        return targets
    with tempfile.TemporaryDirectory(prefix="playbach-engraving-") as scratch:
        sources, output = Path(scratch, "sources"), Path(scratch, "output")
        for path, digest in work.files:
            _place(sources / path, _checked(path, origin.read(path), digest))
        output.mkdir()
        made = run_lilypond(sources / work.main, output)
        if len(made) != len(targets):
            raise InputError(
                f"{work.main}: LilyPond wrote {len(made)} MIDI files for the {len(targets)} "
                f"movements {', '.join(targets)}; install the LilyPond of requirements-train"
            )
        folder.mkdir(parents=True, exist_ok=True)
        for target, midi in zip(targets.values(), made, strict=True):
            check_size(midi)
            write_atomically(target, midi.read_bytes(), force=True)
    return targets


def run_lilypond(main: Path, output: Path, seconds: float = COMPILE_SECONDS) -> list[Path]:
    """Compile ``main`` into the empty folder ``output``; its MIDI files in order of the scores.

    LilyPond reads Scheme, so only files whose SHA-256 is known should come here.

    Raises:
        InputError: LilyPond is not installed, fails, or takes longer than ``seconds``.
    """
    # No typesetting: only the MIDI is wanted. The working folder takes whatever else it writes.
    command = [
        str(lilypond_program()), "--loglevel=ERROR", "-dno-point-and-click", "-dno-print-pages",
        "-o", str(output / _STEM), str(main),
    ]  # fmt: skip
    surroundings = {"HOME": str(output), "TMPDIR": str(output), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603 a fixed program, no shell, checked sources
            command, cwd=output, env=surroundings, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{main.name}: LilyPond was stopped after {seconds:g} seconds") from error
    except OSError as error:
        raise InputError(f"{command[0]}: cannot be started: {error.strerror}") from error
    if done.returncode:
        raise InputError(f"{main.name}: LilyPond failed: {_first_line(done.stderr)}")
    return sorted(output.glob(f"{_STEM}*.midi"), key=_place_in_order)


def lilypond_program() -> Path:
    """The program in the ``lilypond`` wheel.

    Raises:
        InputError: the wheel is not installed.
    """
    try:
        import lilypond  # noqa: PLC0415 part of the training extra, needed only to compile
    except ImportError as error:
        raise InputError(
            "LilyPond is not installed, and this corpus is compiled with it; "
            "install the training extra: pip install 'playbach[train]'"
        ) from error
    return Path(lilypond.executable())


def _checked(path: str, content: bytes, digest: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise InputError(
            f"{path}: altered or incomplete: {len(content):,} bytes with SHA-256 {found[:12]}..., "
            f"expected {digest[:12]}...; use the repository at the commit in the manifest"
        )
    return content


def _place(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _place_in_order(midi: Path) -> int:
    """``score.midi``, then ``score-1.midi``, ``score-2.midi``, ... ``score-10.midi``."""
    number = midi.stem.removeprefix(_STEM).removeprefix("-")
    return int(number) if number.isdecimal() else 0


def _first_line(messages: bytes) -> str:
    text = messages.decode("utf-8", errors="replace")
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
