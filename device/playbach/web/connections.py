"""Limits on open connections: how many, from which address, how long idle, how much memory.

Whoever can reach the port can open a connection and send nothing, send half a request, or not read
the answer. So a connection that has been idle for ``PATIENCE`` is closed. It is closed earlier to
make room: for a new one of the same address, if that has ``MOST_FROM_ONE``; if there are
``MOST_CONNECTIONS``, the longest idle one of the address with the most idle connections. All
unfinished requests together take at most ``MOST_UNFINISHED`` bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from aiohttp import web

from playbach.log_limit import RepeatLimit
from playbach.web.access import address_of

MOST_CONNECTIONS = 256
"""Open at a time."""
MOST_FROM_ONE = 96
"""Of one address, which may be that of a house full of phones: all pages, and some requests."""
PATIENCE = 15.0
"""Seconds for which a request is waited for, and then for its answer to be taken."""
MOST_BODY = 16_384
"""Bytes of a request's body, but of one that carries a file."""
MOST_FILE = 262_144
"""Bytes of a file in a request's body."""
MOST_UNFINISHED = 8_000_000
"""Bytes of memory that all requests take which are not answered yet."""
_MOST_HEADERS = 64
_LINE = 400
"""Bytes of memory that a line of a head takes once it is read, beside its text."""
_LOOK_EVERY = 1.0
"""Seconds between looks at who has been waited for too long."""
_MOST_GONE = 50
"""Closed connections after which what is left of them is collected. The library's objects refer to
each other, and the collector, which looks at old ones seldom, would let thousands pile up."""
_END_OF_HEAD = b"\r\n\r\n"

LOG = logging.getLogger("playbach.web")
LOG.addFilter(RepeatLimit(most=10))

Answer = Callable[[web.BaseRequest, int, BaseException | None], web.Response]
"""Makes the answer to what is no request (400), and to what a bug left without an answer (500)."""

_SETTINGS: dict[str, Any] = {
    "lingering_time": 2.0,
    "max_headers": _MOST_HEADERS,
    "read_bufsize": MOST_BODY,
    # A body that unpacks to something larger is refused, not unpacked.
    "auto_decompress": False,
    "access_log": None,
    "logger": LOG,
}


class Connection(web.RequestHandler):
    """A connection, with what it is limited by.

    Attributes:
        address: of the client, as of ``address_of``.
        waiting_since: since when it has been idle: the server waits for the client. Seconds on the
            loop's clock; ``None`` while a request is handled, and for a WebSocket.
        unfinished: bytes of memory that requests not yet answered take, at most.
        is_stream: whether it is a WebSocket, which has limits of its own.
    """

    def __init__(self, all_of_them: Connections, server: web.Server) -> None:
        """Prepare; ``connection_made`` follows."""
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, **_SETTINGS)
        self._all = all_of_them
        self._clock = loop.time
        self._socket: asyncio.Transport | None = None
        self._tail = b""
        self._heads = 0
        self._requests: asyncio.Task[None] | None = None
        self._is_handling = False
        self.address = ""
        self.waiting_since: float | None = self._clock()
        self.unfinished = 0
        self.is_stream = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio; closes the connection if there is no room for it."""
        assert isinstance(transport, asyncio.Transport), "TCP"  # noqa: S101 for the type checker
        self._socket = transport
        self.address = address_of(transport.get_extra_info("peername"))
        if self._all.take(self):
            super().connection_made(transport)
        else:
            transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Called by asyncio."""
        self._all.forget(self)
        self._socket = None
        super().connection_lost(exc)
        if self._requests is not None and not self._is_handling:
            # The library would look for the handler of a request that came at the very end.
            self._requests.cancel()

    async def start(self) -> None:
        """Handle requests one after the other."""
        self._requests = asyncio.current_task()
        try:
            await super().start()
        finally:
            # A task that was cancelled holds what it was in the middle of, and so this.
            self._requests = None

    def data_received(self, data: bytes) -> None:
        """Called by asyncio; counts the memory that unfinished requests take."""
        if not self.is_stream:
            joined = self._tail + data
            self._heads += joined.count(_END_OF_HEAD)
            self._tail = joined[1 - len(_END_OF_HEAD) :]
            self.unfinished += len(data) + _LINE * data.count(b"\n")
            self._all.limit_memory()
        super().data_received(data)

    def become_stream(self) -> None:
        """Called when it becomes a WebSocket, which has limits of its own."""
        self.is_stream = True
        self.unfinished = 0

    def drop(self) -> None:
        """Close it at once; what was not sent is lost."""
        self._all.forget(self)
        if self._socket is not None:
            self._socket.abort()

    @contextlib.contextmanager
    def handling(self) -> Iterator[None]:
        """Context in which a request is handled: the connection is not idle."""
        self.waiting_since, self._is_handling = None, True
        try:
            yield
        finally:
            self.waiting_since, self._is_handling = self._clock(), False
            if self._heads > 1:
                # No browser sends the next request before the answer: these would pile up.
                self.close()
            else:
                self._heads = self.unfinished = 0

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Context within ``handling`` in which the server waits for the client to read or send."""
        self.waiting_since = self._clock()
        try:
            yield
        finally:
            self.waiting_since = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a malformed request, in place of aiohttp's own."""
        del message
        response = self._all.answer(request, status, exc)
        response.force_close()
        return response


