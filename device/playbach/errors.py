"""What a user can do wrong, as one tree of exceptions.

    PlaybachError
    |-- InputError          an argument or setting outside what is allowed
    |-- BundleError         a model bundle that cannot be used
    |-- PortError           a MIDI port or synth that is missing or refuses
    |   `-- PortAbsentError it is not there now, but may appear
    `-- OutputError         a file or folder that cannot be written

Each message is one line: what was wrong, where, what is allowed, what to do; an error may have
several, one for each mistake. The command lines print them to standard error and exit with status
2. Any other exception is a bug and may crash.
"""

from __future__ import annotations


class PlaybachError(Exception):
    """Base of every error a user can cause; as a text, all its lines are one."""

    def __init__(self, *lines: str) -> None:
        """``lines``: what is to be said, a line for each mistake, at least one."""
        super().__init__(*lines)
        self.lines = lines

    def __str__(self) -> str:
        return "; ".join(self.lines)


class InputError(PlaybachError):
    """An argument or setting is outside what is allowed."""


class BundleError(PlaybachError):
    """A model bundle is missing, damaged, or not for this version."""


class PortError(PlaybachError):
    """A MIDI port or synthesiser is missing or refuses."""


class PortAbsentError(PortError):
    """A MIDI port is not there now, but may appear."""


class OutputError(PlaybachError):
    """A file cannot be written where it was asked for."""
