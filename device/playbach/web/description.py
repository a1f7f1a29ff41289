"""The interface described in OpenAPI 3.1, derived from the tables and types it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import playbach
from playbach.music.form import FORMS, Form
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.schema import MAX_TEXT, TYPE_NAMES, Setting
from playbach.session.commands import Command
from playbach.session.history import LONGEST
from playbach.session.kept import KeptMovement
from playbach.session.model import ModelChoice
from playbach.session.parts import INSTRUMENTS, Instrument, PortRow
from playbach.session.settings import DEFAULTS, TABLE, as_values
from playbach.session.status import Fate, Listed, SessionStatus
from playbach.session.written import KINDS, MOST_BARS, NARROWEST, WIDEST, Bars, Kind
from playbach.status import Status
from playbach.stream import Movement, Seconds
from playbach.themes import theme_from_notes
from playbach.timing import Lateness
from playbach.web.access import COOKIE
from playbach.web.schema import REFERENCE, Schema, schema_of
from playbach.web.views import (
    CONTENT_TYPES,
    JSON,
    MOST_FIRST,
    VERSION,
    DifferencesView,
    KeptView,
    ListedView,
    ModelView,
    NotesMessage,
    PieceView,
    PingMessage,
    PongMessage,
    SettingView,
    StatusView,
    ThemeView,
    WithdrawnMessage,
    kept_view,
    listed_view,
    model_view,
    movement_view,
    setting_view,
    status_view,
    theme_view,
)

_JSON = "application/json"
_MIDI = "audio/midi"
_BYTES = "application/octet-stream"
_TEXT: JSON = {"schema": {"type": "string"}}
_NAME: Schema = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}-[0-9]{2}-[0-9]{2} [^/]{1,150}\.mid$",
}
_LINK = "play=42.18&form=sarabande&key=D+minor&meter=3%2F4"
_COMMANDS = [command.value for command in Command]

FAILURES: dict[int, tuple[str, str]] = {
    400: (
        "not allowed; nothing was changed",
        "tempo 800: it must be 10 to 400 felt beats per minute",
    ),
    401: ("the token is missing or wrong", "open the link that was printed at the start"),
    403: ("another site's page asked", "only this server's own page may do that"),
    404: ("there is nothing of that name", "piece 7: it is no longer kept, or not yet played"),
    408: ("the body does not come", "the body must come in 10 s"),
    409: ("allowed, but not possible now", "MIDI port Synth: there is none of that name"),
    413: ("too large", "send at most 16,384 bytes"),
    415: ("of another type, or packed", "send application/json"),
    421: ("the server goes by another name", "this server goes by another name"),
    429: ("too many wrong tokens", "too many wrong tokens; wait 60 s"),
}
"""What can fail, by status of HTTP: what it means, and an example of what is said."""
_ANY = (401, 421, 429)
"""Failures of every request that needs the token."""
_BODY = (400, 403, 408, 413, 415)
"""Failures of a request with a body."""
_FAILURE_HEADERS = {401: "WWW-Authenticate", 429: "Retry-After"}


def description() -> JSON:
    """The whole description."""
    schemas = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Play Bach",
            "version": playbach.__version__,
            "description": (
                f"What the page uses. {VERSION}/stream is a WebSocket: it sends StatusMessage, "
                "NotesMessage, WithdrawnMessage and PongMessage, and takes PingMessage. Beside "
                "what is listed here, what is no HTTP request or no UTF-8 is answered 400, a body "
                "with Content-Encoding 415, another Expect than 100-continue 417, a method that "
                "is not there 405, and one stream too many 503."
            ),
        },
        "paths": {f"{VERSION}/{name}": path for name, path in _paths(schemas).items()},
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
        },
        "security": [{"token": []}, {"cookie": []}, {}],
    }


def _schemas() -> dict[str, Schema]:
    """Objects that are no types, by name."""
    schemas: dict[str, Schema] = {
        "Error": {
            "type": "object",
            "description": "Why not",
            "additionalProperties": False,
            "required": ["error"],
            "properties": {
                "error": {
                    "type": "string",
                    "minLength": 1,
                    "description": "what was wrong, in one line",
                }
            },
        },
        "Settings": _settings("All settings as they hold", told=True),
        "Change": _settings("Settings to be changed, all of them or none", told=False),
        "ThemeNotes": {
            "type": "object",
            "description": "Notes as they are typed, and what they are in",
            "additionalProperties": False,
            "required": ["notes"],
            "properties": {
                "notes": {
                    "type": "string",
                    "description": "such as D4/8 F4 E4 A4/4 r/8 C3+E3+G3/2., a bar line after an "
                    "upbeat; eight bars at most are played",
                },
                "key": {"type": ["string", "null"], "description": "null: as the notes tell"},
                "meter": {"type": ["string", "null"], "description": "null: as the notes tell"},
            },
        },
        "Follow": {
            "type": "object",
            "description": "A movement to be played",
            "additionalProperties": False,
            "required": ["link"],
            "properties": {
                "link": {"type": "string", "description": "its link, or what is after #"}
            },
        },
        "Login": {
            "type": "object",
            "description": "Asks for the cookie",
            "additionalProperties": False,
            "required": ["token"],
            "properties": {
                "token": {
                    "type": "string",
                    "description": "the part of the link after the sign #",
                }
            },
        },
    }
    for message in (NotesMessage, WithdrawnMessage, PongMessage, PingMessage, StatusView):
        schema_of(message, schemas)
    status = schemas["Status"]
    schemas["StatusMessage"] = {
        **status,
        "description": "Of the stream: how things are, when that changes and every two seconds",
        "required": ["type", *status["required"]],
        "properties": {
            "type": {"enum": ["status"], "description": "which message it is"},
            **status["properties"],
        },
    }
    return schemas


def _settings(about: str, *, told: bool) -> Schema:
    return {
        "type": "object",
        "description": about,
        "additionalProperties": False,
        **({"required": list(TABLE)} if told else {}),
        "properties": {name: _setting(setting, told=told) for name, setting in TABLE.items()},
    }


def _setting(row: Setting, *, told: bool) -> Schema:
    """A setting's values; what is told has one spelling, what is wanted may have others."""
    kind = TYPE_NAMES[row.kind]
    schema: Schema = {
        "description": f"{row.help}; heard {row.takes_effect.value}",
        "type": [kind, "null"] if row.none_means else kind,
    }
    if row.low is not None and row.high is not None:
        schema |= {"minimum": row.low, "maximum": row.high}
    if row.kind is str:
        schema |= {"minLength": 1, "maxLength": MAX_TEXT}
    if row.choices and told:
        schema["enum"] = [*row.choices, None]
    elif row.choices:
        schema["examples"] = list(row.choices)
    return schema


