"""The records of a bundle's manifest, from the code that reads it."""

from __future__ import annotations

from typing import Any

from docs.site.reference.markdown import code, fields_of, is_optional, plain, summary, terms

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
from playbach.music.encoding import Encoding

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
    "Made from the code when this site was built: the limits of `playbach.bundle.limits`, and the "
    "records that a manifest is read into."
)


def bundle_reference() -> str:
    """Markdown: every limit, and every record with its fields."""
    numbers = [
        f"| {code(name)} | {value:,} |"
        for name, value in vars(bundle_limits).items()
        if name.startswith("MAX_")
    ]
    return "\n\n".join(
        [
            "## As the code has it",
            INTRODUCTION,
            "\n".join(["| limit | value |", "| --- | --- |", *numbers]),
            *(_record(record) for record in RECORDS),
        ]
    )


def _record(record: type[Any]) -> str:
    rows = [
        (
            f"{code(one.name)}{' (optional)' if is_optional(one) else ''}",
            f"{code(_type(one.type))}{f': {plain(about)}' if about else ''}",
        )
        for one, about in fields_of(record)
    ]
    return f"### {record.__name__}\n\n{plain(summary(record))}\n\n{terms(rows)}"


def _type(written: Any) -> str:
    return written if isinstance(written, str) else getattr(written, "__name__", str(written))
