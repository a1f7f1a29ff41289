"""A MIDI input that a setting names: opened at the start, and another one when the setting changes.

There is one for each use. Several may name the same port: each has a connection of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playbach.session.settings import Settings
from playbach.sinks.base import OnFailure
from playbach.sinks.midi_input import MidiInput, OnLook, Received

MakeInput = Callable[[str], MidiInput]
"""Makes the input that a pattern names, not opened yet."""


class InputPort:
    """The input that one setting names, if it does. Its owner sees to one change at a time."""

    def __init__(
        self,
        setting: str,
        make: MakeInput,
        *,
        begun: Callable[[], Callable[[Received], object]],
        on_look: OnLook | None = None,
        on_none: Callable[[], object],
        on_failure: OnFailure,
        absent_ok: bool,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            setting: whose value is the pattern, ``None`` for no input.
            make: makes the input.
            begun: gives what hears the messages of an input that is about to be opened.
            on_look: called from the input's thread, some hundred times a second.
            on_none: called when no input is listened to any more.
            on_failure: told what ended a thread of the input, if anything does.
            absent_ok: whether the port may be missing at first, and come later.
        """
        self.setting = setting
        self._make = make
        self._begun = begun
        self._on_look = on_look
        self._on_none = on_none
        self._on_failure = on_failure
        self._absent_ok = absent_ok
        self._input: MidiInput | None = None
        self._name: str | None = None
        self._is_started = False

    @property
    def description(self) -> str:
        """What is listened to; ``""`` for nothing."""
        port = self._input
        return port.description if port else ""

    @property
    def connected(self) -> bool:
        """Whether the port listened to is there."""
        port = self._input
        return port is not None and port.connected

    @property
    def problem(self) -> str:
        """What is wrong with what arrives, in a line; ``""`` for nothing."""
        port = self._input
        if port is None or not port.is_flooded:
            return ""
        return (
            f"{port.description}: it sends more than can be played; part of it is lost; end what "
            "sends it, or listen to another port"
        )

    def start(self, settings: Settings) -> None:
        """Listen to the port that the settings name, if they do.

        Raises:
            PortError: it cannot be opened.
        """
        name = getattr(settings, self.setting)
        self._input, self._name = self._listening(name), name
        self._is_started = True

    def close(self) -> None:
        """Listen no more; may be called again."""
        if self._input:
            self._input.close()

    @contextmanager
    def another(self, settings: Settings) -> Iterator[MidiInput | None]:
        """Listen to another port, or to none, if what is done within goes well.

        Yields:
            The input that is to be closed then.

        Raises:
            PortError: it cannot be opened.
        """
        name = getattr(settings, self.setting)
        if not self._is_started or name == self._name:
            yield None
            return
        before, port = self._input, self._listening(name)
        try:
            yield before
        except BaseException:
            if port:
                port.close()
            raise
        self._input, self._name = port, name
        if port is None:
            self._on_none()

    def _listening(self, name: str | None) -> MidiInput | None:
        if name is None:
            return None
        port = self._make(name)
        port.open(self._begun(), self._on_failure, on_look=self._on_look, absent_ok=self._absent_ok)
        return port
