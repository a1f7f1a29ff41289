"""The records of a bundle's manifest, from the code that reads it."""

from __future__ import annotations

import re
from typing import Any, get_args, get_type_hints

from docs.site.reference.markdown import code, fields_of, is_optional, plain, summary, terms

from playbach import archive, schema
from playbach.bundle import (
    Drift,
    Manifest,
    Network,
    Part,
    PitchRange,
    Provenance,
    Quantisation,
    Table,
    TensorSpec,
    VariantFigures,
    Verification,
)
from playbach.bundle import limits as bundle_limits
from playbach.music import encoding
from playbach.music.encoding import Encoding

_DOTTED = re.compile(r"\b[a-z_]+\.(?=\w)")
RECORDS: tuple[type[Any], ...] = (
    Manifest,
    Network,
    Encoding,
    PitchRange,
    Part,
    TensorSpec,
    Quantisation,
    Table,
    Provenance,
    Verification,
    VariantFigures,
    Drift,
)


INTRODUCTION = (
    "Made from the code when this site was built: the limits, and the records that a manifest is "
    "read into."
)


def bundle_reference() -> str:
    """Markdown: every limit, and every record with its fields."""
    limits = {
        name: value
        for module in (archive, bundle_limits, encoding, schema)
        for name, value in vars(module).items()
        if name.startswith("MAX_")
    }
    numbers = [f"| {code(name)} | {value:,} |" for name, value in limits.items()]
    return "\n\n".join(
        [
            "## As the code has it",
            INTRODUCTION,
            "\n".join(["| limit | value |", "| --- | --- |", *numbers]),
            *(_record(record) for record in RECORDS),
        ]
    )


def _record(record: type[Any]) -> str:
    types = get_type_hints(record)
    rows = [
        (
            f"{code(one.name)}{' (optional)' if is_optional(one) else ''}",
            f"{code(_type(types[one.name]))}{f': {plain(about)}' if about else ''}",
        )
        for one, about in fields_of(record)
    ]
    return f"### {record.__name__}\n\n{plain(summary(record))}\n\n{terms(rows)}"


def _type(hint: Any) -> str:
    """As it is written in the code, without modules and limits."""
    return (
        hint.__name__
        if isinstance(hint, type) and not get_args(hint)
        else _DOTTED.sub("", str(hint))
    )
