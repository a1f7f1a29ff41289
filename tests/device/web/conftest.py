"""A page's server over a session that plays to a listener."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.device.playback.listener import Listener
from tests.device.session.conftest import Play, play, until

from playbach.address import Address
from playbach.session.session import Session
from playbach.web.server import Site, WebServer

__all__ = ["Serve", "Served", "play", "serve", "talk", "until"]


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    session: Session
    listener: Listener
    server: WebServer

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"


Serve = Callable[..., AbstractContextManager[Served]]


@pytest.fixture
def serve(play: Play) -> Serve:
    """Runs a server; in the end neither it nor the session has come to harm."""

    @contextlib.contextmanager
    def serving(
        host: str = "127.0.0.1",
        token: str | None = None,
        models: Path | None = None,
        settings: dict[str, object] | None = None,
    ) -> Iterator[Served]:
        with play(settings) as (session, listener):
            server = WebServer(session, Site(Address(host, 0), token, models))
            server.start()
            try:
                yield Served(session, listener, server)
            finally:
                server.stop()
            assert server.error is None
            assert session.error is None

    return serving


def talk(served: Served, talking: Callable[[aiohttp.ClientSession], Awaitable[Any]]) -> Any:
    """What ``talking`` returns, given a client of the server."""

    async def run() -> Any:
        # Browsers keep cookies of addresses in digits too.
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(served.base, cookie_jar=jar) as client:
            return await asyncio.wait_for(talking(client), 60)

    return asyncio.run(run())
