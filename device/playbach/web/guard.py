"""Checks every request before its handler: size, text, host, origin, token; headers and errors."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from playbach.errors import InputError, PlaybachError
from playbach.web.access import COOKIE, FailedLogins, Gate
from playbach.web.connections import LOG, MOST_BODY, MOST_FILE, connection_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
_SAFE = ("GET", "HEAD", "OPTIONS")
_BEARER = "Bearer "
OPEN = ("/api/v1/login", "/api/v1/openapi.json")
"""What of the interface may be had without a token."""
FILES = ("/api/v1/theme/file",)
"""What of the interface takes a file."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; font-src 'self'; media-src blob:; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
    # In place of the library's name and version.
    "Server": "playbach",
}
"""Of every answer."""


def refusal(status: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    """An error as JSON: ``{"error": reason}``."""
    return web.json_response(
        {"error": reason}, status=status, headers={**HEADERS, **(headers or {})}
    )


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """The signal ``on_response_prepare``: adds ``HEADERS``."""
    del request
    response.headers.update(HEADERS)


def answer_error(
    request: web.BaseRequest, status: int, error: BaseException | None
) -> web.Response:
    """The answer where no handler makes one: to a malformed request, or because of a bug."""
    if status < 500:  # noqa: PLR2004 HTTP's mistakes of servers
        LOG.debug("refused what is no request from %s", request.remote)
        return refusal(status, "this is no HTTP request, or its head is too large")
    return _bug(request, error)


def answering(handle: Answer, refused: Callable[[], None]) -> Answer:
    """Wrap aiohttp's request handler: errors become answers, which are sent within limits.

    Args:
        handle: finds the handler of a request, and calls it.
        refused: called for each request that is answered with a status from 400 to 499.
    """

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        connection = connection_of(request)
        with connection.handling():
            try:
                response = await _with_errors(request, handle)
                if 400 <= response.status < 500:  # noqa: PLR2004 HTTP's mistakes of clients
                    LOG.debug("%d: %s %a", response.status, request.method, request.raw_path)
                    refused()
                with connection.waiting():
                    await response.prepare(request)
                    await response.write_eof()
            except (ConnectionError, RuntimeError):
                # The second is how an event loop says it of a file.
                if not _is_gone(request):
                    raise
                return _AlreadySent(keep_alive=False)
        return _AlreadySent(keep_alive=bool(response.keep_alive))

    return answer


class _AlreadySent(web.Response):
    """A response that was sent already: aiohttp would send it now."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__()
        self._goes_on = keep_alive

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays open for another request."""
        return self._goes_on

    async def prepare(self, request: web.BaseRequest) -> None:
        """Do nothing."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing."""


def _is_gone(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _with_errors(request: web.BaseRequest, handle: Answer) -> web.StreamResponse:
    """Errors as answers with their reason; a bug is logged with its traceback."""
    try:
        _check(request)
        return await handle(request)
    except InputError as error:
        return refusal(400, str(error))
    except PlaybachError as error:
        return refusal(409, str(error))
    except web.HTTPException as error:
        allow = error.headers.get(hdrs.ALLOW)
        reason = error.text if error.text and error.content_type == "text/plain" else error.reason
        return refusal(error.status, reason, None if allow is None else {hdrs.ALLOW: allow})
    except web.RequestPayloadError:
        return refusal(400, "the body is not what its head says")
    except Exception as error:  # a bug in one answer ends neither the others nor the music
        if isinstance(error, ConnectionError) and _is_gone(request):
            # The other end is gone, which is no bug.
            raise
        return _bug(request, error)


def _bug(request: web.BaseRequest, error: BaseException | None) -> web.Response:
    LOG.error("%s %a", request.method, request.raw_path, exc_info=error)
    return refusal(500, "a bug in this program; its log says more")


def _check(request: web.BaseRequest) -> None:
    """Refuse what handlers need not handle.

    Raises:
        HTTPException: the request is not text, wants what there is not, or its body is packed or
            too large.
    """
    # A browser sends the cookies of all that is on this machine, whatever bytes are in them.
    texts = [request.raw_path, *(v for k, v in request.headers.items() if k != hdrs.COOKIE)]
    if not all(_is_text(text) for text in texts):
        raise web.HTTPBadRequest(text="the address and the headers must be text in UTF-8")
    if request.headers.get(hdrs.EXPECT, "100-continue").lower() != "100-continue":
        raise web.HTTPExpectationFailed(text="expect 100-continue, or nothing")
    if hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType(text="send the body as it is, without Content-Encoding")
    most = MOST_FILE if request.path in FILES else MOST_BODY
    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(most, text=f"send at most {most:,} bytes")


def _is_text(text: str) -> bool:
    """Whether it was sent as UTF-8; aiohttp decodes other bytes to lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def admission(
    gate: Gate, failed_logins: FailedLogins
) -> Callable[..., Awaitable[web.StreamResponse]]:
    """A middleware that checks host, origin and token."""

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get(hdrs.HOST, "")
        if not gate.knows_host(host):
            return refusal(421, "this server goes by another name; use the link it printed")
        changes = request.method not in _SAFE or hdrs.UPGRADE in request.headers
        if changes and not gate.is_own_origin(request.headers.get(hdrs.ORIGIN), host):
            return refusal(403, "only this server's own page may do that")
        if not request.path.startswith("/api/") or request.path in OPEN:
            return await handler(request)
        bearer = bearer_of(request)
        if not gate.is_admitted(request.cookies.get(COOKIE), bearer):
            if bearer is not None:
                return wrong_token(request, failed_logins)
            return refusal(
                401, "open the link that was printed at the start", {"WWW-Authenticate": "Bearer"}
            )
        return await handler(request)

    return admit


def bearer_of(request: web.Request) -> str | None:
    """The token in ``Authorization``, ``None`` without one."""
    given = request.headers.get(hdrs.AUTHORIZATION)
    return given.removeprefix(_BEARER) if given and given.startswith(_BEARER) else None


def wrong_token(request: web.Request, failed_logins: FailedLogins) -> web.Response:
    """Count a wrong token and refuse it: 401, or 429 after too many from one address."""
    address = connection_of(request).address
    LOG.warning("a wrong token from %s", address)
    wait = failed_logins.add(address)
    if wait:
        seconds = str(math.ceil(wait))
        return refusal(429, f"too many wrong tokens; wait {seconds} s", {"Retry-After": seconds})
    return refusal(
        401,
        "that is not the token; open the link that was printed",
        {"WWW-Authenticate": "Bearer"},
    )
