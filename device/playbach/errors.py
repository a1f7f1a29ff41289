"""What a user can do wrong, as one tree of exceptions.

    PlaybachError
    |-- InputError          an argument or setting outside what is allowed
    |   `-- ConfigError     all that is wrong in a configuration
    |-- BundleError         a model bundle that cannot be used
    |-- PortError           a MIDI port or synth that is missing or refuses
    |   `-- PortAbsentError it is not there now, but may appear
    `-- OutputError         a file or folder that cannot be written

Each message is one line: what was wrong, where, what is allowed, what to do; ``ConfigError`` has
one such line for each mistake. The command lines print it to standard error and exit with status 2.
Any other exception is a bug and may crash.
"""

from __future__ import annotations

from collections.abc import Sequence


class PlaybachError(Exception):
    """Base of every error a user can cause; its text is one line."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What is to be said, a line for each mistake."""
        return (str(self),)


class InputError(PlaybachError):
    """An argument or setting is outside what is allowed."""


class ConfigError(InputError):
    """A configuration is not as it must be; all that is wrong in it is said at once."""

    def __init__(self, lines: Sequence[str]) -> None:
        """``lines``: at least one, each as the text of an error of its own."""
        super().__init__("; ".join(lines))
        self._lines = tuple(lines)

    @property
    def lines(self) -> tuple[str, ...]:
        return self._lines


class BundleError(PlaybachError):
    """A model bundle is missing, damaged, or not for this version."""


class PortError(PlaybachError):
    """A MIDI port or synthesiser is missing or refuses."""


class PortAbsentError(PortError):
    """A MIDI port is not there now, but may appear."""


class OutputError(PlaybachError):
    """A file cannot be written where it was asked for."""
