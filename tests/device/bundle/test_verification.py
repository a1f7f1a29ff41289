"""What a bundle says of how near its variants are to the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.device.bundle.conftest import Edit, Entries

from playbach.bundle import (
    Drift,
    Manifest,
    VariantFigures,
    Verification,
    read_bundle,
    verification_table,
    write_bundle,
)
from playbach.bundle.reader import Array
from playbach.errors import BundleError

FIGURES = VariantFigures(
    variant="int8",
    size=386_123,
    probability=0.41,
    divergence=0.0046,
    agreement=0.9853,
    bits=3.7059,
    steps_per_second=3243.0,
    drift=Drift(20_000, 0.00243, 0.9828, 7.97),
)
MEASURED = Verification(
    music="9 movements held out",
    steps=6661,
    bits=3.7254,
    machine="x86_64, Linux",
    variants=(FIGURES,),
)
WITHOUT_TRUTH = replace(MEASURED, bits=None, variants=(replace(FIGURES, bits=None, drift=None),))


@pytest.mark.parametrize("measured", [MEASURED, WITHOUT_TRUTH], ids=["all", "some"])
def test_figures_survive_the_round_trip(
    manifest: Manifest,
    parts: Entries,
    tables: dict[str, Array],
    tmp_path: Path,
    measured: Verification,
) -> None:
    path = tmp_path / "measured.bundle"
    write_bundle(path, replace(manifest, verification=measured), parts, tables)
    assert read_bundle(path).manifest.verification == measured


def test_a_bundle_need_not_have_been_measured(
    file_of: Callable[[bytes], Path], archive: bytes
) -> None:
    assert read_bundle(file_of(archive)).manifest.verification is None


def test_the_table_is_markdown_with_a_row_a_variant() -> None:
    head, rule, row = verification_table(MEASURED)
    assert [cell.strip() for cell in row.strip("| ").split("|")] == [
        "int8", "386", "0.41", "0.00460", "98.53%", "3.7059", "3,243", "0.00243", "98.28%", "7.97",
    ]  # fmt: skip
    assert len(head) == len(rule) == len(row)
    assert head.count("|") == rule.count("|") == row.count("|") == 11


def test_the_table_has_no_columns_for_what_was_not_measured() -> None:
    head, _, row = verification_table(WITHOUT_TRUTH)
    assert "bits" not in head
    assert "drift" not in head
    assert [cell.strip() for cell in row.strip("| ").split("|")] == [
        "int8", "386", "0.41", "0.00460", "98.53%", "3,243",
    ]  # fmt: skip


PLAIN = {
    "music": "x", "steps": 1, "bits": 1.0, "machine": "y",
    "variants": [
        {
            "variant": "int8", "size": 1, "probability": 0.1, "divergence": 0.1, "agreement": 1.0,
            "bits": 1.0, "steps_per_second": 1.0,
            "drift": {"steps": 1, "divergence": 0.1, "agreement": 1, "largest_cell": 8},
        }
    ],
}  # fmt: skip
FAULTS: dict[str, tuple[Edit, str]] = {
    "a key missing": (lambda v: v.pop("music"), 'manifest.verification: it has no "music"'),
    "a row of no variant": (
        lambda v: v["variants"][0].update(variant="int9"),
        'manifest.verification.variants[0].variant "int9"',
    ),
    "a row twice": (
        lambda v: v["variants"].append(v["variants"][0]),
        'the manifest has the verification of "int8" twice',
    ),
    "text for a number": (
        lambda v: v["variants"][0]["drift"].update(largest_cell="8"),
        "manifest.verification.variants[0].drift.largest_cell",
    ),
    "steps below nothing": (lambda v: v.update(steps=-1), "manifest.verification.steps -1"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_figures_that_are_none_are_refused(
    edited: Callable[[Edit], bytes], file_of: Callable[[bytes], Path], fault: str
) -> None:
    change, message = FAULTS[fault]

    def edit(said: dict[str, object]) -> None:
        rows = [{**row, "drift": dict(row["drift"])} for row in PLAIN["variants"]]  # type: ignore[attr-defined]
        said["verification"] = measured = {**PLAIN, "variants": rows}
        change(measured)

    with pytest.raises(BundleError) as caught:
        read_bundle(file_of(edited(edit)))
    assert message in str(caught.value)
