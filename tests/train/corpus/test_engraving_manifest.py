"""The manifest names files inside the repository and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.train.corpus.repository import manifest_fields

from playbach.errors import InputError
from playbach_train.corpus.engraving import packaged_manifest, parse_manifest


def parse(fields: dict[str, Any]) -> None:
    parse_manifest(json.dumps(fields).encode())


def test_the_packaged_manifest_names_all_movements_once() -> None:
    manifest = packaged_manifest()
    counts = {
        name: [movement for work in works for movement in work.movements]
        for name, works in manifest.corpora.items()
    }
    assert {name: len(movements) for name, movements in counts.items()} == {
        "cello-suites": 41,
        "bach-solo": 36,
    }
    every = [name for movements in counts.values() for name in movements]
    assert len(set(every)) == len(every)
    assert manifest.origin.startswith("https://github.com/MutopiaProject/MutopiaProject at 2144afd")


@pytest.mark.parametrize("path", ["../up.ly", "/etc/passwd", "a/../../b.ly", "", "a\\b.ly"])
def test_a_path_that_leaves_the_repository_is_refused(path: str) -> None:
    fields = manifest_fields()
    fields["corpora"]["small"][1]["files"][path] = "0" * 64
    with pytest.raises(InputError, match="not a path inside the repository"):
        parse(fields)


def test_a_movement_that_is_no_file_name_is_refused() -> None:
    fields = manifest_fields()
    fields["corpora"]["small"][0]["movements"] = ["../../escape", "b"]
    with pytest.raises(InputError, match="no name of a movement"):
        parse(fields)


def test_a_main_file_without_checksum_is_refused() -> None:
    fields = manifest_fields()
    fields["corpora"]["small"][1]["main"] = "Other/other.ly"
    with pytest.raises(InputError, match=r"Other/other\.ly has no SHA-256"):
        parse(fields)


@given(st.binary(max_size=60))
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="not of the expected shape"):
        parse_manifest(content)
