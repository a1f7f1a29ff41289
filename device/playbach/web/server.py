"""The server: a thread with an event loop, and all that is served."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from socket import SO_SNDBUF, SOL_SOCKET

from aiohttp import web, web_fileresponse

from playbach.errors import PortError
from playbach.page_address import Address
from playbach.session.session import Session
from playbach.web.access import Attempts, Gate
from playbach.web.api import Api, login_route
from playbach.web.connections import MOST_BODY, Connections
from playbach.web.guard import add_headers, admission, answer_error, answering
from playbach.web.hub import Hub

# As AIOHTTP_NOSENDFILE does. Where a connection ends while the kernel sends a file, asyncio logs an
# error of its own (InvalidStateError in _call_connection_lost); the page's files are small.
web_fileresponse.NOSENDFILE = True  # type: ignore[misc]

STATIC = Path(__file__).parent / "static"
_SEND_BUFFER = 65_536
"""Bytes that the system keeps for a connection that does not read."""
_JOIN = 3.0
"""Seconds for which its thread is waited for in the end."""


@dataclass(frozen=True, slots=True)
class Site:
    """What is served where.

    Attributes:
        address: where to listen.
        token: what must be known; needed beyond this machine, ``None`` on loopback.
        models: folder of further bundles that may be chosen; ``None`` for none.
    """

    address: Address
    token: str | None = None
    models: Path | None = None


class WebServer:
    """A part of the program with a beginning and an end; see ``playbach.daemon.components``."""

    name = "page"

    def __init__(self, session: Session, site: Site) -> None:
        """Prepare; nothing is opened yet."""
        self._session = session
        self.site = site
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="playbach-web", daemon=True)
        self.port = site.address.port
        """Where it listens, once started."""
        self.error: BaseException | None = None
        """What ended its thread, if anything did."""

    def start(self) -> None:
        """Serve.

        Raises:
            PortError: the address cannot be had.
        """
        self._thread.start()
        self._ready.wait()
        if self.error is not None:
            self._thread.join()
            error, self.error = self.error, None
            raise error

    def stop(self) -> None:
        """Say good-bye to all pages; may be called again."""
        if self._loop is not None and self._ending is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ending.set)
        if self._thread.is_alive():
            self._thread.join(_JOIN)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 no thread dies alone: its owner looks here
            self.error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        hub = Hub(self._session)
        with ThreadPoolExecutor(1, "playbach-web-aside") as executor:
            async with self._listening(hub, executor) as connections, asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(hub.run()), tasks.create_task(connections.watch())]
                self._ready.set()
                await self._ending.wait()
                for task in running:
                    task.cancel()

    @contextlib.asynccontextmanager
    async def _listening(
        self, hub: Hub, executor: ThreadPoolExecutor
    ) -> AsyncIterator[Connections]:
        """Listens for as long as the context lasts."""
        gate = Gate(self.site.token, None)
        runner = web.AppRunner(self._app(gate, hub, executor), shutdown_timeout=1.0)
        await runner.setup()
        server = runner.server
        assert server is not None, "setup made it"  # noqa: S101 for the type checker
        server.request_handler = answering(server.request_handler, hub.refused)
        connections = Connections(server, answer_error)
        try:
            listener = await self._bind(connections)
            self.port = listener.sockets[0].getsockname()[1]
            if self.site.address.is_loopback:
                gate.hosts = self.site.address.names(self.port)
            try:
                yield connections
            finally:
                listener.close()
                hub.close()
        finally:
            await runner.cleanup()

    async def _bind(self, connections: Connections) -> asyncio.Server:
        address = self.site.address
        try:
            listener = await asyncio.get_running_loop().create_server(
                connections.accept, address.host, address.port, reuse_address=True
            )
        except OSError as error:
            # The library's own words are long.
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise PortError(
                f"page address {address}: cannot be opened: {reason}; choose "
                "another HOST:PORT, or serve no page"
            ) from error
        for socket in listener.sockets:
            # What is accepted inherits it: a page that does not read holds little memory.
            socket.setsockopt(SOL_SOCKET, SO_SNDBUF, _SEND_BUFFER)
        return listener

    def _app(self, gate: Gate, hub: Hub, executor: ThreadPoolExecutor) -> web.Application:
        attempts = Attempts()
        app = web.Application(middlewares=[admission(gate, attempts)], client_max_size=MOST_BODY)
        app.on_response_prepare.append(add_headers)
        api = Api(self._session, hub, executor, self.site.models)
        app.add_routes([*api.routes(), login_route(gate, attempts), *_page_routes()])
        return app


def _page_routes() -> list[web.RouteDef]:
    """The page and its files: those that there are, so that no other name reaches the disk."""
    found = [path for path in STATIC.rglob("*") if path.is_file()]
    files = {path.relative_to(STATIC).as_posix(): path for path in found}

    async def index(request: web.Request) -> web.StreamResponse:
        del request
        return web.FileResponse(STATIC / "index.html")

    async def static(request: web.Request) -> web.StreamResponse:
        path = files.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound(text="the page has no such file")
        return web.FileResponse(path)

    return [web.get("/", index), web.get("/static/{name:.+}", static)]
