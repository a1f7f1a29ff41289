"""The description of the interface holds: what is sent, what is refused, and how."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict
from unittest import SkipTest

import aiohttp
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from tests.device.web.conftest import Serve, Served, talk, until

from playbach.errors import OutputError
from playbach.session.kept import Keeping
from playbach.session.session import Session
from playbach.session.settings import TABLE
from playbach.web import api
from playbach.web.access import FAILURES as MOST_GUESSES
from playbach.web.api import Api
from playbach.web.connections import MOST_FILE
from playbach.web.description import description
from playbach.web.schema import Schema, says, schema_of
from playbach.web.views import VERSION

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
TOLD = description()
SCHEMAS: dict[str, Schema] = TOLD["components"]["schemas"]
# Allowed by the description, and yet refused where it is of no movement, key or file that there is.
MAY_BE_REFUSED = {
    f"PATCH {VERSION}/settings",
    f"GET {VERSION}/pieces/{{id}}.{{kind}}",
    f"GET {VERSION}/recent.mid",
    f"POST {VERSION}/theme",
    f"POST {VERSION}/theme/file",
    f"POST {VERSION}/pieces/{{id}}/keep",
    f"GET {VERSION}/kept/{{name}}",
    f"DELETE {VERSION}/kept/{{name}}",
    f"POST {VERSION}/follow",
}


def _for_testing() -> Any:
    """The description without what is files and devices of the machine that runs the tests."""
    told = description()
    for name in ("bundle", "sink", "port", "clock_in", "control_in", "listen"):
        del told["components"]["schemas"]["Change"]["properties"][name]
    return told


OPERATIONS = [
    result.ok()
    for result in schemathesis.openapi.from_dict(_for_testing()).get_all_operations()
    if isinstance(result, Ok)
]


def validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "components": {"schemas": SCHEMAS}})


def test_every_route_is_described() -> None:
    routes = {route.path for route in Api.routes(Api.__new__(Api))}
    served = {re.sub(r":\[\^?[^]]+\]\{[^}]+\}", "", path) for path in routes}
    assert served - {f"{VERSION}/stream"} == set(TOLD["paths"]) - {f"{VERSION}/login"}


def test_every_setting_is_described() -> None:
    for name in ("Settings", "Change"):
        properties = SCHEMAS[name]["properties"]
        assert set(properties) == set(TABLE)
        said = {name: row["description"] for name, row in properties.items()}
        assert said["sink"].endswith("; heard at once")
        assert said["key"].endswith("; heard at the next movement")
        assert said["temperature"].endswith("; heard within a second")
        assert said["tempo"].endswith("; heard at the next note")


def test_the_description_is_served(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> object:
        async with client.get(f"{VERSION}/openapi.json") as answer:
            return await answer.json()

    with serve() as served:
        assert talk(served, ask) == TOLD


def _objects(schema: object) -> Iterator[Schema]:
    """All parts of a schema that are objects or references."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" or "$ref" in schema:
            yield schema
        for part in schema.values():
            yield from _objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _objects(part)


def test_every_answer_is_described_to_its_last_key() -> None:
    paths = {path: one for path, one in TOLD["paths"].items() if not path.endswith("openapi.json")}
    found = list(_objects({"paths": paths, "schemas": SCHEMAS}))
    assert len(found) > 50
    for schema in found:
        if "$ref" in schema:
            assert SCHEMAS[schema["$ref"].rpartition("/")[2]]["type"] == "object"
        else:
            assert schema["additionalProperties"] is False
            assert all(one["description"] for one in schema["properties"].values())


def _bodies() -> Iterator[tuple[str, Schema]]:
    """Every body and answer in JSON, with its place."""
    for path, methods in TOLD["paths"].items():
        for method, operation in methods.items():
            bodies = {"takes": operation.get("requestBody", {}), **operation["responses"]}
            for which, body in bodies.items():
                if content := body.get("content", {}).get("application/json"):
                    yield f"{method} {path} {which}", content


@pytest.mark.parametrize(("place", "content"), list(_bodies()))
def test_every_example_is_as_it_is_described(place: str, content: Schema) -> None:
    if not place.startswith(f"get {VERSION}/openapi.json 200"):
        validator(content["schema"]).validate(content["example"])
        assert not validator(content["schema"]).is_valid({"error": ""})


