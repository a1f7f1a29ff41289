"""What is written can be read; what could not be read is not written."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playbach.archive import DefectError, pack, unpack
from playbach.bundle import Manifest, read_bundle, write_bundle
from playbach.bundle.reader import Array, parse_bundle
from playbach.errors import BundleError, OutputError
from playbach.performer.model import included

Entries = dict[str, bytes]
Tables = dict[str, Array]


def test_a_written_bundle_is_the_one_that_is_read(
    tmp_path: Path, manifest: Manifest, parts: Entries, tables: Tables
) -> None:
    written = write_bundle(tmp_path / "a.bundle", manifest, parts, tables)
    assert read_bundle(tmp_path / "a.bundle") == written
    assert [path.name for path in tmp_path.iterdir()] == ["a.bundle"]


def test_the_same_input_gives_the_same_bytes_in_any_order(
    tmp_path: Path, archive: bytes, manifest: Manifest, parts: Entries, tables: Tables
) -> None:
    path = tmp_path / "a.bundle"
    provenance = replace(
        manifest.provenance, notes=dict(reversed(list(manifest.provenance.notes.items())))
    )
    shuffled = replace(manifest, parts=manifest.parts[::-1], provenance=provenance)
    write_bundle(path, shuffled, dict(reversed(parts.items())), dict(reversed(tables.items())))
    assert path.read_bytes() == archive


def test_a_bundle_written_again_from_what_was_read_has_the_same_bytes(
    tmp_path: Path, archive: bytes, file_of: Callable[[bytes], Path]
) -> None:
    read = read_bundle(file_of(archive))
    parts = {part.name: read.part(part.variant, part.role) for part in read.manifest.parts}
    tables = {table.name: read.table(table.name) for table in read.manifest.tables}
    write_bundle(tmp_path / "b.bundle", read.manifest, parts, tables)
    assert (tmp_path / "b.bundle").read_bytes() == archive


def test_a_performer_travels_with_the_network(
    tmp_path: Path, archive: bytes, manifest: Manifest, parts: Entries, tables: Tables
) -> None:
    slow = replace(included(), tempo=replace(included().tempo, constant=0.25))
    path = tmp_path / "a.bundle"
    written = write_bundle(path, manifest, parts, tables, performer=slow)
    assert written.performer == slow
    assert len(path.read_bytes()) - len(archive) < 100_000
    contents = unpack(path.read_bytes())
    wrong = contents["performer.json"].replace(b'"trees"', b'"shrub"')
    contents["performer.json"] = wrong
    with pytest.raises(DefectError, match=r"performer\.json was altered"):
        parse_bundle(pack(contents), path)
    entry = json.loads(contents["manifest.json"])
    entry["performer"] |= {"sha256": hashlib.sha256(wrong).hexdigest()}
    contents["manifest.json"] = json.dumps(entry).encode()
    with pytest.raises(DefectError, match=r'performer\.json: .*unknown key "shrub"'):
        parse_bundle(pack(contents), path)
    del contents["performer.json"]
    with pytest.raises(DefectError, match=r"performer\.json is in the manifest and not in the zip"):
        parse_bundle(pack(contents), path)


def test_tables_are_little_endian_whatever_the_array_was(
    tmp_path: Path, manifest: Manifest, parts: Entries
) -> None:
    table = np.arange(6, dtype=">f4").reshape(2, 3)
    bundle = write_bundle(tmp_path / "a.bundle", manifest, parts, {"tables/x.f32": table.T})
    assert bundle.contents["tables/x.f32"][4:8] == b"\x00\x00\x40\x40"  # 3.0, little-endian
    np.testing.assert_array_equal(bundle.table("tables/x.f32"), table.T)


def test_an_existing_file_is_replaced_only_by_force(
    tmp_path: Path, archive: bytes, manifest: Manifest, parts: Entries, tables: Tables
) -> None:
    path = tmp_path / "a.bundle"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists"):
        write_bundle(path, manifest, parts, tables)
    assert path.read_bytes() == b"precious"
    write_bundle(path, manifest, parts, tables, force=True)
    assert path.read_bytes() == archive


@dataclass(frozen=True)
class Given:
    """What ``write_bundle`` is given."""

    manifest: Manifest
    parts: Entries
    tables: Tables

    def table(self, name: str, table: Array) -> Given:
        return replace(self, tables={name: table})

    def provenance(self, **changed: Any) -> Given:
        provenance = replace(self.manifest.provenance, **changed)
        return replace(self, manifest=replace(self.manifest, provenance=provenance))

    def part(self, name: str) -> Given:
        part = replace(self.manifest.parts[0], name=name, role="climb")
        manifest = replace(self.manifest, parts=(*self.manifest.parts, part))
        return replace(self, manifest=manifest, parts={**self.parts, name: b"1234TFL3"})


REFUSALS: dict[str, tuple[Callable[[Given], Given], str]] = {
    "a part without bytes": (
        lambda given: replace(given, parts={}),
        'no bytes for the manifest\'s part "float32/pitch.tflite"',
    ),
    "bytes without a part": (
        lambda given: replace(given, parts={**given.parts, "x.tflite": b"1234TFL3"}),
        "x.tflite is not in the manifest",
    ),
    "a part that climbs out": (lambda given: given.part("../x.tflite"), "an entry is named"),
    "a part that is no graph": (
        lambda given: replace(given, parts=dict.fromkeys(given.parts, b"not a graph")),
        "is not a TFLite file (no TFL3 at byte 4)",
    ),
    "a table of infinity": (
        lambda given: given.table("tables/x.f32", np.array([np.inf], np.float32)),
        "tables/x.f32 holds numbers that are not finite",
    ),
    "a table of float64": (
        lambda given: given.table("tables/x.f32", np.zeros(3)),
        'table "tables/x.f32" is float64; it must be one of float32, int8',
    ),
    "an empty table": (
        lambda given: given.table("tables/x.f32", np.zeros((0, 3), np.float32)),
        "shape[0] 0",
    ),
    "a table named for another type": (
        lambda given: given.table("tables/x.i8", np.zeros(3, np.float32)),
        "it must end in .f32",
    ),
    "a score that is no number": (
        lambda given: given.provenance(scores={"bits": float("nan")}),
        "manifest.json cannot be written",
    ),
    "a note that no JSON can say": (
        lambda given: given.provenance(notes={"when": object()}),
        "manifest.json cannot be written",
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_nothing_is_written_for(
    what: str, tmp_path: Path, manifest: Manifest, parts: Entries, tables: Tables
) -> None:
    spoil, expected = REFUSALS[what]
    given = spoil(Given(manifest, parts, tables))
    with pytest.raises(BundleError) as refusal:
        write_bundle(tmp_path / "a.bundle", given.manifest, given.parts, given.tables)
    assert expected in str(refusal.value)
    assert str(refusal.value).isprintable()
    assert not list(tmp_path.iterdir())


def test_the_board_reads_without_the_library_that_writes() -> None:
    code = "import sys, playbach.bundle; print('zipfile' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"