def _paths(schemas: dict[str, Schema]) -> JSON:
    answer = partial(_answer, schemas)
    now = _example_status()
    return {
        "status": _get("what is playing, and how it goes", answer("how it is", StatusView, now)),
        "settings": {
            **_get("the settings that hold", _settings_answer("by name")),
            "patch": _operation(
                "change settings, all of them or none",
                _settings_answer("all settings as they are now"),
                (*_BODY, *_ANY, 409),
                requestBody=_takes("Change", {"tempo": 80, "key": "D minor"}),
            ),
        },
        "settings/table": _get(
            "what each setting means and allows",
            answer("a list", list[SettingView], [setting_view(TABLE["tempo"])]),
        ),
        "commands/{name}": {
            "post": _operation(
                "play, pause and so on",
                answer("how it is now", StatusView, now),
                (403, 404, *_ANY),
                parameters=[_parameter("name", "path", {"type": "string", "enum": _COMMANDS})],
            )
        },
        "theme": {
            "post": _operation(
                "begin the next movement with these notes, and come back to them",
                answer("as it will be played", ThemeView, _example_theme()),
                (*_BODY, *_ANY),
                requestBody=_takes("ThemeNotes", {"notes": "D4/8 F4 E4 A4 G4 Bb4 A4/4."}),
            )
        },
        "theme/file": {
            "post": _operation(
                "the same with the first eight bars of a MIDI or MusicXML file",
                answer("as it will be played", ThemeView, _example_theme()),
                (*_BODY, *_ANY),
                requestBody={"required": True, "content": {_BYTES: {}}},
            )
        },
        "suite": _get(
            "the suite that is heard, and the movement that comes after it",
            answer("a list, empty before the first", list[ListedView], [_example_listed()]),
        ),
        "follow": {
            "post": _operation(
                "play the movement that a link leads to",
                answer("what it leads to", DifferencesView, {"differences": []}),
                (*_BODY, *_ANY),
                requestBody=_takes("Follow", {"link": _LINK}),
            )
        },
        "pieces": _get(
            "movements played last, the very last first",
            answer("a list", list[PieceView], [_example_piece()]),
        ),
        "pieces/{id}.{kind}": _get(
            "a movement as a file",
            _file_answer(CONTENT_TYPES.values()),
            (404, 409),
            [
                _parameter("id", "path", {"type": "integer", "minimum": 1}),
                _parameter("kind", "path", {"type": "string", "enum": list(KINDS)}),
            ],
        ),
        "kinds": _get(
            "what movements can be had as here, and what not",
            answer("a list", list[Kind], [asdict(Kind("mid", "MIDI file", ""))]),
        ),
        "bars": _get(
            "bars of the movement that is heard, as they were composed, engraved",
            answer("null before the first", Bars | None, asdict(Bars("Suite 1", [1, 2], "<svg/>"))),
            (400, 409),
            [
                _whole("first", "number of the first, 0 for a pickup", 0, MOST_FIRST),
                _whole("bars", "how many, but those that are not composed yet", 1, MOST_BARS),
                _whole("width", "of the picture, in pixels", NARROWEST, WIDEST),
            ],
        ),
        "pieces/{id}/keep": {
            "post": _operation(
                "keep a movement for good",
                answer("all that are kept", list[KeptView], [_example_kept()]),
                (403, 404, 409, *_ANY),
                parameters=[_parameter("id", "path", {"type": "integer", "minimum": 1})],
            )
        },
        "kept": _get(
            "movements that are kept for good, the last first",
            answer("a list", list[KeptView], [_example_kept()]),
        ),
        "kept/{name}": {
            **_get(
                "a movement that is kept, as a MIDI file",
                _file_answer([_MIDI]),
                (404,),
                [_parameter("name", "path", _NAME)],
            ),
            "delete": _operation(
                "keep a movement no longer",
                answer("all that are kept still", list[KeptView], [_example_kept()]),
                (403, 404, 409, *_ANY),
                parameters=[_parameter("name", "path", _NAME)],
            ),
        },
        "recent.mid": _get(
            "what was played in the last minutes, as a MIDI file",
            _file_answer([_MIDI]),
            (400,),
            [
                _parameter(
                    "minutes",
                    "query",
                    {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST, "default": 10},
                )
            ],
        ),
        "ports": _get(
            "what can be played to, and listened to",
            answer("a list", list[PortRow], [asdict(PortRow("Synth 20:0", "ALSA", "alsa"))]),
        ),
        "instruments": _get(
            "General MIDI's, by number, name and family",
            answer("a list", list[Instrument], [asdict(INSTRUMENTS[42])]),
        ),
        "models": _get(
            "networks that can be chosen as `bundle`",
            answer("a list", list[ModelView], [model_view(ModelChoice("default", None), None)]),
        ),
        "login": {"post": _login()},
        "openapi.json": {
            "get": _operation(
                "this description",
                _content("in OpenAPI 3.1", {"type": "object", "required": ["openapi", "paths"]}),
                (421,),
                security=[],
            )
        },
    }


