"""Reads a bundle: everything is checked before anything is used, nothing is executed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from playbach.bundle.archive import unpack
from playbach.bundle.defect import DefectError, nearest, shown
from playbach.bundle.limits import MAX_FILE_BYTES, MAX_MANIFEST_BYTES
from playbach.bundle.manifest import TABLE_DTYPES, Manifest, Part, Table, TensorSpec
from playbach.bundle.schema import MANIFEST_NAME, parse_manifest
from playbach.errors import BundleError

Array: TypeAlias = NDArray[Any]
TFLITE_IDENTIFIER = b"TFL3"
"""Bytes 4 to 7 of every TFLite file (``file_identifier`` of TensorFlow Lite's schema)."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that was read, checked, and is held in memory.

    Attributes:
        manifest: what it says of itself.
        path: where it was read from; no part of what it is, so not compared.
        contents: unpacked bytes of parts and tables by name.
    """

    manifest: Manifest
    path: Path = field(compare=False)
    contents: Mapping[str, bytes] = field(repr=False)

    def part(self, variant: str, role: str) -> bytes:
        """The bytes of a TFLite graph.

        Raises:
            BundleError: there is no graph of that variant and role.
        """
        return self.contents[self.manifest.part(variant, role).name]

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
            f"{self.path}: no table {shown(name)}{nearest(name, there)}; it has "
            f"{', '.join(there) or 'none'}: make it again with playbach-convert"
        )


def read_bundle(path: Path) -> Bundle:
    """Read and check a whole bundle.

    Raises:
        BundleError: it is missing, damaged, too large, for a newer version, or says something
            that is not allowed; the message names the file, the defect and what to do.
    """
    try:
        return parse_bundle(_read(path), path)
    except DefectError as defect:
        raise BundleError(f"{_shown_path(path)}: {defect}; {defect.remedy}") from defect


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
        raise DefectError(f"{MANIFEST_NAME} has {len(raw)} bytes; {MAX_MANIFEST_BYTES} are allowed")
    manifest = parse_manifest(raw)
    named = {entry.name for entry in manifest.entries}
    for name in contents:
        if name not in named:
            raise DefectError(f"{name} is not in the manifest{nearest(name, named)}")
    for entry in manifest.entries:
        _check_content(entry, contents)
    return Bundle(manifest, path, MappingProxyType(contents))


def default_bundle_path() -> Path:
    """Where the model that came with the package lies."""
    from importlib.resources import files  # noqa: PLC0415 many who import this do not ask for it

    return Path(str(files("playbach").joinpath("models", "default.bundle")))


def check_tensors(
    specs: Sequence[TensorSpec], actual: Sequence[TensorSpec], *, where: str = "the graph"
) -> None:
    """Hold the tensors that the manifest names against those that a graph has; order is free.

    Raises:
        BundleError: the first that is missing, too many, or of another type, shape or scale.
    """
    there = {spec.name: spec for spec in actual}
    for spec in specs:
        if spec.name not in there:
            wrong = f"no tensor {shown(spec.name)}{nearest(spec.name, there)}"
            break
        found = there.pop(spec.name)
        if (spec.dtype, spec.shape) != (found.dtype, found.shape):
            wrong = f"tensor {shown(spec.name)} is {found}; the manifest says {spec}"
            break
        if not _same_scale(spec, found):
            wrong = (
                f"tensor {shown(spec.name)} has {found.quantisation}; "
                f"the manifest says {spec.quantisation}"
            )
            break
    else:
        if not there:
            return
        wrong = f"tensor {shown(next(iter(there)))} is not in the manifest"
    raise BundleError(f"{where}: {wrong}: make the bundle again with playbach-convert")


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise DefectError("this is a folder, not a bundle", remedy="name a .bundle file")
        if path.exists() and not path.is_file():
            raise DefectError("this is not a file", remedy="name a .bundle file")
        with path.open("rb") as stream:
            archive = stream.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as defect:
        raise DefectError("no such file", remedy="name a .bundle file") from defect
    # ValueError: a path with a NUL in it.
    except (OSError, ValueError) as defect:
        if isinstance(defect, DefectError):
            raise
        raise DefectError(f"cannot be read ({defect})", remedy="check its permissions") from defect
    if not archive:
        raise DefectError("the file is empty")
    if len(archive) > MAX_FILE_BYTES:
        raise DefectError(f"the file is larger than the {MAX_FILE_BYTES} bytes allowed")
    return archive


def _check_content(entry: Part | Table, contents: Mapping[str, bytes]) -> None:
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
    elif not np.isfinite(_array(entry, content)).all():
        raise DefectError(f"{entry.name} holds numbers that are not finite")


def _array(table: Table, content: bytes) -> Array:
    # An array over bytes is read-only by itself.
    return np.frombuffer(content, dtype=TABLE_DTYPES[table.dtype]).reshape(table.shape)


def _same_scale(spec: TensorSpec, found: TensorSpec) -> bool:
    a, b = spec.quantisation, found.quantisation
    if a is None or b is None:
        return a is b
    # A scale is a float32 in the graph and decimal text in the manifest.
    return a.zero_point == b.zero_point and math.isclose(a.scale, b.scale, rel_tol=1e-6)


def _shown_path(path: Path) -> str:
    return str(path) if str(path).isprintable() else ascii(str(path))
