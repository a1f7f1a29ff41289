"""A JACK server as seen by a client that does nothing but notice its end.

rtmidi cannot: after the server has died it goes on listing the ports there were.
"""

from __future__ import annotations

import importlib
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, NoReturn, TypeVar

from playbach.errors import PortError

CLIENT_NAME = "Play Bach watch"
PATIENCE = 5.0
"""Seconds that libjack is given to close a client.

After its server has died it needs more than one, and must not be asked for another meanwhile.
"""
SETTLED = 0.05
"""Seconds after which all clients have heard that another one was closed."""
OPENING = 30.0
"""Seconds that libjack is given to open a client; on a busy machine it may need a few."""

Made = TypeVar("Made")


def jack_library() -> ModuleType | None:
    """The Python library, ``None`` where it or libjack is not installed."""
    try:
        return importlib.import_module("jack")
    except (ImportError, OSError):
        return None


def detach(close: Callable[[], object]) -> None:
    """Close a client of JACK, and go on without if that does not end.

    On closing, libjack cancels its threads wherever they are. One that holds a lock at that moment
    takes it along, and closing waits for that lock for ever; nothing of ours may wait with it. The
    moment is when a client hears that another one came or went, so that is given time to pass.
    """
    thread = threading.Thread(target=close, name="playbach-let-go", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    time.sleep(SETTLED)


def opened(
    make: Callable[[], Made], close: Callable[[Made], object], patience: float = OPENING
) -> Made:
    """The client of JACK that ``make`` opens; whatever it raises is raised here.

    Args:
        make: opens it.
        close: closes it, if it opens after it was given up.
        patience: seconds that opening may take.

    Raises:
        PortError: it takes longer. The server hangs, or closing an earlier client has not ended
            (see ``detach``), after which this process opens no other.
    """
    answers: queue.SimpleQueue[Callable[[], Made]] = queue.SimpleQueue()
    deciding, given_up = threading.Lock(), threading.Event()

    def run() -> None:
        try:
            client = make()
        except Exception as error:  # noqa: BLE001 raised again where it is waited for
            answers.put(partial(_raise, error))
            return
        with deciding:
            if not given_up.is_set():
                answers.put(lambda: client)
                return
        close(client)

    threading.Thread(target=run, name="playbach-open", daemon=True).start()
    try:
        answer = answers.get(timeout=patience)
    except queue.Empty:
        with deciding:
            given_up.set()
            if answers.empty():
                raise PortError(
                    f"JACK: its library opens no client within {patience:g} seconds; start this "
                    "program again and, if that does not help, the JACK server"
                ) from None
            answer = answers.get()
    return answer()


def _raise(error: BaseException) -> NoReturn:
    raise error


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


def open_client(library: Any, name: str) -> Any:
    """A client of the server that runs, ``None`` if none does.

    Args:
        library: JACK-Client.
        name: of the client; JACK adds a number if it is taken.

    Raises:
        PortError: libjack does not answer, or this process may not be called back by it.
    """
    # "No such server" is an answer, not something to print. Only meanwhile: a thread of libjack's
    # that waits for Python could wait for a thread that waits for JACK.
    says = (library.set_error_function, library.set_info_function)
    try:
        for say in says:
            say(lambda _: None)
    except MemoryError as error:  # cffi's word for memory that must not be executed
        raise PortError(
            "sink jack: a service with MemoryDenyWriteExecute=yes cannot use JACK; use the sink "
            "alsa, or 'systemctl edit playbach' with MemoryDenyWriteExecute=no under [Service]"
        ) from error
    try:
        return opened(lambda: library.Client(name, no_start_server=True), _close)
    except library.JackError:
        return None
    finally:
        for say in says:
            say(None)


def find_server(library: Any) -> JackServer | None:
    """The server that runs, ``None`` if none does.

    Raises:
        PortError: libjack does not answer.
    """
    watch = open_client(library, CLIENT_NAME)
    return None if watch is None else JackServer(watch)


def jack_is_running() -> bool:
    """Whether there is a server, and the library that reaches it."""
    library = jack_library()
    try:
        server = find_server(library) if library else None
    except PortError:
        return False
    if server is not None:
        detach(server.close)
    return server is not None


def _close(client: Any) -> None:
    client.close()
