"""Bytes of a zip to its entries and back, strictly.

Only the plainest zip is read: entries one after another from the first byte, the central
directory, the end record, nothing between, before or after. So nothing can hide, overlap or be
said twice, and the same file reads the same on every version of Python. Layout and field order
are those of PKWARE's APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from playbach.errors import BundleError, InputError, PlaybachError
from playbach.runtime import first_line
from playbach.schema import plain, read, shown

MIB = 1 << 20
MAX_FILE_BYTES = 64 * MIB
"""The file as it lies on disk. How large anything may be is generous for music, and small for the
smallest board."""
MAX_UNPACKED_BYTES = 64 * MIB
"""All entries together, unpacked. Weights hardly shrink, so no honest bundle needs more."""
MAX_ENTRIES = 128
MAX_NAME_BYTES = 80
"""The path of an entry in the zip."""

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
ENCRYPTED = 0x0001
HARMLESS_FLAGS = 0x0806
"""How hard the packer tried, and whether names are UTF-8; nothing depends on them."""
STORED, DEFLATED = 0, 8
ENTRY_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)?", re.ASCII)
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can say: the same bundle has the same bytes on any day."""
PLAIN_FILE_MODE = 0o644


REMEDY = "copy the file again, or make it again with playbach-convert"


class DefectError(PlaybachError):
    """Something in a bundle is not allowed; the reader adds the file's name and the remedy.

    Attributes:
        remedy: what to do, in a few words.
    """

    def __init__(self, *wrong: str, remedy: str = REMEDY) -> None:
        super().__init__(*wrong)
        self.remedy = remedy


def shown_path(path: Path) -> str:
    """A path as it may stand in a message of one line."""
    return str(path) if str(path).isprintable() else ascii(str(path))


def read_archive(path: Path) -> bytes:
    """The bytes of a bundle's file, for ``unpack``.

    Raises:
        BundleError: it is missing, empty, too large, or cannot be read.
    """
    with explained(path):
        return _read(path)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """A context in which a defect is told with the name of the file, and the remedy."""
    try:
        yield
    except DefectError as defect:
        raise BundleError(
            *(f"{shown_path(path)}: {line}; {defect.remedy}" for line in defect.lines)
        ) from defect


class Described(Protocol):
    """A manifest of an archive that holds it and one graph."""

    @property
    def sha256(self) -> str:
        """Of the graph."""


M = TypeVar("M", bound=Described)
MANIFEST = "manifest.json"


def read_described(path: Path, kind: type[M], what: str) -> tuple[M, bytes]:
    """An archive of ``manifest.json`` and ``WHAT.tflite``: the two, checked; nothing is run.

    Raises:
        BundleError: it is missing, damaged, too large, of another version, or something else.
    """
    archive = read_archive(path)
    try:
        return _described(archive, kind, what)
    except (DefectError, InputError, ValueError, RecursionError) as error:
        raise BundleError(
            f"{shown_path(path)}: this holds no {what} ({first_line(error)}); {REMEDY}"
        ) from error


def _described(archive: bytes, kind: type[M], what: str) -> tuple[M, bytes]:
    contents, name = unpack(archive), f"{what}.tflite"
    if set(contents) != {MANIFEST, name}:
        raise DefectError(f"it must hold {MANIFEST} and {name}, and nothing else")
    manifest = read(kind, json.loads(contents[MANIFEST]), "manifest")
    if hashlib.sha256(contents[name]).hexdigest() != manifest.sha256:
        raise DefectError(f"{name} is not the one that the manifest names")
    return manifest, contents[name]


def described(manifest: Any, graph: bytes, what: str) -> bytes:
    """What ``read_described`` reads."""
    text = json.dumps(plain(manifest), indent=1, sort_keys=True) + "\n"
    return pack({MANIFEST: text.encode(), f"{what}.tflite": graph})


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


class ArchiveEntry(NamedTuple):
    """One row of the central directory.

    Attributes:
        name: path in the zip, ASCII.
        flags: general purpose bits.
        method: of compression, ``STORED`` or ``DEFLATED``.
        crc: CRC-32 of the unpacked bytes.
        packed: bytes as they lie in the zip.
        size: unpacked bytes.
        offset: where its local header starts, in bytes from the start of the zip.
    """

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


def unpack(archive: bytes) -> dict[str, bytes]:
    """Entries by name, in the order in which they lie.

    Raises:
        DefectError: this is anything but a plain, whole zip within the limits.
    """
    entries, directory = _directory(archive)
    contents: dict[str, bytes] = {}
    offset = 0
    for entry in sorted(entries, key=lambda entry: entry.offset):
        if entry.offset != offset:
            raise DefectError(f"{entry.name}: entries overlap or leave gaps")
        if entry.name in contents:
            raise DefectError(f"{entry.name} comes twice; each entry must come once")
        start = _local_end(archive, entry, directory)
        offset = start + entry.packed
        if offset > directory:
            raise DefectError(f"{entry.name} reaches past the end of the entries")
        contents[entry.name] = _inflate(memoryview(archive)[start:offset], entry)
    if offset != directory:
        raise DefectError("there are bytes that belong to no entry")
    return contents


