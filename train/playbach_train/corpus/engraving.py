"""LilyPond sources of a public repository, compiled to MIDI: one file for each movement.

Beside each lies what MIDI cannot say of its notes: slurs and trills. ``sources.json`` says which
files make which movements. The SHA-256 of each file is part of it, so that what is compiled is what
was looked at, wherever it came from.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from http.client import HTTPException
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from playbach.errors import InputError
from playbach.files import write_atomically
from playbach.music.key import Key, parse_key
from playbach.music.meter import TICKS_PER_WHOLE
from playbach_train.corpus.guards import check_size
from playbach_train.corpus.lines import VOICES, Line

RAW_HOST = "https://raw.githubusercontent.com"
MAX_SOURCE_BYTES = 1024 * 1024
"""The largest LilyPond file of the corpora has 60 kB."""
TIMEOUT = 30.0
"""Seconds for each file."""
_CHUNK = 64 * 1024
COMPILE_SECONDS = 180.0
"""For one work, a suite or a partita."""
_STEM = "score"
BOWING_SUFFIX = ".bowing"
"""Of the file beside a MIDI file; ``read_bowing`` reads it."""
_MIDDLE_C = 60
_BOWING = re.compile(
    r"^playbach-(?:(?P<score>score)|note (?P<time>\d+(?:/\d+)?) (?P<semitones>-?\d+) "
    r"(?P<slurred>[01]) (?P<trill>[01]))$",
    re.MULTILINE,
)

ReadSource = Callable[[str], bytes]
"""Gives the content of a file by its path below the repository's base.

Raises ``InputError``: it is not there, too large, or does not arrive; one line that says where.
"""


@dataclass(frozen=True, slots=True)
class Work:
    """A main file, what it includes, and the movements it yields.

    Attributes:
        main: path of the file to compile, below the repository's base.
        licence: terms of use.
        movements: names, in the order LilyPond writes their MIDI files.
        files: path below the base and SHA-256 (hexadecimal) of every file needed, main included.
        engraver: who made the files, where that is not told for the whole corpus.
        lines: what is read of the movements; whole movements if there are none.
        keys: of movements whose engraver named another, most often the relative key.
    """

    main: str
    licence: str
    movements: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    engraver: str = ""
    lines: tuple[Line, ...] = ()
    keys: tuple[tuple[str, Key], ...] = ()

    @property
    def pieces(self) -> tuple[str, ...]:
        """Names of what is read of it."""
        return tuple(line.name for line in self.lines) or self.movements


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where engravings are published.

    Attributes:
        repository: owner and name on GitHub.
        commit: the version, 40 hexadecimal digits.
        base: folder in the repository that all paths are below.
        corpora: works of each corpus, by its name.
    """

    repository: str
    commit: str
    base: str
    corpora: Mapping[str, tuple[Work, ...]]

    @property
    def origin(self) -> str:
        """Repository and version, for provenance."""
        return f"https://github.com/{self.repository} at {self.commit}"


