"""Reading TOML, atomic writing of files, and exclusive locks on folders."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
import tomllib
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from playbach.errors import InputError, OutputError

if sys.platform != "win32":
    import fcntl


MAX_TOML_BYTES = 65_536
_LINE_OF_TOML = re.compile(r" \(at line (\d+), column \d+\)$")


def at_home(path: str) -> Path:
    """``path`` such as ``~/.config`` in the user's home; unchanged for a user who has none.

    The service of a board runs as such a user, for whom ``Path.expanduser`` raises.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111 as the lines above say


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a TOML file, and what it says.

    Raises:
        InputError: it cannot be read, is larger than ``MAX_TOML_BYTES``, or is not TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TOML_BYTES + 1)
        if len(content) > MAX_TOML_BYTES:
            raise InputError(f"{path}: larger than {MAX_TOML_BYTES:,} bytes; not a configuration")
        text = content.decode()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; give a TOML file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text; give a TOML file") from error
    try:
        return text, tomllib.loads(text)
    # ValueError: not TOML, or a number of thousands of digits; the other: nested as deeply.
    except (ValueError, RecursionError) as error:
        said = str(error)
        line = _LINE_OF_TOML.search(said)
        where = f"{path}:{line[1]}" if line else f"{path}"
        what = said[: line.start()] if line else said
        raise InputError(f"{where}: not TOML: {what}") from error


def own_folder(environment: Mapping[str, str], given: str, home: str, usual: str) -> Path:
    """A folder of the program's own, which may not exist yet.

    Args:
        environment: its variables.
        given: the variable in which a service manager names it; of several the first.
        home: the variable that names the folder of all programs, which is used else.
        usual: that folder where the variable says nothing, such as ``~/.cache``.
    """
    named = environment.get(given, "").partition(":")[0]
    if named.startswith("/"):
        return Path(named)
    above = environment.get(home, "")
    return (Path(above) if above.startswith("/") else at_home(usual)) / "playbach"


def check_writable(path: Path, *, force: bool) -> None:
    """Check before long work that its result can be written to ``path``.

    Args:
        path: the file to be written.
        force: whether an existing file may be replaced.

    Raises:
        OutputError: it exists and may not be replaced, is a folder or device, or its folder is
            missing or cannot be written to.
    """
    with _explained(path):
        target = _target(path, force=force)
        with _temporary_beside(target):
            pass


def write_atomically(path: Path, content: bytes, *, force: bool) -> None:
    """Write ``content`` to ``path``: afterwards the file is whole, or as it was before.

    A symbolic link stays, and the file it points to is replaced.

    Raises:
        OutputError: as ``check_writable``, or the content does not fit on the disk.
    """
    with written_atomically(path, force=force) as temporary:
        temporary.write_bytes(content)


@contextlib.contextmanager
def written_atomically(path: Path, *, force: bool) -> Iterator[Path]:
    """An empty file to fill, which becomes ``path`` at the end; an exception leaves all as it was.

    For what a program writes, or is too large to be held in memory.

    Raises:
        OutputError: as ``write_atomically``.
    """
    with _explained(path):
        target = _target(path, force=force)
        with _temporary_beside(target) as temporary:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(target)
        _sync_folder(target.parent)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make ``folder`` and those above it, unless it is there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(mode, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be made: {error.strerror}; choose another folder"
        ) from error


class FolderLock:
    """An exclusive lock on a folder, held as long as this object lives.

    The kernel releases it however the program ends. Where there are no locks (Windows, some network
    file systems), it always succeeds.
    """

    def __init__(self, folder: Path) -> None:
        """Lock ``folder``, which exists.

        Raises:
            OutputError: another program holds the lock.
        """
        self._end: Callable[[], object] | None = None
        if sys.platform == "win32":
            return
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            self._end = weakref.finalize(self, os.close, handle)
            if not _locked(handle):
                raise OutputError(
                    f"{folder}: another Play Bach that runs has its files here; end it, or choose "
                    "another folder"
                )

    def release(self) -> None:
        """Release the lock; may be called again."""
        if self._end:
            self._end()


def _locked(handle: int) -> bool:
    """Lock an open folder; ``False`` if another program holds the lock."""
    if sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True


def _target(path: Path, *, force: bool) -> Path:
    target = path.resolve()
    if not target.parent.is_dir():
        raise OutputError(f"{path}: there is no folder {target.parent}; make it first")
    try:
        kind = target.stat().st_mode
    except FileNotFoundError:
        return target
    if stat.S_ISDIR(kind):
        raise OutputError(f"{path}: this is a folder; give the name of a file in it")
    if not stat.S_ISREG(kind):
        raise OutputError(f"{path}: this is a device or pipe; give the name of a file")
    if not force:
        raise OutputError(f"{path}: exists; give --force to replace it or choose another name")
    return target


@contextlib.contextmanager
def _temporary_beside(target: Path) -> Iterator[Path]:
    """A new file in the folder of ``target``, gone at the end unless it was moved away."""
    temporary = target.with_name(f".playbach-{os.urandom(8).hex()}.part")
    # Made here, and not by tempfile, so that it has the access rights of any new file.
    temporary.touch(exist_ok=False)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Flush the directory entry to disk, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        # Links in a circle are a RuntimeError before Python 3.13.
        reason = error.strerror if isinstance(error, OSError) else "its links go in a circle"
        raise OutputError(f"{path}: cannot be written: {reason}; choose another place") from error