def _login() -> JSON:
    good = {"description": "the cookie is set", "headers": {"Set-Cookie": _TEXT}}
    return _operation(
        "exchange the token for a cookie",
        good,
        (*_BODY, *_ANY),
        status=204,
        requestBody=_takes("Login", {"token": "0PPLdN1KqXgZ9lUmVfgYSg"}),
        security=[],
    )


def _get(
    about: str, good: JSON, failures: Sequence[int] = (), parameters: Sequence[JSON] = ()
) -> JSON:
    return {"get": _operation(about, good, (*failures, *_ANY), parameters=parameters)}


def _operation(
    about: str,
    good: JSON,
    failures: Sequence[int],
    *,
    status: int = 200,
    parameters: Sequence[JSON] = (),
    **more: object,
) -> JSON:
    """A request: what it answers, and the failures that it can have, and no others."""
    responses = {str(status): good, **{str(code): _failure(code) for code in sorted(failures)}}
    if parameters:
        more["parameters"] = list(parameters)
    return {"summary": about, "responses": responses, **more}


def _failure(status: int) -> JSON:
    about, example = FAILURES[status]
    failure = _content(about, {"$ref": f"{REFERENCE}Error"}, {"error": example})
    if status in _FAILURE_HEADERS:
        failure["headers"] = {_FAILURE_HEADERS[status]: {**_TEXT, "required": True}}
    return failure


