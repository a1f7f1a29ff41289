"""JSON schemas (draft 2020-12) made from type annotations.

    schema_of(list[MovementView], schemas)  # {"type": "array", "items": {"$ref": ".../Movement"}}

A frozen dataclass or a ``TypedDict`` is an object that has all its keys and no others, put into
``schemas`` once, by its name without ``View``. ``Annotated[int, says(minimum=1), "how many"]`` adds
to the schema of ``int``, and says what it means.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

Schema = dict[str, Any]
REFERENCE = "#/components/schemas/"
"""Before the name of an object, where it is referred to."""

_NAMES: Mapping[Any, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    NoneType: "null",
}


def says(**keywords: object) -> tuple[tuple[str, object], ...]:
    """Keywords of a schema, for ``Annotated``; ``ref`` names an object instead of them."""
    return tuple(keywords.items())


def schema_of(kind: Any, schemas: dict[str, Schema]) -> Schema:
    """The schema of values of a type.

    Args:
        kind: a simple type, a list, a tuple, a union, ``Literal``, ``Annotated``, a dataclass or a
            ``TypedDict``.
        schemas: objects by name; those that ``kind`` consists of are added.

    Raises:
        TypeError: there is no schema for such a type.
    """
    if kind in _NAMES:
        return {"type": _NAMES[kind]}
    if is_dataclass(kind) or is_typeddict(kind):
        name = kind.__name__.removesuffix("View")
        if name not in schemas:
            schemas[name] = {}
            schemas[name] = _object(kind, schemas)
        return {"$ref": REFERENCE + name}
    if hasattr(kind, "__supertype__"):
        return schema_of(kind.__supertype__, schemas)
    return _composed(get_origin(kind), get_args(kind), schemas)


def _composed(origin: Any, parts: tuple[Any, ...], schemas: dict[str, Schema]) -> Schema:
    if origin is Annotated:
        return _annotated(parts, schemas)
    if origin is Literal:
        return {"enum": list(parts)}
    if origin in {Union, UnionType}:
        return _union([schema_of(part, schemas) for part in parts])
    if origin is list or (origin is tuple and parts[1:] == (...,)):
        return {"type": "array", "items": schema_of(parts[0], schemas)}
    if origin is tuple:
        items = [schema_of(part, schemas) for part in parts]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
    raise TypeError(f"{origin}[{parts}]: there is no schema for it")


def _annotated(parts: tuple[Any, ...], schemas: dict[str, Schema]) -> Schema:
    said: Schema = {}
    for more in parts[1:]:
        pairs = [("description", more)] if isinstance(more, str) else more
        said |= {name: list(v) if isinstance(v, tuple) else v for name, v in pairs}
    if "ref" in said:
        return said | {"$ref": f"{REFERENCE}{said.pop('ref')}"}
    return schema_of(parts[0], schemas) | said


def _union(choices: list[Schema]) -> Schema:
    if all(choice.keys() == {"type"} for choice in choices):
        return {"type": [choice["type"] for choice in choices]}
    return {"anyOf": choices}


def _object(kind: type, schemas: dict[str, Schema]) -> Schema:
    hints = get_type_hints(kind, include_extras=True)
    return {
        "type": "object",
        "description": (inspect.getdoc(kind) or "").partition("\n")[0].rstrip("."),
        "additionalProperties": False,
        "required": list(hints),
        "properties": {name: schema_of(hint, schemas) for name, hint in hints.items()},
    }