def packaged_manifest() -> Manifest:
    """The manifest that comes with this package."""
    return parse_manifest(resources.files(__package__).joinpath("sources.json").read_bytes())


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        InputError: it is not JSON of the right shape, or a path or name in it leaves its folder.
    """
    try:
        fields = json.loads(content)
        corpora = {name: tuple(map(_work, works)) for name, works in fields["corpora"].items()}
        manifest = Manifest(fields["repository"], fields["commit"], fields["base"], corpora)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"manifest of sources: not of the expected shape ({error})") from error
    for path in (manifest.repository, manifest.commit, manifest.base):
        _check_path(path)
    return manifest


def _work(fields: Any) -> Work:
    work = Work(
        main=fields["main"],
        licence=fields["license"],
        movements=tuple(fields["movements"]),
        files=tuple(sorted(fields["files"].items())),
        engraver=fields.get("engraver", ""),
        lines=tuple(Line(name, *place) for name, place in fields.get("lines", {}).items()),
        keys=tuple((name, parse_key(key)) for name, key in fields.get("keys", {}).items()),
    )
    for path in (work.main, *dict(work.files)):
        _check_path(path)
    for movement in (*work.movements, *work.pieces):
        if "/" in movement:
            raise InputError(f"manifest of sources: {movement!r} is no name of a movement")
        _check_path(movement)
    for line in work.lines:
        if line.movement not in work.movements or line.voice not in VOICES:
            raise InputError(f"manifest of sources: {line.name!r} is no line of {work.main}")
    if work.main not in dict(work.files):
        raise InputError(f"manifest of sources: {work.main} has no SHA-256")
    return work


def _check_path(path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or not {".", ".."}.isdisjoint(parts):
        raise InputError(f"manifest of sources: {path!r} is not a path inside the repository")


class MissingSourceError(InputError):
    """A local copy of the repository lacks a file."""


def read_from_folder(folder: Path, manifest: Manifest) -> ReadSource:
    """Files of a local copy of the repository, complete or in part.

    Raises:
        InputError: the folder is no copy; when a file is read, ``MissingSourceError`` too.
    """
    base = folder / manifest.base
    if not base.is_dir():
        raise InputError(
            f"{folder}: no copy of {manifest.repository} (it has no folder {manifest.base}); "
            "--from takes the folder the repository was cloned or unpacked into"
        )

    def read(path: str) -> bytes:
        file = base / path
        try:
            with file.open("rb") as opened:
                content = opened.read(MAX_SOURCE_BYTES + 1)
        except FileNotFoundError as error:
            raise MissingSourceError(f"{file}: missing from this copy of the repository") from error
        except OSError as error:
            raise InputError(f"{file}: cannot be read: {error.strerror}") from error
        return _within_limit(content, str(file))

    return read


def read_over_http(
    manifest: Manifest, host: str = RAW_HOST, timeout: float = TIMEOUT
) -> ReadSource:
    """The repository's files over HTTPS, at the manifest's commit; ``timeout`` seconds for each."""
    base = f"{host}/{manifest.repository}/{manifest.commit}/{manifest.base}"

    def read(path: str) -> bytes:
        url = f"{base}/{quote(path)}"
        try:
            return _within_limit(_download(url, timeout), url)
        except urllib.error.HTTPError as error:
            error.close()
            reason = f"the server answers {error.code} {error.reason}"
        except urllib.error.URLError as error:
            reason = str(error.reason)
        except (HTTPException, OSError) as error:
            reason = str(error) or type(error).__name__
        raise InputError(
            f"{url}: cannot be fetched: {reason}; check the network, or give a local copy of the "
            "repository with --from DIR"
        )

    return read


def _download(url: str, timeout: float) -> bytes:
    deadline = time.monotonic() + timeout
    chunks: list[bytes] = []
    size = 0
    with urllib.request.urlopen(url, timeout=timeout) as response:  # noqa: S310 the host is ours to choose, never a file's
        while size <= MAX_SOURCE_BYTES and (chunk := response.read1(_CHUNK)):
            chunks.append(chunk)
            size += len(chunk)
            if time.monotonic() > deadline:
                raise TimeoutError(f"not complete after {timeout:g} seconds")
        promised = response.headers.get("Content-Length", "")
    if promised.isdecimal() and size < min(int(promised), MAX_SOURCE_BYTES):
        raise HTTPException(f"the connection ended after {size:,} of {promised} bytes")
    return b"".join(chunks)


def _within_limit(content: bytes, where: str) -> bytes:
    if len(content) > MAX_SOURCE_BYTES:
        raise InputError(f"{where}: larger than {MAX_SOURCE_BYTES:,} bytes, the most that is read")
    return content


def compile_work(work: Work, read: ReadSource, folder: Path) -> Mapping[str, Path]:
    """The MIDI file of each movement of ``work`` in ``folder``, made if one is not there yet.

    Each has a file of its bowing beside it.

    Raises:
        InputError: a source is missing, altered or too large, or LilyPond makes something else of
            it than one MIDI file for each movement.
    """
    targets = {movement: folder / f"{movement}.mid" for movement in work.movements}
    made_before = (one for path in targets.values() for one in (path, bowing_beside(path)))
    if all(target.is_file() for target in made_before):
        return targets
    with tempfile.TemporaryDirectory(prefix="playbach-engraving-") as scratch:
        sources, output = Path(scratch, "sources"), Path(scratch, "output")
        for path, digest in work.files:
            _place(sources / path, checked(path, read(path), digest))
        output.mkdir()
        made = run_lilypond(sources / work.main, output)
        if len(made) != len(targets):
            raise InputError(
                f"{work.main}: LilyPond wrote {len(made)} MIDI files for the {len(targets)} "
                f"movements {', '.join(targets)}; install the LilyPond of requirements-train"
            )
        folder.mkdir(parents=True, exist_ok=True)
        for target, midi in zip(targets.values(), made, strict=True):
            for source, copy in ((midi, target), (bowing_beside(midi), bowing_beside(target))):
                check_size(source)
                write_atomically(copy, source.read_bytes(), force=True)
    return targets


def bowing_beside(midi: Path) -> Path:
    """Where the slurs and trills of the notes in a MIDI file lie."""
    return midi.with_suffix(BOWING_SUFFIX)


@dataclass(frozen=True, slots=True)
class Bowing:
    """What an engraving says of its notes beyond MIDI, by onset in ticks and pitch.

    Attributes:
        notes: all of them.
        slurred: those that a slur leads to from the notes before.
        trills: those with a trill or a short one.
    """

    notes: frozenset[tuple[int, int]]
    slurred: frozenset[tuple[int, int]]
    trills: frozenset[tuple[int, int]]


def read_bowing(path: Path) -> Bowing:
    """What ``compile_work`` wrote beside a MIDI file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        check_size(path)
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read: {error}; remove it to compile it anew"
        ) from error
    notes: dict[str, set[tuple[int, int]]] = {"all": set(), "slurred": set(), "trill": set()}
    for found in _BOWING.finditer(text):
        if found["score"]:
            continue
        # Finer than a tick is left to the MIDI file, which is moved to the grid.
        tick = round(Fraction(found["time"]) * TICKS_PER_WHOLE)
        note = tick, int(found["semitones"]) + _MIDDLE_C
        notes["all"].add(note)
        for kind in ("slurred", "trill"):
            if found[kind] == "1":
                notes[kind].add(note)
    return Bowing(*map(frozenset, notes.values()))