def pack(contents: Mapping[str, bytes]) -> bytes:
    """A zip of these entries in this order; the same bytes for the same contents and zlib."""
    import zipfile  # noqa: PLC0415 the board reads, and needs none of it

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, whatever system writes it
            entry.external_attr = PLAIN_FILE_MODE << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return buffer.getvalue()


def _directory(archive: bytes) -> tuple[list[ArchiveEntry], int]:
    """The rows of the central directory, and where it starts."""
    if not archive.startswith(b"PK\x03\x04"):
        raise DefectError("this is not a bundle (no zip starts here)")
    if len(archive) < END.size or archive[-END.size :][:4] != b"PK\x05\x06":
        raise DefectError("truncated, or something was added at the end (no zip ends here)")
    _, disk, start_disk, here, count, size, offset, comment = END.unpack(archive[-END.size :])
    if disk or start_disk or here != count or comment:
        raise DefectError("the end of the zip is not plain (parts of a split zip, or a comment)")
    if not 1 <= count <= MAX_ENTRIES:
        raise DefectError(f"{count} entries; 1 to {MAX_ENTRIES} are allowed")
    if offset + size != len(archive) - END.size:
        raise DefectError("truncated or altered (the list of entries is not where the zip says)")
    entries = []
    position = offset
    for _ in range(count):
        entry, position = _row(archive, position)
        entries.append(entry)
    if position != offset + size:
        raise DefectError("altered (the list of entries is longer than it says)")
    if sum(entry.size for entry in entries) > MAX_UNPACKED_BYTES:
        raise DefectError(f"the entries unpack to more than the {MAX_UNPACKED_BYTES} bytes allowed")
    return entries, offset


def _row(archive: bytes, position: int) -> tuple[ArchiveEntry, int]:
    """The row of the central directory at ``position``, and where the next one is."""
    end = position + CENTRAL.size
    if end > len(archive) - END.size or archive[position : position + 4] != b"PK\x01\x02":
        raise DefectError("altered (the list of entries is broken)")
    fields = CENTRAL.unpack_from(archive, position)
    flags, method = fields[3:5]
    crc, packed, size, name_length, extra, comment = fields[7:13]
    name = _name(archive[end : end + name_length])
    if flags & ENCRYPTED:
        raise DefectError(f"{name} is encrypted; entries must not be")
    if flags & ~HARMLESS_FLAGS or extra or comment:
        raise DefectError(f"{name}: extra fields, comments and streamed entries are not allowed")
    if method not in (STORED, DEFLATED):
        raise DefectError(
            f"{name}: compression method {method}; only stored and deflated are allowed"
        )
    return ArchiveEntry(name, flags, method, crc, packed, size, fields[16]), end + name_length


def _name(raw: bytes) -> str:
    name = raw[: MAX_NAME_BYTES + 1].decode("latin-1")
    if len(name) <= MAX_NAME_BYTES and ENTRY_NAME.fullmatch(name):
        return name
    raise DefectError(
        f"an entry is named {shown(name)}; lower-case letters, digits, -, _, . and at most one "
        f"folder are allowed"
    )


def _local_end(archive: bytes, entry: ArchiveEntry, directory: int) -> int:
    """Where the packed bytes of the entry start; its local header must say what its row says."""
    end = entry.offset + LOCAL.size
    name = entry.name.encode("ascii")
    if end + len(name) > directory:
        raise DefectError(f"{entry.name} reaches past the end of the entries")
    signature, _, flags, method, _, _, crc, packed, size, name_length, extra = LOCAL.unpack_from(
        archive, entry.offset
    )
    own = (signature, flags, method, crc, packed, size, name_length, extra)
    row = (
        b"PK\x03\x04", entry.flags, entry.method, entry.crc, entry.packed, entry.size, len(name), 0
    )  # fmt: skip
    if own != row or archive[end : end + len(name)] != name:
        raise DefectError(f"{entry.name}: its header and the list of entries contradict each other")
    return end + len(name)


def _inflate(packed: memoryview, entry: ArchiveEntry) -> bytes:
    """The unpacked bytes: never more than one beyond what was declared, whatever lies there."""
    if entry.method == STORED:
        content, whole = bytes(packed), True
    else:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = inflater.decompress(packed, entry.size + 1)
        except zlib.error as defect:
            raise DefectError(f"{entry.name} is damaged ({defect})") from defect
        whole = inflater.eof and not inflater.unused_data
    if len(content) != entry.size or not whole:
        raise DefectError(f"{entry.name} does not unpack to the {entry.size} bytes it declares")
    if zlib.crc32(content) != entry.crc:
        raise DefectError(f"{entry.name} is damaged (its checksum differs)")
    return content
