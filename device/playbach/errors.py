"""What a user can do wrong, as one tree of exceptions.

    PlaybachError
    |-- InputError          an argument or setting outside what is allowed
    |-- MidiFileError       a MIDI file that cannot be read
    |-- BundleError         a model bundle that cannot be used
    |-- PortError           a MIDI port or synth that is missing or refuses
    `-- OutputError         a file or folder that cannot be written

Each message is one line: what was wrong, where, what is allowed, what to do.
The command lines print it to standard error and exit with status 2. Any other
exception is a bug and may crash.
"""


class PlaybachError(Exception):
    """Base of every error a user can cause; its text is one line."""


class InputError(PlaybachError):
    """An argument or setting is outside what is allowed."""


class MidiFileError(PlaybachError):
    """A MIDI file cannot be read."""


class BundleError(PlaybachError):
    """A model bundle is missing, damaged, or not for this version."""


class PortError(PlaybachError):
    """A MIDI port or synthesiser is missing or refuses."""


class OutputError(PlaybachError):
    """A file cannot be written where it was asked for."""