def test_messages_of_the_stream_are_as_they_are_described(serve: Serve) -> None:
    async def watch(client: aiohttp.ClientSession) -> set[str]:
        seen = set()
        async with client.ws_connect(f"{VERSION}/stream") as page, asyncio.timeout(50):
            ping = {"type": "ping", "sent": 12.5}
            validator(SCHEMAS["PingMessage"]).validate(ping)
            await page.send_json(ping)
            served.session.change({"transpose": 7})
            async for message in page:
                said = json.loads(message.data)
                validator(SCHEMAS[f"{said['type'].title()}Message"]).validate(said)
                if said.get("notes") != []:
                    seen.add(said["type"])
                if len(seen) == 4:
                    break
        return seen

    with serve() as served:
        until(lambda: served.listener.notes, "a note")
        assert talk(served, watch) == {"status", "notes", "withdrawn", "pong"}


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_answers_are_as_they_are_described(
    serve: Serve,
    operation: schemathesis.APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
) -> None:
    accepted = [] if operation.label in MAY_BE_REFUSED else [positive_data_acceptance]
    with serve() as served:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        def ask(case: schemathesis.Case[Any]) -> None:
            response = case.call(base_url=served.base)
            checks = [*CHECKS, *accepted]
            if response.status_code == 413:
                # Refused for its size, as described, before anybody looked at what is in it.
                checks.remove(negative_data_rejection)
            case.validate_response(response, checks=checks)

        try:
            ask()
        except (Unsatisfiable, SkipTest):
            # There is nothing to get wrong in a request that takes nothing, or any bytes.
            assert mode is GenerationMode.NEGATIVE
            assert all(body.media_type == "application/octet-stream" for body in operation.body)
            assert not operation.path_parameters
            assert not operation.query


NUMBERS = [
    row for row in TABLE.values() if row.low is not None and row.name not in {"velocity", "accent"}
]


def test_numbers_and_booleans_that_are_described_are_taken(serve: Serve) -> None:
    change = SCHEMAS["Change"]["properties"]
    values = {
        row.name: (st.integers if row.kind is int else st.floats)(
            change[row.name]["minimum"], change[row.name]["maximum"]
        )
        for row in NUMBERS
    }
    booleans = {row.name: st.booleans() for row in TABLE.values() if row.kind is bool}

    @given(st.fixed_dictionaries({}, optional=values | booleans))
    @settings(max_examples=30, deadline=None, database=None)
    def ask(wanted: dict[str, object]) -> None:
        body = json.dumps(wanted).encode()
        path, headers = f"{VERSION}/settings", {"Content-Type": "application/json"}
        status, said = _answer(served, Ask("PATCH", path, headers, body))
        assert status == 200
        assert wanted.items() <= said.items()

    with serve() as served:
        ask()