def run_lilypond(main: Path, output: Path, seconds: float = COMPILE_SECONDS) -> list[Path]:
    """Compile ``main`` into the empty folder ``output``; its MIDI files in order of the scores.

    Each gets its file of bowing beside it.

    LilyPond reads Scheme, so only files whose SHA-256 is known should come here.

    Raises:
        InputError: LilyPond is not installed, writes nothing, or takes longer than ``seconds``.
    """
    bowing = resources.files(__package__).joinpath("bowing.ily")
    with resources.as_file(bowing) as settings:
        # No typesetting: only the MIDI is wanted. The working folder takes whatever else it writes.
        done = _run(
            [
                str(lilypond_program()), "--loglevel=ERROR", "-dno-point-and-click",
                "-dno-print-pages", f"-dinclude-settings={settings}", "-o", str(output / _STEM),
                str(main),
            ],
            main.name,
            output,
            seconds,
        )  # fmt: skip
    made = sorted(output.glob("*.midi"), key=_place_in_order)
    # Commands of older versions that concern the page alone, such as beaming, are errors now; the
    # MIDI files are written all the same, and whoever called knows how many there must be.
    if done.returncode and not made:
        raise InputError(f"{main.name}: LilyPond failed: {_first_line(done.stderr)}")
    said = list(_BOWING.finditer(done.stdout.decode("utf-8", errors="replace")))
    starts = [index for index, found in enumerate(said) if found["score"]]
    for midi, start, end in zip(made, starts, [*starts[1:], len(said)], strict=False):
        lines = (found[0] for found in said[start:end])
        bowing_beside(midi).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    if len(starts) != len(made):
        raise InputError(
            f"{main.name}: LilyPond wrote {len(made)} MIDI files of {len(starts)} scores"
        )
    return made


def _run(
    command: Sequence[str], name: str, output: Path, seconds: float
) -> subprocess.CompletedProcess[bytes]:
    surroundings = {"HOME": str(output), "TMPDIR": str(output), "LC_ALL": "C.UTF-8"}
    try:
        return subprocess.run(  # noqa: S603 a fixed program, no shell, checked sources
            command, cwd=output, env=surroundings, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{name}: LilyPond was stopped after {seconds:g} seconds") from error
    except OSError as error:
        raise InputError(f"{command[0]}: cannot be started: {error.strerror}") from error


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


def checked(path: str, content: bytes, digest: str) -> bytes:
    """The content of a file, if its SHA-256 is ``digest`` (hexadecimal).

    Raises:
        InputError: it is not.
    """
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


def _place_in_order(midi: Path) -> tuple[int, str]:
    """``score.midi``, then ``score-1.midi``, ... ``score-10.midi``; names a score gives by name."""
    number = midi.stem.removeprefix(_STEM).removeprefix("-")
    return int(number) if number.isdecimal() else 0, midi.name


def _first_line(messages: bytes) -> str:
    text = messages.decode("utf-8", errors="replace")
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
