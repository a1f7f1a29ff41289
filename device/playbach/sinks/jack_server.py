"""A JACK server as seen by a client that does nothing but notice its end.

rtmidi cannot: after the server has died it goes on listing the ports there were, and its buffer
fills until sending never returns.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

CLIENT_NAME = "Play Bach watch"
PATIENCE = 5.0
"""Seconds that libjack is given to close a client.

After its server has died it needs more than one, and must not be asked for another meanwhile.
"""


def jack_library() -> ModuleType | None:
    """The Python library, ``None`` where it or libjack is not installed."""
    try:
        return importlib.import_module("jack")
    except (ImportError, OSError):
        return None


def let_go(close: Callable[[], object]) -> None:
    """Close a client of JACK, and go on without if that does not end.

    On closing, libjack cancels its threads wherever they are. One that holds a lock at that moment
    takes it along, and closing waits for that lock for ever; nothing of ours may wait with it.
    """
    thread = threading.Thread(target=close, name="playbach-let-go", daemon=True)
    thread.start()
    thread.join(PATIENCE)


class JackServer:
    """A running server. While it lives, ``alive`` is true."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._alive = True
        client.set_shutdown_callback(self._ended)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._alive

    def close(self) -> None:
        """Forget it; the client of a dead server too must be closed before a new one is asked."""
        self._client.close()

    def _ended(self, status: object, reason: str) -> None:
        """Called from a thread of libjack's."""
        del status, reason
        self._alive = False


def find_server(library: Any) -> JackServer | None:
    """The server that runs, ``None`` if none does."""
    # "No such server" is an answer, not something to print. Only meanwhile: a thread of libjack's
    # that waits for Python could wait for a thread that waits for JACK.
    says = (library.set_error_function, library.set_info_function)
    for say in says:
        say(lambda _: None)
    try:
        return JackServer(library.Client(CLIENT_NAME, no_start_server=True))
    except library.JackError:
        return None
    finally:
        for say in says:
            say(None)