class Connections:
    """All open connections. Not thread-safe: used from one event loop."""

    def __init__(self, server: web.Server, answer: Answer) -> None:
        """``answer`` makes the answer where no handler does: malformed requests, and bugs."""
        self._server = server
        self._open: set[Connection] = set()
        self._are_some = asyncio.Event()
        self._gone = 0
        self.answer = answer

    def accept(self) -> Connection:
        """The protocol factory for ``loop.create_server``."""
        return Connection(self, self._server)

    def take(self, new: Connection) -> bool:
        """Whether ``new`` may stay open; another may be closed to make room."""
        own = [one for one in self._open if one.address == new.address]
        if len(own) >= MOST_FROM_ONE:
            is_room = _close_oldest(own)
        elif len(self._open) >= MOST_CONNECTIONS:
            is_room = _close_oldest(self._of_busiest_address())
        else:
            is_room = True
        if is_room:
            self._open.add(new)
            self._are_some.set()
        return is_room

    def forget(self, connection: Connection) -> None:
        """Remove a closed connection; may be called again."""
        self._gone += connection in self._open
        self._open.discard(connection)

    def limit_memory(self) -> None:
        """Close the largest while unfinished requests take more than ``MOST_UNFINISHED``."""
        while sum(one.unfinished for one in self._open) > MOST_UNFINISHED:
            max(self._open, key=lambda one: one.unfinished).drop()

    async def watch(self) -> None:
        """Close connections that are idle for longer than ``PATIENCE``, until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            if not self._open:
                self._are_some.clear()
            await self._are_some.wait()
            await asyncio.sleep(_LOOK_EVERY)
            late = clock() - PATIENCE
            for one in _waiting(self._open):
                if one.waiting_since is not None and one.waiting_since < late:
                    one.drop()
            if self._gone > _MOST_GONE:
                self._gone = 0
                gc.collect()

    def _of_busiest_address(self) -> list[Connection]:
        """The idle connections of the address that has the most of them."""
        waiting = _waiting(self._open)
        crowds = Counter(one.address for one in waiting)
        if not crowds:
            return []
        ((address, _),) = crowds.most_common(1)
        return [one for one in waiting if one.address == address]


def _waiting(connections: Iterable[Connection]) -> list[Connection]:
    return [one for one in connections if one.waiting_since is not None]


def _close_oldest(connections: Iterable[Connection]) -> bool:
    """Close the one that has been idle the longest; whether there was one."""
    oldest = min(_waiting(connections), key=lambda one: one.waiting_since or 0.0, default=None)
    if oldest is None:
        return False
    oldest.drop()
    return True


def connection_of(request: web.BaseRequest) -> Connection:
    """The connection that a request came by."""
    connection = request.protocol
    assert isinstance(connection, Connection), "all are"  # noqa: S101 for the type checker
    return connection
