"""``playbach-convert figures`` prints what a bundle says of its variants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.bundle import default_bundle_path, read_bundle, write_bundle
from playbach.performer.model import as_json, included
from playbach_convert.cli import figures_text, main

PAGE = Path(__file__).parents[2] / "docs" / "conversion.md"


def test_it_prints_a_row_for_each_variant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", str(TINY_BUNDLE)]) == 0
    said, _, head, _, *rows = capsys.readouterr().out.splitlines()
    assert said.startswith("Measured on 1 movement held out and broken chords")
    assert head.startswith("| variant | size, kB |")
    assert [row.split()[1] for row in rows] == ["float32", "dynamic", "int8"]


def test_a_bundle_that_was_not_measured_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tiny = read_bundle(TINY_BUNDLE)
    plain = {part.name: tiny.contents[part.name] for part in tiny.manifest.parts}
    tables = {table.name: tiny.table(table.name) for table in tiny.manifest.tables}
    bare = replace(tiny.manifest, verification=None)
    path = tmp_path / "bare.bundle"
    write_bundle(path, bare, plain, tables)
    assert main(["figures", str(path)]) == 2
    assert "bare.bundle: was not measured when it was made" in capsys.readouterr().err
    assert main(["figures", str(tmp_path / "none.bundle")]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_a_performer_is_put_into_a_bundle_and_its_network_stays_to_the_byte(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before, path, table = read_bundle(TINY_BUNDLE), tmp_path / "a.bundle", tmp_path / "table.json"
    slow = replace(included(), tempo=replace(included().tempo, constant=0.25))
    table.write_text(as_json(slow))
    words = ["performer", str(TINY_BUNDLE), "-o", str(path)]
    assert main([*words, "--performer", str(table)]) == 0
    after = read_bundle(path)
    assert after.performer == slow
    assert replace(after.manifest, performer=None) == before.manifest
    assert {**after.contents} == {**before.contents, "performer.json": as_json(slow).encode()}
    capsys.readouterr()
    assert main(words) == 2
    assert "a.bundle" in capsys.readouterr().err
    assert main([*words, "--force"]) == 0
    assert read_bundle(path).performer == included()


def test_the_page_on_conversion_shows_the_figures_of_the_included_bundle() -> None:
    verification = read_bundle(default_bundle_path()).manifest.verification
    if verification is None:
        pytest.skip("the included bundle was made before variants were measured")
    page = PAGE.read_text(encoding="utf-8").splitlines()
    # Else print them with: playbach-convert figures device/playbach/models/default.bundle
    for line in figures_text(verification):
        assert line in page
