"""Sends what the session announces to every open page, and waits for none of them.

One task takes the session's events and puts each message, serialised once, into a bounded queue for
each page. A page that does not read loses its connection; the others lose nothing. A page sends
nothing but pings.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from aiohttp import WSMsgType, web

from playbach.errors import InputError
from playbach.schema import Limits, read
from playbach.session.history import Subscription
from playbach.session.session import Session
from playbach.session.status import Event, NoteAhead, Withdrawn
from playbach.web.connections import connection_of
from playbach.web.views import StatusView, notes_view, status_view

MOST_PAGES = 64
"""Pages open at a time."""
MOST_WAITING = 128
"""Messages kept for a page that does not read."""
_KEPT = 400
"""Notes that a newly opened page is told of at most, so that it has something to draw."""
_REMEMBERED = 20.0
"""Seconds after which a note is too old for that."""
_TOGETHER = 0.02
"""Seconds for which events are gathered into one message."""
_STATUS_EVERY = 0.5
"""Seconds between looks at the status while nothing is announced."""
_MOST_BYTES = 1_024
"""Of a message from a page."""
_MOST_RATE = 20
"""Messages a second that a page may send, on average over ``_OVER`` seconds."""
_OVER = 5.0
_HEARTBEAT = 20.0
"""Seconds between looks whether a page is still there."""


class OpenPage:
    """The messages still to be sent to one page."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self.is_slow = False
        """Whether it has not read for so long that messages are lost."""
        self.is_over = asyncio.Event()
        """Set when nothing more will come."""

    def put(self, message: str) -> None:
        """Queue a message."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.is_slow = True
            self.is_over.set()

    async def next(self) -> str:
        """The next message to be sent."""
        return await self._waiting.get()


class Hub:
    """All open pages. Not thread-safe: used from its event loop only."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pages: set[OpenPage] = set()
        self._notes: deque[NoteAhead] = deque(maxlen=_KEPT)
        self._remembered: str | None = None
        """Those notes as a message, until there are others."""
        self._changed = asyncio.Event()
        self._subscription: Subscription | None = None
        self._last_status: Mapping[str, Any] = {}
        self._refused = 0

    @property
    def pages(self) -> int:
        """Number of open pages."""
        return len(self._pages)

    def status(self) -> StatusView:
        """The status, as sent to pages."""
        return status_view(self._session.status(), self._session.now(), self.pages, self._refused)

    def refused(self) -> None:
        """Count a refused request."""
        self._refused += 1

    def now(self) -> float:
        """Seconds on the session's clock, to which all times here refer."""
        return self._session.now()

    def join(self) -> OpenPage | None:
        """Add a page; ``None`` if ``MOST_PAGES`` are open."""
        if len(self._pages) >= MOST_PAGES:
            return None
        page = OpenPage()
        self._pass_on()
        self._pages.add(page)
        self._watch()
        page.put(_message("status", self.status()))
        if self._remembered is None:
            since = self.now() - _REMEMBERED
            known = notes_view([note for note in self._notes if note.at > since])
            self._remembered = _message("notes", {"notes": known})
        page.put(self._remembered)
        return page

    def leave(self, page: OpenPage) -> None:
        """Remove a page."""
        self._pages.discard(page)
        self._watch()

    def close(self) -> None:
        """End all pages, because the server stops."""
        for page in self._pages:
            page.is_over.set()

    async def run(self) -> None:
        """Send events to all pages until cancelled."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._changed.set)

        with self._session.subscribe(wake) as self._subscription:
            self._watch()
            while True:
                await self._news()
                self._pass_on()

    def _watch(self) -> None:
        """While no page is open nobody is woken: what is told waits for one."""
        if self._subscription is not None:
            self._subscription.is_watched = bool(self._pages)
        self._changed.set()

    async def _news(self) -> None:
        """Wait until there may be something to send."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STATUS_EVERY if self._pages else None):
                await self._changed.wait()
            await asyncio.sleep(_TOGETHER)
        self._changed.clear()

    def _pass_on(self) -> None:
        """Send what has been told, and the status."""
        for message in self._messages(self._subscription.take() if self._subscription else ()):
            self._send(message)
        if not self._pages:
            return
        status = self.status()
        if self._is_news(status):
            self._last_status = status
            self._send(_message("status", status))

    def _messages(self, events: Sequence[Event]) -> list[str]:
        """Events as messages, in order; consecutive notes share one message."""
        messages = []
        notes: list[NoteAhead] = []
        if events:
            self._remembered = None
        for event in events:
            if isinstance(event, NoteAhead):
                notes.append(event)
                self._notes.append(event)
            elif isinstance(event, Withdrawn):
                messages += _of_notes(notes)
                notes = []
                messages.append(_message("withdrawn", {"after": event.after}))
                kept = [note for note in self._notes if note.at < event.after]
                self._notes = deque(kept, maxlen=_KEPT)
        return messages + _of_notes(notes)

    def _is_news(self, status: Mapping[str, Any]) -> bool:
        moving = ("now", "uptime", "lateness", "refused")
        before = self._last_status
        return any(status[key] != before.get(key) for key in status if key not in moving) or (
            status["now"] - before["now"] > 2  # noqa: PLR2004 seconds, so that a page sees life
        )

    def _send(self, message: str) -> None:
        for page in self._pages:
            page.put(message)


