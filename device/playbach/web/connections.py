"""The connections that are open: how many, from whom, and how long each may keep us waiting.

Whoever can reach the port can open a connection and send nothing, or half a request, or not read
the answer. So a connection that keeps the server waiting ends after ``PATIENCE``, and gives way
before that where another needs its place: of an address that has its share, to the newcomer; where
all places are taken, that of the address that keeps the server waiting with the most connections.
What is not yet a whole request takes a bounded amount of memory, all of them together.
"""

from __future__ import annotations

import asyncio
import contextlib
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
"""Bytes of a request's body."""
MOST_UNFINISHED = 8_000_000
"""Bytes of memory that all requests take which are not answered yet."""
_MOST_HEADERS = 64
_LINE = 400
"""Bytes of memory that a line of a head takes once it is read, beside its text."""
_LOOK_EVERY = 1.0
"""Seconds between looks at who has been waited for too long."""
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
    """One of them.

    Attributes:
        address: whom it is counted for.
        waiting_since: when the server began to wait for the other end, on the loop's clock;
            ``None`` while the server itself is at work, and for an open stream.
        unfinished: bytes of memory that what came for the next answer takes, or a little more.
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
        self._is_at_work = False
        self.address = ""
        self.waiting_since: float | None = self._clock()
        self.unfinished = 0
        self.is_stream = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open; closed at once if there is no room for it."""
        assert isinstance(transport, asyncio.Transport), "TCP"  # noqa: S101 for the type checker
        self._socket = transport
        self.address = address_of(transport.get_extra_info("peername"))
        if self._all.take(self):
            super().connection_made(transport)
        else:
            transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is gone."""
        self._all.forget(self)
        super().connection_lost(exc)
        if self._requests is not None and not self._is_at_work:
            # The library would look for the handler of a request that came at the very end.
            self._requests.cancel()

    async def start(self) -> None:
        """Answer one request after the other."""
        self._requests = asyncio.current_task()
        await super().start()

    def data_received(self, data: bytes) -> None:
        """Bytes came: the more is unfinished, the sooner it ends."""
        if not self.is_stream:
            joined = self._tail + data
            self._heads += joined.count(_END_OF_HEAD)
            self._tail = joined[1 - len(_END_OF_HEAD) :]
            self.unfinished += len(data) + _LINE * data.count(b"\n")
            self._all.weigh()
        super().data_received(data)

    def become_stream(self) -> None:
        """From now on it is a WebSocket."""
        self.is_stream = True
        self.unfinished = 0

    def drop(self) -> None:
        """End it at once, whatever was not sent yet."""
        self._all.forget(self)
        if self._socket is not None:
            self._socket.abort()

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """While this lasts nobody waits for the other end; afterwards for its next request."""
        self.waiting_since, self._is_at_work = None, True
        try:
            yield
        finally:
            self.waiting_since, self._is_at_work = self._clock(), False
            if self._heads > 1:
                # No browser sends the next request before the answer: these would pile up.
                self.close()
            else:
                self._heads = self.unfinished = 0

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Within ``at_work``: while this lasts the other end is waited for."""
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
        """The answer to what is no request, in place of the library's own."""
        del message
        response = self._all.answer(request, status, exc)
        response.force_close()
        return response


class Connections:
    """All that are open. To be used from one event loop."""

    def __init__(self, server: web.Server, answer: Answer) -> None:
        """None yet; ``answer`` speaks where no handler does."""
        self._server = server
        self._open: set[Connection] = set()
        self.answer = answer

    def accept(self) -> Connection:
        """What an event loop wants for each connection to a port."""
        return Connection(self, self._server)

    def take(self, new: Connection) -> bool:
        """Whether there is room for ``new``; another may have ended for it."""
        own = [one for one in self._open if one.address == new.address]
        if len(own) >= MOST_FROM_ONE:
            is_room = _end_oldest(own)
        elif len(self._open) >= MOST_CONNECTIONS:
            is_room = _end_oldest(self._crowd())
        else:
            is_room = True
        if is_room:
            self._open.add(new)
        return is_room

    def forget(self, connection: Connection) -> None:
        """It has ended; may be said again."""
        self._open.discard(connection)

    def weigh(self) -> None:
        """End the largest while what is unfinished takes too much memory together."""
        while sum(one.unfinished for one in self._open) > MOST_UNFINISHED:
            max(self._open, key=lambda one: one.unfinished).drop()

    async def watch(self) -> None:
        """End those that are waited for too long, until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            late = clock() - PATIENCE
            for one in _waiting(self._open):
                if one.waiting_since is not None and one.waiting_since < late:
                    one.drop()

    def _crowd(self) -> list[Connection]:
        """Those of the address that keeps the server waiting with the most."""
        waiting = _waiting(self._open)
        crowds = Counter(one.address for one in waiting)
        if not crowds:
            return []
        ((address, _),) = crowds.most_common(1)
        return [one for one in waiting if one.address == address]


def _waiting(connections: Iterable[Connection]) -> list[Connection]:
    return [one for one in connections if one.waiting_since is not None]


def _end_oldest(connections: Iterable[Connection]) -> bool:
    """Whether one of them could be ended: the one that is waited for the longest."""
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