@dataclass(frozen=True)
class Ask:
    """A request: its method, path, headers and body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None
    is_half: bool = False


def _filled(path: str) -> str:
    return path.replace("{name}", "play").replace("{id}.{kind}", "1.mid").replace("{id}", "1")


def _good(method: str, path: str) -> Ask:
    """A request that is answered well."""
    path = _filled(path)
    operation = next(
        one for known, ways in TOLD["paths"].items() for way, one in ways.items()
        if way == method and _filled(known) == path
    )  # fmt: skip
    body = operation.get("requestBody")
    if body is None:
        # The least that each number in the address may be.
        wanted = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
        query = "&".join(f"{one['name']}={one['schema'].get('minimum', 1)}" for one in wanted)
        return Ask(method.upper(), f"{path}?{query}" if query else path, {})
    kind, content = next(iter(body["content"].items()))
    example = json.dumps(content.get("example", "")).encode()
    return Ask(method.upper(), path, {"Content-Type": kind}, example)


TOKEN = "a token that is only for tests"  # noqa: S105 as it says
PROVOKED: dict[int, Callable[[Ask], Ask]] = {
    400: lambda ask: Ask(ask.method, ask.path.replace("=", "=x"), ask.headers, ask.body and b"{"),
    401: lambda ask: ask,
    403: lambda ask: Ask(
        ask.method, ask.path, {**ask.headers, "Origin": "http://evil.example"}, ask.body
    ),
    404: lambda ask: Ask(ask.method, ask.path.replace("play", "x").replace("1.mid", "7.mid"), {}),
    408: lambda ask: Ask(ask.method, ask.path, ask.headers, ask.body, is_half=True),
    409: lambda ask: Ask(
        ask.method, ask.path, ask.headers, ask.body and b'{"port": "no such port at all"}'
    ),
    413: lambda ask: Ask(ask.method, ask.path, ask.headers, (MOST_FILE + 1) * b" "),
    415: lambda ask: Ask(ask.method, ask.path, {"Content-Type": "text/plain"}, ask.body),
    421: lambda ask: Ask(ask.method, ask.path, {**ask.headers, "Host": "evil.example"}, ask.body),
    429: lambda ask: Ask(
        ask.method, ask.path, {**ask.headers, "Authorization": "Bearer wrong"}, ask.body
    ),
}
FAILURES = [
    (method, path, int(status))
    for path, methods in TOLD["paths"].items()
    for method, operation in methods.items()
    for status in operation["responses"]
    if int(status) >= 400
]


def _answer(served: Served, ask: Ask) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", served.server.port, timeout=60)
    with contextlib.closing(connection):
        connection.putrequest(ask.method, ask.path, skip_host="Host" in ask.headers)
        for name, value in ask.headers.items():
            connection.putheader(name, value)
        if ask.body is not None:
            connection.putheader("Content-Length", str(len(ask.body)))
        connection.endheaders(ask.body[:1] if ask.body and ask.is_half else ask.body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("status", sorted({status for *_, status in FAILURES}))
def test_every_failure_that_is_described_can_happen(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int
) -> None:
    if status == 408:
        monkeypatch.setattr(api, "_BODY_WITHIN", 0.1)
    if status == 409:
        for asked in ("bars", "write"):
            monkeypatch.setattr(Session, asked, _broken)
        # There is a movement to be kept, and no folder for it; what is to be let go of is none.
        monkeypatch.setattr(Api, "_piece", lambda *_: None)
        monkeypatch.setattr(Keeping, "path_of", lambda *_: tmp_path)
    asks = [PROVOKED[status](_good(*failure[:2])) for failure in FAILURES if failure[2] == status]
    locked = {"host": "0.0.0.0", "token": TOKEN}  # noqa: S104 with a token
    with serve(**(locked if status in {401, 429} else {})) as served:
        for _ in range(MOST_GUESSES if status == 429 else 0):
            assert _answer(served, asks[0])[0] == 401
        for ask in asks:
            answered, said = _answer(served, ask)
            assert (ask, answered) == (ask, status)
            validator(SCHEMAS["Error"]).validate(said)


def _broken(*_: object) -> None:
    raise OutputError("not here")


class Inner(TypedDict):
    """Something inside."""

    word: Annotated[Literal["a", "b"], "one of two"]
    pair: Annotated[tuple[Annotated[int, says(minimum=1)], str] | None, "a number and a text"]


@dataclass(frozen=True)
class OuterView:
    """Something with things inside."""

    inner: list[Inner]
    share: Annotated[float, says(minimum=0), "of all"]


def test_a_schema_says_what_a_type_says() -> None:
    schemas: dict[str, Schema] = {}
    assert schema_of(OuterView, schemas) == {"$ref": "#/components/schemas/Outer"}
    assert schemas["Outer"]["properties"]["share"] == {
        "type": "number", "minimum": 0, "description": "of all",
    }  # fmt: skip
    pair = schemas["Inner"]["properties"]["pair"]
    assert pair["description"] == "a number and a text"
    schema = {**schemas["Outer"], "components": {"schemas": schemas}}
    tested = jsonschema_rs.Draft202012Validator(schema)
    good = {"inner": [{"word": "a", "pair": [1, "x"]}, {"word": "b", "pair": None}], "share": 0.5}
    tested.validate(good)
    wrong: list[Any] = [
        {**good, "more": 1}, {"share": 0.5}, {**good, "share": "0.5"}, {**good, "inner": None},
        *({**good, "inner": [one]} for one in (
            {"word": "c", "pair": None}, {"word": "a", "pair": [0, "x"]},
            {"word": "a", "pair": [1]}, {"word": "a", "pair": [1, "x", 2]}, {"word": "a"},
        )),
    ]  # fmt: skip
    assert not any(tested.is_valid(one) for one in wrong)
    with pytest.raises(TypeError, match="no schema"):
        schema_of(dict[str, int], {})
