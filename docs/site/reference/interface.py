"""The HTTP interface, from its description in OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docs.site.reference.markdown import code, plain, terms

from playbach.web.description import FAILURES, description
from playbach.web.schema import REFERENCE

Described = Mapping[str, Any]
"""A part of the description."""


def interface_reference() -> str:
    """Markdown: every request, what it takes and answers, every setting, every failure."""
    told = description()
    schemas = told["components"]["schemas"]
    requests = [
        _request(path, method, operation, schemas)
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]
    objects = [
        f"### {name}\n\n{plain(schema['description'])}.\n\n{terms(_fields(schema))}"
        for name, schema in sorted(schemas.items())
        if name not in {"Change", "Settings"}
    ]
    return "\n\n".join(
        [
            "## Requests",
            *requests,
            "## Settings",
            terms(_fields(schemas["Settings"])),
            "## Objects",
            *objects,
            "## When it cannot be done",
            terms((str(status), plain(about)) for status, (about, _) in FAILURES.items()),
        ]
    )


def _request(path: str, method: str, operation: Described, schemas: Described) -> str:
    (status, answer), *failures = operation["responses"].items()
    kinds = ", ".join(
        f"{code(kind)}, {_allowed(content['schema'])}"
        for kind, content in answer.get("content", {}).items()
    )
    rows = [
        *(_parameter(one) for one in operation.get("parameters", ())),
        *_body(operation, schemas),
        (f"answers {status}", f"{plain(answer['description'])}{f': {kinds}' if kinds else ''}"),
        ("or", ", ".join(code(status) for status, _ in failures)),
    ]
    heading = f"### {method.upper()} {plain(path)}"
    return f"{heading}\n\n{plain(operation['summary'])}\n\n{terms(rows)}"


def _parameter(one: Described) -> tuple[str, str]:
    needed = "" if one.get("required") else ", optional"
    return code(one["name"]), f"in the {one['in']}{needed}: {_allowed(one['schema'])}"


def _body(operation: Described, schemas: Described) -> Iterator[tuple[str, str]]:
    if "requestBody" in operation:
        ((kind, content),) = operation["requestBody"]["content"].items()
        if "schema" not in content:
            yield "takes", f"a file, as {code(kind)}"
            return
        schema = schemas[content["schema"]["$ref"].removeprefix(REFERENCE)]
        names = ", ".join(code(name) for name in schema["properties"])
        yield "takes", f"an object with {names}"


def _fields(schema: Described) -> Iterator[tuple[str, str]]:
    for name, one in schema["properties"].items():
        yield code(name), f"{plain(one['description'])}; {_allowed(one)}"


def _allowed(schema: Described) -> str:
    words = [_kind(schema)]
    if "enum" in schema:
        words.append("one of " + ", ".join(code(word or "null") for word in schema["enum"]))
    words += [
        f"{meaning} {schema[name]:,g}"
        for name, meaning in (
            ("minimum", "at least"),
            ("exclusiveMinimum", "above"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "below"),
        )
        if name in schema
    ]
    return ", ".join(word for word in words if word)


def _kind(schema: Described) -> str:
    """What kind of value it is, in a few words."""
    if "$ref" in schema:
        return code(schema["$ref"].removeprefix(REFERENCE))
    if "anyOf" in schema:
        return " or ".join(_allowed(one) for one in schema["anyOf"])
    if "prefixItems" in schema:
        return "a list: " + "; ".join(_allowed(one) for one in schema["prefixItems"])
    if "items" in schema:
        return f"a list of {_allowed(schema['items'])}"
    kind = schema.get("type", "")
    return " or ".join(kind) if isinstance(kind, list) else kind
