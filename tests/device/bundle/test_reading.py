"""A whole bundle reads back; anything else is refused with one line."""

from __future__ import annotations

import io
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from playbach.archive import CENTRAL, END, LOCAL, MAX_FILE_BYTES, MAX_UNPACKED_BYTES
from playbach.bundle import Manifest, default_bundle_path, read_bundle
from playbach.bundle.reader import Array
from playbach.errors import BundleError

FileOf = Callable[[bytes], Path]
WithEntries = Callable[[dict[str, bytes]], bytes]


def refusal(path: Path) -> str:
    """What reading it says, which is one line with the file's name."""
    with pytest.raises(BundleError) as refused:
        read_bundle(path)
    message = str(refused.value)
    assert message.isprintable()
    assert path.name in message
    return message


def zip_of(*entries: tuple[str | zipfile.ZipInfo, bytes], comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
        archive.comment = comment
    return buffer.getvalue()


def first_row(archive: bytes) -> int:
    """Where the central directory starts."""
    offset: int = END.unpack(archive[-END.size :])[6]
    return offset


def patched(archive: bytes, offset: int, layout: str, *values: int) -> bytes:
    """The archive with numbers overwritten."""
    changed = bytearray(archive)
    struct.pack_into(layout, changed, offset, *values)
    return bytes(changed)


def test_what_was_packed_is_read(
    archive: bytes,
    file_of: FileOf,
    manifest: Manifest,
    parts: dict[str, bytes],
    tables: dict[str, Array],
) -> None:
    bundle = read_bundle(file_of(archive))
    assert bundle.manifest.network == manifest.network
    assert bundle.manifest.encoding == manifest.encoding
    assert bundle.manifest.range == manifest.range
    assert bundle.manifest.provenance.scores == {"bits_per_note": 2.75}
    assert bundle.manifest.provenance.notes["composers"] == ("Johann Sebastian Bach",)
    assert bundle.manifest.variants == ("float32", "int8")
    for part in manifest.parts:
        assert bundle.part(part.variant, part.role) == parts[part.name]
    for name, table in tables.items():
        read = bundle.table(name)
        assert read.dtype == table.dtype
        np.testing.assert_array_equal(read, table)


def test_a_table_cannot_be_written_to(archive: bytes, file_of: FileOf) -> None:
    table = read_bundle(file_of(archive)).table("tables/note.f32")
    with pytest.raises(ValueError, match="read-only"):
        table[0, 0] = 1.0


def test_a_graph_that_is_not_there_is_named_with_the_nearest(
    archive: bytes, file_of: FileOf
) -> None:
    bundle = read_bundle(file_of(archive))
    with pytest.raises(BundleError, match=r'some.bundle: no graph "int8/pitch" .*float32/pitch'):
        bundle.part("int8", "pitch")
    with pytest.raises(BundleError, match=r'no table "tables/not.f32" \(did you mean tables/note'):
        bundle.table("tables/not.f32")


def test_a_stored_zip_reads_as_a_deflated_one(archive: bytes, file_of: FileOf) -> None:
    expected = read_bundle(file_of(archive))
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in reversed(old.namelist()):
            new.writestr(name, old.read(name))
    assert read_bundle(file_of(buffer.getvalue())) == expected


def test_a_path_without_a_bundle_is_said_to_be_what_it_is(tmp_path: Path) -> None:
    assert "there is no such file; name a .bundle file" in refusal(tmp_path / "no.bundle")
    assert "this is a folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe.bundle")
    assert "this is not a file" in refusal(tmp_path / "pipe.bundle")
    (tmp_path / "loop.bundle").symlink_to("loop.bundle")
    assert "cannot be read" in refusal(tmp_path / "loop.bundle")
    assert "cannot be read" in refusal(tmp_path / ("x" * 300))
    with pytest.raises(BundleError, match="cannot be read"):
        read_bundle(Path("nul\0.bundle"))


def test_a_line_break_in_the_path_does_not_break_the_line(tmp_path: Path) -> None:
    with pytest.raises(BundleError) as refused:
        read_bundle(tmp_path / "a\nb.bundle")
    assert str(refused.value).isprintable()


def test_a_file_that_is_no_zip_is_refused(file_of: FileOf) -> None:
    assert "the file is empty" in refusal(file_of(b""))
    assert "this is not a bundle" in refusal(file_of(b"MThd\0\0\0\x06"))
    assert "this is not a bundle" in refusal(file_of(zip_of()))
    no_manifest = zip_of(("step.tflite", b"1234TFL3"))
    assert "this is not a bundle (a zip without manifest.json)" in refusal(file_of(no_manifest))


def test_every_truncation_is_refused(archive: bytes, file_of: FileOf) -> None:
    for length in range(1, len(archive), 37):
        assert "copy the file again" in refusal(file_of(archive[:length]))


def test_bytes_added_anywhere_are_refused(archive: bytes, file_of: FileOf) -> None:
    for place in (0, 10, 1000, first_row(archive), len(archive) - 5, len(archive)):
        refusal(file_of(archive[:place] + b"\0" + archive[place:]))
    hidden = first_row(archive)
    moved = archive[:hidden] + b"\0" + archive[hidden:]
    moved = patched(moved, len(moved) - 6, "<L", hidden + 1)
    assert "bytes that belong to no entry" in refusal(file_of(moved))


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.bundle"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # a hole: it takes no room on the disk
    assert f"the file has {MAX_FILE_BYTES + 1} bytes; at most {MAX_FILE_BYTES} are" in refusal(path)


def test_a_zip_bomb_that_declares_its_size_is_refused(file_of: FileOf) -> None:
    bomb = zip_of(("manifest.json", b"{}"), ("bomb.tflite", bytes(MAX_UNPACKED_BYTES)))
    assert "unpack to more than" in refusal(file_of(bomb))