def _of_notes(notes: Sequence[NoteAhead]) -> list[str]:
    return [_message("notes", {"notes": notes_view(notes)})] if notes else []


def _message(kind: str, content: Mapping[str, object]) -> str:
    return json.dumps({"type": kind, **content}, separators=(",", ":"), allow_nan=False)


async def serve_page(request: web.Request, hub: Hub) -> web.StreamResponse:
    """Serve a page's WebSocket until it closes, reads too slowly, or breaks the protocol."""
    page = hub.join()
    if page is None:
        raise web.HTTPServiceUnavailable(text="too many pages are open; close one")
    try:
        socket = web.WebSocketResponse(
            max_msg_size=_MOST_BYTES, heartbeat=_HEARTBEAT, compress=False, timeout=2.0
        )
        await socket.prepare(request)
        connection_of(request).become_stream()
        await _talk(socket, page, hub, request)
        return socket
    finally:
        hub.leave(page)


async def _talk(
    socket: web.WebSocketResponse, page: OpenPage, hub: Hub, request: web.Request
) -> None:
    tasks = [
        asyncio.ensure_future(_send(socket, page)),
        asyncio.ensure_future(_listen(socket, page, hub)),
        asyncio.ensure_future(page.is_over.wait()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(*tasks, return_exceptions=True)
        if page.is_slow and request.transport is not None:
            # It does not read, so it would not read a farewell either.
            request.transport.abort()
        elif page.is_over.is_set():
            await socket.close(code=1001, message=b"the server ends")


async def _send(socket: web.WebSocketResponse, page: OpenPage) -> None:
    with contextlib.suppress(ConnectionError):
        while not socket.closed:
            await socket.send_str(await page.next())


async def _listen(socket: web.WebSocketResponse, page: OpenPage, hub: Hub) -> None:
    loop = asyncio.get_running_loop()
    allowed, since = float(_MOST_RATE * _OVER), loop.time()
    async for message in socket:
        now = loop.time()
        allowed, since = min(allowed + _MOST_RATE * (now - since), _MOST_RATE * _OVER), now
        allowed -= 1
        sent = _ping_time(message.data) if message.type is WSMsgType.TEXT else None
        if sent is None or allowed < 0:
            await socket.close(code=1008, message=b"only pings, and not so many")
            return
        page.put(json.dumps({"type": "pong", "sent": sent, "now": hub.now()}))


@dataclass(frozen=True)
class _Ping:
    type: Annotated[str, Limits(choices=("ping",))]
    sent: Annotated[float, Limits(low=-1e15, high=1e15)]


def _ping_time(text: Any) -> float | None:
    """``sent`` of a ping, a number of the page's clock; ``None`` if it is no valid ping."""
    try:
        return read(_Ping, json.loads(text), "ping").sent
    except (InputError, ValueError, RecursionError):
        return None
