"""What is heard, sent by OSC at the moment it is heard, for whoever draws or mixes to it.

``/playbach/note PITCH VELOCITY SECONDS BAR`` as each note begins, ``/playbach/movement TITLE`` as
another one does, and ``/playbach/transport``, ``/playbach/tempo`` and the other settings as they
change, so that a surface of faders shows how things are.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence

from pythonosc.osc_message_builder import OscMessageBuilder

from playbach.address import Address
from playbach.lifetime import Lifetime
from playbach.osc.input import ROOT
from playbach.session.history import Subscription
from playbach.session.session import Session
from playbach.session.settings import REMOTE, as_values
from playbach.session.status import Changed, Event, NoteAhead, Withdrawn

_LOOK = 0.25
"""Seconds between looks whether it is to end, at most."""
_MOST_KEPT = 10_000
"""Notes that may wait until they are heard; far more than is ever announced ahead."""


class OscOutput(Lifetime):
    """Follows the session and sends; a component of the service."""

    name = "osc out"

    def __init__(self, session: Session, address: Address) -> None:
        """Nothing is sent before ``start``."""
        self._session = session
        self._address = address
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="playbach-osc-out", daemon=True)
        self._notes: list[NoteAhead] = []
        self._told: dict[str, object] = {}
        self.error: BaseException | None = None
        """The exception that ended its thread, if any did."""

    def start(self) -> None:
        """Follow."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no more; may be called again."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        family = socket.AF_INET6 if ":" in self._address.host else socket.AF_INET
        try:
            with (
                socket.socket(family, socket.SOCK_DGRAM) as sender,
                self._session.subscribe() as subscription,
            ):
                self._tell_state(sender)
                while not self._ended.is_set():
                    self._turn(sender, subscription)
        except BaseException as error:  # noqa: BLE001 no thread dies alone: its owner looks here
            self.error = error

    def _turn(self, sender: socket.socket, subscription: Subscription) -> None:
        """Send what is due, and wait for the next note or the next event."""
        now = self._session.now()
        due = [note for note in self._notes if note.at <= now]
        self._notes = [note for note in self._notes if note.at > now]
        for note in due:
            self._tell(sender, "movement", note.movement.title)
            self._send(sender, "note", [note.pitch, note.velocity, float(note.duration), note.bar])
        waiting = min((note.at - now for note in self._notes), default=_LOOK)
        self._follow(sender, subscription.take(max(0.0, min(waiting, _LOOK))))

    def _follow(self, sender: socket.socket, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, NoteAhead):
                self._notes = [*self._notes[-_MOST_KEPT:], event]
            elif isinstance(event, Withdrawn):
                self._notes = [note for note in self._notes if note.at < event.after]
            elif isinstance(event, Changed):
                self._tell_state(sender)

    def _tell_state(self, sender: socket.socket) -> None:
        status = self._session.status()
        self._tell(sender, "transport", status.transport.value)
        values = as_values(status.settings)
        for name in REMOTE:
            self._tell(sender, name, values[name])

    def _tell(self, sender: socket.socket, name: str, value: object) -> None:
        """Send a value unless it was the last one sent."""
        if name in self._told and self._told[name] == value:
            return
        self._told[name] = value
        self._send(sender, name, [] if value is None else [value])

    def _send(self, sender: socket.socket, name: str, values: Sequence[object]) -> None:
        builder = OscMessageBuilder(ROOT + name)
        for value in values:
            builder.add_arg(value)  # type: ignore[arg-type]  # numbers and texts
        try:
            sender.sendto(builder.build().dgram, (self._address.host, self._address.port))
        except OSError:
            # Nobody is there, or the network is not: it may come, and no note waits for it.
            return
