"""The description of the interface holds: nothing anybody sends makes the server fail."""

from __future__ import annotations

from typing import Any
from unittest import SkipTest

import aiohttp
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.device.web.conftest import Serve, talk

from playbach.session.settings import TABLE
from playbach.web.api import Api
from playbach.web.description import VERSION, description

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# Models and ports are files and devices of the machine that runs the tests.
OUTSIDE = {"bundle", "sink", "port", "clock_in"}
SCHEMA = schemathesis.openapi.from_dict(description())
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok)]


def test_every_route_is_described() -> None:
    routes = {route.path for route in Api.routes(Api.__new__(Api))}
    served = {path.replace(r":\d{1,9}", "") for path in routes}
    aside = {f"{VERSION}/stream", f"{VERSION}/openapi.json"}
    assert served - aside == set(description()["paths"]) - {f"{VERSION}/login"}


def test_every_setting_is_described() -> None:
    patch = description()["paths"][f"{VERSION}/settings"]["patch"]
    schema = patch["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {row.name for row in TABLE}
    said = {name: row["description"] for name, row in schema["properties"].items()}
    assert said["sink"].endswith("; heard at once")
    assert said["key"].endswith("; heard within two seconds")
    assert said["tempo"].endswith("; heard at the next note")


def test_the_description_is_served(serve: Serve) -> None:
    async def ask(client: aiohttp.ClientSession) -> object:
        async with client.get(f"{VERSION}/openapi.json") as answer:
            return await answer.json()

    with serve() as served:
        assert talk(served, ask) == description()


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_makes_the_server_fail(
    serve: Serve,
    operation: schemathesis.APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
) -> None:
    with serve() as served:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=30, database=None, suppress_health_check=list(HealthCheck))
        def ask(case: schemathesis.Case[Any]) -> None:
            if isinstance(case.body, dict):
                case.body = {key: case.body[key] for key in case.body if key not in OUTSIDE}
            case.call_and_validate(base_url=served.base, checks=CHECKS)

        try:
            ask()
        except (Unsatisfiable, SkipTest):
            # There is nothing to get wrong in a request that takes nothing.
            assert mode is GenerationMode.NEGATIVE
