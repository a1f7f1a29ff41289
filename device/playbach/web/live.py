"""The socket of an open page: what is going to be heard, ahead of time; nothing but pings back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from typing import Any

from aiohttp import WSMsgType, web

from playbach.web.connections import connection_of
from playbach.web.hub import Hub, Page

_MOST_BYTES = 1_024
"""Of a message from a page."""
_MOST_RATE = 20
"""Messages a second that a page may send, on average over ``_OVER`` seconds."""
_OVER = 5.0
_HEARTBEAT = 20.0
"""Seconds between looks whether a page is still there."""


async def serve_page(request: web.Request, hub: Hub) -> web.StreamResponse:
    """Talk to a page until it goes, reads too slowly, or says what it must not."""
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


async def _talk(socket: web.WebSocketResponse, page: Page, hub: Hub, request: web.Request) -> None:
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


async def _send(socket: web.WebSocketResponse, page: Page) -> None:
    with contextlib.suppress(ConnectionError):
        while not socket.closed:
            await socket.send_str(await page.next())


async def _listen(socket: web.WebSocketResponse, page: Page, hub: Hub) -> None:
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


def _ping_time(text: Any) -> float | None:
    """The page's own time in a ping; ``None`` if it is no ping."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("type") != "ping":
        return None
    sent = said.get("sent")
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        return None
    return float(sent) if abs(sent) < 1e15 and math.isfinite(sent) else None  # noqa: PLR2004 ms
