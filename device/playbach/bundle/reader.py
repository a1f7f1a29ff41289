"""Reads and writes bundles: everything is checked before it is used, nothing is executed.

The same input makes the same bytes, which are read back before they are put in place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from playbach.archive import (
    DefectError,
    explained,
    pack,
    read_archive,
    shown_path,
    unpack,
)
from playbach.bundle.limits import MAX_MANIFEST_BYTES
from playbach.bundle.manifest import (
    MANIFEST_NAME,
    PERFORMER_NAME,
    TABLE_DTYPES,
    Manifest,
    Part,
    PerformerEntry,
    Table,
    parse_manifest,
)
from playbach.errors import BundleError, InputError
from playbach.files import write_atomically
from playbach.performer.model import REMEDY, PerformerModel, as_json, performer_in
from playbach.schema import nearest, plain, shown

Array: TypeAlias = NDArray[Any]
TFLITE_IDENTIFIER = b"TFL3"
"""Bytes 4 to 7 of every TFLite file (``file_identifier`` of TensorFlow Lite's schema)."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that was read, checked, and is held in memory.

    Attributes:
        manifest: what it says of itself.
        path: where it was read from; not compared, for the same bundle may lie anywhere.
        contents: unpacked bytes of parts and tables by name.
        performer: who plays what it composes; ``None`` for the one included.
    """

    manifest: Manifest
    path: Path = field(compare=False)
    contents: Mapping[str, bytes] = field(repr=False)
    performer: PerformerModel | None = field(default=None, repr=False)

    def part(self, variant: str, role: str) -> bytes:
        """The bytes of a TFLite graph.

        Raises:
            BundleError: there is no graph of that variant and role.
        """
        try:
            return self.contents[self.manifest.part(variant, role).name]
        except BundleError as error:
            raise BundleError(f"{shown_path(self.path)}: {error}") from error

    def table(self, name: str) -> Array:
        """A table as a read-only array, float32 or int8 as its row of the manifest says.

        Raises:
            BundleError: there is no table of that name.
        """
        for table in self.manifest.tables:
            if table.name == name:
                return _array(table, self.contents[name])
        there = [table.name for table in self.manifest.tables]
        raise BundleError(
            f"{shown_path(self.path)}: no table {shown(name)}{nearest(name, there)}; it has "
            f"{', '.join(there) or 'none'}: make it again with playbach-convert"
        )


def read_bundle(path: Path) -> Bundle:
    """Read and check a whole bundle.

    Raises:
        BundleError: it is missing, damaged, too large, for a newer version, or says something
            that is not allowed; the message names the file, the defect and what to do.
    """
    return bundle_in(read_archive(path), path)


def bundle_in(archive: bytes, path: Path) -> Bundle:
    """The bundle in the bytes of its file, checked as a whole.

    Raises:
        BundleError: as ``read_bundle``.
    """
    with explained(path):
        return parse_bundle(archive, path)


def parse_bundle(archive: bytes, path: Path) -> Bundle:
    """The bundle in these bytes of a zip.

    Raises:
        DefectError: as ``read_bundle``.
    """
    contents = unpack(archive)
    raw = contents.pop(MANIFEST_NAME, None)
    if raw is None:
        raise DefectError(f"this is not a bundle (a zip without {MANIFEST_NAME})")
    if len(raw) > MAX_MANIFEST_BYTES:
        raise DefectError(
            f"{MANIFEST_NAME} has {len(raw)} bytes; at most {MAX_MANIFEST_BYTES} are allowed"
        )
    manifest = parse_manifest(raw)
    named = {entry.name for entry in manifest.entries}
    for name in contents:
        if name not in named:
            raise DefectError(f"{name} is not in the manifest{nearest(name, named)}")
    for entry in manifest.entries:
        _check_content(entry, contents)
    return Bundle(manifest, path, MappingProxyType(contents), _performer(manifest, contents))


def _performer(manifest: Manifest, contents: Mapping[str, bytes]) -> PerformerModel | None:
    if manifest.performer is None:
        return None
    try:
        return performer_in(contents[manifest.performer.name])
    except InputError as error:
        raise DefectError(
            *(f"{manifest.performer.name}: {line}" for line in error.lines), remedy=REMEDY
        ) from error


def default_bundle_path() -> Path:
    """Where the model that came with the package lies."""
    from importlib.resources import files  # noqa: PLC0415 many who import this do not ask for it

    return Path(str(files("playbach").joinpath("models", "default.bundle")))


def _check_content(entry: Part | Table | PerformerEntry, contents: Mapping[str, bytes]) -> None:
    content = contents.get(entry.name)
    if content is None:
        raise DefectError(f"{entry.name} is in the manifest and not in the zip")
    if len(content) != entry.size:
        raise DefectError(f"{entry.name} has {len(content)} bytes; the manifest says {entry.size}")
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise DefectError(f"{entry.name} was altered (its SHA-256 is not the manifest's)")
    if isinstance(entry, Part):
        if content[4:8] != TFLITE_IDENTIFIER:
            raise DefectError(f"{entry.name} is not a TFLite file (no TFL3 at byte 4)")
    elif isinstance(entry, Table) and not np.isfinite(_array(entry, content)).all():
        raise DefectError(f"{entry.name} holds numbers that are not finite; all must be")


def _array(table: Table, content: bytes) -> Array:
    # An array over bytes is read-only by itself.
    return np.frombuffer(content, dtype=TABLE_DTYPES[table.dtype]).reshape(table.shape)


def write_bundle(
    path: Path,
    manifest: Manifest,
    parts: Mapping[str, bytes],
    tables: Mapping[str, Array],
    *,
    performer: PerformerModel | None = None,
    force: bool = False,
) -> Bundle:
    """Write a bundle and return it as ``read_bundle`` would.

    Args:
        path: where it goes; the file appears whole or not at all.
        manifest: sizes and SHA-256 of its parts, all rows of its tables, and its performer, are
            filled in here.
        parts: bytes of the graphs by the names that the manifest's parts have.
        tables: float32 or int8 arrays by name (``tables/note.f32``, ``tables/form.i8``).
        performer: who plays what the network composes; ``None`` for the one included.
        force: whether an existing file is replaced.

    Raises:
        BundleError: a reader would refuse the result; nothing was written.
        OutputError: the file exists, or cannot be written.
    """
    try:
        bundle, archive = build_bundle(path, manifest, parts, tables, performer)
    except DefectError as defect:
        raise BundleError(f"{shown_path(path)}: not written: {defect}") from defect
    write_atomically(path, archive, force=force)
    return bundle


def build_bundle(
    path: Path,
    manifest: Manifest,
    parts: Mapping[str, bytes],
    tables: Mapping[str, Array],
    performer: PerformerModel | None = None,
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
    entry = None
    if performer is not None:
        contents[PERFORMER_NAME] = raw = as_json(performer).encode()
        entry = PerformerEntry(_sha256(raw), len(raw))
    complete = replace(
        manifest, parts=tuple(completed_parts), tables=tuple(completed_tables), performer=entry
    )
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
