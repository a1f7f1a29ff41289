"""What becomes of a port, in lines for people: found, lost, found again; few if that never ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playbach.session.status import SessionStatus

MOST_AT_ONCE = 6
"""Lines that may follow one another at once; after that, one each ``PAUSE``."""
PAUSE = 600.0
"""Seconds: a synth with a loose cable then writes 144 lines a day."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something to be said."""

    text: str  # one line, without its end
    is_loss: bool  # whether nothing is heard (any more)


@dataclass(frozen=True, slots=True)
class _Port:
    """How a port was found at a look."""

    name: str
    is_there: bool


class PortNews:
    """Compares what is seen of a port with what was said of it.

    Called from one thread; a change back between two looks is not seen.
    """

    def __init__(self, use: str, *, tells_first: bool = True) -> None:
        """Nothing was seen yet.

        Args:
            use: what is done with the port, such as ``playing to``.
            tells_first: whether a port that is there at the first look is news.
        """
        self._use = use
        self._tells_first = tells_first
        self._said: _Port | None = None
        self._seen: _Port | None = None
        self._left_out = 0
        self._lines_left = float(MOST_AT_ONCE)
        self._looked = 0.0

    def look(self, name: str, now: float, *, is_there: bool) -> Line | None:
        """What is to be said now, if anything is.

        Args:
            name: of the port, as it describes itself; ``""`` if there is none to speak of.
            now: seconds of any steady clock.
            is_there: whether it is connected.
        """
        gained = max(now - self._looked, 0.0) / PAUSE
        self._lines_left, self._looked = min(self._lines_left + gained, MOST_AT_ONCE), now
        port = _Port(name, is_there)
        self._left_out += port != self._seen
        self._seen = port
        if not self._left_out or self._lines_left < 1:
            return None
        is_known = self._said is None and port.is_there and not self._tells_first
        text = self._text(port) if name and not is_known else ""
        left_out, self._left_out = self._left_out - 1, 0
        self._said = port
        if not text:
            return None
        self._lines_left -= 1
        if left_out:
            text += f" ({left_out} more {'change' if left_out == 1 else 'changes'} before that)"
        return Line(text, not is_there)

    def _text(self, port: _Port) -> str:
        before = self._said
        if port.is_there:
            is_back = before is not None and before.name and not before.is_there
            return f"{'found, and ' if is_back else ''}{self._use} {port.name}"
        is_loss = before is not None and before.is_there and before.name
        return f"{'lost: ' if is_loss else ''}waiting for {port.name}"


class SessionNews:
    """What became of the synth and of the inputs, from a session's status."""

    def __init__(self, say: Callable[[Line], object], *, tells_synth: bool = True) -> None:
        """Nothing was seen yet.

        Args:
            say: is given each line.
            tells_synth: whether a synth that is there from the start is news.
        """
        self._say = say
        self._synth = PortNews("playing to", tells_first=tells_synth)
        self._clock = PortNews("following")
        self._player = PortNews("listening to")
        self._control = PortNews("steered by")

    def look(self, status: SessionStatus, now: float) -> None:
        """Say what is new; ``now`` in seconds of any steady clock."""
        for line in (
            self._synth.look(status.sink, now, is_there=status.connected),
            self._clock.look(status.clock, now, is_there=status.clock_connected),
            self._player.look(status.listening, now, is_there=status.listening_connected),
            self._control.look(status.control, now, is_there=status.control_connected),
        ):
            if line is not None:
                self._say(line)