def test_a_zip_bomb_that_lies_about_its_size_is_not_unpacked(file_of: FileOf) -> None:
    bomb = zip_of(("manifest.json", bytes(8 << 20)))
    row = first_row(bomb)
    bomb = patched(bomb, row + 24, "<L", 100)
    bomb = patched(bomb, 22, "<L", 100)
    assert "does not unpack to the 100 bytes" in refusal(file_of(bomb))


def test_a_stream_that_ends_early_or_goes_on_is_refused(file_of: FileOf) -> None:
    whole = zip_of(("manifest.json", b"x" * 1000))
    row = first_row(whole)
    longer = patched(patched(whole, row + 24, "<L", 1001), 22, "<L", 1001)
    assert "does not unpack to the 1001 bytes" in refusal(file_of(longer))
    stored = patched(patched(whole, row + 10, "<H", 0), 8, "<H", 0)
    assert "does not unpack to the 1000 bytes" in refusal(file_of(stored))


def test_a_damaged_entry_is_refused(archive: bytes, file_of: FileOf) -> None:
    start = LOCAL.size + len("manifest.json")
    assert "manifest.json" in refusal(file_of(patched(archive, start + 100, "<Q", 0)))
    content = b"a" * 10
    entry = zip_of(("manifest.json", content))
    wrong = patched(entry, first_row(entry) + 16, "<L", zlib.crc32(b"b"))
    assert "contradict each other" in refusal(file_of(wrong))
    wrong = patched(wrong, 14, "<L", zlib.crc32(b"b"))
    assert "its checksum differs" in refusal(file_of(wrong))


def test_an_encrypted_entry_is_refused(archive: bytes, file_of: FileOf) -> None:
    encrypted = patched(archive, first_row(archive) + 8, "<H", 1)
    assert "manifest.json is encrypted" in refusal(file_of(encrypted))


def test_other_compressions_are_refused(file_of: FileOf) -> None:
    info = zipfile.ZipInfo("manifest.json")
    info.compress_type = zipfile.ZIP_LZMA
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, b"{}")
    plain = patched(buffer.getvalue(), first_row(buffer.getvalue()) + 8, "<H", 0)
    assert "compression method 14; only stored and deflated" in refusal(file_of(plain))


def test_comments_and_extra_fields_are_refused(file_of: FileOf) -> None:
    assert "no zip ends here" in refusal(file_of(zip_of(("manifest.json", b"{}"), comment=b"hi")))
    info = zipfile.ZipInfo("manifest.json")
    info.extra = struct.pack("<2HL", 0x7075, 4, 0)
    assert "extra fields" in refusal(file_of(zip_of((info, b"{}"))))


@pytest.mark.parametrize(
    "name",
    ["../step.tflite", "/etc/passwd", "a/../b", "a//b", "C:\\x", "a/b/c", "A.tflite", ".x", "a/",
     "é.tflite", "x" * 81, "a\x1b[2J"],
)  # fmt: skip
def test_an_entry_may_not_be_named(name: str, file_of: FileOf) -> None:
    assert "an entry is named" in refusal(file_of(zip_of((name, b"x"))))


def test_two_entries_of_one_name_are_refused(file_of: FileOf) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zip_of(("manifest.json", b"{}"), ("manifest.json", b"{ }"))
    assert "manifest.json comes twice" in refusal(file_of(twice))


def test_overlapping_entries_are_refused(archive: bytes, file_of: FileOf) -> None:
    row = first_row(archive)
    second = row + CENTRAL.size + len("manifest.json")
    overlapping = patched(archive, second + CENTRAL.size - 4, "<L", 0)
    assert "entries overlap" in refusal(file_of(overlapping))


def test_more_entries_than_allowed_are_refused(file_of: FileOf) -> None:
    many = zip_of(*((f"p{i}.tflite", b"x") for i in range(129)))
    assert "129 entries; 1 to 128 are allowed" in refusal(file_of(many))


def test_an_entry_that_the_manifest_does_not_name_is_refused(
    with_entries: WithEntries, file_of: FileOf
) -> None:
    more = with_entries({"float32/stop.tflite": b"x"})
    message = refusal(file_of(more))
    assert "float32/stop.tflite is not in the manifest (did you mean float32/step.tf" in message


def test_a_missing_part_is_refused(with_entries: WithEntries, file_of: FileOf) -> None:
    less = with_entries({"int8/step.tflite": b""})
    assert "int8/step.tflite is in the manifest and not in the zip" in refusal(file_of(less))


def test_an_altered_part_is_refused(
    with_entries: WithEntries, parts: dict[str, bytes], file_of: FileOf
) -> None:
    altered = parts["int8/step.tflite"][:-1] + b"!"
    message = refusal(file_of(with_entries({"int8/step.tflite": altered})))
    assert "int8/step.tflite was altered" in message


def test_the_default_bundle_is_looked_for_in_the_package() -> None:
    assert default_bundle_path().parts[-3:] == ("playbach", "models", "default.bundle")


@pytest.mark.skipif(shutil.which("zip") is None, reason="the program zip is not installed")
def test_a_bundle_can_be_taken_apart_and_zipped_again_by_hand(
    archive: bytes, file_of: FileOf, tmp_path: Path
) -> None:
    import subprocess  # noqa: PLC0415 only here

    expected = read_bundle(file_of(archive))
    folder = tmp_path / "parts"
    with zipfile.ZipFile(io.BytesIO(archive)) as whole:
        whole.extractall(folder)
        names = whole.namelist()
    subprocess.run(["zip", "-q", "-X", "-D", "../again.bundle", *names], cwd=folder, check=True)
    assert read_bundle(tmp_path / "again.bundle") == expected
