"""Writes a bundle: the same bytes for the same input, read back before it is put in place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from playbach.bundle.archive import pack
from playbach.bundle.defect import DefectError, shown, shown_path
from playbach.bundle.manifest import TABLE_DTYPES, Manifest, Table, plain
from playbach.bundle.reader import Array, Bundle, parse_bundle
from playbach.bundle.schema import MANIFEST_NAME
from playbach.errors import BundleError
from playbach.files import write_atomically


def write_bundle(
    path: Path,
    manifest: Manifest,
    parts: Mapping[str, bytes],
    tables: Mapping[str, Array],
    *,
    force: bool = False,
) -> Bundle:
    """Write a bundle and return it as ``read_bundle`` would.

    Args:
        path: where it goes; the file appears whole or not at all.
        manifest: sizes and SHA-256 of its parts, and all rows of its tables, are filled in here.
        parts: bytes of the graphs by the names that the manifest's parts have.
        tables: float32 or int8 arrays by name (``tables/note.f32``, ``tables/form.i8``).
        force: whether an existing file is replaced.

    Raises:
        BundleError: a reader would refuse the result; nothing was written.
        OutputError: the file exists, or cannot be written.
    """
    try:
        bundle, archive = build_bundle(path, manifest, parts, tables)
    except DefectError as defect:
        raise BundleError(f"{shown_path(path)}: not written: {defect}") from defect
    write_atomically(path, archive, force=force)
    return bundle


def build_bundle(
    path: Path, manifest: Manifest, parts: Mapping[str, bytes], tables: Mapping[str, Array]
) -> tuple[Bundle, bytes]:
    """The bundle and the bytes of its file.

    Raises:
        DefectError: a reader would refuse it.
    """
    contents = {name: parts[name] for name in sorted(parts)}
    completed_parts = []
    for part in sorted(manifest.parts, key=lambda part: part.name):
        if part.name not in contents:
            raise DefectError(f"there are no bytes for the manifest's part {shown(part.name)}")
        content = contents[part.name]
        completed_parts.append(replace(part, sha256=_sha256(content), size=len(content)))
    completed_tables = []
    for name in sorted(tables):
        contents[name] = raw = _raw(name, tables[name])
        dtype, shape = tables[name].dtype.name, tables[name].shape
        completed_tables.append(Table(name, dtype, shape, _sha256(raw), len(raw)))
    complete = replace(manifest, parts=tuple(completed_parts), tables=tuple(completed_tables))
    try:
        text = json.dumps(plain(complete), indent=1, allow_nan=False, ensure_ascii=False)
        raw_manifest = f"{text}\n".encode()
    # TypeError: something no JSON can say. ValueError: NaN, or a lone surrogate.
    except (TypeError, ValueError) as defect:
        raise DefectError(f"{MANIFEST_NAME} cannot be written ({defect})") from defect
    archive = pack({MANIFEST_NAME: raw_manifest, **contents})
    return parse_bundle(archive, path), archive


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _raw(name: str, table: Array) -> bytes:
    if table.dtype.name not in TABLE_DTYPES:
        allowed = ", ".join(TABLE_DTYPES)
        raise DefectError(f"table {shown(name)} is {table.dtype.name}; it must be one of {allowed}")
    return np.ascontiguousarray(table, dtype=TABLE_DTYPES[table.dtype.name]).tobytes()
