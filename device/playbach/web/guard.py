"""What happens to every request before it is looked at, and to every answer."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from playbach.errors import InputError, PlaybachError
from playbach.web.access import COOKIE, Attempts, Gate

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LOG = logging.getLogger(__name__)
_SAFE = ("GET", "HEAD", "OPTIONS")
_BEARER = "Bearer "
OPEN = ("/api/v1/login", "/api/v1/openapi.json")
"""What of the interface may be had without a token."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def refusal(status: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    """An answer that says why not."""
    return web.json_response({"error": reason}, status=status, headers=headers)


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every mistake becomes an answer with its reason; what is a bug goes to the log whole."""
    try:
        return await handler(request)
    except InputError as error:
        return refusal(400, str(error))
    except PlaybachError as error:
        return refusal(409, str(error))
    except web.HTTPException as error:
        allow = error.headers.get(hdrs.ALLOW)
        reason = error.text if error.text and error.content_type == "text/plain" else error.reason
        return refusal(error.status, reason, None if allow is None else {hdrs.ALLOW: allow})
    except Exception:  # noqa: BLE001 a bug in one answer ends neither the others nor the music
        _LOG.exception("%s %s", request.method, request.path)
        return refusal(500, "a bug in this program; its log says more")


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Called before each answer's headers are sent."""
    del request
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if hdrs.SERVER in response.headers:
        del response.headers[hdrs.SERVER]


def admission(gate: Gate, attempts: Attempts) -> Callable[..., Awaitable[web.StreamResponse]]:
    """A middleware that lets those pass who may."""

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
        if bearer is not None and (blocked := too_many(request, attempts)) is not None:
            return blocked
        if not gate.is_admitted(request.cookies.get(COOKIE), bearer):
            if bearer is not None:
                attempts.failed(address_of(request))
            return refusal(
                401, "open the link that was printed at the start", {"WWW-Authenticate": "Bearer"}
            )
        return await handler(request)

    return admit


def bearer_of(request: web.Request) -> str | None:
    """The token in ``Authorization``, ``None`` without one."""
    given = request.headers.get(hdrs.AUTHORIZATION)
    return given.removeprefix(_BEARER) if given and given.startswith(_BEARER) else None


def address_of(request: web.Request) -> str:
    """Whom the request came from."""
    return request.remote or ""


def too_many(request: web.Request, attempts: Attempts) -> web.Response | None:
    """The refusal of an address that guesses tokens; ``None`` while it may try."""
    wait = attempts.wait(address_of(request))
    if not wait:
        return None
    seconds = str(math.ceil(wait))
    return refusal(429, f"too many wrong tokens; wait {seconds} s", {"Retry-After": seconds})
