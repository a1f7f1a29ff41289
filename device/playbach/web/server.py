"""The server: a thread with an event loop, and all that is served."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from socket import SO_SNDBUF, SOL_SOCKET

from aiohttp import web, web_fileresponse

from playbach.address import Address
from playbach.errors import PortError
from playbach.session.session import Session
from playbach.web.access import FailedLogins, Gate
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
_HANDSHAKE = 5.0
"""Seconds in which a client of HTTPS has to have agreed on the encryption."""
_JOIN = 3.0
"""Seconds for which its thread is waited for in the end."""


@dataclass(frozen=True, slots=True)
class Site:
    """Configuration of the server."""

    address: Address  # where to listen
    # secret that clients present; needed beyond this machine, ``None`` on loopback
    token: str | None = None
    models: Path | None = None  # folder of further bundles that may be chosen; ``None`` for none
    # PEM with a certificate and its key, for HTTPS; ``None`` for HTTP
    certificate: Path | None = None


class WebServer:
    """The HTTP server in a thread of its own; a component of the service."""

    name = "page"

    def __init__(self, session: Session, site: Site) -> None:
        """Nothing is opened before ``start``."""
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
        """Open the port and serve.

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
        """Close all connections and the port; may be called again."""
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
            encryption = self._encryption()
            listener = await asyncio.get_running_loop().create_server(
                connections.accept, address.host, address.port, reuse_address=True,
                ssl=encryption, ssl_handshake_timeout=_HANDSHAKE if encryption else None,
            )  # fmt: skip
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

    def _encryption(self) -> ssl.SSLContext | None:
        """TLS with the certificate, if there is one.

        Raises:
            PortError: it cannot be used.
        """
        path = self.site.certificate
        if path is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            # Nobody is there to be asked for a password.
            context.load_cert_chain(path, password=lambda: "")
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise PortError(
                f"page certificate {path}: cannot be used: {reason}; it must be a PEM file with "
                "the certificate and its key, which has no password"
            ) from error
        return context

    def _app(self, gate: Gate, hub: Hub, executor: ThreadPoolExecutor) -> web.Application:
        failed_logins = FailedLogins()
        app = web.Application(
            middlewares=[admission(gate, failed_logins)], client_max_size=MOST_BODY
        )
        app.on_response_prepare.append(add_headers)
        api = Api(self._session, hub, executor, self.site.models)
        app.add_routes([*api.routes(), login_route(gate, failed_logins), *_page_routes()])
        return app


def _page_routes() -> list[web.RouteDef]:
    """Routes of the page and its files, listed once, so that no other path reaches the disk."""
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

    async def missing(request: web.Request) -> web.StreamResponse:
        del request
        return web.FileResponse(STATIC / "404.html", status=404)

    return [
        web.get("/", index),
        web.get("/static/{name:.+}", static),
        web.get("/{other:(?!api/).+}", missing),
    ]
