"""Commands and settings that arrive by OSC.

``/playbach/pause`` and the other commands take no value; ``/playbach/tempo 90`` changes a setting,
and without a value leaves it to the program. What cannot be understood is ignored and counted: UDP
has nobody to answer to.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator, Mapping

from pythonosc.osc_message import OscMessage
from pythonosc.osc_packet import OscPacket, ParseError

from playbach.address import Address
from playbach.errors import PlaybachError, PortError
from playbach.lifetime import Lifetime
from playbach.schema import Setting
from playbach.session.commands import Command
from playbach.session.session import Session
from playbach.session.settings import REMOTE

ROOT = "/playbach/"
"""What every address begins with."""
MOST_BYTES = 4_096
"""Of a packet."""
_TOGETHER = 64
"""Packets that are read before they are acted on: of each setting only the last value counts, so a
fader that is moved, or a flood, makes no more than one change at a time."""
_PAUSE = 0.02
"""Seconds from one change to the next."""
_LOOK = 0.25
"""Seconds between looks whether it is to end."""
_COMMANDS = {command.value: command for command in Command}
_LOG = logging.getLogger(__name__)


class OscInput(Lifetime):
    """Listens, and steers the session; a component of the service."""

    name = "osc in"

    def __init__(self, session: Session, address: Address) -> None:
        """Nothing is opened before ``start``."""
        self._session = session
        self._address = address
        self._socket: socket.socket | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="playbach-osc-in", daemon=True)
        self.ignored = 0
        """Packets and messages that were not understood, or asked for what is not allowed."""
        self.error: BaseException | None = None
        """The exception that ended its thread, if any did."""

    @property
    def port(self) -> int:
        """The port it listens on, once it does."""
        return 0 if self._socket is None else int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Listen.

        Raises:
            PortError: the address cannot be had.
        """
        family = socket.AF_INET6 if ":" in self._address.host else socket.AF_INET
        receiver = socket.socket(family, socket.SOCK_DGRAM)
        try:
            receiver.bind((self._address.host, self._address.port))
        except OSError as error:
            receiver.close()
            raise PortError(
                f"OSC at {self._address}: {error.strerror}; choose another address or port"
            ) from error
        receiver.settimeout(_LOOK)
        self._socket = receiver
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; may be called again."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                self._act(self._packets())
                self._ended.wait(_PAUSE)
        except BaseException as error:  # noqa: BLE001 no thread dies alone: its owner looks here
            self.error = error

    def _packets(self) -> Iterator[bytes]:
        """Those that wait to be read; waits a little for the first."""
        assert self._socket is not None, "it is open while this runs"  # noqa: S101 for mypy
        self._socket.settimeout(_LOOK)
        for _ in range(_TOGETHER):
            try:
                packet = self._socket.recv(MOST_BYTES + 1)
            except (TimeoutError, BlockingIOError):
                return
            except ConnectionError:
                # Where somebody we sent to is not there, some systems say so here.
                continue
            yield packet
            self._socket.settimeout(0)

    def _act(self, packets: Iterator[bytes]) -> None:
        """Do what they ask for, in order, but of what is set more than once only the last."""
        wanted: dict[str, object] = {}
        for message in self._messages(packets):
            name = message.address.removeprefix(ROOT)
            if message.address == name or not (name in _COMMANDS or name in REMOTE):
                self._ignore(f"{message.address[:60]!r}: there is no such address")
            elif name in REMOTE:
                wanted[name] = _value(REMOTE[name], message.params)
            else:
                self._change(wanted)
                wanted = {}
                self._session.command(_COMMANDS[name])
        self._change(wanted)

    def _messages(self, packets: Iterator[bytes]) -> Iterator[OscMessage]:
        for packet in packets:
            if len(packet) > MOST_BYTES:
                self._ignore(f"a packet of more than {MOST_BYTES:,} bytes")
                continue
            try:
                found = [timed.message for timed in OscPacket(packet).messages]
            except (ParseError, ValueError, OverflowError, RecursionError) as error:
                self._ignore(f"not OSC: {str(error)[:80]}")
                continue
            yield from found

    def _change(self, wanted: Mapping[str, object]) -> None:
        """Change what can be changed of it: one mistake does not undo another's knob."""
        for name, value in wanted.items():
            try:
                self._session.change({name: value})
            except PlaybachError as error:
                self._ignore(str(error))

    def _ignore(self, why: str) -> None:
        self.ignored += 1
        # Whoever floods us shall not fill the log as well.
        level = logging.WARNING if self.ignored.bit_count() == 1 else logging.DEBUG
        _LOG.log(level, "OSC ignored, %d so far; the last: %s", self.ignored, why)


def _value(setting: Setting, params: list[object]) -> object:
    """What is meant by a message's values; ``None`` leaves the setting to the program."""
    if not params:
        return None
    value = params[0] if len(params) == 1 else params
    if setting.kind is bool and isinstance(value, int | float):
        # Buttons send 1 and 0.
        return bool(value)
    if setting.kind is int and isinstance(value, float) and value.is_integer():
        # Faders send fractions.
        return int(value)
    return value
