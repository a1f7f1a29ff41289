"""Whoever follows the music while it is played."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from playbach.clock import Nanoseconds
from playbach.music.note import Note
from playbach.player.held import Sent
from playbach.stream import Movement, StreamItem


class Audience(Protocol):
    """Whoever follows the music. Called from the player's thread, so it must not wait."""

    def announced(self, sent: Sent, note: Note, bar: int, movement: Movement) -> None:
        """``note`` was sent ahead, as ``sent``; it begins in ``bar``, from 1 (0 in a pickup)."""

    def withdrawn(self, since: Nanoseconds) -> None:
        """Notes announced for ``since`` or later do not come, unless announced again."""

    def passed(self, items: Sequence[StreamItem], notes: Iterable[Sent]) -> None:
        """These items have happened, and these notes have ended."""


class Nobody:
    """An audience that follows nothing."""

    def announced(self, sent: Sent, note: Note, bar: int, movement: Movement) -> None: ...

    def withdrawn(self, since: Nanoseconds) -> None: ...

    def passed(self, items: Sequence[StreamItem], notes: Iterable[Sent]) -> None: ...
