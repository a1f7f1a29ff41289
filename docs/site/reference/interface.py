"""The HTTP interface, from its description in OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docs.site.reference.markdown import code, plain, terms

from playbach.web.description import VERSION, description

Described = Mapping[str, Any]
"""A part of the description."""


def interface_reference() -> str:
    """Markdown: every request, what it takes and answers, every setting, every failure."""
    told = description()
    requests = [
        _request(path, method, operation)
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]
    settings = told["paths"][f"{VERSION}/settings"]["get"]
    return "\n\n".join(
        [
            "## Requests",
            *requests,
            "## Settings",
            terms(_fields(_schema(settings["responses"]["200"]))),
            "## When it cannot be done",
            terms(_failures(told)),
        ]
    )


def _request(path: str, method: str, operation: Described) -> str:
    status, answer = next(iter(operation["responses"].items()))
    kinds = ", ".join(code(kind) for kind in answer.get("content", {}))
    rows = [
        *(_parameter(one) for one in operation.get("parameters", ())),
        *_body(operation),
        (f"answers {status}", f"{plain(answer['description'])}{f': {kinds}' if kinds else ''}"),
    ]
    heading = f"### {method.upper()} {plain(path)}"
    return f"{heading}\n\n{plain(operation['summary'])}\n\n{terms(rows)}"


def _parameter(one: Described) -> tuple[str, str]:
    needed = "" if one.get("required") else ", optional"
    return code(one["name"]), f"in the {one['in']}{needed}: {_allowed(one['schema'])}"


def _body(operation: Described) -> Iterator[tuple[str, str]]:
    if "requestBody" in operation:
        names = ", ".join(code(name) for name in _schema(operation["requestBody"])["properties"])
        yield "takes", f"an object with {names}"


def _schema(media: Described) -> Described:
    """The schema of a body or an answer, which has one media type."""
    schema: Described = next(iter(media["content"].values()))["schema"]
    return schema


def _fields(schema: Described) -> Iterator[tuple[str, str]]:
    for name, one in schema["properties"].items():
        yield code(name), f"{plain(one['description'])}; {_allowed(one)}"


def _allowed(schema: Described) -> str:
    kind = schema["type"]
    words = [" or ".join(kind) if isinstance(kind, list) else kind]
    if "enum" in schema:
        words.append("one of " + ", ".join(code(word) for word in schema["enum"]))
    words += [
        f"{meaning} {schema[name]:,g}"
        for name, meaning in (
            ("minimum", "at least"),
            ("exclusiveMinimum", "above"),
            ("maximum", "at most"),
        )
        if name in schema
    ]
    return ", ".join(words)


def _failures(told: Described) -> Iterator[tuple[str, str]]:
    operation = told["paths"][f"{VERSION}/status"]["get"]
    for status, answer in list(operation["responses"].items())[1:]:
        yield status, plain(answer["description"])
