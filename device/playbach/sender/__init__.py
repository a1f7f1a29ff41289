"""The process that owns the port: on time whatever the rest does, silent when the rest dies.

``process`` is the side of whoever plays, ``__main__`` the program that sends. They talk over two
pipes, one JSON object a line:

    to the sender    {"do": "send", "messages": [[1.25, "90 3c 50"]]}
                     {"do": "cancel", "id": 7, "after": 1.5}
    from the sender  {"state": {...}}
                     {"id": 7, "result": [[1.75, "80 3c 40"]]}
                     {"change": "lost"}
                     {"error": "PortError", "text": "..."}

When the pipe closes, however the process at its other end died, the sender ends every note it has
begun and goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from playbach.midi.messages import TimedMessage
from playbach.timing import Seconds


def pack(messages: Iterable[TimedMessage], by: float = 0.0) -> list[list[object]]:
    """Messages as they are written down, later by ``by`` seconds."""
    return [[message.time + by, message.data.hex()] for message in messages]


def unpack(packed: Iterable[Sequence[Any]], by: float = 0.0) -> list[TimedMessage]:
    """The opposite of ``pack``."""
    return [TimedMessage(Seconds(time + by), bytes.fromhex(data)) for time, data in packed]
