"""The interface described in OpenAPI 3.1, derived from the tables it is made of."""

from __future__ import annotations

from playbach import __version__
from playbach.session.settings import TABLE, Setting
from playbach.session.status import Command
from playbach.web.views import JSON

VERSION = "/api/v1"
_NAMES = {float: "number", int: "integer", bool: "boolean", str: "string"}
_JSON = "application/json"
_MIDI = "audio/midi"


def _setting(row: Setting) -> JSON:
    schema: JSON = {"description": f"{row.about}; heard {row.acts.value}"}
    kind = _NAMES[row.kind]
    schema["type"] = [kind, "null"] if row.nothing else kind
    if row.low is not None and row.high is not None:
        schema |= {"minimum": row.low, "maximum": row.high}
    if row.kind is str:
        schema["maxLength"] = 1_000
    return schema


def _answer(about: str, schema: JSON, media: str = _JSON) -> JSON:
    return {"description": about, "content": {media: {"schema": schema}}}


_ERROR: JSON = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "what was wrong, in one line"}},
}
_OBJECT: JSON = {"type": "object"}
_LIST: JSON = {"type": "array", "items": {"type": "object"}}
_FAILURES = {
    400: "not allowed; nothing was changed",
    401: "the token is missing or wrong",
    403: "another site's page asked",
    404: "there is nothing of that name",
    405: "this method is not allowed there",
    409: "allowed, but not possible now, such as a port that is not there",
    413: "too large",
    415: "not JSON",
    421: "the server goes by another name",
    429: "too many wrong tokens",
    503: "too many pages are open",
}


def _operation(about: str, good: JSON, status: int = 200, **more: object) -> JSON:
    responses = {str(code): _answer(text, _ERROR) for code, text in _FAILURES.items()}
    return {"summary": about, "responses": {str(status): good, **responses}, **more}


def _takes(schema: JSON) -> JSON:
    return {"required": True, "content": {_JSON: {"schema": schema}}}


def _in_path(name: str, schema: JSON) -> list[JSON]:
    return [{"name": name, "in": "path", "required": True, "schema": schema}]


def _paths() -> JSON:
    settings = {
        "type": "object",
        "additionalProperties": False,
        "properties": {row.name: _setting(row) for row in TABLE},
    }
    status = _answer("how things are now", _OBJECT)
    lists = {
        "settings/table": "what each setting means and allows",
        "pieces": "movements played last, the very last first",
        "ports": "what can be played to",
        "instruments": "General MIDI's, by number, name and family",
        "models": "networks that can be chosen as `bundle`",
    }
    paths = {
        "status": {"get": _operation("what is playing, and how it goes", status)},
        "settings": {
            "get": _operation("the settings that hold", _answer("by name", settings)),
            "patch": _operation(
                "change settings, all of them or none",
                _answer("all settings as they are now", settings),
                requestBody=_takes(settings),
            ),
        },
        "commands/{name}": {
            "post": _operation(
                "play, pause and so on",
                status,
                parameters=_in_path(
                    "name", {"type": "string", "enum": [command.value for command in Command]}
                ),
            )
        },
        "pieces/{id}.mid": {
            "get": _operation(
                "a movement as a MIDI file",
                _answer("a MIDI file", {"type": "string", "format": "binary"}, _MIDI),
                parameters=_in_path("id", {"type": "integer", "minimum": 1}),
            )
        },
        "recent.mid": {
            "get": _operation(
                "what was played in the last minutes, as a MIDI file",
                _answer("a MIDI file", {"type": "string", "format": "binary"}, _MIDI),
                parameters=[
                    {
                        "name": "minutes",
                        "in": "query",
                        "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": 60},
                    }
                ],
            )
        },
        "login": {
            "post": _operation(
                "exchange the token for a cookie",
                {"description": "the cookie is set"},
                204,
                requestBody=_takes(
                    {
                        "type": "object",
                        "required": ["token"],
                        "properties": {"token": {"type": "string", "maxLength": 200}},
                    }
                ),
                security=[],
            )
        },
    }
    for name, about in lists.items():
        paths[name] = {"get": _operation(about, _answer(about, _LIST))}
    return {f"{VERSION}/{name}": path for name, path in paths.items()}


def description() -> JSON:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Play Bach",
            "version": __version__,
            "description": (
                f"What the page uses. {VERSION}/stream is a WebSocket: it sends objects of type "
                "status, notes (ahead of time), withdrawn and pong; it takes "
                '{"type": "ping", "sent": number}, whose pong carries the server\'s clock.'
            ),
        },
        "paths": _paths(),
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}, {}],
    }
