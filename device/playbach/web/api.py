"""The interface: each handler asks the session and answers with JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import tempfile
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from aiohttp import hdrs, web

from playbach.errors import InputError
from playbach.music.theme import Asked, Theme
from playbach.schema import changed
from playbach.session.commands import Command
from playbach.session.model import list_models
from playbach.session.parts import INSTRUMENTS, list_inputs, list_ports
from playbach.session.played import PlayedMovement
from playbach.session.session import MODEL, Session
from playbach.session.settings import TABLE, as_values
from playbach.session.written import KINDS, MOST_BARS, NARROWEST, WIDEST
from playbach.sound.options import EFFECTS
from playbach.themes import theme_from_bytes, theme_from_notes
from playbach.web.access import COOKIE, FailedLogins, Gate
from playbach.web.connections import MOST_BODY, MOST_FILE, connection_of
from playbach.web.description import description
from playbach.web.guard import wrong_token
from playbach.web.hub import Hub, serve_page
from playbach.web.views import (
    CONTENT_TYPES,
    JSON,
    MOST_FIRST,
    VERSION,
    DifferencesView,
    kept_view,
    listed_view,
    model_view,
    piece_view,
    setting_view,
    theme_view,
)

T = TypeVar("T")
_YEAR = 365 * 86_400
_FILE = "file"
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?")
"""A number in an address, as JSON writes it."""
_MOST_FILES = 4
"""Files that are being made or sent at a time."""
_SEND_WITHIN = 900.0
"""Seconds in which all of a file must be taken, and ``connections.PATIENCE`` each piece of it."""
_PIECE = 65_536
"""Bytes of a file that are sent at once."""
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
        # Files and pictures are made one at a time, so that the music has the rest of the board.
        self._writing = asyncio.Lock()
        self._files = asyncio.Semaphore(_MOST_FILES)

    def routes(self) -> list[web.RouteDef]:
        """All of them, the table that is served."""
        gets: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
            "status": self.status,
            "settings": self.settings,
            "settings/table": self.table,
            "suite": self.suite,
            "pieces": self.pieces,
            r"pieces/{id:[0-9]{1,9}}.{kind:[a-z]{1,9}}": self.piece,
            "kinds": self.kinds,
            "bars": self.bars,
            "kept": self.kept,
            r"kept/{name:[^/]{1,200}}": self.kept_file,
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
            web.post(f"{VERSION}/theme", self.theme),
            web.post(f"{VERSION}/theme/file", self.theme_file),
            web.post(f"{VERSION}/follow", self.follow),
            web.post(VERSION + r"/pieces/{id:[0-9]{1,9}}/keep", self.keep),
            web.delete(VERSION + r"/kept/{name:[^/]{1,200}}", self.let_go),
        ]

    async def status(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self._hub.status())

    async def settings(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(as_values(self._session.settings))

    async def table(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([setting_view(setting) for setting in TABLE.values()])

    async def change(self, request: web.Request) -> web.Response:
        wanted = await json_object(request)
        changed(self._session.settings, wanted, texts=False)
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

    async def theme(self, request: web.Request) -> web.Response:
        wanted = await json_object(request)
        if not isinstance(wanted.get("notes"), str) or wanted.keys() - {"notes", "key", "meter"}:
            raise InputError('send {"notes": TEXT}, and "key" and "meter" if they are to be so')
        asked = {name: wanted.get(name) for name in ("key", "meter")}
        if not all(value is None or isinstance(value, str) for value in asked.values()):
            raise InputError("key and meter are texts, such as D minor and 3/4")
        return await self._begin_with(lambda: theme_from_notes(wanted["notes"], Asked.of(**asked)))

    async def theme_file(self, request: web.Request) -> web.Response:
        content = await body_of(request, "application/octet-stream", MOST_FILE)
        return await self._begin_with(lambda: theme_from_bytes(content))

    async def _begin_with(self, read: Callable[[], Theme]) -> web.Response:
        theme = await self._aside(lambda: self._session.begin_with(read()))
        return web.json_response(theme_view(theme))

    async def follow(self, request: web.Request) -> web.Response:
        wanted = await json_object(request)
        link = wanted.get("link")
        if wanted.keys() != {"link"} or not isinstance(link, str):
            raise InputError('send {"link": TEXT}, and nothing else')
        said: DifferencesView = {
            "differences": list(await self._aside(lambda: self._session.follow(link)))
        }
        return web.json_response(said)

    async def suite(self, request: web.Request) -> web.Response:
        del request
        session = self._session
        listed = [listed_view(one, session.link_to(one.movement)) for one in session.suite()]
        return web.json_response(listed)

    async def pieces(self, request: web.Request) -> web.Response:
        del request
        now, name_of = self._session.now(), self._session.keeping.name_of
        pieces = self._session.pieces()
        return web.json_response(
            await self._aside(lambda: [piece_view(one, now, name_of(one)) for one in pieces])
        )

    async def piece(self, request: web.Request) -> web.StreamResponse:
        kind, piece = request.match_info["kind"], self._piece(request)
        if kind not in KINDS:
            raise web.HTTPNotFound(text=f"kind {kind}: there are {', '.join(KINDS)}")
        async with self._files:
            with tempfile.TemporaryDirectory(prefix="playbach-") as folder:
                path = Path(folder, f"movement.{kind}")
                async with self._writing:
                    await _on_its_own_thread(lambda: self._session.write(piece, path))
                return await _send_file(request, path, _plain(piece.movement.title))

    async def kinds(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([asdict(one) for one in await self._aside(self._session.kinds)])

    async def bars(self, request: web.Request) -> web.Response:
        first = _whole(request, "first", 0, MOST_FIRST)
        wanted = range(first, first + _whole(request, "bars", 1, MOST_BARS))
        width = _whole(request, "width", NARROWEST, WIDEST)
        async with self._writing:
            found = await _on_its_own_thread(lambda: self._session.bars(wanted, width))
        return web.json_response(None if found is None else asdict(found))

    async def keep(self, request: web.Request) -> web.Response:
        piece = self._piece(request)
        await self._aside(lambda: self._session.keeping.keep(piece))
        return await self.kept(request)

    async def kept(self, request: web.Request) -> web.Response:
        del request
        movements = await self._aside(self._session.keeping.movements)
        return web.json_response([kept_view(one) for one in movements])

    async def kept_file(self, request: web.Request) -> web.Response:
        path = self._kept_path(request)
        return _midi(await self._aside(path.read_bytes), path.stem)

    async def let_go(self, request: web.Request) -> web.Response:
        name = self._kept_path(request).name
        await self._aside(lambda: self._session.keeping.let_go(name))
        return await self.kept(request)

    def _piece(self, request: web.Request) -> PlayedMovement:
        wanted = int(request.match_info["id"])
        kept = {piece.id: piece for piece in self._session.pieces()}
        if wanted not in kept:
            raise web.HTTPNotFound(text=f"piece {wanted}: it is no longer kept, or not yet played")
        return kept[wanted]

    def _kept_path(self, request: web.Request) -> Path:
        try:
            return self._session.keeping.path_of(request.match_info["name"])
        except InputError as error:
            raise web.HTTPNotFound(text=str(error)) from error

    async def recent(self, request: web.Request) -> web.Response:
        text = ", ".join(request.query.getall("minutes", ["10"]))
        if not _NUMBER.fullmatch(text):
            raise InputError(f"minutes {text[:20]!r}: it must be a number, such as 10 or 0.5")
        content = await self._aside(lambda: self._session.recent(float(text)))
        return _midi(content, "recent")

    async def ports(self, request: web.Request) -> web.Response:
        del request
        found = await self._aside(lambda: [*list_ports(), *list_inputs()])
        return web.json_response([asdict(port) for port in found])

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
        if wanted.get("soundfont") is not None:
            raise InputError("soundfont: a page cannot name files; set it where it runs")
        if wanted.get("effect") not in {None, *EFFECTS, self._session.settings.effect}:
            raise InputError(f"effect: choose {', '.join(EFFECTS)}, or none")
        writes = str(wanted.get("sink", self._session.settings.sink)).strip().lower() == _FILE
        if writes and {"sink", "port"} & wanted.keys():
            raise InputError("sink file: a page cannot have files written; choose another sink")

    async def _aside(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, job)


def _whole(request: web.Request, name: str, low: int, high: int) -> int:
    """A whole number of the address.

    Raises:
        InputError: it is missing, given twice, or out of range.
    """
    text = ", ".join(request.query.getall(name, []))
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and low <= int(text) <= high):  # noqa: PLR2004 digits
        raise InputError(f"{name} {text[:20]!r}: it must be a whole number from {low} to {high}")
    return int(text)


async def _send_file(request: web.Request, path: Path, name: str) -> web.StreamResponse:
    """Send a file to be kept, as long as it is being read."""
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: CONTENT_TYPES[path.suffix[1:]],
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}{path.suffix}"',
        }
    )
    connection = connection_of(request)
    with path.open("rb") as file:
        response.content_length = os.fstat(file.fileno()).st_size
        async with asyncio.timeout(_SEND_WITHIN):
            await response.prepare(request)
            while request.method != hdrs.METH_HEAD and (piece := file.read(_PIECE)):
                with connection.waiting():
                    await response.write(piece)
    return response


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


def login_route(gate: Gate, failed_logins: FailedLogins) -> web.RouteDef:
    """The route that exchanges the token for a cookie."""

    async def login(request: web.Request) -> web.Response:
        wanted = await json_object(request)
        given = wanted.get("token")
        if wanted.keys() != {"token"} or not isinstance(given, str):
            raise InputError('send {"token": TEXT}, and nothing else')
        if not gate.is_token(given):
            return wrong_token(request, failed_logins)
        response = web.Response(status=204)
        response.set_cookie(
            COOKIE, gate.cookie, max_age=_YEAR, httponly=True, samesite="Strict", path="/",
            secure=request.secure,
        )  # fmt: skip
        return response

    return web.post(f"{VERSION}/login", login)


async def json_object(request: web.Request) -> JSON:
    """The object that a request carries.

    Raises:
        HTTPException: as of ``body_of``, or it is not JSON in UTF-8, or not an object.
    """
    content = await body_of(request, "application/json", MOST_BODY)
    try:
        said = json.loads(content.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest(text="the body is not JSON in UTF-8") from error
    if not isinstance(said, dict):
        raise web.HTTPBadRequest(text="the body must be a JSON object")
    return said


async def body_of(request: web.Request, kind: str, most: int) -> bytes:
    """What a request carries.

    Raises:
        HTTPUnsupportedMediaType: its content type is not ``kind``.
        HTTPRequestTimeout: it does not come.
        HTTPRequestEntityTooLarge: it has more than ``most`` bytes.
    """
    if request.content_type != kind:
        raise web.HTTPUnsupportedMediaType(text=f"send {kind}")
    try:
        with connection_of(request).waiting():
            async with asyncio.timeout(_BODY_WITHIN):
                return await request.clone(client_max_size=most).read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(text=f"the body must come in {_BODY_WITHIN:.0f} s") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _midi(content: bytes, title: str) -> web.Response:
    disposition = f'attachment; filename="{_plain(title)}.mid"'
    headers = {hdrs.CONTENT_DISPOSITION: disposition}
    return web.Response(body=content, content_type="audio/midi", headers=headers)


def _plain(title: str) -> str:
    """A title as a file name of ASCII."""
    text = title.replace("é", "e").replace("♭", "-flat").replace("♯", "-sharp")
    return "".join(c if c.isascii() and (c.isalnum() or c in " -") else "" for c in text)
