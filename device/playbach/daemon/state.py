"""Overrides: settings changed during playing, kept over a restart in a file of the state folder."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from playbach.errors import InputError, OutputError
from playbach.files import FolderLock, check_writable, make_folder, own_folder, write_atomically
from playbach.schema import Limits, Value, changed, read, shown
from playbach.session.settings import Settings, as_values

_LOG = logging.getLogger(__name__)
MAX_BYTES = 65_536
NAME = "settings.json"
_VERSION = 1


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The first of ``$STATE_DIRECTORY``, else the user's own: ``$XDG_STATE_HOME/playbach``."""
    return own_folder(environment, "STATE_DIRECTORY", "XDG_STATE_HOME", "~/.local/state")


def _one_value(given: object, where: str) -> Value:
    if not isinstance(given, bool | int | float | str | None):
        raise InputError(f"{where} {shown(given)}: it must be one value")
    return given


_Value: TypeAlias = Annotated[Value, Limits(read=_one_value)]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A setting that was changed."""

    value: _Value  # what it was changed to
    instead_of: _Value  # what the configuration said then


@dataclass(frozen=True, slots=True)
class _File:
    """What is written down.

    Attributes:
        version: of the file's format.
        settings: by name.
    """

    settings: Mapping[str, _Kept]
    version: Annotated[
        int, Limits(low=_VERSION, high=_VERSION, meaning=str(_VERSION), required=True)
    ] = _VERSION


class Overrides:
    """Changed settings that override the configuration.

    Each is stored with the configured value that it replaced. If the configuration has another
    value by now, somebody edited it since, and the edit wins.

    Of several programs on one folder, only the first writes. The others read the file, write
    nothing, and report that as ``problem``.
    """

    def __init__(self, folder: Path) -> None:
        """``folder``: made when it is missing."""
        self.path = folder / NAME
        self.problem = ""
        """Why changes are not written, in a line; ``""`` if they are."""
        self._kept: Mapping[str, _Kept] = {}
        self._lock: FolderLock | None = None

    def load(self, configured: Settings) -> Settings:
        """``configured`` with the overrides; those that cannot be used are logged and dropped.

        A damaged file is renamed. ``problem`` says whether changes can be written.
        """
        with self._explained():
            self._take_folder()
            check_writable(self.path, force=True)
        return self._load(configured, self._set_aside if self._lock else lambda _: None)

    def peek(self, configured: Settings) -> Settings:
        """As ``load``, but a damaged file stays where it is."""
        return self._load(configured, lambda _: None)

    def _load(self, configured: Settings, damaged: Callable[[Exception], None]) -> Settings:
        base = as_values(configured)
        wanted: dict[str, object] = {}
        for name, kept in self._read(damaged).items():
            if name in base and kept.instead_of != base[name]:
                _LOG.info("%s: the %s of the configuration is newer, and holds", self.path, name)
            else:
                wanted[name] = kept.value
        settings = self._usable(configured, wanted)
        self._kept = _differences(configured, settings)
        return settings

    def keep(self, configured: Settings, settings: Settings) -> None:
        """Write how ``settings`` differ from ``configured``, if that has changed.

        If that fails, ``problem`` says why.
        """
        kept = _differences(configured, settings)
        if kept == self._kept:
            return
        self._kept = kept
        content = json.dumps(asdict(_File(kept)), indent=1)
        with self._explained():
            self._take_folder()
            write_atomically(self.path, content.encode(), force=True)

    def _take_folder(self) -> None:
        make_folder(self.path.parent, 0o700)
        self._lock = self._lock or FolderLock(self.path.parent)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OutputError as error:
            self.problem = f"what is changed is lost at the next start: {error}"
        else:
            self.problem = ""

    def _usable(self, settings: Settings, wanted: Mapping[str, object]) -> Settings:
        # All at once, since some values are allowed only together; one by one if that fails.
        with contextlib.suppress(InputError):
            return changed(settings, wanted)
        for name, value in wanted.items():
            try:
                settings = changed(settings, {name: value})
            except InputError as error:
                _LOG.warning("%s: dropped: %s", self.path, error)
        return settings

    def _read(self, damaged: Callable[[Exception], None]) -> Mapping[str, _Kept]:
        try:
            # A pipe would be waited for, for ever.
            if self.path.is_fifo():
                raise OSError(errno.EINVAL, "this is a pipe")  # noqa: TRY301 as what open says
            with self.path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return {}
        except OSError as error:
            _LOG.warning("%s: cannot be read: %s; going on without", self.path, error.strerror)
            return {}
        try:
            return _parsed(content)
        except (InputError, ValueError, RecursionError) as error:
            damaged(error)
            return {}

    def _set_aside(self, error: Exception) -> None:
        aside = self.path.with_suffix(".damaged")
        with contextlib.suppress(OSError):
            self.path.replace(aside)
        _LOG.warning("%s: damaged (%s); set aside as %s", self.path, error, aside.name)


def _differences(configured: Settings, settings: Settings) -> dict[str, _Kept]:
    base, now = as_values(configured), as_values(settings)
    return {name: _Kept(value, base[name]) for name, value in now.items() if value != base[name]}


def _parsed(content: bytes) -> Mapping[str, _Kept]:
    """Parse a file; names and values are validated later.

    Raises:
        ValueError: it is not JSON.
        InputError: it is not such a file.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"larger than {MAX_BYTES:,} bytes")
    return read(_File, json.loads(content), "state").settings
