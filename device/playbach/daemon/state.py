"""Settings changed while it plays, kept over a restart in one small file of the state folder."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from playbach.errors import InputError, OutputError
from playbach.files import Claim, check_writable, make_folder, own_folder, write_atomically
from playbach.session.settings import Settings, Value, as_values, changed

_LOG = logging.getLogger(__name__)
MAX_BYTES = 65_536
NAME = "settings.json"
_VERSION = 1


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The first of ``$STATE_DIRECTORY``, else the user's own: ``$XDG_STATE_HOME/playbach``."""
    return own_folder(environment, "STATE_DIRECTORY", "XDG_STATE_HOME", "~/.local/state")


class Remembered:
    """What was changed while it played, against what the configuration says.

    Each change is kept with the value of the configuration that it replaced. If the configuration
    says something else by now, somebody edited it since, and the edit holds.

    Of several programs on one folder, the first keeps what is changed. The others read what is
    there, keep nothing, and say so.
    """

    def __init__(self, folder: Path) -> None:
        """``folder``: made when it is missing."""
        self.path = folder / NAME
        self.problem = ""
        """Why changes are not kept, in a line; ``""`` as long as they are."""
        self._kept: dict[str, dict[str, Value]] = {}
        self._claim: Claim | None = None

    def load(self, configured: Settings) -> Settings:
        """``configured`` with what was changed; a line in the log about what cannot be used.

        A file that is damaged is set aside. ``problem`` says whether changes will be kept.
        """
        with self._explained():
            self._take_folder()
            check_writable(self.path, force=True)
        return self._load(configured, self._set_aside if self._claim else lambda _: None)

    def peek(self, configured: Settings) -> Settings:
        """As ``load``, but a damaged file stays where it is."""
        return self._load(configured, lambda _: None)

    def _load(self, configured: Settings, damaged: Callable[[Exception], None]) -> Settings:
        base = as_values(configured)
        read = self._read(damaged)
        wanted: dict[str, Value] = {}
        for name, kept in read.items():
            if name in base and kept["instead_of"] != base[name]:
                _LOG.info("%s: the %s of the configuration is newer, and holds", self.path, name)
            else:
                wanted[name] = kept["value"]
        settings = self._usable(configured, wanted)
        self._kept = _differences(configured, settings)
        return settings

    def keep(self, configured: Settings, settings: Settings) -> None:
        """Write down how ``settings`` differ from ``configured``, if that is new.

        If that fails, ``problem`` says why; the music goes on.
        """
        kept = _differences(configured, settings)
        if kept == self._kept:
            return
        self._kept = kept
        content = json.dumps({"version": _VERSION, "settings": kept}, indent=1)
        with self._explained():
            self._take_folder()
            write_atomically(self.path, content.encode(), force=True)

    def _take_folder(self) -> None:
        make_folder(self.path.parent, 0o700)
        self._claim = self._claim or Claim(self.path.parent)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OutputError as error:
            self.problem = f"what is changed is lost at the next start: {error}"
        else:
            self.problem = ""

    def _usable(self, settings: Settings, wanted: Mapping[str, Value]) -> Settings:
        # All at once, since some values are allowed only together; one by one if that fails.
        with contextlib.suppress(InputError):
            return changed(settings, wanted)
        for name, value in wanted.items():
            try:
                settings = changed(settings, {name: value})
            except InputError as error:
                _LOG.warning("%s: dropped: %s", self.path, error)
        return settings

    def _read(self, damaged: Callable[[Exception], None]) -> dict[str, dict[str, Value]]:
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
        except (ValueError, RecursionError) as error:
            damaged(error)
            return {}

    def _set_aside(self, error: Exception) -> None:
        aside = self.path.with_suffix(".damaged")
        with contextlib.suppress(OSError):
            self.path.replace(aside)
        _LOG.warning("%s: damaged (%s); set aside as %s", self.path, error, aside.name)


def _differences(configured: Settings, settings: Settings) -> dict[str, dict[str, Value]]:
    base, now = as_values(configured), as_values(settings)
    return {
        name: {"value": value, "instead_of": base[name]}
        for name, value in now.items()
        if value != base[name]
    }


def _parsed(content: bytes) -> dict[str, dict[str, Value]]:
    """What a file says; whether names and values are allowed is looked at later.

    Raises:
        ValueError: it is not such a file.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES:,} bytes")
    document = json.loads(content)
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise ValueError(f"not version {_VERSION}")
    settings = document.get("settings")
    if not isinstance(settings, dict):
        raise ValueError("no settings")  # noqa: TRY004 what a file says is a value
    for kept in settings.values():
        if not (isinstance(kept, dict) and kept.keys() == {"value", "instead_of"}):
            raise ValueError("a setting without its value")
        if not all(isinstance(one, bool | int | float | str | None) for one in kept.values()):
            raise ValueError("a value that is none")
    return settings
