"""The manifest names files inside the repository and nothing else."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.train.corpus.repository import manifest_fields

from playbach.errors import InputError
from playbach_train.corpus.engraving import packaged_manifest, parse_manifest
from playbach_train.corpus.named import NAMED_CORPORA


def parse(fields: dict[str, Any]) -> None:
    parse_manifest(json.dumps(fields).encode())


def test_the_packaged_manifest_names_all_movements_once() -> None:
    manifest = packaged_manifest()
    counts = {
        name: [piece for work in works for piece in work.pieces]
        for name, works in manifest.corpora.items()
    }
    assert {name: len(pieces) for name, pieces in counts.items()} == {
        "cello-suites": 41,
        "bach-solo": 44,
        "bach-keyboard": 266,
        "bach-ensemble": 57,
        "bach-church": 145,
    }
    for corpus in NAMED_CORPORA:
        assert f" {len(counts.get(corpus.name, ()))} " in corpus.about or corpus.name not in counts
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


@pytest.mark.parametrize("place", [["c", 1, "whole"], ["suite-1-courante", 1, "loudest"]])
def test_a_line_of_no_movement_or_of_no_voice_is_refused(place: list[Any]) -> None:
    fields = manifest_fields()
    fields["corpora"]["small"][0]["lines"] = {"suite-1-1": place}
    with pytest.raises(InputError, match=r"'suite-1-1' is no line of Suite/suite\.ly"):
        parse(fields)


def test_every_work_says_who_engraved_it_and_on_what_terms() -> None:
    terms = re.compile(r"public domain|CC BY(-SA)? [234]\.[05]")
    corpora = packaged_manifest().corpora
    works = [work for works in corpora.values() for work in works]
    assert not [work.main for work in works if not terms.fullmatch(work.licence)]
    # Those without are named by the corpus, or by nobody.
    unnamed = {work.main for work in works if not work.engraver and work.lines}
    assert unnamed == {"BWV854/BWV854_Praeludium_IX_rh/BWV854_Praeludium_IX_rh.ly"}


def test_a_main_file_without_checksum_is_refused() -> None:
    fields = manifest_fields()
    fields["corpora"]["small"][1]["main"] = "Other/other.ly"
    with pytest.raises(InputError, match=r"Other/other\.ly has no SHA-256"):
        parse(fields)


@given(st.binary(max_size=60))
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="not of the expected shape"):
        parse_manifest(content)
