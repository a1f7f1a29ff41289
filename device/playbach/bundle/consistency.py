"""What must hold between the keys of a manifest, each of which is right by itself."""

from __future__ import annotations

import math
from types import MappingProxyType

from playbach.bundle.defect import DefectError, shown
from playbach.bundle.limits import MAX_ELEMENTS, MAX_UNPACKED_BYTES
from playbach.bundle.manifest import ITEM_BYTES, Manifest, Table

TABLE_SUFFIXES = MappingProxyType({"float32": ".f32", "int8": ".i8"})


def check_consistent(manifest: Manifest) -> None:
    """Check what must hold between keys.

    Raises:
        DefectError: two keys contradict each other, or together exceed a limit.
    """
    if manifest.range.lowest > manifest.range.highest:
        raise DefectError("manifest.range.lowest is above highest; it must not be")
    if manifest.default_variant not in manifest.variants:
        raise DefectError(
            f"manifest.default_variant is {shown(manifest.default_variant)}; "
            f"it must be one of the parts' variants: {', '.join(manifest.variants)}"
        )
    _check_once("name", [part.name for part in manifest.parts])
    _check_once("name", [table.name for table in manifest.tables])
    _check_once("graph", [f"{part.variant}/{part.role}" for part in manifest.parts])
    measured = manifest.verification.variants if manifest.verification else ()
    _check_once("verification of", [figures.variant for figures in measured])
    total = sum(entry.size for entry in manifest.entries)
    if total > MAX_UNPACKED_BYTES:
        raise DefectError(
            f"the parts and tables have {total} bytes; at most {MAX_UNPACKED_BYTES} are allowed"
        )
    for part in manifest.parts:
        for side, specs in (("inputs", part.inputs), ("outputs", part.outputs)):
            _check_once(f"{part.name} {side}: name", [spec.name for spec in specs])
            for spec in specs:
                _check_elements(f"{part.name}: tensor {spec.name}", spec.shape)
    for table in manifest.tables:
        _check_table(table)


def _check_once(what: str, names: list[str]) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise DefectError(f"the manifest has the {what} {shown(min(twice))} twice")


def _check_elements(what: str, shape: tuple[int, ...]) -> None:
    if math.prod(shape) > MAX_ELEMENTS:
        raise DefectError(
            f"{what} has the shape {list(shape)}; at most {MAX_ELEMENTS} elements are allowed"
        )


def _check_table(table: Table) -> None:
    _check_elements(table.name, table.shape)
    if not table.name.endswith(TABLE_SUFFIXES[table.dtype]):
        raise DefectError(
            f"{table.name} is {table.dtype}; it must end in {TABLE_SUFFIXES[table.dtype]}"
        )
    size = math.prod(table.shape) * ITEM_BYTES[table.dtype]
    if table.size != size:
        raise DefectError(
            f"{table.name} has {table.size} bytes; {table.dtype}{list(table.shape)} takes {size}"
        )
