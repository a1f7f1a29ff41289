"""The interface: each handler asks the session and answers with JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from aiohttp import hdrs, web

from playbach.errors import InputError
from playbach.session.archive import midi_of
from playbach.session.choices import INSTRUMENTS, list_models, list_ports
from playbach.session.session import MODEL, Session
from playbach.session.settings import TABLE, as_values, find_setting
from playbach.session.status import Command
from playbach.web.access import COOKIE, Attempts, Gate
from playbach.web.connections import connection_of
from playbach.web.description import description
from playbach.web.guard import wrong_token
from playbach.web.hub import Hub
from playbach.web.live import serve_page
from playbach.web.views import JSON, VERSION, model_view, piece_view, setting_view

T = TypeVar("T")
_YEAR = 365 * 86_400
_FILE = "file"
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?")
"""A number in an address, as JSON writes it."""
_BODY_WITHIN = 10.0
"""Seconds in which a request's body must come."""


class Api:
    """Handlers of requests. To be used from one event loop."""

    def __init__(
        self, session: Session, hub: Hub, executor: Executor, models: Path | None = None
    ) -> None:
        """Prepare.

        Args:
            session: what is steered.
            hub: what pages listen to.
            executor: runs what may take a while, but for loading a model, which may take long.
            models: folder of further bundles; ``None`` for none.
        """
        self._session = session
        self._hub = hub
        self._executor = executor
        self._models = models
        self._loading = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """All of them, the table that is served."""
        gets: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
            "status": self.status,
            "settings": self.settings,
            "settings/table": self.table,
            "pieces": self.pieces,
            r"pieces/{id:[0-9]{1,9}}.mid": self.piece,
            "recent.mid": self.recent,
            "ports": self.ports,
            "instruments": self.instruments,
            "models": self.models,
            "openapi.json": self.openapi,
        }
        return [
            *(web.get(f"{VERSION}/{path}", handler) for path, handler in gets.items()),
            # A HEAD would open a socket that nobody reads.
            web.get(f"{VERSION}/stream", self.stream, allow_head=False),
            web.patch(f"{VERSION}/settings", self.change),
            web.post(f"{VERSION}/commands/{{name}}", self.command),
        ]

    async def status(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self._hub.status())

    async def settings(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(as_values(self._session.settings))

    async def table(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([setting_view(row) for row in TABLE])

    async def change(self, request: web.Request) -> web.Response:
        wanted = await json_object(request)
        for name, value in wanted.items():
            find_setting(name).check_type(value)
        self._refuse_files(wanted)
        if wanted.keys() & MODEL:
            # A model that hangs when it is tried must not keep others, nor the end, waiting.
            async with self._loading:
                new = await _on_its_own_thread(lambda: self._session.change(wanted))
        else:
            new = await self._aside(lambda: self._session.change(wanted))
        return web.json_response(as_values(new))

    async def command(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        names = [command.value for command in Command]
        if name not in names:
            raise web.HTTPNotFound(text=f"command {name[:40]!r}: there are {', '.join(names)}")
        await self._aside(lambda: self._session.command(Command(name)))
        return web.json_response(self._hub.status())

    async def pieces(self, request: web.Request) -> web.Response:
        del request
        now = self._session.now()
        return web.json_response([piece_view(piece, now) for piece in self._session.pieces()])

    async def piece(self, request: web.Request) -> web.Response:
        wanted = int(request.match_info["id"])
        kept = {piece.id: piece.archived for piece in self._session.pieces()}
        if wanted not in kept:
            raise web.HTTPNotFound(text=f"piece {wanted}: it is no longer kept, or not yet played")
        archived = kept[wanted]
        content = await self._aside(lambda: midi_of(archived))
        disposition = f'attachment; filename="{_plain(archived.movement.title)}.mid"'
        return web.Response(
            body=content,
            content_type="audio/midi",
            headers={hdrs.CONTENT_DISPOSITION: disposition},
        )

    async def recent(self, request: web.Request) -> web.Response:
        text = ", ".join(request.query.getall("minutes", ["10"]))
        if not _NUMBER.fullmatch(text):
            raise InputError(f"minutes {text[:20]!r}: it must be a number, such as 10 or 0.5")
        content = await self._aside(lambda: self._session.recent(float(text)))
        return web.Response(
            body=content,
            content_type="audio/midi",
            headers={hdrs.CONTENT_DISPOSITION: 'attachment; filename="recent.mid"'},
        )

    async def ports(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([asdict(port) for port in await self._aside(list_ports)])

    async def instruments(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([asdict(instrument) for instrument in INSTRUMENTS])

    async def models(self, request: web.Request) -> web.Response:
        del request
        current = self._session.settings.bundle
        found = await self._aside(lambda: list_models(self._models, current))
        return web.json_response([model_view(model, current) for model in found])

    async def openapi(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(description())

    async def stream(self, request: web.Request) -> web.StreamResponse:
        return await serve_page(request, self._hub)

    def _refuse_files(self, wanted: JSON) -> None:
        """A page may not name files of this machine: neither to be read nor to be written."""
        bundle = wanted.get("bundle")
        if bundle is not None:
            found = list_models(self._models, self._session.settings.bundle)
            if bundle not in {model.bundle for model in found}:
                raise InputError(f"bundle: choose one of those that {VERSION}/models lists")
        writes = str(wanted.get("sink", self._session.settings.sink)).strip().lower() == _FILE
        if writes and {"sink", "port"} & wanted.keys():
            raise InputError("sink file: a page cannot have files written; choose another sink")

    async def _aside(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, job)


async def _on_its_own_thread(job: Callable[[], T]) -> T:
    """What ``job`` returns; neither the server nor the program waits for it to end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(say: Callable[[], object]) -> None:
        # Nobody listens any more if the request was given up, or the server has ended.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: done.done() or say())

    def work() -> None:
        try:
            result = job()
        except BaseException as error:  # noqa: BLE001 the request fails with it
            failure = error
            tell(lambda: done.set_exception(failure))
        else:
            tell(lambda: done.set_result(result))

    threading.Thread(target=work, name="playbach-web-model", daemon=True).start()
    return await done


def login_route(gate: Gate, attempts: Attempts) -> web.RouteDef:
    """The route that exchanges the token for a cookie."""

    async def login(request: web.Request) -> web.Response:
        wanted = await json_object(request)
        given = wanted.get("token")
        if wanted.keys() != {"token"} or not isinstance(given, str):
            raise InputError('send {"token": TEXT}, and nothing else')
        if not gate.is_token(given):
            return wrong_token(request, attempts)
        response = web.Response(status=204)
        response.set_cookie(
            COOKIE, gate.cookie, max_age=_YEAR, httponly=True, samesite="Strict", path="/"
        )
        return response

    return web.post(f"{VERSION}/login", login)


async def json_object(request: web.Request) -> JSON:
    """The object that a request carries.

    Raises:
        HTTPUnsupportedMediaType: its content type is not ``application/json``.
        HTTPRequestTimeout: it does not come.
        HTTPBadRequest: it is not JSON in UTF-8, or not an object.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json")
    try:
        with connection_of(request).waiting():
            async with asyncio.timeout(_BODY_WITHIN):
                content = await request.read()
        said = json.loads(content.decode(), parse_constant=_refuse_constant)
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(text=f"the body must come in {_BODY_WITHIN:.0f} s") from error
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest(text="the body is not JSON in UTF-8") from error
    if not isinstance(said, dict):
        raise web.HTTPBadRequest(text="the body must be a JSON object")
    return said


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _plain(title: str) -> str:
    """A title as a file name of ASCII."""
    text = title.replace("é", "e").replace("♭", "-flat").replace("♯", "-sharp")
    return "".join(c if c.isascii() and (c.isalnum() or c in " -") else "" for c in text)
