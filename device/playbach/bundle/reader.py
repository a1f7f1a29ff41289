"""Reads a bundle: everything is checked before anything is used, nothing is executed."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from playbach.bundle.archive import unpack
from playbach.bundle.defect import DefectError, nearest, shown, shown_path
from playbach.bundle.limits import MAX_FILE_BYTES, MAX_MANIFEST_BYTES
from playbach.bundle.manifest import TABLE_DTYPES, Manifest, Part, Table
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
        path: where it was read from; not compared, for the same bundle may lie anywhere.
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


def read_archive(path: Path) -> bytes:
    """The bytes of a bundle's file, for ``bundle_in``.

    Raises:
        BundleError: it is missing, empty, too large, or cannot be read.
    """
    with _explained(path):
        return _read(path)


def bundle_in(archive: bytes, path: Path) -> Bundle:
    """The bundle in the bytes of its file, checked as a whole.

    Raises:
        BundleError: as ``read_bundle``.
    """
    with _explained(path):
        return parse_bundle(archive, path)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except DefectError as defect:
        raise BundleError(f"{shown_path(path)}: {defect}; {defect.remedy}") from defect


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
    return Bundle(manifest, path, MappingProxyType(contents))


def default_bundle_path() -> Path:
    """Where the model that came with the package lies."""
    from importlib.resources import files  # noqa: PLC0415 many who import this do not ask for it

    return Path(str(files("playbach").joinpath("models", "default.bundle")))


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise DefectError("this is a folder, not a bundle", remedy="name a .bundle file")
        if not path.is_file():
            raise DefectError("this is not a file", remedy="name a .bundle file")
        if not size:
            raise DefectError("the file is empty")
        if size > MAX_FILE_BYTES:
            raise DefectError(f"the file has {size} bytes; at most {MAX_FILE_BYTES} are allowed")
        with path.open("rb") as stream:
            return stream.read(size)
    except FileNotFoundError as error:
        raise DefectError("there is no such file", remedy="name a .bundle file") from error
    except OSError as error:
        remedy = "check the path and its permissions"
        raise DefectError(f"cannot be read ({error.strerror})", remedy=remedy) from error
    except ValueError as error:  # a NUL in the path
        raise DefectError(f"cannot be read ({error})", remedy="name a .bundle file") from error


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
        raise DefectError(f"{entry.name} holds numbers that are not finite; all must be")


def _array(table: Table, content: bytes) -> Array:
    # An array over bytes is read-only by itself.
    return np.frombuffer(content, dtype=TABLE_DTYPES[table.dtype]).reshape(table.shape)