def _answer(schemas: dict[str, Schema], about: str, kind: Any, example: object) -> JSON:
    return _content(about, schema_of(kind, schemas), example)


def _settings_answer(about: str) -> JSON:
    return _content(about, {"$ref": f"{REFERENCE}Settings"}, as_values(DEFAULTS))


def _file_answer(kinds: Iterable[str]) -> JSON:
    files = {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in kinds}
    name = {"Content-Disposition": {**_TEXT, "required": True}}
    return {"description": "a file", "content": files, "headers": name}


def _whole(name: str, about: str, low: int, high: int) -> JSON:
    schema = {"type": "integer", "minimum": low, "maximum": high, "description": about}
    return {**_parameter(name, "query", schema), "required": True}


def _takes(name: str, example: object) -> JSON:
    content = {"schema": {"$ref": f"{REFERENCE}{name}"}, "example": example}
    return {"required": True, "content": {_JSON: content}}


def _content(about: str, schema: Schema, example: object = None) -> JSON:
    content = {"schema": schema} if example is None else {"schema": schema, "example": example}
    return {"description": about, "content": {_JSON: content}}


def _parameter(name: str, place: str, schema: Schema) -> JSON:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _example_movement() -> Movement:
    sarabande: Form = next(form for form in FORMS if form.name == "sarabande")
    return Movement(3, 4, sarabande, parse_key("D minor"), parse_meter("3/4"), 54.0)


def _example_status() -> StatusView:
    playing = Status(
        movement=_example_movement(),
        tempo=54.0,
        bar=12,
        notes=3_412,
        lateness=Lateness(6_824, Seconds(0.00005), Seconds(0.00012), Seconds(0.0007)),
    )
    status = SessionStatus(
        playing=playing,
        sink="MIDI port Synth 20:0 (ALSA)",
        timing="the kernel's queue",
        model="suites",
        variant="dynamic",
        uptime=Seconds(1_260.0),
    )
    return status_view(status, now=1_260.25, listeners=1, refused=0)


def _example_theme() -> ThemeView:
    return theme_view(theme_from_notes("D4/8 F4 E4 A4 G4 Bb4 A4/4."))


def _example_piece() -> PieceView:
    return {
        "id": 17,
        "movement": movement_view(_example_movement()),
        "notes": 208,
        "ended_ago": 31.5,
        "file": f"{VERSION}/pieces/17.mid",
        "link": _LINK,
        "kept": "",
    }


def _example_listed() -> ListedView:
    return listed_view(Listed(_example_movement(), Fate.PLAYING), _LINK)


def _example_kept() -> KeptView:
    title = _example_movement().title
    return kept_view(KeptMovement(f"2026-11-30 18-05-00 {title}.mid", title, _LINK))
